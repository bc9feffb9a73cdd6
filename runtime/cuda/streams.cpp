// Streams and capture. Events are in events.cpp, graphs in graph.cpp.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "streams.h"

#include "api_table.h"
#include "errors.h"
#include "memory.h"

#include <algorithm>
#include <atomic>
#include <unordered_map>
#include <unordered_set>

namespace adstencil::cuda_runtime {
namespace {

struct stream_table {
  std::mutex mutex;
  std::unordered_map<CUstream_st*, std::shared_ptr<CUstream_st>> streams;
  std::shared_ptr<CUstream_st> legacy = std::make_shared<CUstream_st>();
  std::vector<std::weak_ptr<capture_state>> captures;
  std::atomic<int> capturing{0}; ///< size of `captures`, for a quick look
  unsigned long long next_id = 3;
};

stream_table& table() {
  static auto* const streams = new stream_table;
  return *streams;
}

thread_local cudaStreamCaptureMode thread_mode = cudaStreamCaptureModeGlobal;

std::shared_ptr<CUstream_st> per_thread_stream() {
  thread_local const auto stream = [] {
    auto created = std::make_shared<CUstream_st>();
    created->id = 2;
    return created;
  }();
  return stream;
}

std::shared_ptr<CUstream_st> find_stream(cudaStream_t handle) {
  stream_table& streams = table();
  if (handle == nullptr || handle == cudaStreamLegacy)
    return streams.legacy;
  if (handle == cudaStreamPerThread)
    return per_thread_stream();
  std::lock_guard lock(streams.mutex);
  const auto found = streams.streams.find(handle);
  return found == streams.streams.end() ? nullptr : found->second;
}

/// Spoils the captures in progress that `matches` holds for and returns whether there were any.
template <class Predicate>
bool invalidate_captures(Predicate matches) {
  stream_table& streams = table();
  if (streams.capturing == 0)
    return false;
  std::lock_guard lock(streams.mutex);
  bool any = false;
  for (const std::weak_ptr<capture_state>& weak : streams.captures)
    if (const std::shared_ptr<capture_state> capture = weak.lock(); capture && matches(*capture)) {
      capture->invalidated = true;
      any = true;
    }
  return any;
}

/// Takes all streams out of a capture.
void leave_capture(capture_state& capture) {
  stream_table& streams = table();
  const std::vector<std::shared_ptr<CUstream_st>> members = std::move(capture.streams);
  {
    std::lock_guard lock(streams.mutex);
    std::erase_if(streams.captures, [&](const std::weak_ptr<capture_state>& weak) {
      const std::shared_ptr<capture_state> other = weak.lock();
      return !other || other.get() == &capture;
    });
    streams.capturing = static_cast<int>(streams.captures.size());
  }
  for (const std::shared_ptr<CUstream_st>& stream : members) {
    stream->frontier.clear();
    stream->capture = nullptr;
  }
}

/// Whether everything that the streams of a capture recorded comes before what its origin recorded last.
bool is_joined(const capture_state& capture) {
  std::unordered_set<const CUgraphNode_st*> reached;
  std::vector<const CUgraphNode_st*> open(capture.origin->frontier.begin(), capture.origin->frontier.end());
  while (!open.empty()) {
    const CUgraphNode_st* node = open.back();
    open.pop_back();
    if (reached.insert(node).second)
      open.insert(open.end(), node->dependencies.begin(), node->dependencies.end());
  }
  return std::ranges::all_of(capture.streams, [&](const std::shared_ptr<CUstream_st>& stream) {
    return std::ranges::all_of(stream->frontier, [&](const CUgraphNode_st* node) { return reached.contains(node); });
  });
}

} // namespace

stream_use::stream_use(cudaStream_t handle) : stream_(find_stream(handle)) {
  if (!stream_) {
    error_ = cudaErrorInvalidResourceHandle;
    return;
  }
  turn_ = std::unique_lock(stream_->turn);
  if (stream_->capture && stream_->capture->invalidated)
    error_ = cudaErrorStreamCaptureInvalidated;
  // The legacy stream waits for all blocking streams, which a capturing one cannot give.
  else if (stream_ == table().legacy && invalidate_captures([](const capture_state& capture) {
             return capture.mode != cudaStreamCaptureModeRelaxed && !(capture.origin->flags & cudaStreamNonBlocking);
           }))
    error_ = cudaErrorStreamCaptureImplicit;
}

CUgraphNode_st* stream_use::record_node(cudaGraphNodeType type) {
  CUgraphNode_st* node = add_node(*stream_->capture->graph, type, stream_->frontier);
  stream_->frontier = {node};
  return node;
}

cudaError_t refuse_during_capture() {
  if (thread_mode == cudaStreamCaptureModeRelaxed)
    return cudaSuccess;
  const bool any = invalidate_captures([](const capture_state& capture) {
    return capture.mode == cudaStreamCaptureModeGlobal
               ? thread_mode == cudaStreamCaptureModeGlobal || capture.thread == std::this_thread::get_id()
               : capture.mode == cudaStreamCaptureModeThreadLocal && capture.thread == std::this_thread::get_id();
  });
  return any ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

void forget_streams() {
  stream_table& streams = table();
  std::vector<std::shared_ptr<capture_state>> captures;
  {
    std::lock_guard lock(streams.mutex);
    for (const std::weak_ptr<capture_state>& weak : streams.captures)
      if (std::shared_ptr<capture_state> capture = weak.lock())
        captures.push_back(std::move(capture));
    streams.streams.clear();
  }
  for (const std::shared_ptr<capture_state>& capture : captures)
    leave_capture(*capture);
}

// ---- the runtime interface ----

namespace cpu {

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority) {
  if (!stream || flags & ~unsigned(cudaStreamNonBlocking))
    return cudaErrorInvalidValue;
  auto created = std::make_shared<CUstream_st>();
  created->flags = flags;
  int least = 0;
  int greatest = 0;
  cudaDeviceGetStreamPriorityRange(&least, &greatest);
  created->priority = std::clamp(priority, greatest, least);
  stream_table& streams = table();
  std::lock_guard lock(streams.mutex);
  created->id = streams.next_id++;
  *stream = created.get();
  streams.streams.emplace(created.get(), std::move(created));
  return cudaSuccess;
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return cpu::cudaStreamCreateWithPriority(stream, flags, 0);
}

cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cpu::cudaStreamCreateWithFlags(stream, cudaStreamDefault); }

cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  stream_table& streams = table();
  if (!stream || stream == streams.legacy || stream == per_thread_stream())
    return cudaErrorInvalidResourceHandle;
  std::lock_guard turn(stream->turn); // what another thread enqueued comes to its end
  if (stream->capture)
    stream->capture->invalidated = true;
  std::lock_guard lock(streams.mutex);
  streams.streams.erase(handle);
  return cudaSuccess;
}

cudaError_t cudaStreamGetPriority(cudaStream_t handle, int* priority) {
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  if (!stream || !priority)
    return stream ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
  *priority = stream->priority;
  return cudaSuccess;
}

cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned int* flags) {
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  if (!stream || !flags)
    return stream ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
  *flags = stream->flags;
  return cudaSuccess;
}

cudaError_t cudaStreamGetId(cudaStream_t handle, unsigned long long* id) {
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  if (!stream || !id)
    return stream ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
  *id = stream->id;
  return cudaSuccess;
}

cudaError_t cudaStreamGetDevice(cudaStream_t handle, int* device) {
  if (!device || !find_stream(handle))
    return device ? cudaErrorInvalidResourceHandle : cudaErrorInvalidValue;
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle) {
  stream_use use(handle); // its turn comes when all that is enqueued is done
  if (use.error() != cudaSuccess)
    return use.error();
  if (!use.capture())
    return refuse_during_capture();
  use.capture()->invalidated = true;
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t cudaStreamQuery(cudaStream_t handle) {
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  if (!stream)
    return cudaErrorInvalidResourceHandle;
  const std::unique_lock turn(stream->turn, std::try_to_lock);
  if (!turn)
    return cudaErrorNotReady;
  return cpu::cudaStreamSynchronize(handle);
}

cudaError_t cudaStreamAttachMemAsync(cudaStream_t handle, void* pointer, size_t, unsigned int) {
  const std::optional<memory_range> range = find_range(pointer);
  if (!range || range->kind != memory_kind::managed)
    return cudaErrorInvalidValue;
  return stream_use(handle).error();
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t function, void* data) {
  if (!function)
    return cudaErrorInvalidValue;
  return enqueue(handle, cudaGraphNodeTypeHost, [=] {
    function(data);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamAddCallback(cudaStream_t handle, cudaStreamCallback_t callback, void* data, unsigned int flags) {
  if (!callback || flags != 0)
    return cudaErrorInvalidValue;
  stream_use use(handle);
  if (use.error() != cudaSuccess)
    return use.error();
  if (use.capture())
    return cudaErrorStreamCaptureUnsupported;
  callback(handle, failure(), data);
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  if (mode < cudaStreamCaptureModeGlobal || mode > cudaStreamCaptureModeRelaxed)
    return cudaErrorInvalidValue;
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  stream_table& streams = table();
  if (!stream)
    return cudaErrorInvalidResourceHandle;
  if (stream == streams.legacy)
    return cudaErrorStreamCaptureUnsupported;
  std::lock_guard turn(stream->turn);
  if (stream->capture)
    return cudaErrorIllegalState;
  const auto capture = std::make_shared<capture_state>();
  capture->origin = stream.get();
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  capture->streams = {stream};
  stream->capture = capture;
  stream->frontier.clear();
  std::lock_guard lock(streams.mutex);
  streams.captures.push_back(capture);
  streams.capturing = static_cast<int>(streams.captures.size());
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* graph) {
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  if (!stream)
    return cudaErrorInvalidResourceHandle;
  if (!graph)
    return cudaErrorInvalidValue;
  *graph = nullptr;
  std::lock_guard turn(stream->turn);
  const std::shared_ptr<capture_state> capture = stream->capture;
  if (!capture)
    return cudaErrorIllegalState;
  if (capture->origin != stream.get())
    return cudaErrorStreamCaptureUnmatched;
  if (capture->mode != cudaStreamCaptureModeRelaxed && capture->thread != std::this_thread::get_id())
    return cudaErrorStreamCaptureWrongThread;
  const cudaError_t error = capture->invalidated   ? cudaErrorStreamCaptureInvalidated
                            : !is_joined(*capture) ? cudaErrorStreamCaptureUnjoined
                                                   : cudaSuccess;
  leave_capture(*capture);
  if (error == cudaSuccess)
    *graph = capture->graph.release();
  return error;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  const std::shared_ptr<CUstream_st> stream = find_stream(handle);
  if (!stream || !status)
    return stream ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
  std::lock_guard turn(stream->turn);
  *status = !stream->capture               ? cudaStreamCaptureStatusNone
            : stream->capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                           : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  if (!mode)
    return cudaErrorInvalidValue;
  std::swap(thread_mode, *mode);
  return cudaSuccess;
}

} // namespace cpu
} // namespace adstencil::cuda_runtime
