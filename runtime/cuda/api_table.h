// Every function of the runtime interface that returns an error code: X(name, parameters, arguments).
//
// forward.cpp makes the exported function of each row. It calls the function of the same name in
// adstencil::cuda_runtime::cpu, or, when the program runs on a GPU, in the CUDA runtime library. Adding a function is
// adding a row, its declaration in adstencil/cuda/cuda_runtime_api.h and its definition.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "adstencil/cuda/cuda_runtime_api.h"

// clang-format off
#define ADSTENCIL_CUDA_FUNCTIONS(X) \
  X(cudaDeviceReset, (), ()) \
  X(cudaDeviceSynchronize, (), ()) \
  X(cudaDeviceSetLimit, (cudaLimit limit, size_t value), (limit, value)) \
  X(cudaDeviceGetLimit, (size_t* value, cudaLimit limit), (value, limit)) \
  X(cudaDeviceGetCacheConfig, (cudaFuncCache* config), (config)) \
  X(cudaDeviceSetCacheConfig, (cudaFuncCache config), (config)) \
  X(cudaDeviceGetStreamPriorityRange, (int* least, int* greatest), (least, greatest)) \
  X(cudaDeviceGetPCIBusId, (char* id, int length, int device), (id, length, device)) \
  X(cudaGetDeviceCount, (int* count), (count)) \
  X(cudaGetDeviceProperties, (cudaDeviceProp* properties, int device), (properties, device)) \
  X(cudaDeviceGetAttribute, (int* value, cudaDeviceAttr attribute, int device), (value, attribute, device)) \
  X(cudaChooseDevice, (int* device, const cudaDeviceProp* wanted), (device, wanted)) \
  X(cudaInitDevice, (int device, unsigned int device_flags, unsigned int flags), (device, device_flags, flags)) \
  X(cudaSetDevice, (int device), (device)) \
  X(cudaGetDevice, (int* device), (device)) \
  X(cudaSetDeviceFlags, (unsigned int flags), (flags)) \
  X(cudaGetDeviceFlags, (unsigned int* flags), (flags)) \
  X(cudaDeviceCanAccessPeer, (int* can_access, int device, int peer), (can_access, device, peer)) \
  X(cudaDeviceEnablePeerAccess, (int peer, unsigned int flags), (peer, flags)) \
  X(cudaDeviceDisablePeerAccess, (int peer), (peer)) \
  X(cudaDriverGetVersion, (int* version), (version)) \
  X(cudaRuntimeGetVersion, (int* version), (version)) \
  X(cudaProfilerStart, (), ()) \
  X(cudaProfilerStop, (), ()) \
  X(cudaStreamCreate, (cudaStream_t* stream), (stream)) \
  X(cudaStreamCreateWithFlags, (cudaStream_t* stream, unsigned int flags), (stream, flags)) \
  X(cudaStreamCreateWithPriority, (cudaStream_t* stream, unsigned int flags, int priority), (stream, flags, priority)) \
  X(cudaStreamGetPriority, (cudaStream_t stream, int* priority), (stream, priority)) \
  X(cudaStreamGetFlags, (cudaStream_t stream, unsigned int* flags), (stream, flags)) \
  X(cudaStreamGetId, (cudaStream_t stream, unsigned long long* id), (stream, id)) \
  X(cudaStreamGetDevice, (cudaStream_t stream, int* device), (stream, device)) \
  X(cudaStreamDestroy, (cudaStream_t stream), (stream)) \
  X(cudaStreamWaitEvent, (cudaStream_t stream, cudaEvent_t event, unsigned int flags), (stream, event, flags)) \
  X(cudaStreamAddCallback, (cudaStream_t stream, cudaStreamCallback_t callback, void* data, unsigned int flags), (stream, callback, data, flags)) \
  X(cudaLaunchHostFunc, (cudaStream_t stream, cudaHostFn_t function, void* data), (stream, function, data)) \
  X(cudaStreamSynchronize, (cudaStream_t stream), (stream)) \
  X(cudaStreamQuery, (cudaStream_t stream), (stream)) \
  X(cudaStreamAttachMemAsync, (cudaStream_t stream, void* pointer, size_t length, unsigned int flags), (stream, pointer, length, flags)) \
  X(cudaEventCreate, (cudaEvent_t* event), (event)) \
  X(cudaEventCreateWithFlags, (cudaEvent_t* event, unsigned int flags), (event, flags)) \
  X(cudaEventRecord, (cudaEvent_t event, cudaStream_t stream), (event, stream)) \
  X(cudaEventRecordWithFlags, (cudaEvent_t event, cudaStream_t stream, unsigned int flags), (event, stream, flags)) \
  X(cudaEventQuery, (cudaEvent_t event), (event)) \
  X(cudaEventSynchronize, (cudaEvent_t event), (event)) \
  X(cudaEventDestroy, (cudaEvent_t event), (event)) \
  X(cudaEventElapsedTime, (float* milliseconds, cudaEvent_t start, cudaEvent_t end), (milliseconds, start, end)) \
  X(cudaLaunchKernel, (const void* function, dim3 grid, dim3 block, void** arguments, size_t shared, cudaStream_t stream), (function, grid, block, arguments, shared, stream)) \
  X(cudaLaunchKernelExC, (const cudaLaunchConfig_t* config, const void* function, void** arguments), (config, function, arguments)) \
  X(cudaFuncSetCacheConfig, (const void* function, cudaFuncCache config), (function, config)) \
  X(cudaFuncGetAttributes, (cudaFuncAttributes* attributes, const void* function), (attributes, function)) \
  X(cudaFuncGetParamInfo, (const void* function, size_t index, size_t* offset, size_t* size), (function, index, offset, size)) \
  X(cudaFuncSetAttribute, (const void* function, cudaFuncAttribute attribute, int value), (function, attribute, value)) \
  X(cudaFuncGetName, (const char** name, const void* function), (name, function)) \
  X(cudaOccupancyMaxActiveBlocksPerMultiprocessor, (int* blocks, const void* function, int block_size, size_t dynamic_shared), (blocks, function, block_size, dynamic_shared)) \
  X(cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags, (int* blocks, const void* function, int block_size, size_t dynamic_shared, unsigned int flags), (blocks, function, block_size, dynamic_shared, flags)) \
  X(cudaOccupancyAvailableDynamicSMemPerBlock, (size_t* bytes, const void* function, int blocks, int block_size), (bytes, function, blocks, block_size)) \
  X(cudaMalloc, (void** pointer, size_t size), (pointer, size)) \
  X(cudaMallocManaged, (void** pointer, size_t size, unsigned int flags), (pointer, size, flags)) \
  X(cudaMallocHost, (void** pointer, size_t size), (pointer, size)) \
  X(cudaMallocPitch, (void** pointer, size_t* pitch, size_t width, size_t height), (pointer, pitch, width, height)) \
  X(cudaMalloc3D, (cudaPitchedPtr* pitched, cudaExtent extent), (pitched, extent)) \
  X(cudaMallocAsync, (void** pointer, size_t size, cudaStream_t stream), (pointer, size, stream)) \
  X(cudaMallocFromPoolAsync, (void** pointer, size_t size, cudaMemPool_t pool, cudaStream_t stream), (pointer, size, pool, stream)) \
  X(cudaFree, (void* pointer), (pointer)) \
  X(cudaFreeHost, (void* pointer), (pointer)) \
  X(cudaFreeAsync, (void* pointer, cudaStream_t stream), (pointer, stream)) \
  X(cudaHostAlloc, (void** pointer, size_t size, unsigned int flags), (pointer, size, flags)) \
  X(cudaHostRegister, (void* pointer, size_t size, unsigned int flags), (pointer, size, flags)) \
  X(cudaHostUnregister, (void* pointer), (pointer)) \
  X(cudaHostGetDevicePointer, (void** device, void* host, unsigned int flags), (device, host, flags)) \
  X(cudaHostGetFlags, (unsigned int* flags, void* host), (flags, host)) \
  X(cudaMemGetInfo, (size_t* free, size_t* total), (free, total)) \
  X(cudaPointerGetAttributes, (cudaPointerAttributes* attributes, const void* pointer), (attributes, pointer)) \
  X(cudaMemPrefetchAsync, (const void* pointer, size_t count, cudaMemLocation location, unsigned int flags, cudaStream_t stream), (pointer, count, location, flags, stream)) \
  X(cudaMemAdvise, (const void* pointer, size_t count, cudaMemoryAdvise advice, cudaMemLocation location), (pointer, count, advice, location)) \
  X(cudaDeviceGetDefaultMemPool, (cudaMemPool_t* pool, int device), (pool, device)) \
  X(cudaDeviceGetMemPool, (cudaMemPool_t* pool, int device), (pool, device)) \
  X(cudaDeviceSetMemPool, (int device, cudaMemPool_t pool), (device, pool)) \
  X(cudaMemPoolTrimTo, (cudaMemPool_t pool, size_t keep), (pool, keep)) \
  X(cudaMemPoolSetAttribute, (cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value), (pool, attribute, value)) \
  X(cudaMemPoolGetAttribute, (cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value), (pool, attribute, value)) \
  X(cudaMemcpy, (void* to, const void* from, size_t count, cudaMemcpyKind kind), (to, from, count, kind)) \
  X(cudaMemcpyAsync, (void* to, const void* from, size_t count, cudaMemcpyKind kind, cudaStream_t stream), (to, from, count, kind, stream)) \
  X(cudaMemcpyPeer, (void* to, int to_device, const void* from, int from_device, size_t count), (to, to_device, from, from_device, count)) \
  X(cudaMemcpyPeerAsync, (void* to, int to_device, const void* from, int from_device, size_t count, cudaStream_t stream), (to, to_device, from, from_device, count, stream)) \
  X(cudaMemcpy2D, (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind), (to, to_pitch, from, from_pitch, width, height, kind)) \
  X(cudaMemcpy2DAsync, (void* to, size_t to_pitch, const void* from, size_t from_pitch, size_t width, size_t height, cudaMemcpyKind kind, cudaStream_t stream), (to, to_pitch, from, from_pitch, width, height, kind, stream)) \
  X(cudaMemcpy3D, (const cudaMemcpy3DParms* parameters), (parameters)) \
  X(cudaMemcpy3DAsync, (const cudaMemcpy3DParms* parameters, cudaStream_t stream), (parameters, stream)) \
  X(cudaMemcpyToSymbol, (const void* symbol, const void* from, size_t count, size_t offset, cudaMemcpyKind kind), (symbol, from, count, offset, kind)) \
  X(cudaMemcpyToSymbolAsync, (const void* symbol, const void* from, size_t count, size_t offset, cudaMemcpyKind kind, cudaStream_t stream), (symbol, from, count, offset, kind, stream)) \
  X(cudaMemcpyFromSymbol, (void* to, const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind), (to, symbol, count, offset, kind)) \
  X(cudaMemcpyFromSymbolAsync, (void* to, const void* symbol, size_t count, size_t offset, cudaMemcpyKind kind, cudaStream_t stream), (to, symbol, count, offset, kind, stream)) \
  X(cudaGetSymbolAddress, (void** pointer, const void* symbol), (pointer, symbol)) \
  X(cudaGetSymbolSize, (size_t* size, const void* symbol), (size, symbol)) \
  X(cudaMemset, (void* pointer, int value, size_t count), (pointer, value, count)) \
  X(cudaMemsetAsync, (void* pointer, int value, size_t count, cudaStream_t stream), (pointer, value, count, stream)) \
  X(cudaMemset2D, (void* pointer, size_t pitch, int value, size_t width, size_t height), (pointer, pitch, value, width, height)) \
  X(cudaMemset2DAsync, (void* pointer, size_t pitch, int value, size_t width, size_t height, cudaStream_t stream), (pointer, pitch, value, width, height, stream)) \
  X(cudaMemset3D, (cudaPitchedPtr pitched, int value, cudaExtent extent), (pitched, value, extent)) \
  X(cudaMemset3DAsync, (cudaPitchedPtr pitched, int value, cudaExtent extent, cudaStream_t stream), (pitched, value, extent, stream)) \
  X(cudaStreamBeginCapture, (cudaStream_t stream, cudaStreamCaptureMode mode), (stream, mode)) \
  X(cudaStreamEndCapture, (cudaStream_t stream, cudaGraph_t* graph), (stream, graph)) \
  X(cudaStreamIsCapturing, (cudaStream_t stream, cudaStreamCaptureStatus* status), (stream, status)) \
  X(cudaThreadExchangeStreamCaptureMode, (cudaStreamCaptureMode* mode), (mode)) \
  X(cudaGraphCreate, (cudaGraph_t* graph, unsigned int flags), (graph, flags)) \
  X(cudaGraphDestroy, (cudaGraph_t graph), (graph)) \
  X(cudaGraphClone, (cudaGraph_t* clone, cudaGraph_t original), (clone, original)) \
  X(cudaGraphAddKernelNode, (cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count, const cudaKernelNodeParams* parameters), (node, graph, dependencies, count, parameters)) \
  X(cudaGraphAddMemcpyNode, (cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count, const cudaMemcpy3DParms* parameters), (node, graph, dependencies, count, parameters)) \
  X(cudaGraphAddMemcpyNode1D, (cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count, void* to, const void* from, size_t bytes, cudaMemcpyKind kind), (node, graph, dependencies, count, to, from, bytes, kind)) \
  X(cudaGraphAddMemsetNode, (cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count, const cudaMemsetParams* parameters), (node, graph, dependencies, count, parameters)) \
  X(cudaGraphAddHostNode, (cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count, const cudaHostNodeParams* parameters), (node, graph, dependencies, count, parameters)) \
  X(cudaGraphAddEmptyNode, (cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count), (node, graph, dependencies, count)) \
  X(cudaGraphAddChildGraphNode, (cudaGraphNode_t* node, cudaGraph_t graph, const cudaGraphNode_t* dependencies, size_t count, cudaGraph_t child), (node, graph, dependencies, count, child)) \
  X(cudaGraphAddDependencies, (cudaGraph_t graph, const cudaGraphNode_t* from, const cudaGraphNode_t* to, const cudaGraphEdgeData* edges, size_t count), (graph, from, to, edges, count)) \
  X(cudaGraphGetNodes, (cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count), (graph, nodes, count)) \
  X(cudaGraphGetRootNodes, (cudaGraph_t graph, cudaGraphNode_t* nodes, size_t* count), (graph, nodes, count)) \
  X(cudaGraphNodeGetType, (cudaGraphNode_t node, cudaGraphNodeType* type), (node, type)) \
  X(cudaGraphNodeGetDependencies, (cudaGraphNode_t node, cudaGraphNode_t* dependencies, cudaGraphEdgeData* edges, size_t* count), (node, dependencies, edges, count)) \
  X(cudaGraphKernelNodeGetParams, (cudaGraphNode_t node, cudaKernelNodeParams* parameters), (node, parameters)) \
  X(cudaGraphKernelNodeSetParams, (cudaGraphNode_t node, const cudaKernelNodeParams* parameters), (node, parameters)) \
  X(cudaGraphExecKernelNodeSetParams, (cudaGraphExec_t executable, cudaGraphNode_t node, const cudaKernelNodeParams* parameters), (executable, node, parameters)) \
  X(cudaGraphInstantiate, (cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags), (executable, graph, flags)) \
  X(cudaGraphInstantiateWithFlags, (cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long flags), (executable, graph, flags)) \
  X(cudaGraphExecUpdate, (cudaGraphExec_t executable, cudaGraph_t graph, cudaGraphExecUpdateResultInfo* result), (executable, graph, result)) \
  X(cudaGraphUpload, (cudaGraphExec_t executable, cudaStream_t stream), (executable, stream)) \
  X(cudaGraphLaunch, (cudaGraphExec_t executable, cudaStream_t stream), (executable, stream)) \
  X(cudaGraphExecDestroy, (cudaGraphExec_t executable), (executable))
// clang-format on

namespace adstencil::cuda_runtime::cpu {
#define ADSTENCIL_CUDA_DECLARE(name, parameters, arguments) cudaError_t name parameters;
ADSTENCIL_CUDA_FUNCTIONS(ADSTENCIL_CUDA_DECLARE)
#undef ADSTENCIL_CUDA_DECLARE
} // namespace adstencil::cuda_runtime::cpu
