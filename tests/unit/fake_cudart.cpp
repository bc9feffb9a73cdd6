// A CUDA runtime library without a GPU: it keeps a log of what reaches it.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/cuda/cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

namespace {

std::string log_text;
void note(const std::string& line) { log_text += line + "\n"; }

std::map<const void*, std::string> kernels;
int handles = 0;
/// Handles are numbers from 1.
void** handle_of(int number) { return reinterpret_cast<void**>(static_cast<std::uintptr_t>(number)); }
std::string name_of(void** handle) { return "binary " + std::to_string(reinterpret_cast<std::uintptr_t>(handle)); }
cudaError_t last_error = cudaSuccess;
cudaError_t answer(cudaError_t error) {
  if (error != cudaSuccess)
    last_error = error;
  return error;
}

} // namespace

extern "C" {

const char* fake_cudart_log() { return log_text.c_str(); }

void** __cudaRegisterFatBinary(void*) {
  note("register binary " + std::to_string(++handles));
  return handle_of(handles);
}
void __cudaRegisterFatBinaryEnd(void** handle) { note("end of " + name_of(handle)); }
void __cudaUnregisterFatBinary(void** handle) { note("unregister " + name_of(handle)); }
int __cudaRegisterFunction(void** handle, const char* host, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*,
                           int*) {
  note("kernel " + std::string(name) + " of " + name_of(handle));
  kernels[host] = name;
  return 0;
}
void __cudaRegisterVar(void** handle, char*, char*, const char* name, int, std::size_t size, int, int) {
  note("variable " + std::string(name) + ", " + std::to_string(size) + " bytes, of " + name_of(handle));
}

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  std::strcpy(properties->name, "Fake GPU");
  return cudaSuccess;
}
cudaError_t cudaMalloc(void** pointer, std::size_t size) {
  note("cudaMalloc " + std::to_string(size));
  *pointer = reinterpret_cast<void*>(std::uintptr_t(4096));
  return answer(size < 1000 ? cudaSuccess : cudaErrorMemoryAllocation);
}
cudaError_t cudaLaunchKernel(const void* function, dim3 grid, dim3 block, void**, std::size_t shared, cudaStream_t) {
  const auto found = kernels.find(function);
  if (found == kernels.end())
    return answer(cudaErrorInvalidDeviceFunction);
  note("launch " + found->second + " " + std::to_string(grid.x) + " " + std::to_string(block.x) + " " +
       std::to_string(shared));
  return cudaSuccess;
}
cudaError_t cudaPeekAtLastError() { return last_error; }
cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
const char* cudaGetErrorName(cudaError_t) { return "fakeError"; }
const char* cudaGetErrorString(cudaError_t) { return "a fake error"; }

} // extern "C"
