// A plane with padded rows, and a box: cudaMallocPitch, cudaMemcpy2D, cudaMalloc3D, cudaMemcpy3D.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

#include <vector>

__global__ void add_row_number(char* plane, std::size_t pitch, int width, int height) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  if (x < width && y < height)
    reinterpret_cast<float*>(plane + y * pitch)[x] += y;
}

__global__ void count_box(cudaPitchedPtr box, int nx, int ny, int nz) {
  const int x = blockIdx.x * blockDim.x + threadIdx.x;
  const int y = blockIdx.y * blockDim.y + threadIdx.y;
  const int z = blockIdx.z * blockDim.z + threadIdx.z;
  if (x < nx && y < ny && z < nz)
    reinterpret_cast<int*>(static_cast<char*>(box.ptr) + (z * box.ysize + y) * box.pitch)[x] = x + 100 * (y + 100 * z);
}

int main() {
  const int width = 37, height = 21;
  std::vector<float> in(width * height), out(width * height);
  for (int i = 0; i < width * height; ++i)
    in[i] = static_cast<float>(i);
  char* plane;
  std::size_t pitch;
  CHECK(cudaMallocPitch(&plane, &pitch, width * sizeof(float), height));
  REQUIRE(pitch >= width * sizeof(float));
  CHECK(cudaMemset2D(plane, pitch, 0, width * sizeof(float), height));
  CHECK(cudaMemcpy2D(plane, pitch, in.data(), width * sizeof(float), width * sizeof(float), height,
                     cudaMemcpyHostToDevice));
  add_row_number<<<dim3(3, 6), dim3(16, 4)>>>(plane, pitch, width, height);
  CHECK_LAUNCH();
  CHECK(cudaMemcpy2D(out.data(), width * sizeof(float), plane, pitch, width * sizeof(float), height,
                     cudaMemcpyDeviceToHost));
  for (int i = 0; i < width * height; ++i)
    REQUIRE(out[i] == in[i] + i / width);
  CHECK(cudaFree(plane));

  const int nx = 5, ny = 7, nz = 3;
  cudaPitchedPtr box;
  const cudaExtent extent = make_cudaExtent(nx * sizeof(int), ny, nz);
  CHECK(cudaMalloc3D(&box, extent));
  count_box<<<dim3(2, 2, 1), dim3(4, 4, 3)>>>(box, nx, ny, nz);
  CHECK_LAUNCH();
  std::vector<int> counts(nx * ny * nz, -1);
  cudaMemcpy3DParms copy = {};
  copy.srcPtr = box;
  copy.dstPtr = make_cudaPitchedPtr(counts.data(), nx * sizeof(int), nx, ny);
  copy.extent = extent;
  copy.kind = cudaMemcpyDeviceToHost;
  CHECK(cudaMemcpy3D(&copy));
  for (int z = 0; z < nz; ++z)
    for (int y = 0; y < ny; ++y)
      for (int x = 0; x < nx; ++x)
        REQUIRE(counts[x + nx * (y + ny * z)] == x + 100 * (y + 100 * z));
  CHECK(cudaFree(box.ptr));
}
