// A program with GPU code and a CUDA runtime library: who is asked what, and when. The library is fake_cudart.cpp.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/cuda/cuda_runtime_api.h>

#include <gtest/gtest.h>

#include <cstdlib>
#include <dlfcn.h>
#include <string>

// What clang's host code calls.
extern "C" {
void** __cudaRegisterFatBinary(void* binary);
void __cudaRegisterFatBinaryEnd(void** handle);
void __cudaUnregisterFatBinary(void** handle);
int __cudaRegisterFunction(void** handle, const char* host, char* device, const char* name, int limit, uint3* thread,
                           uint3* block, dim3* block_dim, dim3* grid_dim, int* warp_size);
void __cudaRegisterVar(void** handle, char* host, char* device, const char* name, int external, std::size_t size,
                       int constant, int global);
}

namespace {

/// The GPU code of one file: a kernel and a variable.
struct file {
  char kernel = 0, binary = 0, name[2], variable_name[2];
  double variable = 0;
  void** handle = nullptr;

  file(char kernel_name, char name_of_variable) : name{kernel_name}, variable_name{name_of_variable} {
    handle = __cudaRegisterFatBinary(&binary);
    __cudaRegisterFunction(handle, &kernel, name, name, -1, nullptr, nullptr, nullptr, nullptr, nullptr);
    __cudaRegisterVar(handle, reinterpret_cast<char*>(&variable), variable_name, variable_name, 0, sizeof variable, 0,
                      0);
    __cudaRegisterFatBinaryEnd(handle);
  }
  void leave() { __cudaUnregisterFatBinary(handle); }
};

// Registered before main, as compiled code does; one of them is gone (dlclose) before anything is decided.
file first('f', 'x'), gone('g', 'y'), second('h', 'z');

const char* fake_log(void* library) { return reinterpret_cast<const char* (*)()>(dlsym(library, "fake_cudart_log"))(); }

TEST(CudaForward, RegistrationsWaitForTheChoiceAndGoToTheLibrary) {
  gone.leave();
  EXPECT_EQ(dlopen(ADSTENCIL_FAKE_CUDART, RTLD_NOW | RTLD_NOLOAD), nullptr) << "nothing was decided before main";
  ASSERT_EQ(setenv("ADSTENCIL_CUDART", ADSTENCIL_FAKE_CUDART, 1), 0);
  ASSERT_EQ(setenv("ADSTENCIL_DEVICE", "cuda", 1), 0);

  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, 24), cudaSuccess);
  EXPECT_EQ(pointer, reinterpret_cast<void*>(std::uintptr_t(4096)));
  EXPECT_EQ(cudaLaunchKernel(&second.kernel, dim3(3), dim3(64), nullptr, 16, nullptr), cudaSuccess);

  // dlopen: passed on at once.
  file late('l', 'w');
  EXPECT_EQ(cudaLaunchKernel(&late.kernel, dim3(1), dim3(1), nullptr, 0, nullptr), cudaSuccess);
  late.leave();
  first.leave();

  void* library = dlopen(ADSTENCIL_FAKE_CUDART, RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(library, nullptr);
  EXPECT_STREQ(fake_log(library), "register binary 1\n"
                                  "kernel f of binary 1\n"
                                  "variable x, 8 bytes, of binary 1\n"
                                  "end of binary 1\n"
                                  "register binary 2\n"
                                  "kernel h of binary 2\n"
                                  "variable z, 8 bytes, of binary 2\n"
                                  "end of binary 2\n"
                                  "cudaMalloc 24\n"
                                  "launch h 3 64 16\n"
                                  "register binary 3\n"
                                  "kernel l of binary 3\n"
                                  "variable w, 8 bytes, of binary 3\n"
                                  "end of binary 3\n"
                                  "launch l 1 1 0\n"
                                  "unregister binary 3\n"
                                  "unregister binary 1\n");

  // Errors are the library's, with its texts.
  EXPECT_EQ(cudaMalloc(&pointer, 5000), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaErrorMemoryAllocation);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
  EXPECT_EQ(cudaLaunchKernel(&gone.kernel, dim3(1), dim3(1), nullptr, 0, nullptr), cudaErrorInvalidDeviceFunction);
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDeviceFunction);
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidValue), "fakeError");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidValue), "a fake error");
}

} // namespace
