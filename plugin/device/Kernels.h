// What the stages of the CPU device share: the kernels of a module, and the words for what cannot run.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include <string>
#include <utility>
#include <vector>

namespace clang {
class CompilerInstance;
}

namespace adstencil {

/// adstencil_kind of abi.h.
enum class KernelKind : uint32_t { Points = 0, Blocks = 1, Threads = 2, Parts = 3 };

/// One kernel on its way from nvptx to the host.
struct DeviceKernel {
  llvm::Function *F = nullptr; ///< the kernel; gone once its units are written
  std::string Symbol;          ///< mangled name
  std::string Name;            ///< as the user wrote it
  std::string Stub;            ///< name of the host stub, the handle of a launch
  KernelKind Kind = KernelKind::Threads;
  uint32_t MaxThreads = 1024;
  uint32_t Phases = 1; ///< passes over all units, one behind the other
  uint64_t StaticShared = 0;
  llvm::SmallVector<uint32_t, 8> ParameterBytes, ReductionBytes;
  bool Adds = false;              ///< adds floating-point numbers atomically
  bool Waits = false;             ///< has barriers, shuffles or votes
  bool Calls = false;             ///< calls functions that could not be inlined
  llvm::Function *Run = nullptr;  ///< points, blocks, parts: abi.h's `run`
  llvm::Function *Body = nullptr; ///< threads: abi.h's `thread`
};

/// A variable of the device that the host can name.
struct DeviceVariable {
  llvm::GlobalVariable *Host = nullptr;
  std::string Symbol;
  std::string Linked; ///< the name under which it crosses the linker
};

/// A device module that is being lowered.
struct DeviceModule {
  llvm::Module &M;
  clang::CompilerInstance &CI;
  bool Optimised;
  llvm::Function *Model = nullptr; ///< a function of the host module: target attributes are taken from it
  std::vector<DeviceKernel> Kernels;
  std::vector<DeviceVariable> Variables;
  llvm::SetVector<llvm::GlobalVariable *> Shared;           ///< __shared__ variables
  llvm::MapVector<llvm::GlobalVariable *, uint64_t> Common; ///< offsets of those that called functions use
  uint64_t CommonBytes = 0;
  llvm::SetVector<llvm::Function *> Residual; ///< functions that kernels still call
  bool Failed = false;

  DeviceModule(llvm::Module &M, clang::CompilerInstance &CI, bool Optimised) : M(M), CI(CI), Optimised(Optimised) {}

  /// Reports "kernel 'x' cannot run on the CPU device: Reason" at I's place and marks the module as failed.
  void refuse(llvm::StringRef Kernel, const llvm::Instruction *I, const llvm::Twine &Reason);
};

/// Kernels.cpp: finds the kernels that Host has stubs for, and the variables that it has shadows of. Everything else of
/// D becomes internal, and what nothing needs is deleted.
void collectKernels(DeviceModule &D, llvm::Module &Host);
/// Deletes what kernels and variables do not need.
void dropUnneeded(llvm::Module &M);

/// Inline.cpp: inlines into every kernel whatever can be, and notes the rest in D.Residual.
void inlineIntoKernels(DeviceModule &D);

/// Retarget.cpp: triple, data layout, address spaces, calling conventions and attributes of the host.
void retarget(DeviceModule &D, llvm::Module &Host);
/// Replaces the attributes of a GPU function by those that a function of the host has.
void giveHostAttributes(const DeviceModule &D, llvm::Function &F);

/// Calls.cpp: replaces intrinsics of the GPU and calls of libdevice in F, which belongs to the named kernel. Indices of
/// threads and blocks stay.
void lowerCalls(DeviceModule &D, llvm::Function &F, DeviceKernel &K);

/// Mathematics.cpp: replaces Call, which has the arguments of the libdevice function Name. Returns false if there is
/// none.
bool lowerMathematics(llvm::CallBase &Call, llvm::StringRef Name);

/// Threads.cpp: chooses the kind of K and writes its functions.
void emitThreads(DeviceModule &D, DeviceKernel &K);
/// Indices and shared memory in functions that could not be inlined.
void lowerResidual(DeviceModule &D, llvm::Function &F);

/// Rows.cpp: writes abi.h's `run` around K's body.
void emitRun(DeviceModule &D, DeviceKernel &K);

/// Register.cpp: the constructor of Host that registers kernels and variables.
void emitRegistration(DeviceModule &D, llvm::Module &Host);

} // namespace adstencil
