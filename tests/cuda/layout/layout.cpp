// Prints every value, and every size and offset, of the runtime interface; compiled with adstencil's headers and with a
// toolkit's, the outputs have to be the same.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cuda_runtime.h>

#include <cstddef>
#include <cstdio>

#define VALUE(name) std::printf("%s = %lld\n", #name, static_cast<long long>(name));
#define TYPE(name) std::printf("%s: %zu, aligned to %zu\n", #name, sizeof(name), alignof(name));
#define MEMBER(type, name) std::printf("%s::%s: at %zu, %zu\n", #type, #name, offsetof(type, name), sizeof(type::name));

// clang-format off: it does not settle on a form of this list
#define DEVICE_PROPERTIES(X)                                                                                           \
  X(name)                                                                                                              \
  X(uuid)                                                                                                              \
  X(luid) X(luidDeviceNodeMask) X(totalGlobalMem) X(sharedMemPerBlock) X(regsPerBlock) X(warpSize) X(memPitch)         \
      X(maxThreadsPerBlock) X(maxThreadsDim) X(maxGridSize) X(totalConstMem) X(major) X(minor) X(textureAlignment)     \
          X(texturePitchAlignment) X(multiProcessorCount) X(integrated) X(canMapHostMemory) X(maxTexture1D)            \
              X(maxTexture2DLinear) X(maxTextureCubemapLayered) X(maxSurface1D) X(maxSurfaceCubemapLayered) X(         \
                  surfaceAlignment) X(concurrentKernels) X(ECCEnabled) X(pciBusID) X(pciDeviceID) X(pciDomainID)       \
                  X(tccDriver) X(asyncEngineCount) X(unifiedAddressing) X(memoryBusWidth) X(l2CacheSize) X(            \
                      persistingL2CacheMaxSize) X(maxThreadsPerMultiProcessor) X(streamPrioritiesSupported)            \
                      X(globalL1CacheSupported) X(localL1CacheSupported) X(sharedMemPerMultiprocessor) X(              \
                          regsPerMultiprocessor) X(managedMemory) X(isMultiGpuBoard) X(multiGpuBoardGroupID)           \
                          X(hostNativeAtomicSupported) X(pageableMemoryAccess) X(concurrentManagedAccess) X(           \
                              computePreemptionSupported) X(canUseHostPointerForRegisteredMem) X(cooperativeLaunch)    \
                              X(sharedMemPerBlockOptin) X(pageableMemoryAccessUsesHostPageTables)                      \
                                  X(directManagedMemAccessFromHost) X(maxBlocksPerMultiProcessor) X(                   \
                                      accessPolicyMaxWindowSize) X(reservedSharedMemPerBlock) X(hostRegisterSupported) \
                                      X(sparseCudaArraySupported) X(hostRegisterReadOnlySupported)                     \
                                          X(timelineSemaphoreInteropSupported) X(memoryPoolsSupported)                 \
                                              X(gpuDirectRDMASupported) X(gpuDirectRDMAFlushWritesOptions)             \
                                                  X(gpuDirectRDMAWritesOrdering) X(memoryPoolSupportedHandleTypes)     \
                                                      X(deferredMappingCudaArraySupported) X(ipcEventSupported)        \
                                                          X(clusterLaunch) X(unifiedFunctionPointers)                  \
                                                              X(deviceNumaConfig) X(deviceNumaId) X(mpsEnabled)        \
                                                                  X(hostNumaId) X(gpuPciDeviceID) X(gpuPciSubsystemID) \
                                                                      X(hostNumaMultinodeIpcSupported) X(reserved)
// clang-format on

int main() {
#include "values.inc"
  VALUE(CUDART_VERSION)
  VALUE(cudaHostAllocMapped)
  VALUE(cudaHostAllocWriteCombined)
  VALUE(cudaHostRegisterReadOnly)
  VALUE(cudaStreamNonBlocking)
  VALUE(cudaEventDisableTiming)
  VALUE(cudaEventRecordExternal)
  VALUE(cudaDeviceScheduleBlockingSync)
  VALUE(cudaMemAttachSingle)
  VALUE(cudaCpuDeviceId)
  TYPE(cudaDeviceProp)
#define PROPERTY(name) MEMBER(cudaDeviceProp, name)
  DEVICE_PROPERTIES(PROPERTY)
  TYPE(cudaFuncAttributes)
  MEMBER(cudaFuncAttributes, maxThreadsPerBlock)
  MEMBER(cudaFuncAttributes, numRegs)
  MEMBER(cudaFuncAttributes, maxDynamicSharedSizeBytes)
  MEMBER(cudaFuncAttributes, preferredShmemCarveout)
  MEMBER(cudaFuncAttributes, nonPortableClusterSizeAllowed)
  TYPE(cudaPointerAttributes)
  MEMBER(cudaPointerAttributes, devicePointer)
  MEMBER(cudaPointerAttributes, hostPointer)
  TYPE(cudaMemcpy3DParms)
  MEMBER(cudaMemcpy3DParms, srcPtr)
  MEMBER(cudaMemcpy3DParms, dstPos)
  MEMBER(cudaMemcpy3DParms, extent)
  MEMBER(cudaMemcpy3DParms, kind)
  TYPE(cudaMemsetParams)
  MEMBER(cudaMemsetParams, elementSize)
  MEMBER(cudaMemsetParams, height)
  TYPE(cudaMemLocation)
  TYPE(cudaPitchedPtr)
  TYPE(cudaExtent)
  TYPE(cudaLaunchConfig_t)
  MEMBER(cudaLaunchConfig_t, stream)
  MEMBER(cudaLaunchConfig_t, numAttrs)
  TYPE(cudaLaunchAttribute)
  MEMBER(cudaLaunchAttribute, val)
  TYPE(cudaKernelNodeParams)
  MEMBER(cudaKernelNodeParams, kernelParams)
  TYPE(cudaHostNodeParams)
  TYPE(cudaGraphEdgeData)
  TYPE(cudaGraphExecUpdateResultInfo)
  TYPE(dim3)
  TYPE(char2)
  TYPE(short4)
  TYPE(int3)
  TYPE(uint4)
  TYPE(long2)
  TYPE(float2)
  TYPE(float3)
  TYPE(float4)
  TYPE(longlong2)
  TYPE(double2)
  TYPE(double3)
  TYPE(double4_16a)
  TYPE(double4_32a)
}
