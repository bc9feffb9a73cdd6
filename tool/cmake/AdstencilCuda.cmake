# CUDA sources for CPU cores, for a GPU, or for both.
#
#     adstencil_cuda_sources(<target> DEVICE cpu|auto|cuda [ARCHITECTURES sm_80 sm_90 …] [WITHOUT_TOOLKIT] file.cu …)
#
# adds the files to the target, compiled by clang with the plugin:
#
#   DEVICE cpu    the program runs kernels on CPU cores. No CUDA toolkit is needed.
#   DEVICE auto   the program carries both and chooses when it starts (ADSTENCIL_DEVICE=auto|cpu|cuda). Needs a toolkit to
#                 build, none to run.
#   DEVICE cuda   an ordinary CUDA program for a GPU.
#
# All .cu files of a target have one DEVICE; different targets may compile one file for different devices. ARCHITECTURES are the
# GPUs that code is made for (auto and cuda); code for the highest of them also runs on newer ones. WITHOUT_TOOLKIT uses
# adstencil's own CUDA headers where a toolkit is found, as on a machine without one (cpu only).
#
# The toolkit is ADSTENCIL_CUDA_ROOT: set it to a folder, or to OFF to do without. By default it is looked for in
# CUDAToolkit_ROOT, the environment's CUDAToolkit_ROOT and CUDA_PATH, and /usr/local/cuda.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include_guard(GLOBAL)

find_path(adstencil_cuda_include NAMES cuda_runtime_api.h NO_CACHE NO_DEFAULT_PATH PATH_SUFFIXES include
  PATHS "${CUDAToolkit_ROOT}" "$ENV{CUDAToolkit_ROOT}" "$ENV{CUDA_PATH}" /usr/local/cuda)
if(adstencil_cuda_include)
  string(REGEX REPLACE "/+$" "" adstencil_cuda_include "${adstencil_cuda_include}") # find_path may add one
  cmake_path(GET adstencil_cuda_include PARENT_PATH adstencil_cuda_found)
else()
  set(adstencil_cuda_found OFF)
endif()
set(ADSTENCIL_CUDA_ROOT "${adstencil_cuda_found}" CACHE STRING "Folder of a CUDA toolkit, or OFF to do without one")

# adstencil's own headers: in the source tree, or beside an installed package.
if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/../../runtime/include/adstencil/cuda/cuda_runtime.h")
  cmake_path(SET adstencil_cuda_headers NORMALIZE "${CMAKE_CURRENT_LIST_DIR}/../../runtime/include/adstencil/cuda")
else()
  set(adstencil_cuda_headers "${adstencil_INCLUDE_DIR}/adstencil/cuda")
endif()
set_property(GLOBAL PROPERTY adstencil_cuda_headers "${adstencil_cuda_headers}")

# The toolkit's version as 13000 for 13.0, or 0.
function(adstencil_cuda_version result)
  set(version 0)
  if(ADSTENCIL_CUDA_ROOT)
    if(NOT EXISTS "${ADSTENCIL_CUDA_ROOT}/include/cuda.h")
      message(FATAL_ERROR "ADSTENCIL_CUDA_ROOT is '${ADSTENCIL_CUDA_ROOT}', but there is no include/cuda.h in it. "
        "Set it to the folder of a CUDA toolkit, or to OFF.")
    endif()
    file(STRINGS "${ADSTENCIL_CUDA_ROOT}/include/cuda.h" line REGEX "define CUDA_VERSION [0-9]+" LIMIT_COUNT 1)
    string(REGEX MATCH "[0-9]+$" version "${line}")
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

function(adstencil_cuda_sources target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WITHOUT_TOOLKIT" "DEVICE" "ARCHITECTURES")
  # Files may follow the architectures directly.
  set(files ${arg_ARCHITECTURES})
  list(FILTER arg_ARCHITECTURES INCLUDE REGEX "^sm_[0-9]+[af]?$")
  list(FILTER files EXCLUDE REGEX "^sm_[0-9]+[af]?$")
  list(PREPEND files ${arg_UNPARSED_ARGUMENTS})
  if(NOT arg_DEVICE MATCHES "^(cpu|auto|cuda)$")
    message(FATAL_ERROR "adstencil_cuda_sources(${target}): DEVICE has to be cpu, auto or cuda, not '${arg_DEVICE}'")
  endif()
  get_target_property(earlier ${target} ADSTENCIL_CUDA_DEVICE)
  if(earlier AND NOT earlier STREQUAL arg_DEVICE)
    message(FATAL_ERROR "adstencil_cuda_sources(${target}): the target has files for DEVICE ${earlier}; all its .cu files "
      "need the same")
  endif()

  adstencil_cuda_version(version)
  if(NOT arg_DEVICE STREQUAL cpu)
    if(NOT version)
      message(FATAL_ERROR "adstencil_cuda_sources(${target}): DEVICE ${arg_DEVICE} makes GPU code and needs a CUDA "
        "toolkit, but none was found. Set ADSTENCIL_CUDA_ROOT to its folder, or use DEVICE cpu.")
    endif()
    if(arg_WITHOUT_TOOLKIT)
      message(FATAL_ERROR "adstencil_cuda_sources(${target}): WITHOUT_TOOLKIT is for DEVICE cpu")
    endif()
  endif()
  # The CPU device has the interface of CUDA 13; structures and functions of other versions differ.
  if(version GREATER_EQUAL 13000 AND version LESS 14000 AND NOT arg_WITHOUT_TOOLKIT)
    set(interface TRUE)
  else()
    set(interface FALSE)
  endif()
  if(arg_DEVICE STREQUAL auto AND NOT interface)
    message(FATAL_ERROR "adstencil_cuda_sources(${target}): DEVICE auto needs a toolkit of CUDA 13, but "
      "${ADSTENCIL_CUDA_ROOT} is of version ${version}. Use DEVICE cpu or DEVICE cuda.")
  endif()

  set(options -Wno-unknown-cuda-version "-fplugin-arg-adstencil-device=${arg_DEVICE}")
  if(arg_DEVICE STREQUAL cpu)
    list(APPEND options --cuda-host-only)
  else()
    if(NOT arg_ARCHITECTURES)
      set(arg_ARCHITECTURES sm_80 sm_90)
    endif()
    list(TRANSFORM arg_ARCHITECTURES PREPEND --offload-arch= OUTPUT_VARIABLE architectures)
    list(APPEND options ${architectures})
  endif()
  if(interface OR NOT arg_DEVICE STREQUAL cpu)
    list(APPEND options "--cuda-path=${ADSTENCIL_CUDA_ROOT}")
  else()
    get_property(headers GLOBAL PROPERTY adstencil_cuda_headers)
    # Before the system's folders: CUDA headers may lie there too. The plugin includes cuda_runtime.h first of all.
    list(APPEND options -nocudainc -nocudalib -isystem "${headers}")
  endif()

  target_sources(${target} PRIVATE ${files})
  # `-x cuda` holds for the files after it: it has to stand with each of them. What depends on the device is the target's.
  set_source_files_properties(${files} PROPERTIES LANGUAGE CXX
    COMPILE_OPTIONS "-x;cuda;$<TARGET_PROPERTY:ADSTENCIL_CUDA_OPTIONS>")
  set_target_properties(${target} PROPERTIES ADSTENCIL_CUDA_DEVICE ${arg_DEVICE} ADSTENCIL_CUDA_OPTIONS "${options}")
  target_link_libraries(${target} PRIVATE adstencil::adstencil)
  if(arg_DEVICE STREQUAL cuda)
    find_library(ADSTENCIL_CUDART_STATIC cudart_static NO_DEFAULT_PATH PATH_SUFFIXES lib64 lib targets/x86_64-linux/lib
      PATHS "${ADSTENCIL_CUDA_ROOT}")
    if(NOT ADSTENCIL_CUDART_STATIC)
      message(FATAL_ERROR "adstencil_cuda_sources(${target}): no libcudart_static.a in ${ADSTENCIL_CUDA_ROOT}")
    endif()
    target_link_libraries(${target} PRIVATE "${ADSTENCIL_CUDART_STATIC}" dl rt pthread)
  else()
    target_link_libraries(${target} PRIVATE adstencil::cuda)
  endif()
endfunction()
