// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model/Library.h"

#include "derive/Rules.h"
#include "model/Request.h"
#include "model/UnsignedIndices.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace adstencil {

/// C's printing functions, and the mangled names of the std::ostream operations.
static bool prints(StringRef Name) {
  static constexpr StringLiteral Exact[] = {"printf",  "fprintf",  "vprintf",      "puts",         "fputs",
                                            "putchar", "putc",     "fputc",        "fwrite",       "fflush",
                                            "perror",  "vfprintf", "__printf_chk", "__fprintf_chk"};
  if (is_contained(Exact, Name))
    return true;
  // Reports of the user's sanitizers: their checks stay in the kernel, not in its derivative.
  if (Name.starts_with("__ubsan_handle_") || Name.starts_with("__sanitizer_") || Name.starts_with("__asan_"))
    return true;
  return Name.starts_with("_ZNSo") || Name.starts_with("_ZSt16__ostream") || Name.starts_with("_ZNSt8ios_base") ||
         Name.starts_with("_ZNKSt9basic_ios") || Name.starts_with("_ZNSt9basic_ios") ||
         (Name.starts_with("_ZSt") && Name.contains("ostream")) || (Name.starts_with("_ZSt") && Name.contains("RSo")) ||
         (Name.starts_with("_ZStls"));
}

static bool allocates(StringRef Name) {
  return StringSwitch<bool>(Name)
             .Cases({"malloc", "calloc", "realloc", "free", "aligned_alloc", "posix_memalign"}, true)
             .Default(false) ||
         Name.starts_with("_Znw") || Name.starts_with("_Zna") || Name.starts_with("_Zdl") || Name.starts_with("_Zda");
}

static LibraryCall classifyIntrinsic(const IntrinsicInst &I) {
  switch (I.getIntrinsicID()) {
  case Intrinsic::lifetime_start:
  case Intrinsic::lifetime_end:
  case Intrinsic::dbg_declare:
  case Intrinsic::dbg_value:
  case Intrinsic::dbg_assign:
  case Intrinsic::dbg_label:
  case Intrinsic::assume:
  case Intrinsic::experimental_noalias_scope_decl:
  case Intrinsic::var_annotation:
  case Intrinsic::invariant_start:
  case Intrinsic::invariant_end:
  case Intrinsic::prefetch:
  case Intrinsic::donothing:
  case Intrinsic::sideeffect:
    return LibraryCall::Marker;
  case Intrinsic::memset:
  case Intrinsic::memcpy:
  case Intrinsic::memmove:
  case Intrinsic::memset_inline:
  case Intrinsic::memcpy_inline:
    return LibraryCall::Memory;
  case Intrinsic::trap:
  case Intrinsic::ubsantrap:
    return LibraryCall::NoReturn;
  default:
    return I.doesNotAccessMemory() ? LibraryCall::Pure : LibraryCall::Unknown;
  }
}

LibraryCall classify(const CallBase &CB) {
  if (findRule(CB))
    return LibraryCall::Mathematics;
  if (isArrayMarker(&CB) || isScalarMarker(&CB) || isDemand(&CB))
    return LibraryCall::Marker;
  if (const auto *I = dyn_cast<IntrinsicInst>(&CB))
    return classifyIntrinsic(*I);
  const Function *F = CB.getCalledFunction();
  if (!F)
    return LibraryCall::Unknown;
  StringRef Name = F->getName();
  if (Name.starts_with("adstencil.exponent."))
    return LibraryCall::Marker;
  if (prints(Name))
    return LibraryCall::Prints;
  if (allocates(Name))
    return LibraryCall::Allocates;
  if (Name.starts_with("__cxa_") || Name.starts_with("_Unwind") || Name.starts_with("__gxx_personality"))
    return LibraryCall::Throws;
  if (F->doesNotReturn() || CB.doesNotReturn())
    return LibraryCall::NoReturn;
  if (CB.doesNotAccessMemory() && CB.doesNotThrow())
    return LibraryCall::Pure;
  // Without its body (the CPU device) libdevice says nothing about itself. What takes no pointer touches no memory.
  if (Name.starts_with("__nv_") && none_of(CB.args(), [](const Use &U) { return U->getType()->isPointerTy(); }))
    return LibraryCall::Pure;
  return LibraryCall::Unknown;
}

} // namespace adstencil
