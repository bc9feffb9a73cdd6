// Streams and their capture.
//
// Work is executed by the host thread that enqueues it, before the call returns. That is one of the orders that CUDA
// allows, with one exception: a kernel that waits for a copy or a kernel which the same host thread enqueues after it
// waits for ever. Host threads that use one stream take turns; different streams run at the same time when different
// host threads use them.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include "graph.h"

#include "adstencil/cuda/cuda_runtime_api.h"

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace adstencil::cuda_runtime {

/// A capture in progress, from cudaStreamBeginCapture to cudaStreamEndCapture.
struct capture_state {
  std::unique_ptr<CUgraph_st> graph = std::make_unique<CUgraph_st>();
  CUstream_st* origin = nullptr;
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  std::thread::id thread;
  bool invalidated = false;
  std::vector<std::shared_ptr<CUstream_st>> streams; ///< the origin and those that joined through events
};

} // namespace adstencil::cuda_runtime

struct CUstream_st {
  std::recursive_mutex
      turn; ///< recursive: a host function may use its own stream by mistake; better wrong order than deadlock
  unsigned int flags = cudaStreamDefault;
  int priority = 0;
  unsigned long long id = 0;
  std::shared_ptr<adstencil::cuda_runtime::capture_state> capture;
  std::vector<CUgraphNode_st*> frontier; ///< while capturing: the nodes that the next node depends on
};

struct CUevent_st {
  unsigned int flags = cudaEventDefault;
  bool recorded = false;
  long long nanoseconds = 0; ///< of the monotonic clock
  std::weak_ptr<adstencil::cuda_runtime::capture_state> capture;
  bool captured = false; ///< last recorded in a capturing stream
  std::vector<CUgraphNode_st*> frontier;
};

namespace adstencil::cuda_runtime {

/// The stream of a handle, for as long as this object lives, with its turn taken.
class stream_use {
public:
  explicit stream_use(cudaStream_t handle);

  /// cudaSuccess, or why the handle cannot be used now.
  cudaError_t error() const { return error_; }
  CUstream_st* stream() const { return stream_.get(); }
  const std::shared_ptr<CUstream_st>& shared() const { return stream_; }
  /// The capture that the stream is part of; null outside of one.
  capture_state* capture() const { return stream_ ? stream_->capture.get() : nullptr; }
  /// Records a node of the capture after what the stream recorded before.
  CUgraphNode_st* record_node(cudaGraphNodeType type);

private:
  std::shared_ptr<CUstream_st> stream_;
  std::unique_lock<std::recursive_mutex> turn_;
  cudaError_t error_ = cudaSuccess;
};

/// Executes work in a stream, or records it.
template <class Work>
cudaError_t enqueue(cudaStream_t stream, cudaGraphNodeType type, Work work) {
  stream_use use(stream);
  if (use.error() != cudaSuccess)
    return use.error();
  if (!use.capture())
    return work();
  use.record_node(type)->work = work;
  return cudaSuccess;
}

/// Calls that could wait for a capturing stream, or that a replay could not repeat, are refused while a capture is in
/// progress (cudaStreamCaptureModeGlobal: anywhere; ThreadLocal: in this thread), and spoil that capture.
cudaError_t refuse_during_capture();

/// Ends all captures and forgets all streams and events but the default ones.
void forget_streams();

} // namespace adstencil::cuda_runtime
