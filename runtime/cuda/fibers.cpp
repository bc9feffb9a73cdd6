// Threads of a block as fibers.
//
// The threads of a block run one after the other, in thread order, each until it waits: at the barrier of the block or
// at an operation of its warp. When no thread can run, the barrier opens if every thread that has not returned stands
// at it (returned threads do not count, as on the hardware); otherwise the block is deadlocked. An operation of a warp
// is executed by the last lane of its mask to arrive; lanes that have returned do not take part. __activemask is
// answered when nothing else can run: with the lanes of the warp that have come to the same call, as if they had run in
// step. So the order of all side effects of a block is fixed by the kernel alone.
//
// Boost.Context switches stacks. Its lower interface is used, because a block that fails is abandoned: the frames on
// its stacks are device code, which has nothing to unwind.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fibers.h"

#include "launch.h"
#include "sanitizers.h"
#include "warp.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <boost/context/detail/fcontext.hpp>

namespace adstencil::cuda_runtime {
namespace {

namespace context = boost::context::detail;

/// A frame of device code is small, but printf formats on the same stack. Pages that are not touched cost nothing.
constexpr std::size_t least_stack = std::size_t(64) * 1024;
std::atomic<std::size_t> wanted_stack{least_stack};

/// A stack of its own mapping, with a page below it that cannot be touched.
class stack {
public:
  explicit stack(std::size_t bytes) : size_(bytes) {
    const std::size_t page = page_size();
    void* mapped = mmap(nullptr, size_ + page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapped == MAP_FAILED) {
      std::fprintf(stderr, "adstencil: no memory for the stack of a CUDA thread (%zu bytes)\n", size_);
      std::abort();
    }
    base_ = static_cast<char*>(mapped);
    // Fails when the process has used up its mappings; then there is a stack without a guard.
    (void)mprotect(base_, page, PROT_NONE);
  }
  ~stack() {
    if (base_)
      munmap(base_, size_ + page_size());
  }
  stack(stack&& other) noexcept : base_(std::exchange(other.base_, nullptr)), size_(other.size_) {}
  stack(const stack&) = delete;
  stack& operator=(const stack&) = delete;

  char* bottom() const { return base_ + page_size(); }
  char* top() const { return bottom() + size_; }
  std::size_t size() const { return size_; }

private:
  static std::size_t page_size() {
    static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
  }
  char* base_;
  std::size_t size_;
};

enum class thread_state : std::uint8_t { unstarted, runnable, at_barrier, in_warp, returned };

} // namespace

/// One thread of the block. The generated code holds a pointer to `abi`, the first member.
struct fiber {
  adstencil_thread abi;
  block_runner* runner;
  context::fcontext_t resume;
  std::uint32_t stack;
  thread_state state;
  int barrier_kind, barrier_value;
  warp_lane lane;
  void* fake_stack; // AddressSanitizer
};

class block_runner {
public:
  block_runner(std::size_t threads, std::size_t stack_size) : threads_(threads), stack_size_(stack_size) {}
  ~block_runner() {
    for (void* tsan : tsan_fibers_)
      if (tsan)
        __tsan_destroy_fiber(tsan);
  }

  std::size_t stack_size() const { return stack_size_; }
  cudaError_t run(const adstencil_kernel& kernel, void** arguments, const adstencil_launch& launch, std::uint64_t unit,
                  char* shared, std::size_t threads);

  int barrier(fiber& self, int kind, int predicate);
  std::uint32_t in_warp(fiber& self, const warp_lane& operation);
  std::uint32_t active_mask(fiber& self, const void* site);
  [[noreturn]] void abandon(cudaError_t error);

private:
  void prepare(const adstencil_kernel& kernel, void** arguments, const adstencil_launch& launch, std::uint64_t unit,
               char* shared, std::size_t threads);
  void switch_in(fiber& thread);
  void switch_out(fiber& self, bool for_good);
  void thread_ended(fiber& self);
  bool open_barrier();
  void finish_warp_operations(std::size_t warp);
  void execute_for(std::size_t warp, std::uint32_t members);
  bool answer_active_masks();
  void report_deadlock() const;
  std::uint32_t take_stack();
  static void entry(context::transfer_t from);

  std::vector<fiber> threads_;
  std::size_t stack_size_;
  std::vector<stack> stacks_;
  std::vector<void*> tsan_fibers_; // one per stack
  std::vector<std::uint32_t> free_stacks_;
  std::vector<warp_state> warps_;

  const adstencil_kernel* kernel_ = nullptr;
  void** arguments_ = nullptr;
  std::size_t live_ = 0, waiting_ = 0;
  cudaError_t error_ = cudaSuccess;

  context::fcontext_t scheduler_ = nullptr;
  void* scheduler_fake_stack_ = nullptr;
  const void* scheduler_bottom_ = nullptr;
  std::size_t scheduler_size_ = 0;
  void* scheduler_tsan_ = nullptr;
};

namespace {

/// The fiber that runs on this system thread. A function that reads it must not be inlined around a switch.
thread_local fiber* current = nullptr;

fiber& fiber_of(adstencil_thread* self) { return *reinterpret_cast<fiber*>(self); }

} // namespace

// ---- switching ----

void block_runner::entry(context::transfer_t from) {
  auto& self = *static_cast<fiber*>(from.data);
  block_runner& runner = *self.runner;
  runner.scheduler_ = from.fctx;
  if (__sanitizer_finish_switch_fiber)
    __sanitizer_finish_switch_fiber(nullptr, &runner.scheduler_bottom_, &runner.scheduler_size_);
  tsan_acquire(&runner.kernel_);
  runner.kernel_->thread(runner.arguments_, &self.abi);
  runner.thread_ended(self);
  runner.switch_out(self, true);
  std::abort(); // nobody resumes a thread that returned
}

void block_runner::switch_in(fiber& thread) {
  if (thread.state == thread_state::unstarted) {
    thread.stack = take_stack();
    const stack& memory = stacks_[thread.stack];
    thread.resume = context::make_fcontext(memory.top(), memory.size(), entry);
    thread.state = thread_state::runnable;
    thread.fake_stack = nullptr;
  }
  const stack& memory = stacks_[thread.stack];
  current = &thread;
  if (__sanitizer_start_switch_fiber)
    __sanitizer_start_switch_fiber(&scheduler_fake_stack_, memory.bottom(), memory.size());
  if (__tsan_switch_to_fiber)
    __tsan_switch_to_fiber(tsan_fibers_[thread.stack], tsan_no_order);
  const context::transfer_t back = context::jump_fcontext(thread.resume, &thread);
  if (__sanitizer_finish_switch_fiber)
    __sanitizer_finish_switch_fiber(scheduler_fake_stack_, nullptr, nullptr);
  thread.resume = back.fctx;
  current = nullptr;
}

void block_runner::switch_out(fiber& self, bool for_good) {
  if (__sanitizer_start_switch_fiber)
    __sanitizer_start_switch_fiber(for_good ? nullptr : &self.fake_stack, scheduler_bottom_, scheduler_size_);
  if (__tsan_switch_to_fiber)
    __tsan_switch_to_fiber(scheduler_tsan_, tsan_no_order);
  const context::transfer_t back = context::jump_fcontext(scheduler_, nullptr);
  if (__sanitizer_finish_switch_fiber)
    __sanitizer_finish_switch_fiber(self.fake_stack, &scheduler_bottom_, &scheduler_size_);
  scheduler_ = back.fctx;
}

std::uint32_t block_runner::take_stack() {
  if (free_stacks_.empty()) {
    free_stacks_.push_back(static_cast<std::uint32_t>(stacks_.size()));
    stacks_.emplace_back(stack_size_);
    tsan_fibers_.push_back(__tsan_create_fiber ? __tsan_create_fiber(0) : nullptr);
  }
  const std::uint32_t taken = free_stacks_.back();
  free_stacks_.pop_back();
  // An abandoned thread left its redzones behind.
  if (__asan_unpoison_memory_region)
    __asan_unpoison_memory_region(stacks_[taken].bottom(), stacks_[taken].size());
  return taken;
}

// ---- the block ----

void block_runner::prepare(const adstencil_kernel& kernel, void** arguments, const adstencil_launch& launch,
                           std::uint64_t unit, char* shared, std::size_t threads) {
  kernel_ = &kernel;
  arguments_ = arguments;
  live_ = threads;
  waiting_ = 0;
  error_ = cudaSuccess;
  threads_.resize(threads);
  warps_.assign((threads + 31) / 32, warp_state{});
  free_stacks_.clear();
  for (std::size_t index = stacks_.size(); index-- > 0;)
    free_stacks_.push_back(static_cast<std::uint32_t>(index));
  const std::uint64_t block_x = launch.block[0];
  const std::uint64_t block_y = launch.block[1];
  for (std::size_t linear = 0; linear < threads; ++linear) {
    fiber& thread = threads_[linear];
    thread.abi = {&launch,
                  {static_cast<std::uint32_t>(linear % block_x), static_cast<std::uint32_t>(linear / block_x % block_y),
                   static_cast<std::uint32_t>(linear / block_x / block_y)},
                  {static_cast<std::uint32_t>(unit % launch.grid[0]),
                   static_cast<std::uint32_t>(unit / launch.grid[0] % launch.grid[1]),
                   static_cast<std::uint32_t>(unit / launch.grid[0] / launch.grid[1])},
                  shared,
                  linear};
    thread.runner = this;
    thread.state = thread_state::unstarted;
    warps_[linear / 32].alive |= std::uint32_t(1) << linear % 32;
  }
}

cudaError_t block_runner::run(const adstencil_kernel& kernel, void** arguments, const adstencil_launch& launch,
                              std::uint64_t unit, char* shared, std::size_t threads) {
  prepare(kernel, arguments, launch, unit, shared, threads);
  if (__tsan_get_current_fiber)
    scheduler_tsan_ = __tsan_get_current_fiber();
  tsan_release(&kernel_);
  while (live_ > 0 && error_ == cudaSuccess) {
    bool progress = false;
    for (fiber& thread : threads_) {
      if (thread.state != thread_state::unstarted && thread.state != thread_state::runnable)
        continue;
      progress = true;
      switch_in(thread);
      if (thread.state == thread_state::returned)
        free_stacks_.push_back(thread.stack);
      if (error_ != cudaSuccess)
        break;
    }
    if (!progress && !answer_active_masks() && !open_barrier()) {
      report_deadlock();
      error_ = cudaErrorLaunchFailure;
    }
  }
  tsan_acquire(&arguments_);
  tsan_acquire(&waiting_); // of threads that were abandoned there
  for (warp_state& warp : warps_)
    tsan_acquire(&warp);
  return error_;
}

void block_runner::thread_ended(fiber& self) {
  self.state = thread_state::returned;
  --live_;
  tsan_release(&arguments_);
  const std::size_t warp = self.abi.linear / 32;
  warps_[warp].alive &= ~(std::uint32_t(1) << self.abi.linear % 32);
  finish_warp_operations(warp); // the others may have waited for this lane only
}

int block_runner::barrier(fiber& self, int kind, int predicate) {
  self.state = thread_state::at_barrier;
  self.barrier_kind = kind;
  self.barrier_value = predicate;
  ++waiting_;
  tsan_release(&waiting_);
  switch_out(self, false);
  tsan_acquire(&waiting_);
  return self.barrier_value;
}

/// Lets all threads go on if all that have not returned stand at the barrier.
bool block_runner::open_barrier() {
  if (waiting_ == 0 || waiting_ != live_)
    return false;
  int count = 0;
  for (const fiber& thread : threads_)
    if (thread.state == thread_state::at_barrier)
      count += thread.barrier_value != 0;
  for (fiber& thread : threads_) {
    if (thread.state != thread_state::at_barrier)
      continue;
    thread.state = thread_state::runnable;
    const int results[] = {0, count, static_cast<std::size_t>(count) == waiting_, count != 0};
    thread.barrier_value = results[thread.barrier_kind & 3];
  }
  waiting_ = 0;
  return true;
}

std::uint32_t block_runner::in_warp(fiber& self, const warp_lane& operation) {
  const std::size_t warp = self.abi.linear / 32;
  self.lane = operation;
  self.lane.mask |= std::uint32_t(1) << self.abi.linear % 32; // a lane is part of what it executes
  self.state = thread_state::in_warp;
  tsan_release(&warps_[warp]);
  finish_warp_operations(warp);
  if (self.state == thread_state::in_warp)
    switch_out(self, false);
  tsan_acquire(&warps_[warp]);
  return self.lane.result;
}

/// Executes every operation of the warp that all its lanes have arrived at.
void block_runner::finish_warp_operations(std::size_t warp) {
  const std::uint32_t alive = warps_[warp].alive;
  fiber* const first = &threads_[warp * 32];
  for (std::uint32_t lane = 0; lane < 32; ++lane) {
    if (!(alive >> lane & 1) || first[lane].state != thread_state::in_warp)
      continue;
    const warp_lane& wanted = first[lane].lane;
    if (wanted.operation == warp_operation::active)
      continue;
    const std::uint32_t members = wanted.mask & alive;
    bool complete = true;
    for (std::uint32_t other = 0; other < 32 && complete; ++other)
      if (members >> other & 1)
        complete = first[other].state == thread_state::in_warp && first[other].lane.joins(wanted);
    if (!complete)
      continue;
    execute_for(warp, members);
  }
}

/// Executes the operation at which the members stand and lets them go on.
void block_runner::execute_for(std::size_t warp, std::uint32_t members) {
  fiber* const first = &threads_[warp * 32];
  warp_lane* lanes[32];
  for (std::uint32_t lane = 0; lane < 32; ++lane)
    lanes[lane] = members >> lane & 1 ? &first[lane].lane : nullptr;
  execute(lanes, members);
  for (std::uint32_t lane = 0; lane < 32; ++lane)
    if (members >> lane & 1)
      first[lane].state = thread_state::runnable;
}

std::uint32_t block_runner::active_mask(fiber& self, const void* site) {
  self.lane = {.operation = warp_operation::active, .site = site};
  self.state = thread_state::in_warp;
  switch_out(self, false);
  return self.lane.result;
}

/// Answers __activemask in each warp, for the call at which its lowest waiting lane stands.
bool block_runner::answer_active_masks() {
  bool any = false;
  for (std::size_t warp = 0; warp < warps_.size(); ++warp) {
    const void* site = nullptr;
    std::uint32_t members = 0;
    for (std::uint32_t lane = 0; lane < 32; ++lane) {
      if (!(warps_[warp].alive >> lane & 1))
        continue;
      const fiber& thread = threads_[warp * 32 + lane];
      if (thread.state != thread_state::in_warp || thread.lane.operation != warp_operation::active)
        continue;
      if (!site)
        site = thread.lane.site;
      if (thread.lane.site == site)
        members |= std::uint32_t(1) << lane;
    }
    if (members) {
      execute_for(warp, members);
      any = true;
    }
  }
  return any;
}

void block_runner::abandon(cudaError_t error) {
  error_ = error;
  tsan_release(&arguments_);
  switch_out(*current, true);
  std::abort(); // a block that failed is not resumed
}

void block_runner::report_deadlock() const {
  std::size_t at_barrier = 0;
  std::size_t in_warp = 0;
  for (const fiber& thread : threads_) {
    at_barrier += thread.state == thread_state::at_barrier;
    in_warp += thread.state == thread_state::in_warp;
  }
  const adstencil_thread& any = threads_.front().abi;
  std::fprintf(stderr,
               "adstencil: deadlock in kernel '%s', block (%u, %u, %u): of %zu threads %zu wait at __syncthreads, %zu "
               "in an operation of their warp, and %zu have returned\n",
               readable_name(kernel_->name).c_str(), any.block[0], any.block[1], any.block[2], threads_.size(),
               at_barrier, in_warp, threads_.size() - live_);
}

// ---- loans ----

namespace {

struct runner_pool {
  std::mutex mutex;
  std::vector<std::unique_ptr<block_runner>> idle;
};

/// Lives until the end of the program, with its stacks. Worker threads meet here: an object that one of them made would
/// look like a race to ThreadSanitizer, which does not see the making.
[[clang::no_destroy]] constinit runner_pool runners;

} // namespace

runner_loan::runner_loan(std::size_t threads) {
  const std::size_t wanted = stack_bytes();
  {
    std::lock_guard lock(runners.mutex);
    while (!runners.idle.empty() && !runner_) {
      runner_ = std::move(runners.idle.back());
      runners.idle.pop_back();
      if (runner_->stack_size() != wanted)
        runner_ = nullptr;
    }
  }
  if (!runner_)
    runner_ = std::make_unique<block_runner>(threads, wanted);
}

runner_loan::~runner_loan() {
  std::lock_guard lock(runners.mutex);
  runners.idle.push_back(std::move(runner_));
}

cudaError_t runner_loan::run(const adstencil_kernel& kernel, void** arguments, const adstencil_launch& launch,
                             std::uint64_t unit, char* shared) {
  const std::size_t threads = std::size_t(launch.block[0]) * launch.block[1] * launch.block[2];
  return runner_->run(kernel, arguments, launch, unit, shared, threads);
}

void set_stack_bytes(std::size_t bytes) {
  constexpr std::size_t page = 4096;
  wanted_stack = std::max(least_stack, (bytes + page - 1) / page * page);
}

std::size_t stack_bytes() { return wanted_stack; }

void abandon_block(cudaError_t error) {
  if (current)
    current->runner->abandon(error);
}

} // namespace adstencil::cuda_runtime

// ---- what generated code calls ----

using adstencil::cuda_runtime::fiber_of;
using adstencil::cuda_runtime::warp_lane;
using adstencil::cuda_runtime::warp_operation;

adstencil_thread* __adstencil_this_thread() { return &adstencil::cuda_runtime::current->abi; }

int __adstencil_barrier(adstencil_thread* self, int kind, int predicate) {
  auto& thread = fiber_of(self);
  return thread.runner->barrier(thread, kind, predicate);
}

namespace {

std::uint32_t execute_in_warp(adstencil_thread* self, const warp_lane& operation, std::uint32_t* valid = nullptr) {
  auto& thread = fiber_of(self);
  const std::uint32_t result = thread.runner->in_warp(thread, operation);
  if (valid)
    *valid = thread.lane.valid;
  return result;
}

} // namespace

void __adstencil_warp_barrier(adstencil_thread* self, std::uint32_t mask) {
  execute_in_warp(self, {.operation = warp_operation::barrier, .mask = mask});
}

std::uint32_t __adstencil_shuffle(adstencil_thread* self, int kind, std::uint32_t mask, std::uint32_t value,
                                  std::uint32_t b, std::uint32_t c, std::uint32_t* valid) {
  return execute_in_warp(
      self, {.operation = warp_operation::shuffle, .kind = kind, .mask = mask, .value = value, .b = b, .c = c}, valid);
}

std::uint32_t __adstencil_vote(adstencil_thread* self, int kind, std::uint32_t mask, int predicate) {
  return execute_in_warp(
      self, {.operation = warp_operation::vote, .kind = kind, .mask = mask, .value = predicate != 0 ? 1U : 0U});
}

std::uint32_t __adstencil_match(adstencil_thread* self, int kind, std::uint32_t mask, std::uint64_t value, int* all) {
  std::uint32_t valid = 0;
  const std::uint32_t result =
      execute_in_warp(self, {.operation = warp_operation::match, .kind = kind, .mask = mask, .value = value}, &valid);
  if (all)
    *all = static_cast<int>(valid);
  return result;
}

std::uint32_t __adstencil_reduce_warp(adstencil_thread* self, int kind, std::uint32_t mask, std::uint32_t value) {
  return execute_in_warp(self, {.operation = warp_operation::reduce, .kind = kind, .mask = mask, .value = value});
}

std::uint32_t __adstencil_active_mask(adstencil_thread* self) {
  auto& thread = fiber_of(self);
  return thread.runner->active_mask(thread, __builtin_return_address(0));
}
