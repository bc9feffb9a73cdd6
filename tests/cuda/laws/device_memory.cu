// The memory of the CUDA device, for the engine of the laws.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "cuda_laws.h"

#include <stdexcept>

namespace laws {

void check_cuda(cudaError_t error, const char* what) {
  if (error != cudaSuccess)
    throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
}

namespace {

class device_memory final : public memory {
public:
  void* allocate(std::size_t bytes) const override {
    void* block = nullptr;
    check_cuda(cudaMalloc(&block, bytes), "cudaMalloc");
    return block;
  }
  void release(void* block) const noexcept override { cudaFree(block); }
  void upload(void* block, const void* host, std::size_t bytes) const override {
    check_cuda(cudaMemcpy(block, host, bytes, cudaMemcpyHostToDevice), "cudaMemcpy to the device");
  }
  void download(void* host, const void* block, std::size_t bytes) const override {
    check_cuda(cudaMemcpy(host, block, bytes, cudaMemcpyDeviceToHost), "cudaMemcpy to the host");
  }
  void finish() const override {
    check_cuda(cudaGetLastError(), "launch");
    check_cuda(cudaDeviceSynchronize(), "kernel");
  }
  std::string unavailable() const override {
    int devices = 0;
    const cudaError_t error = cudaGetDeviceCount(&devices);
    if (error != cudaSuccess)
      return std::string("no CUDA device: ") + cudaGetErrorString(error);
    return devices > 0 ? "" : "no CUDA device";
  }
};

} // namespace

const memory& cuda_memory() {
  static const device_memory instance;
  return instance;
}

} // namespace laws
