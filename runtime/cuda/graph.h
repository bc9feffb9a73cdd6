// Graphs: what a capture records and an executable graph replays.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "launch.h"

#include "adstencil/cuda/cuda_runtime_api.h"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

/// A node: a kernel, or work given as a function.
struct CUgraphNode_st {
  CUgraph_st* graph;
  cudaGraphNodeType type;
  std::vector<CUgraphNode_st*> dependencies;
  std::optional<adstencil::cuda_runtime::kernel_call> kernel;
  std::function<cudaError_t()> work;
};

/// Nodes in the order in which they were added.
struct CUgraph_st {
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes;
};

/// A copy of a graph in an order that keeps the dependencies. Later changes of the graph do not reach it.
struct CUgraphExec_st {
  struct step {
    CUgraphNode_st* origin;
    cudaGraphNodeType type;
    std::optional<adstencil::cuda_runtime::kernel_call> kernel;
    std::function<cudaError_t()> work;
  };
  std::vector<step> steps;
};

namespace adstencil::cuda_runtime {

/// Adds a node without work.
CUgraphNode_st* add_node(CUgraph_st& graph, cudaGraphNodeType type, std::vector<CUgraphNode_st*> dependencies);

} // namespace adstencil::cuda_runtime
