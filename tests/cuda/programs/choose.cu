// A program that chooses its device in main: `choose auto|cpu|cuda`.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/device.h>

#include <cstdio>
#include <exception>
#include <string>

__device__ int offset = 3; // registered before main, as the kernel is

__global__ void fill(int* out) { out[threadIdx.x] = threadIdx.x + offset; }

int main(int, char** arguments) {
  try {
    const std::string device = adstencil::use_device(arguments[1]);
    std::printf("device: %s\n", device.c_str());
    int* out;
    int result[32] = {};
    adstencil::cuda_check(cudaMalloc(&out, sizeof result), "cudaMalloc");
    fill<<<1, 32>>>(out);
    adstencil::cuda_check(cudaGetLastError(), "fill");
    if (device == "Fake GPU")
      return 0; // which launches nothing
    adstencil::cuda_check(cudaMemcpy(result, out, sizeof result, cudaMemcpyDeviceToHost), "cudaMemcpy");
    adstencil::cuda_check(cudaFree(out), "cudaFree");
    for (int i = 0; i < 32; ++i)
      if (result[i] != i + 3)
        return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "choose: %s\n", error.what());
    return 2;
  }
}
