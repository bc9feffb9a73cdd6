// Events: points in a stream, with the time when they were reached, and the edges between streams that are captured.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "api_table.h"
#include "streams.h"

#include <algorithm>
#include <chrono>
#include <unordered_map>

namespace adstencil::cuda_runtime {
namespace {

struct event_table {
  std::mutex mutex;
  std::unordered_map<CUevent_st*, std::shared_ptr<CUevent_st>> events;
};

event_table& table() {
  static auto* const events = new event_table;
  return *events;
}

std::shared_ptr<CUevent_st> find_event(cudaEvent_t handle) {
  event_table& events = table();
  std::lock_guard lock(events.mutex);
  const auto found = events.events.find(handle);
  return found == events.events.end() ? nullptr : found->second;
}

/// The stream reaches the event now.
void reach(CUevent_st& event) {
  event.nanoseconds =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
  event.recorded = true;
}

} // namespace

namespace cpu {

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  constexpr unsigned int known = cudaEventBlockingSync | cudaEventDisableTiming;
  if (!event || flags & ~known)
    return cudaErrorInvalidValue; // cudaEventInterprocess among them
  auto created = std::make_shared<CUevent_st>();
  created->flags = flags;
  event_table& events = table();
  std::lock_guard lock(events.mutex);
  *event = created.get();
  events.events.emplace(created.get(), std::move(created));
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) { return cpu::cudaEventCreateWithFlags(event, cudaEventDefault); }

cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  event_table& events = table();
  std::lock_guard lock(events.mutex);
  return events.events.erase(handle) ? cudaSuccess : cudaErrorInvalidResourceHandle;
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t handle, cudaStream_t stream, unsigned int flags) {
  const std::shared_ptr<CUevent_st> event = find_event(handle);
  if (!event || flags & ~unsigned(cudaEventRecordExternal))
    return event ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
  stream_use use(stream);
  if (use.error() != cudaSuccess)
    return use.error();
  if (!use.capture()) {
    if (flags & cudaEventRecordExternal)
      return cudaErrorIllegalState; // only a capture makes a node of it
    event->captured = false;
    reach(*event);
  } else if (flags & cudaEventRecordExternal) {
    use.record_node(cudaGraphNodeTypeEventRecord)->work = [event] {
      reach(*event);
      return cudaSuccess;
    };
  } else {
    event->captured = true;
    event->recorded = false;
    event->capture = use.stream()->capture;
    event->frontier = use.stream()->frontier;
  }
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream) {
  return cpu::cudaEventRecordWithFlags(handle, stream, cudaEventRecordDefault);
}

cudaError_t cudaEventQuery(cudaEvent_t handle) {
  const std::shared_ptr<CUevent_st> event = find_event(handle);
  if (!event)
    return cudaErrorInvalidResourceHandle;
  return event->captured ? cudaErrorCapturedEvent : cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle) { return cpu::cudaEventQuery(handle); }

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start_handle, cudaEvent_t end_handle) {
  if (!milliseconds)
    return cudaErrorInvalidValue;
  const std::shared_ptr<CUevent_st> start = find_event(start_handle);
  const std::shared_ptr<CUevent_st> end = find_event(end_handle);
  if (!start || !end || (start->flags | end->flags) & cudaEventDisableTiming)
    return cudaErrorInvalidResourceHandle;
  if (start->captured || end->captured)
    return cudaErrorCapturedEvent;
  if (!start->recorded || !end->recorded)
    return cudaErrorInvalidResourceHandle;
  *milliseconds = static_cast<float>(static_cast<double>(end->nanoseconds - start->nanoseconds) * 1e-6);
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned int flags) {
  const std::shared_ptr<CUevent_st> event = find_event(event_handle);
  if (!event || flags & ~unsigned(cudaEventWaitExternal))
    return event ? cudaErrorInvalidValue : cudaErrorInvalidResourceHandle;
  stream_use use(handle);
  if (use.error() != cudaSuccess)
    return use.error();
  if (use.capture() && flags & cudaEventWaitExternal) {
    use.record_node(cudaGraphNodeTypeWaitEvent)->work = [] { return cudaSuccess; };
    return cudaSuccess;
  }
  const std::shared_ptr<capture_state> capture = event->captured ? event->capture.lock() : nullptr;
  CUstream_st& stream = *use.stream();
  if (!capture) {
    // What was recorded outside a capture has been reached; a capture cannot depend on it.
    if (!stream.capture || !event->recorded)
      return event->captured ? cudaErrorCapturedEvent : cudaSuccess;
    stream.capture->invalidated = true;
    return cudaErrorStreamCaptureIsolation;
  }
  if (stream.capture && stream.capture != capture) {
    stream.capture->invalidated = capture->invalidated = true;
    return cudaErrorStreamCaptureMerge;
  }
  if (!stream.capture) { // the stream joins the capture
    stream.capture = capture;
    capture->streams.push_back(use.shared());
  }
  for (CUgraphNode_st* node : event->frontier)
    if (std::find(stream.frontier.begin(), stream.frontier.end(), node) == stream.frontier.end())
      stream.frontier.push_back(node);
  return cudaSuccess;
}

} // namespace cpu
} // namespace adstencil::cuda_runtime
