// Managed memory: a linked structure that host and device both walk, with prefetch and advice.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "check.h"

struct node {
  double value;
  node* next;
};

__global__ void add_to_lists(node** heads, int lists, double amount) {
  const int list = blockIdx.x * blockDim.x + threadIdx.x;
  if (list >= lists)
    return;
  for (node* at = heads[list]; at; at = at->next)
    at->value += amount * list;
}

void prefetch(const void* pointer, std::size_t bytes, bool to_device) {
#if CUDART_VERSION >= 13000
  const cudaMemLocation location = {to_device ? cudaMemLocationTypeDevice : cudaMemLocationTypeHost, 0};
  CHECK(cudaMemAdvise(pointer, bytes, cudaMemAdviseSetPreferredLocation, location));
  CHECK(cudaMemPrefetchAsync(pointer, bytes, location, 0, nullptr));
#else
  CHECK(cudaMemPrefetchAsync(pointer, bytes, to_device ? 0 : cudaCpuDeviceId, nullptr));
#endif
}

int main() {
  const int lists = 70, length = 9;
  node *nodes, **heads;
  CHECK(cudaMallocManaged(&nodes, lists * length * sizeof(node)));
  CHECK(cudaMallocManaged(&heads, lists * sizeof(node*)));
  for (int list = 0; list < lists; ++list) {
    heads[list] = nullptr;
    for (int i = 0; i < length; ++i) {
      node& added = nodes[i * lists + list];
      added = {1.0 * i, heads[list]};
      heads[list] = &added;
    }
  }
  cudaPointerAttributes attributes;
  CHECK(cudaPointerGetAttributes(&attributes, nodes + 5));
  REQUIRE(attributes.type == cudaMemoryTypeManaged);
  int supported = 0;
  CHECK(cudaDeviceGetAttribute(&supported, cudaDevAttrConcurrentManagedAccess, 0));
  if (supported)
    prefetch(nodes, lists * length * sizeof(node), true);
  add_to_lists<<<3, 32>>>(heads, lists, 0.5);
  CHECK_LAUNCH();
  if (supported)
    prefetch(nodes, lists * length * sizeof(node), false);
  CHECK(cudaDeviceSynchronize());
  for (int list = 0; list < lists; ++list) {
    int i = length;
    for (const node* at = heads[list]; at; at = at->next)
      REQUIRE(at->value == --i + 0.5 * list);
    REQUIRE(i == 0);
  }
  CHECK(cudaFree(nodes));
  CHECK(cudaFree(heads));
}
