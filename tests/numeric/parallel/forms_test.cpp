// Every form of loop that plugin/emit/Parallel.h promises to take, as IR that is lowered, verified, compiled in memory
// and run: each iteration is done once, whatever the number of threads, and loops of other forms stay as they are.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "emit/Parallel.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

#include <gtest/gtest.h>

#include <vector>

extern "C" void omp_set_num_threads(int);

namespace {

using namespace llvm;

/// Loops that add 1 to cells[i - first + base] for i = first, ..., last - 1. The test is `%t = icmp <test>` with one of
/// %i and %next, and the loop goes on, or ends, if it is true.
std::string headerTested(const std::string& Test, bool StaysIfTrue) {
  return R"(
define void @loop(ptr %cells, i64 %first, i64 %last, i1 %ok) {
entry:
  call void @adstencil.parallel(i1 %ok)
  br label %head
head:
  %i = phi i64 [ %first, %entry ], [ %next, %body ]
  %t = icmp )" +
         Test + "\n  br i1 %t, label %" + (StaysIfTrue ? "body, label %exit" : "exit, label %body") + R"(
body:
  %o = sub i64 %i, %first
  %p = getelementptr i32, ptr %cells, i64 %o
  %v = load i32, ptr %p
  %w = add i32 %v, 1
  store i32 %w, ptr %p
  %next = add i64 %i, 1
  br label %head
exit:
  ret void
}
declare void @adstencil.parallel(i1)
)";
}

std::string testedAtEnd(const std::string& Test, bool StaysIfTrue, const std::string& Step = "add i64 %i, 1") {
  return R"(
define void @loop(ptr %cells, i64 %first, i64 %last, i1 %ok) {
entry:
  %before = sub i64 %last, 1
  %some = icmp slt i64 %first, %last
  br i1 %some, label %front, label %exit
front:
  call void @adstencil.parallel(i1 %ok)
  br label %body
body:
  %i = phi i64 [ %first, %front ], [ %next, %body ]
  %o = sub i64 %i, %first
  %p = getelementptr i32, ptr %cells, i64 %o
  %v = load i32, ptr %p
  %w = add i32 %v, 1
  store i32 %w, ptr %p
  %next = )" +
         Step + "\n  %t = icmp " + Test + "\n  br i1 %t, label %" +
         (StaysIfTrue ? "body, label %exit" : "exit, label %body") + R"(
exit:
  ret void
}
declare void @adstencil.parallel(i1)
)";
}

using Loop = void(std::int32_t*, std::int64_t, std::int64_t, bool);

/// Lowers the function and compiles what comes out.
class Lowered {
public:
  explicit Lowered(const std::string& Text, bool WithOpenMP = true) {
    static const bool Ready = !InitializeNativeTarget() && !InitializeNativeTargetAsmPrinter();
    EXPECT_TRUE(Ready);
    auto Ctx = std::make_unique<LLVMContext>();
    SMDiagnostic Error;
    std::unique_ptr<Module> M = parseAssemblyString(Text, Error, *Ctx);
    if (!M) {
      ADD_FAILURE() << Error.getMessage().str() << " in " << Text;
      return;
    }
    Bodies = adstencil::lowerParallelLoops(*M->getFunction("loop"), WithOpenMP).size();
    raw_string_ostream OS(IR);
    M->print(OS, nullptr);
    std::string Problem;
    raw_string_ostream ProblemStream(Problem);
    if (verifyModule(*M, &ProblemStream)) {
      ADD_FAILURE() << Problem << IR;
      return;
    }
    Jit = cantFail(orc::LLJITBuilder().create());
    Jit->getMainJITDylib().addGenerator(
        cantFail(orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(Jit->getDataLayout().getGlobalPrefix())));
    M->setDataLayout(Jit->getDataLayout());
    cantFail(Jit->addIRModule(orc::ThreadSafeModule(std::move(M), std::move(Ctx))));
    Code = cantFail(Jit->lookup("loop")).toPtr<Loop*>();
  }

  /// Runs the loop over [First, Last) and checks that it did what it should.
  void check(std::int64_t First, std::int64_t Last) const {
    if (!Code)
      return;
    std::int64_t Count = Last > First ? Last - First : 0;
    for (bool Ok : {false, true})
      for (int Threads : {1, 2, 3, 8}) {
        omp_set_num_threads(Threads);
        std::vector<std::int32_t> Cells(Count + 32);
        Code(Cells.data() + 16, First, Last, Ok);
        for (std::int64_t I = 0; I != Count + 32; ++I)
          ASSERT_EQ(Cells[I], I >= 16 && I < Count + 16) << I << " of " << Count << ", " << Threads << " threads";
      }
  }

  std::size_t Bodies = 0;
  std::string IR;

private:
  std::unique_ptr<orc::LLJIT> Jit;
  Loop* Code = nullptr;
};

void checkRanges(const Lowered& L) {
  EXPECT_EQ(L.Bodies, 1u) << L.IR;
  EXPECT_EQ(L.IR.find("call void @adstencil.parallel("), std::string::npos);
  for (auto [First, Last] : {std::pair(0, 0), {0, 1}, {3, 5}, {0, 127}, {5, 134}, {0, 255}, {0, 256}, {2, 1001}})
    L.check(First, Last);
}

TEST(parallel_forms, tested_in_the_header) {
  checkRanges(Lowered(headerTested("slt i64 %i, %last", true)));
  checkRanges(Lowered(headerTested("ult i64 %i, %last", true)));
  checkRanges(Lowered(headerTested("sgt i64 %last, %i", true)));
  checkRanges(Lowered(headerTested("ne i64 %i, %last", true)));
  checkRanges(Lowered(headerTested("eq i64 %i, %last", false)));
  checkRanges(Lowered(headerTested("sge i64 %i, %last", false)));
}

TEST(parallel_forms, tested_at_the_end) {
  checkRanges(Lowered(testedAtEnd("slt i64 %next, %last", true)));
  checkRanges(Lowered(testedAtEnd("ult i64 %next, %last", true)));
  checkRanges(Lowered(testedAtEnd("ne i64 %next, %last", true)));
  checkRanges(Lowered(testedAtEnd("eq i64 %next, %last", false)));
  checkRanges(Lowered(testedAtEnd("uge i64 %next, %last", false)));
  checkRanges(Lowered(testedAtEnd("sle i64 %next, %before", true)));
  checkRanges(Lowered(testedAtEnd("sgt i64 %next, %before", false)));
}

TEST(parallel_forms, counter_tested_at_the_end) {
  checkRanges(Lowered(testedAtEnd("eq i64 %i, %before", false)));
  checkRanges(Lowered(testedAtEnd("ne i64 %before, %i", true)));
  checkRanges(Lowered(testedAtEnd("slt i64 %i, %before", true)));
}

TEST(parallel_forms, negative_counters) {
  for (const std::string& Text : {headerTested("slt i64 %i, %last", true), testedAtEnd("eq i64 %next, %last", false),
                                  testedAtEnd("slt i64 %next, %last", true)}) {
    const Lowered L(Text);
    EXPECT_EQ(L.Bodies, 1u);
    L.check(-300, -20);
    L.check(-20, 300);
    L.check(5, -5);
  }
}

TEST(parallel_forms, others_stay_serial) {
  for (const std::string& Text :
       {testedAtEnd("slt i64 %next, %last", true, "add i64 %i, 2"), headerTested("sgt i64 %i, %last", true)}) {
    const Lowered L(Text);
    EXPECT_EQ(L.Bodies, 0u) << L.IR;
    EXPECT_EQ(L.IR.find("@adstencil.parallel"), std::string::npos);
    EXPECT_EQ(L.IR.find("__kmpc_"), std::string::npos);
  }
}

TEST(parallel_forms, without_openmp) {
  const Lowered L(headerTested("slt i64 %i, %last", true), /*WithOpenMP=*/false);
  EXPECT_EQ(L.Bodies, 0u);
  EXPECT_EQ(L.IR.find("@adstencil.parallel"), std::string::npos);
  L.check(0, 300);
}

} // namespace
