# Checks that the C++ compiler is the clang the plugin is written for and finds that clang's own headers.
#
# Result: ADSTENCIL_CLANG_INCLUDE_DIR and ADSTENCIL_LLVM_BIN_DIR (FileCheck, opt, lit, …).
#
# A plugin uses the compiler's C++ interfaces, which change with every major version, so it must be built against
# exactly the clang that will load it. The headers are therefore looked up beside the compiler that was chosen, and
# nowhere else. LLVM's own CMake package is not used: it insists on the development files of everything LLVM links
# (zlib, libxml2, libffi, …), while the plugin links nothing at all; its symbols come from the running compiler.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include_guard(GLOBAL)

set(ADSTENCIL_CLANG_MAJOR 22)

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang"
   OR NOT CMAKE_CXX_COMPILER_VERSION MATCHES "^${ADSTENCIL_CLANG_MAJOR}\\.")
  message(FATAL_ERROR
    "adstencil is a plugin for clang ${ADSTENCIL_CLANG_MAJOR}, but the C++ compiler is "
    "${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION} (${CMAKE_CXX_COMPILER}).\n"
    "Configure in a fresh build directory with\n"
    "    cmake --preset default\n"
    "or  cmake -B build -G Ninja -DCMAKE_CXX_COMPILER=clang++-${ADSTENCIL_CLANG_MAJOR}\n"
    "On Debian 12, tool/install-deps.sh installs clang ${ADSTENCIL_CLANG_MAJOR} and everything else that is needed.")
endif()

# <prefix>/bin/clang++, after following Debian's links in /usr/bin.
file(REAL_PATH "${CMAKE_CXX_COMPILER}" clang_path)
cmake_path(GET clang_path PARENT_PATH ADSTENCIL_LLVM_BIN_DIR)
cmake_path(GET ADSTENCIL_LLVM_BIN_DIR PARENT_PATH llvm_prefix)
set(ADSTENCIL_CLANG_INCLUDE_DIR "${llvm_prefix}/include")

foreach(header clang/Frontend/FrontendPluginRegistry.h llvm/Config/llvm-config.h)
  if(NOT EXISTS "${ADSTENCIL_CLANG_INCLUDE_DIR}/${header}")
    message(FATAL_ERROR
      "<${header}> is not in ${ADSTENCIL_CLANG_INCLUDE_DIR}: the headers of clang ${ADSTENCIL_CLANG_MAJOR} are not "
      "installed.\nOn Debian 12 run tool/install-deps.sh, or "
      "apt-get install llvm-${ADSTENCIL_CLANG_MAJOR}-dev libclang-${ADSTENCIL_CLANG_MAJOR}-dev.")
  endif()
endforeach()

file(STRINGS "${ADSTENCIL_CLANG_INCLUDE_DIR}/llvm/Config/llvm-config.h" llvm_version_line
  REGEX "define LLVM_VERSION_STRING")
string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" llvm_version "${llvm_version_line}")
if(NOT llvm_version VERSION_EQUAL CMAKE_CXX_COMPILER_VERSION)
  message(FATAL_ERROR
    "The compiler is clang ${CMAKE_CXX_COMPILER_VERSION} but the headers in ${ADSTENCIL_CLANG_INCLUDE_DIR} are of "
    "LLVM ${llvm_version}. Bring both packages to the same version (apt-get upgrade).")
endif()
message(STATUS "Plugin host: clang ${CMAKE_CXX_COMPILER_VERSION} in ${llvm_prefix}")
