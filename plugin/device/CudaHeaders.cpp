// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device/HostDevice.h"

#include "clang/Basic/FileManager.h"
#include "clang/Basic/TargetInfo.h"
#include "clang/Frontend/CompilerInstance.h"
#include "clang/Lex/HeaderSearch.h"
#include "clang/Lex/Preprocessor.h"
#include "clang/Lex/PreprocessorOptions.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace clang;

namespace adstencil {

/// Finds the folder of the runtime's CUDA headers: `adstencil/cuda` below a folder of the search path.
static OptionalDirectoryEntryRef findHeaders(Preprocessor &PP) {
  FileManager &Files = PP.getFileManager();
  for (const DirectoryLookup &Lookup : PP.getHeaderSearchInfo().search_dir_range()) {
    if (!Lookup.isNormalDir())
      continue;
    llvm::SmallString<256> Folder(Lookup.getName());
    llvm::sys::path::append(Folder, "adstencil", "cuda");
    llvm::SmallString<256> Header(Folder);
    llvm::sys::path::append(Header, "cuda_runtime.h");
    if (Files.getOptionalFileRef(Header))
      return Files.getOptionalDirectoryRef(Folder);
  }
  return std::nullopt;
}

void provideCudaHeaders(CompilerInstance &CI) {
  const LangOptions &Language = CI.getLangOpts();
  if (!Language.CUDA || Language.HIP)
    return;
  if (llvm::is_contained(CI.getPreprocessorOpts().Includes, "__clang_cuda_runtime_wrapper.h"))
    return; // the toolkit's own headers are in use
  for (const FrontendInputFile &Input : CI.getFrontendOpts().Inputs)
    if (Input.isPreprocessed())
      return;
  Preprocessor &PP = CI.getPreprocessor();
  OptionalDirectoryEntryRef Folder = findHeaders(PP);
  if (!Folder)
    return;
  // Without a toolkit clang does not know its version and would launch kernels the way CUDA 8 did.
  TargetOptions &Target = CI.getTarget().getTargetOpts();
  if (Target.SDKVersion.empty())
    Target.SDKVersion = llvm::VersionTuple(12, 9);
  // In front of the system folders, which may hold the headers of a toolkit that is not wanted.
  PP.getHeaderSearchInfo().AddSearchPath(DirectoryLookup(*Folder, SrcMgr::C_System, /*isFramework=*/false),
                                         /*isAngled=*/true);
  PP.setPredefines(PP.getPredefines() + "#include <adstencil/cuda/cuda_runtime.h>\n");
}

} // namespace adstencil
