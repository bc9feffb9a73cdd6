// Graphs: building, instantiation, launch.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "graph.h"

#include "api_table.h"
#include "copies.h"
#include "errors.h"
#include "streams.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace adstencil::cuda_runtime {

CUgraphNode_st* add_node(CUgraph_st& graph, cudaGraphNodeType type, std::vector<CUgraphNode_st*> dependencies) {
  auto node = std::make_unique<CUgraphNode_st>();
  node->graph = &graph;
  node->type = type;
  node->dependencies = std::move(dependencies);
  graph.nodes.push_back(std::move(node));
  return graph.nodes.back().get();
}

namespace {

/// Adds a node with work on behalf of cudaGraphAdd…Node.
cudaError_t add(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count,
                cudaGraphNodeType type, std::function<cudaError_t()> work) {
  if (!node || !graph || (count > 0 && !dependencies))
    return cudaErrorInvalidValue;
  for (size_t index = 0; index < count; ++index)
    if (!dependencies[index] || dependencies[index]->graph != graph)
      return cudaErrorInvalidValue;
  *node = add_node(*graph, type, {dependencies, dependencies + count});
  (*node)->work = std::move(work);
  return cudaSuccess;
}

/// The launch that kernel node parameters describe.
cudaError_t make_call(const cudaKernelNodeParams* parameters, std::optional<kernel_call>& call) {
  if (!parameters || (parameters->extra && !parameters->kernelParams))
    return cudaErrorInvalidValue;
  const launch_arguments launch{parameters->func, parameters->gridDim, parameters->blockDim, parameters->sharedMemBytes,
                                parameters->kernelParams};
  kernel_entry* kernel = nullptr;
  if (const cudaError_t error = check_launch(launch, kernel))
    return error;
  if (!launch.arguments && kernel->descriptor->parameters > 0)
    return cudaErrorInvalidValue;
  call.emplace(*kernel->descriptor, launch);
  return cudaSuccess;
}

/// The nodes in an order that keeps dependencies, and otherwise the order of their making; empty if they form a cycle.
std::vector<CUgraphNode_st*> ordered(const CUgraph_st& graph) {
  std::vector<CUgraphNode_st*> result;
  std::unordered_set<const CUgraphNode_st*> done;
  while (result.size() < graph.nodes.size()) {
    const std::size_t before = result.size();
    for (const std::unique_ptr<CUgraphNode_st>& node : graph.nodes) {
      if (done.contains(node.get()) ||
          !std::ranges::all_of(node->dependencies, [&](CUgraphNode_st* needed) { return done.contains(needed); }))
        continue;
      result.push_back(node.get());
      done.insert(node.get());
    }
    if (result.size() == before)
      return {};
  }
  return result;
}

cudaError_t run_steps(const std::vector<CUgraphExec_st::step>& steps) {
  for (const CUgraphExec_st::step& step : steps) {
    cudaError_t error = cudaSuccess;
    if (step.kernel) {
      const launch_arguments launch = step.kernel->arguments();
      kernel_entry* kernel = nullptr;
      error = check_launch(launch, kernel);
      if (error == cudaSuccess)
        run(*kernel, launch);
    } else if (step.work)
      error = step.work();
    if (error != cudaSuccess)
      return error;
    if (failure() != cudaSuccess)
      return cudaSuccess; // reported by the next call, as for a launch
  }
  return cudaSuccess;
}

/// A copy of the graph that can be run; null if it has a cycle.
std::unique_ptr<CUgraphExec_st> make_executable(const CUgraph_st& graph) {
  auto executable = std::make_unique<CUgraphExec_st>();
  const std::vector<CUgraphNode_st*> nodes = ordered(graph);
  if (nodes.size() != graph.nodes.size())
    return nullptr;
  for (CUgraphNode_st* node : nodes)
    executable->steps.push_back({node, node->type, node->kernel, node->work});
  return executable;
}

/// Copies pointers to a caller that may ask for the number first, or for fewer than there are.
template <class Pointers>
cudaError_t give(const Pointers& from, cudaGraphNode_t* to, size_t* count) {
  if (!count)
    return cudaErrorInvalidValue;
  if (to) {
    const size_t room = *count;
    for (size_t index = 0; index < room; ++index)
      to[index] = index < from.size() ? from[index] : nullptr;
    *count = std::min(room, from.size());
  } else
    *count = from.size();
  return cudaSuccess;
}

} // namespace

// ---- the runtime interface ----

namespace cpu {

cudaError_t cudaGraphCreate(cudaGraph_t* graph, unsigned int flags) {
  if (!graph || flags != 0)
    return cudaErrorInvalidValue;
  *graph = new CUgraph_st;
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  if (!graph)
    return cudaErrorInvalidValue;
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphClone(cudaGraph_t* clone, cudaGraph_t original) {
  if (!clone || !original)
    return cudaErrorInvalidValue;
  auto copy = std::make_unique<CUgraph_st>();
  std::unordered_map<const CUgraphNode_st*, CUgraphNode_st*> copies;
  for (const std::unique_ptr<CUgraphNode_st>& node : original->nodes) {
    CUgraphNode_st* added = add_node(*copy, node->type, {});
    added->kernel = node->kernel;
    added->work = node->work;
    copies[node.get()] = added;
  }
  for (const std::unique_ptr<CUgraphNode_st>& node : original->nodes)
    for (const CUgraphNode_st* needed : node->dependencies)
      copies[node.get()]->dependencies.push_back(copies[needed]);
  *clone = copy.release();
  return cudaSuccess;
}

cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   size_t count, const cudaKernelNodeParams* parameters) {
  std::optional<kernel_call> call;
  if (const cudaError_t error = make_call(parameters, call))
    return error;
  if (const cudaError_t error = add(node, graph, dependencies, count, cudaGraphNodeTypeKernel, {}))
    return error;
  (*node)->kernel = std::move(call);
  return cudaSuccess;
}

cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   size_t count, const cudaMemcpy3DParms* parameters) {
  if (!parameters)
    return cudaErrorInvalidValue;
  const std::optional<box_copy> copy = make_box_copy(*parameters);
  if (!copy)
    return cudaErrorInvalidValue;
  if (const cudaError_t error = copy->check())
    return error;
  return add(node, graph, dependencies, count, cudaGraphNodeTypeMemcpy, [copy = *copy] { return copy.run(); });
}

cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                     size_t count, void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
  const box_copy copy = line_copy(to, from, bytes, kind);
  if (const cudaError_t error = copy.check())
    return error;
  return add(node, graph, dependencies, count, cudaGraphNodeTypeMemcpy, [copy] { return copy.run(); });
}

cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                   size_t count, const cudaMemsetParams* parameters) {
  if (!parameters)
    return cudaErrorInvalidValue;
  const unsigned int size = parameters->elementSize;
  if ((size != 1 && size != 2 && size != 4) || (parameters->height > 1 && parameters->pitch < parameters->width * size))
    return cudaErrorInvalidValue;
  const box_fill fill{static_cast<char*>(parameters->dst),
                      parameters->pitch,
                      0,
                      parameters->value,
                      size,
                      parameters->width * size,
                      parameters->height,
                      1};
  if (const cudaError_t error = fill.check())
    return error;
  return add(node, graph, dependencies, count, cudaGraphNodeTypeMemset, [fill] { return fill.run(); });
}

cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                 size_t count, const cudaHostNodeParams* parameters) {
  if (!parameters || !parameters->fn)
    return cudaErrorInvalidValue;
  return add(node, graph, dependencies, count, cudaGraphNodeTypeHost, [call = *parameters] {
    call.fn(call.userData);
    return cudaSuccess;
  });
}

cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                  size_t count) {
  return add(node, graph, dependencies, count, cudaGraphNodeTypeEmpty, {});
}

cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies,
                                       size_t count, cudaGraph_t child) {
  if (!child)
    return cudaErrorInvalidValue;
  const std::shared_ptr<CUgraphExec_st> executable = make_executable(*child);
  if (!executable)
    return cudaErrorInvalidValue;
  return add(node, graph, dependencies, count, cudaGraphNodeTypeGraph,
             [executable] { return run_steps(executable->steps); });
}

cudaError_t cudaGraphAddDependencies(cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to,
                                     const cudaGraphEdgeData*, size_t count) {
  if (!graph || (count > 0 && (!from || !to)))
    return cudaErrorInvalidValue;
  for (size_t index = 0; index < count; ++index) {
    if (!from[index] || !to[index] || from[index]->graph != graph || to[index]->graph != graph)
      return cudaErrorInvalidValue;
    to[index]->dependencies.push_back(from[index]);
  }
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  if (!graph)
    return cudaErrorInvalidValue;
  std::vector<CUgraphNode_st*> all;
  for (const std::unique_ptr<CUgraphNode_st>& node : graph->nodes)
    all.push_back(node.get());
  return give(all, nodes, count);
}

cudaError_t cudaGraphGetRootNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count) {
  if (!graph)
    return cudaErrorInvalidValue;
  std::vector<CUgraphNode_st*> roots;
  for (const std::unique_ptr<CUgraphNode_st>& node : graph->nodes)
    if (node->dependencies.empty())
      roots.push_back(node.get());
  return give(roots, nodes, count);
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  if (!node || !type)
    return cudaErrorInvalidValue;
  *type = node->type;
  return cudaSuccess;
}

cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t node, cudaGraphNode_t* dependencies, cudaGraphEdgeData* edges,
                                         size_t* count) {
  if (!node)
    return cudaErrorInvalidValue;
  const cudaError_t error = give(node->dependencies, dependencies, count);
  if (error == cudaSuccess && edges)
    std::fill_n(edges, *count, cudaGraphEdgeData{});
  return error;
}

cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t node, cudaKernelNodeParams* parameters) {
  if (!node || !node->kernel || !parameters)
    return cudaErrorInvalidValue;
  const launch_arguments launch = node->kernel->arguments();
  *parameters = {const_cast<void*>(launch.function),       launch.grid,      launch.block,
                 static_cast<unsigned int>(launch.shared), launch.arguments, nullptr};
  return cudaSuccess;
}

cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node, const cudaKernelNodeParams* parameters) {
  if (!node || node->type != cudaGraphNodeTypeKernel)
    return cudaErrorInvalidValue;
  std::optional<kernel_call> call;
  if (const cudaError_t error = make_call(parameters, call))
    return error;
  node->kernel = std::move(call);
  return cudaSuccess;
}

cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t executable, cudaGraphNode_t node,
                                             const cudaKernelNodeParams* parameters) {
  if (!executable || !node)
    return cudaErrorInvalidValue;
  const auto step = std::ranges::find(executable->steps, node, &CUgraphExec_st::step::origin);
  if (step == executable->steps.end() || !step->kernel)
    return cudaErrorInvalidValue;
  std::optional<kernel_call> call;
  if (const cudaError_t error = make_call(parameters, call))
    return error;
  step->kernel = std::move(call);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags) {
  if (!executable || !graph || flags & cudaGraphInstantiateFlagDeviceLaunch)
    return cudaErrorInvalidValue;
  std::unique_ptr<CUgraphExec_st> made = make_executable(*graph);
  if (!made)
    return cudaErrorInvalidValue; // a cycle
  *executable = made.release();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags) {
  return cpu::cudaGraphInstantiateWithFlags(executable, graph, flags);
}

cudaError_t cudaGraphExecUpdate(cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* result) {
  if (!executable || !graph || !result)
    return cudaErrorInvalidValue;
  *result = {cudaGraphExecUpdateSuccess, nullptr, nullptr};
  const std::unique_ptr<CUgraphExec_st> made = make_executable(*graph);
  if (!made || made->steps.size() != executable->steps.size()) {
    result->result = cudaGraphExecUpdateErrorTopologyChanged;
    return cudaErrorGraphExecUpdateFailure;
  }
  for (std::size_t index = 0; index < made->steps.size(); ++index)
    if (made->steps[index].type != executable->steps[index].type) {
      *result = {cudaGraphExecUpdateErrorNodeTypeChanged, made->steps[index].origin, nullptr};
      return cudaErrorGraphExecUpdateFailure;
    }
  for (std::size_t index = 0; index < made->steps.size(); ++index) {
    // The nodes of the graph that was instantiated go on naming the steps.
    executable->steps[index].kernel = made->steps[index].kernel;
    executable->steps[index].work = made->steps[index].work;
  }
  return cudaSuccess;
}

cudaError_t cudaGraphUpload(cudaGraphExec_t executable, cudaStream_t stream) {
  return executable ? stream_use(stream).error() : cudaErrorInvalidValue;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (!executable)
    return cudaErrorInvalidValue;
  if (failure() != cudaSuccess)
    return report_failure();
  stream_use use(stream);
  if (use.error() != cudaSuccess)
    return use.error();
  if (!use.capture())
    return run_steps(executable->steps);
  use.record_node(cudaGraphNodeTypeGraph)->work = [steps = executable->steps] { return run_steps(steps); };
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  if (!executable)
    return cudaErrorInvalidValue;
  delete executable;
  return cudaSuccess;
}

} // namespace cpu
} // namespace adstencil::cuda_runtime
