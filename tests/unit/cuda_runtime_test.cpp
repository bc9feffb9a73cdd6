// The CUDA runtime on CPU cores, with kernels as the plugin would write them, but by hand: one of each kind.
//
// Programs compiled by the plugin are in tests/cuda/programs; here are the corners of the interface, its errors, and
// what a compiled program cannot provoke.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/cuda/cuda_runtime.h>
#include <adstencil/device/abi.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

// ---- kernels by hand ----

/// A kernel, its handle and its registration. The handle is the address of the object.
struct test_kernel {
  adstencil_kernel descriptor{};
  std::vector<std::uint32_t> bytes, reductions;

  test_kernel(const char* name, adstencil_kind kind, std::vector<std::uint32_t> parameter_bytes)
      : bytes(std::move(parameter_bytes)) {
    descriptor.handle = this;
    descriptor.name = name;
    descriptor.kind = kind;
    descriptor.max_threads = 1024;
    descriptor.parameters = static_cast<std::uint32_t>(bytes.size());
    descriptor.parameter_bytes = bytes.data();
  }
  void finish() {
    descriptor.reductions = static_cast<std::uint32_t>(reductions.size());
    descriptor.reduction_bytes = reductions.data();
    __adstencil_register_kernel(&descriptor);
  }
  const void* handle() const { return this; }
};

template <class T>
T argument(void** args, int index) {
  T value;
  std::memcpy(&value, args[index], sizeof value);
  return value;
}

/// points: y[i] += a * x[i], and the sum of x[i] to a shadow.
///     axpy(double* y, const double* x, double a, int n, double* sum)
void axpy_run(void** args, const adstencil_launch* launch, std::uint64_t begin, std::uint64_t end, char*) {
  auto* y = argument<double*>(args, 0);
  const auto* x = argument<const double*>(args, 1);
  const auto a = argument<double>(args, 2);
  const auto n = static_cast<std::uint64_t>(argument<int>(args, 3));
  auto* sum = argument<double*>(args, 4);
  const std::uint64_t nx = std::uint64_t(launch->grid[0]) * launch->block[0];
  const std::uint64_t ny = std::uint64_t(launch->grid[1]) * launch->block[1];
  const std::uint64_t chunks = (nx + launch->chunk - 1) / launch->chunk;
  for (std::uint64_t unit = begin; unit < end; ++unit) {
    const std::uint64_t row = unit / chunks % ny + unit / chunks / ny * ny;
    double partial = 0;
    const std::uint64_t first = unit % chunks * launch->chunk;
    for (std::uint64_t x0 = first; x0 < std::min(nx, first + launch->chunk); ++x0) {
      const std::uint64_t i = row * nx + x0;
      if (i < n) {
        y[i] += a * x[i];
        partial += x[i];
      }
    }
    launch->partials[unit] = partial;
    __atomic_store_n(&launch->shadows[0], static_cast<void*>(sum), __ATOMIC_RELAXED);
  }
}

/// blocks: the sum of a block through its shared memory. block_sum(float* out, const float* in)
void block_sum_run(void** args, const adstencil_launch* launch, std::uint64_t begin, std::uint64_t end, char* shared) {
  auto* out = argument<float*>(args, 0);
  const auto* in = argument<const float*>(args, 1);
  auto* memory = reinterpret_cast<float*>(shared);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(shared) % 128, 0U);
  for (std::uint64_t unit = begin; unit < end; ++unit) {
    memory[0] = 0;
    for (std::uint32_t thread = 0; thread < launch->block[0]; ++thread)
      memory[0] += in[unit * launch->block[0] + thread];
    out[unit] = memory[0];
  }
}

/// threads: reverses a block through shared memory. reverse(int* data)
void reverse_thread(void** args, adstencil_thread* self) {
  auto* data = argument<int*>(args, 0) + std::size_t(self->block[0]) * self->launch->block[0];
  auto* shared = reinterpret_cast<int*>(self->shared);
  const std::uint32_t i = self->thread[0];
  shared[i] = data[i];
  __adstencil_barrier(self, 0, 0);
  data[i] = shared[self->launch->block[0] - 1 - i];
}

using thread_body = void (*)(adstencil_thread*, int*);
/// threads: calls a function of the test. call(thread_body body, int* data)
void call_thread(void** args, adstencil_thread* self) { argument<thread_body>(args, 0)(self, argument<int*>(args, 1)); }

using block_body = void (*)();
/// blocks: calls a function of the test once per block. call_block(block_body body)
void call_block_run(void** args, const adstencil_launch*, std::uint64_t begin, std::uint64_t end, char*) {
  for (std::uint64_t unit = begin; unit < end; ++unit)
    argument<block_body>(args, 0)();
}

struct kernels {
  test_kernel axpy{"_Z4axpyPdPKddiS_", adstencil_points, {8, 8, 8, 4, 8}};
  test_kernel block_sum{"_Z9block_sumPfPKf", adstencil_blocks, {8, 8}};
  test_kernel reverse{"_Z7reversePi", adstencil_threads, {8}};
  test_kernel call{"_Z4callPFvvEPi", adstencil_threads, {8, 8}};
  test_kernel call_block{"_Z10call_blockPFvvE", adstencil_blocks, {8}};

  kernels() {
    axpy.descriptor.run = axpy_run;
    axpy.reductions = {8};
    block_sum.descriptor.run = block_sum_run;
    block_sum.descriptor.static_shared = sizeof(float);
    reverse.descriptor.thread = reverse_thread;
    call.descriptor.thread = call_thread;
    call_block.descriptor.run = call_block_run;
    for (test_kernel* kernel : {&axpy, &block_sum, &reverse, &call, &call_block})
      kernel->finish();
  }
};

kernels& the() {
  static kernels registered;
  return registered;
}

template <class... Arguments>
cudaError_t launch(const test_kernel& kernel, dim3 grid, dim3 block, std::size_t shared, cudaStream_t stream,
                   Arguments... arguments) {
  void* pointers[] = {&arguments...};
  return cudaLaunchKernel(kernel.handle(), grid, block, pointers, shared, stream);
}

/// Device memory with the contents of a vector.
template <class T>
struct device_vector {
  T* data = nullptr;
  std::size_t size;

  explicit device_vector(const std::vector<T>& host) : size(host.size()) {
    EXPECT_EQ(cudaMalloc(&data, size * sizeof(T)), cudaSuccess);
    EXPECT_EQ(cudaMemcpy(data, host.data(), size * sizeof(T), cudaMemcpyHostToDevice), cudaSuccess);
  }
  ~device_vector() { cudaFree(data); }
  device_vector(const device_vector&) = delete;
  device_vector& operator=(const device_vector&) = delete;
  std::vector<T> host() const {
    std::vector<T> result(size);
    EXPECT_EQ(cudaMemcpy(result.data(), data, size * sizeof(T), cudaMemcpyDeviceToHost), cudaSuccess);
    return result;
  }
};

std::vector<double> numbers(int n) {
  std::vector<double> result(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i)
    result[static_cast<std::size_t>(i)] = std::sin(i + 1.0);
  return result;
}

/// Every test begins and ends without errors.
class CudaRuntime : public testing::Test {
protected:
  void SetUp() override {
    the();
    ASSERT_EQ(cudaGetLastError(), cudaSuccess);
  }
  void TearDown() override { EXPECT_EQ(cudaGetLastError(), cudaSuccess); }
  /// Takes note of an expected error.
  static void expect(cudaError_t got, cudaError_t wanted) {
    EXPECT_STREQ(cudaGetErrorName(got), cudaGetErrorName(wanted));
    EXPECT_EQ(cudaGetLastError(), wanted);
  }
};
#define EXPECT_OK(call) EXPECT_STREQ(cudaGetErrorName(call), "cudaSuccess")

// ---- kernels of each kind ----

TEST_F(CudaRuntime, PointsCoverEveryShapeOfGridOnce) {
  for (const dim3 grid : {dim3(1), dim3(7), dim3(300), dim3(3, 5), dim3(2, 3, 4)})
    for (const dim3 block : {dim3(1), dim3(96), dim3(256), dim3(8, 4), dim3(4, 2, 3)}) {
      const int n = static_cast<int>(grid.x * grid.y * grid.z * block.x * block.y * block.z);
      const std::vector<double> x = numbers(n);
      device_vector<double> dx(x), dy(std::vector<double>(x.size(), 1.0)), sum(std::vector<double>{10.0});
      EXPECT_OK(launch(the().axpy, grid, block, 0, nullptr, dy.data, dx.data, 2.0, n, sum.data));
      const std::vector<double> y = dy.host();
      for (std::size_t i = 0; i < x.size(); ++i)
        ASSERT_EQ(y[i], 1.0 + 2.0 * x[i]) << i;
      EXPECT_NEAR(sum.host()[0], 10.0 + std::accumulate(x.begin(), x.end(), 0.0), 1e-9);
    }
}

TEST_F(CudaRuntime, ReductionsAddToTheShadowInOneOrder) {
  const int n = 1 << 20;
  const std::vector<double> x = numbers(n);
  std::vector<double> sums;
  for (int repetition = 0; repetition < 5; ++repetition) {
    device_vector<double> dx(x), dy(x), sum(std::vector<double>{0.0});
    EXPECT_OK(launch(the().axpy, dim3(n / 128), dim3(128), 0, nullptr, dy.data, dx.data, 1.0, n, sum.data));
    sums.push_back(sum.host()[0]);
  }
  for (const double sum : sums)
    EXPECT_EQ(sum, sums[0]);
}

TEST_F(CudaRuntime, BlocksHaveSharedMemory) {
  std::vector<float> in(6400);
  std::iota(in.begin(), in.end(), 0.0F);
  device_vector<float> din(in), dout(std::vector<float>(100));
  EXPECT_OK(launch(the().block_sum, 100, 64, 0, nullptr, dout.data, din.data));
  const std::vector<float> out = dout.host();
  for (std::size_t block = 0; block < out.size(); ++block)
    EXPECT_EQ(out[block], 64.0F * (64.0F * static_cast<float>(block) + 31.5F));
}

TEST_F(CudaRuntime, ThreadsMeetAtBarriers) {
  for (const unsigned int size : {1U, 2U, 31U, 64U, 1000U}) {
    std::vector<int> data(size * 9);
    std::iota(data.begin(), data.end(), 0);
    device_vector<int> device(data);
    EXPECT_OK(launch(the().reverse, 9, size, size * sizeof(int), nullptr, device.data));
    const std::vector<int> result = device.host();
    for (unsigned int i = 0; i < result.size(); ++i)
      ASSERT_EQ(result[i], static_cast<int>(i / size * size + size - 1 - i % size));
  }
}

/// Runs a function as one block of 64 threads (two warps) on an array with an element per thread.
std::vector<int> run_block(thread_body body, unsigned int threads = 64) {
  device_vector<int> data(std::vector<int>(threads, -1));
  EXPECT_OK(launch(the().call, 1, threads, 0, nullptr, body, data.data));
  return data.host();
}

TEST_F(CudaRuntime, VotingBarriersSeeAllThreads) {
  const std::vector<int> counts = run_block([](adstencil_thread* self, int* data) {
    const int i = static_cast<int>(self->linear);
    data[i] = __adstencil_barrier(self, 1, i % 3 == 0) * 100 + __adstencil_barrier(self, 2, i < 64) * 10 +
              __adstencil_barrier(self, 3, i == 63);
  });
  for (const int value : counts)
    EXPECT_EQ(value, 22 * 100 + 10 + 1);
  const std::vector<int> none = run_block([](adstencil_thread* self, int* data) {
    const int i = static_cast<int>(self->linear);
    data[i] = __adstencil_barrier(self, 2, i != 5) * 10 + __adstencil_barrier(self, 3, 0);
  });
  for (const int value : none)
    EXPECT_EQ(value, 0);
}

TEST_F(CudaRuntime, ReturnedThreadsAreNotWaitedFor) {
  const std::vector<int> result = run_block([](adstencil_thread* self, int* data) {
    if (self->linear % 2 == 1)
      return;
    data[self->linear] = __adstencil_barrier(self, 1, 1);
  });
  for (std::size_t i = 0; i < result.size(); ++i)
    EXPECT_EQ(result[i], i % 2 == 1 ? -1 : 32);
}

TEST_F(CudaRuntime, ShufflesFollowThePtxManual) {
  // The operands of shfl.sync as __shfl_sync and its relatives compose them, for a width.
  const auto clamp = [](int width, bool up) { return static_cast<std::uint32_t>((32 - width) << 8 | (up ? 0 : 31)); };
  static std::uint32_t c = 0;
  static std::uint32_t b = 0;
  static int kind = 0;
  for (const int width : {32, 16, 8, 1})
    for (kind = 0; kind < 4; ++kind)
      for (b = 0; b < 32; b += 3) {
        c = clamp(width, kind == 1);
        const std::vector<int> result = run_block([](adstencil_thread* self, int* data) {
          std::uint32_t valid = 7;
          const auto own = static_cast<std::uint32_t>(self->linear * 10);
          data[self->linear] = static_cast<int>(__adstencil_shuffle(self, kind, ~0U, own, b, c, &valid) * 2 + valid);
        });
        for (int i = 0; i < 64; ++i) {
          const int lane = i % 32;
          const int first = lane / width * width;
          const int delta = static_cast<int>(b);
          int from = 0;
          switch (kind) {
          case 0:
            from = first + delta % width;
            break;
          case 1:
            from = lane - delta;
            break;
          case 2:
            from = lane + delta;
            break;
          default:
            from = lane ^ delta;
          }
          const bool inside = kind == 0 || (kind == 1 ? from >= first : from < first + width);
          const int source = i - lane + (inside ? from : lane);
          ASSERT_EQ(result[static_cast<std::size_t>(i)], source * 20 + inside)
              << "kind " << kind << " width " << width << " operand " << b << " thread " << i;
        }
      }
}

TEST_F(CudaRuntime, VotesMatchesAndReductionsOfAWarp) {
  const std::vector<int> result = run_block([](adstencil_thread* self, int* data) {
    const auto lane = static_cast<std::uint32_t>(self->linear % 32);
    bool right = __adstencil_vote(self, 0, ~0U, lane % 4 == 1) == 0x22222222U;
    right &= __adstencil_vote(self, 1, ~0U, 1) == 1 && __adstencil_vote(self, 1, ~0U, lane != 3) == 0;
    right &= __adstencil_vote(self, 2, ~0U, 0) == 0 && __adstencil_vote(self, 2, ~0U, lane == 3) == 1;
    right &= __adstencil_vote(self, 3, ~0U, 0) == 1 && __adstencil_vote(self, 3, ~0U, lane == 3) == 0;
    int all = 7;
    right &= __adstencil_match(self, 0, ~0U, lane % 2, nullptr) == (lane % 2 ? 0xaaaaaaaaU : 0x55555555U);
    right &= __adstencil_match(self, 1, ~0U, lane / 16, &all) == 0 && all == 0;
    right &= __adstencil_match(self, 1, ~0U, 5ULL << 40, &all) == ~0U && all == 1;
    const std::uint32_t expected[] = {496, 0, 31, 0, 31, 0, 31, 0};
    for (int kind = 0; kind < 8; ++kind)
      right &= __adstencil_reduce_warp(self, kind, ~0U, lane) == expected[kind];
    right &= __adstencil_reduce_warp(self, 3, ~0U, lane - 5) == static_cast<std::uint32_t>(-5);
    right &= __adstencil_active_mask(self) == ~0U;
    data[self->linear] = right;
  });
  for (const int value : result)
    EXPECT_EQ(value, 1);
}

TEST_F(CudaRuntime, HalvesOfAWarpMayDoDifferentThings) {
  const std::vector<int> result = run_block([](adstencil_thread* self, int* data) {
    const auto lane = static_cast<std::uint32_t>(self->linear % 32);
    if (lane < 16)
      data[self->linear] = static_cast<int>(__adstencil_reduce_warp(self, 0, 0xffffU, 1));
    else
      data[self->linear] = static_cast<int>(__adstencil_vote(self, 0, 0xffff0000U, 1) >> 16);
    __adstencil_warp_barrier(self, ~0U);
    if (lane == 31)
      return; // the others go on without it
    data[self->linear] += static_cast<int>(__adstencil_reduce_warp(self, 0, ~0U, 1)) * 100000;
  });
  for (std::size_t i = 0; i < result.size(); ++i)
    EXPECT_EQ(result[i], (i % 32 < 16 ? 16 : 0xffff) + (i % 32 == 31 ? 0 : 3100000));
}

TEST_F(CudaRuntime, ActiveMaskIsThatOfTheBranch) {
  const std::vector<int> result = run_block([](adstencil_thread* self, int* data) {
    const auto lane = static_cast<std::uint32_t>(self->linear % 32);
    std::uint32_t mask = 0;
    if (lane % 3 == 0) {
      mask = __adstencil_active_mask(self);
      data[self->linear] = static_cast<int>(__adstencil_reduce_warp(self, 0, mask, 1));
    } else if (lane % 3 == 1) {
      mask = __adstencil_active_mask(self);
      data[self->linear] = static_cast<int>(__adstencil_reduce_warp(self, 0, mask, 2));
    }
    __adstencil_barrier(self, 0, 0);
  });
  for (std::size_t i = 0; i < result.size(); ++i)
    EXPECT_EQ(result[i], i % 32 % 3 == 0 ? 11 : i % 32 % 3 == 1 ? 22 : -1) << i;
}

TEST_F(CudaRuntime, SideEffectsOfABlockHaveOneOrder) {
  static std::vector<int> order;
  order.clear();
  run_block([](adstencil_thread* self, int*) {
    order.push_back(static_cast<int>(self->linear));
    __adstencil_barrier(self, 0, 0);
    order.push_back(static_cast<int>(self->linear));
  });
  ASSERT_EQ(order.size(), 128U);
  for (int i = 0; i < 128; ++i)
    EXPECT_EQ(order[static_cast<std::size_t>(i)], i % 64);
}

TEST_F(CudaRuntime, IndicesOfThreadsAndBlocks) {
  static std::array<std::atomic<int>, 2 * 3 * 2> seen;
  const thread_body body = [](adstencil_thread* self, int*) {
    EXPECT_EQ(self->linear, self->thread[0] + 4 * (self->thread[1] + 2 * self->thread[2]));
    EXPECT_EQ(__adstencil_this_thread(), self);
    ++seen[self->block[0] + 2 * (self->block[1] + 3 * self->block[2])];
  };
  EXPECT_OK(launch(the().call, dim3(2, 3, 2), dim3(4, 2, 5), 0, nullptr, body, static_cast<int*>(nullptr)));
  for (const std::atomic<int>& count : seen)
    EXPECT_EQ(count, 40);
}

// ---- launches that are wrong ----

TEST_F(CudaRuntime, LaunchesAreChecked) {
  const thread_body body = [](adstencil_thread*, int*) { ADD_FAILURE() << "this launch should not run"; };
  const auto attempt = [&](dim3 grid, dim3 block, std::size_t shared = 0) {
    return launch(the().call, grid, block, shared, nullptr, body, static_cast<int*>(nullptr));
  };
  expect(attempt(0, 1), cudaErrorInvalidConfiguration);
  expect(attempt(1, 0), cudaErrorInvalidConfiguration);
  expect(attempt(1, dim3(1, 0, 1)), cudaErrorInvalidConfiguration);
  expect(attempt(1, 1025), cudaErrorInvalidConfiguration);
  expect(attempt(1, dim3(1, 1, 65)), cudaErrorInvalidConfiguration);
  expect(attempt(1, dim3(32, 32, 2)), cudaErrorInvalidConfiguration);
  expect(attempt(dim3(1, 65536), 1), cudaErrorInvalidConfiguration);
  expect(attempt(dim3(1, 1, 65536), 1), cudaErrorInvalidConfiguration);
  expect(attempt(dim3(2147483648U), 1), cudaErrorInvalidConfiguration);
  expect(attempt(dim3(4194304), 1024), cudaErrorInvalidConfiguration); // 2^32 points in x
  expect(attempt(1, 1, 48 * 1024 + 1), cudaErrorInvalidValue);
  int not_a_kernel = 0;
  expect(cudaLaunchKernel(&not_a_kernel, 1, 1, nullptr, 0, nullptr), cudaErrorInvalidDeviceFunction);
  int not_a_stream = 0;
  expect(launch(the().call, 1, 1, 0, reinterpret_cast<cudaStream_t>(&not_a_stream), body, static_cast<int*>(nullptr)),
         cudaErrorInvalidResourceHandle);
}

TEST_F(CudaRuntime, LaunchBoundsLimitTheBlock) {
  static test_kernel bounded("_Z7boundedv", adstencil_blocks, {});
  bounded.descriptor.max_threads = 128;
  bounded.descriptor.run = [](void**, const adstencil_launch*, std::uint64_t, std::uint64_t, char*) {};
  bounded.finish();
  EXPECT_OK(cudaLaunchKernel(bounded.handle(), 1, 128, nullptr, 0, nullptr));
  expect(cudaLaunchKernel(bounded.handle(), 1, 129, nullptr, 0, nullptr), cudaErrorLaunchOutOfResources);
  cudaFuncAttributes attributes;
  EXPECT_OK(cudaFuncGetAttributes(&attributes, bounded.handle()));
  EXPECT_EQ(attributes.maxThreadsPerBlock, 128);
}

TEST_F(CudaRuntime, MoreSharedMemoryOnRequest) {
  std::vector<int> data(20000);
  std::iota(data.begin(), data.end(), 0);
  device_vector<int> device(data);
  const std::size_t large = 100 * 1024;
  expect(launch(the().reverse, 1, 32, large, nullptr, device.data), cudaErrorInvalidValue);
  expect(cudaFuncSetAttribute(the().reverse.handle(), cudaFuncAttributeMaxDynamicSharedMemorySize, 228 * 1024),
         cudaErrorInvalidValue);
  EXPECT_OK(cudaFuncSetAttribute(the().reverse.handle(), cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 static_cast<int>(large)));
  EXPECT_OK(launch(the().reverse, 1, 32, large, nullptr, device.data));
  expect(launch(the().reverse, 1, 32, large + 1, nullptr, device.data), cudaErrorInvalidValue);
}

// ---- failures of kernels ----

/// Runs a launch that fails and checks that it fails like CUDA: later, for every call, until the device is reset.
void expect_failure(cudaError_t launched, cudaError_t failure) {
  EXPECT_OK(launched); // the host is long past it
  EXPECT_STREQ(cudaGetErrorName(cudaDeviceSynchronize()), cudaGetErrorName(failure));
  EXPECT_EQ(cudaGetLastError(), failure);
  EXPECT_EQ(cudaGetLastError(), failure) << "a failure of the device stays";
  void* pointer = nullptr;
  EXPECT_EQ(cudaMalloc(&pointer, 8), failure);
  EXPECT_EQ(launch(the().call_block, 1, 1, 0, nullptr, block_body([] { ADD_FAILURE(); })), failure);
  int count = 0;
  EXPECT_OK(cudaGetDeviceCount(&count));
  EXPECT_OK(cudaDeviceReset());
  EXPECT_OK(cudaGetLastError());
}

TEST_F(CudaRuntime, DeadlocksAreReported) {
  testing::internal::CaptureStderr();
  const thread_body half_wait = [](adstencil_thread* self, int*) {
    if (self->linear < 32)
      __adstencil_barrier(self, 0, 0);
    else
      __adstencil_reduce_warp(self, 0, self->linear == 40 ? 0x1U << 8 | 1U : ~0U, 1);
  };
  expect_failure(launch(the().call, dim3(3, 2), 64, 0, nullptr, half_wait, static_cast<int*>(nullptr)),
                 cudaErrorLaunchFailure);
  const std::string message = testing::internal::GetCapturedStderr();
  EXPECT_NE(message.find("deadlock in kernel 'call("), std::string::npos) << message;
  EXPECT_NE(message.find("of 64 threads 32 wait at __syncthreads, 32 in an operation of their warp"), std::string::npos)
      << message;
}

TEST_F(CudaRuntime, AssertionsEndTheLaunch) {
  testing::internal::CaptureStderr();
  const thread_body one_fails = [](adstencil_thread* self, int*) {
    __adstencil_barrier(self, 0, 0);
    if (self->linear == 17)
      __adstencil_assert_failed("x > 0", "file.cu", 12, "void k()");
    __adstencil_barrier(self, 0, 0);
  };
  expect_failure(launch(the().call, 4, 64, 0, nullptr, one_fails, static_cast<int*>(nullptr)), cudaErrorAssert);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("file.cu:12: void k(): Assertion `x > 0` failed."),
            std::string::npos);
  testing::internal::CaptureStderr();
  expect_failure(launch(the().call_block, 100, 1, 0, nullptr,
                        block_body([] { __adstencil_assert_failed("false", "file.cu", 3, "f"); })),
                 cudaErrorAssert);
  testing::internal::GetCapturedStderr();
  // Stacks that were abandoned are used again.
  const std::vector<int> after =
      run_block([](adstencil_thread* self, int* data) { data[self->linear] = __adstencil_barrier(self, 1, 1); });
  EXPECT_EQ(after[0], 64);
}

// ---- errors ----

TEST_F(CudaRuntime, LastErrorIsPerThreadAndTakenOnce) {
  EXPECT_EQ(cudaSetDevice(3), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaPeekAtLastError(), cudaErrorInvalidDevice);
  std::thread([] { EXPECT_EQ(cudaGetLastError(), cudaSuccess); }).join();
  EXPECT_OK(cudaSetDevice(0)); // a success does not erase it
  EXPECT_EQ(cudaGetLastError(), cudaErrorInvalidDevice);
  EXPECT_EQ(cudaGetLastError(), cudaSuccess);
}

TEST_F(CudaRuntime, ErrorsHaveNamesAndTexts) {
  EXPECT_STREQ(cudaGetErrorName(cudaSuccess), "cudaSuccess");
  EXPECT_STREQ(cudaGetErrorString(cudaSuccess), "no error");
  EXPECT_STREQ(cudaGetErrorName(cudaErrorInvalidValue), "cudaErrorInvalidValue");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidValue), "invalid argument");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorMemoryAllocation), "out of memory");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorInvalidConfiguration), "invalid configuration argument");
  EXPECT_STREQ(cudaGetErrorString(cudaErrorLaunchFailure), "unspecified launch failure");
  EXPECT_STREQ(cudaGetErrorName(static_cast<cudaError_t>(77)), "unrecognized error code");
}

// ---- memory ----

TEST_F(CudaRuntime, AllocationsAreAlignedAndChecked) {
  void* pointer = nullptr;
  EXPECT_OK(cudaMalloc(&pointer, 1));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pointer) % 256, 0U);
  EXPECT_OK(cudaFree(pointer));
  expect(cudaFree(pointer), cudaErrorInvalidValue);
  EXPECT_OK(cudaFree(nullptr));
  EXPECT_OK(cudaFreeHost(nullptr));
  EXPECT_OK(cudaMalloc(&pointer, 0));
  EXPECT_EQ(pointer, nullptr);
  int local = 0;
  expect(cudaFree(&local), cudaErrorInvalidValue);
  expect(cudaMalloc(static_cast<void**>(nullptr), 8), cudaErrorInvalidValue);
  expect(cudaMalloc(&pointer, std::size_t(1) << 60), cudaErrorMemoryAllocation);
  EXPECT_OK(cudaMallocHost(&pointer, 64));
  expect(cudaFree(pointer), cudaErrorInvalidValue);
  EXPECT_OK(cudaFreeHost(pointer));
  EXPECT_OK(cudaMallocManaged(&pointer, 64));
  expect(cudaFreeHost(pointer), cudaErrorInvalidValue);
  EXPECT_OK(cudaFree(pointer));
  expect(cudaMallocManaged(&pointer, 0), cudaErrorInvalidValue);
  expect(cudaMallocManaged(&pointer, 8, 77), cudaErrorInvalidValue);
  EXPECT_OK(cudaMallocAsync(&pointer, 64, nullptr));
  EXPECT_OK(cudaFreeAsync(pointer, nullptr));
}

TEST_F(CudaRuntime, CopiesKnowWhatIsOnTheDevice) {
  std::vector<int> host{1, 2, 3, 4}, other(4);
  device_vector<int> device(host), second(other);
  const std::size_t bytes = 4 * sizeof(int);
  EXPECT_OK(cudaMemcpy(second.data, device.data, bytes, cudaMemcpyDeviceToDevice));
  EXPECT_OK(cudaMemcpy(other.data(), second.data, bytes, cudaMemcpyDefault));
  EXPECT_EQ(other, host);
  EXPECT_OK(cudaMemcpy(other.data(), host.data(), bytes, cudaMemcpyHostToHost));
  EXPECT_OK(cudaMemcpy(device.data + 1, other.data(), 3 * sizeof(int), cudaMemcpyHostToDevice));
  expect(cudaMemcpy(device.data, host.data(), bytes, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  expect(cudaMemcpy(other.data(), host.data(), bytes, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  expect(cudaMemcpy(other.data(), host.data(), bytes, cudaMemcpyDeviceToHost), cudaErrorInvalidValue);
  expect(cudaMemcpy(device.data, host.data(), bytes, cudaMemcpyDeviceToDevice), cudaErrorInvalidValue);
  expect(cudaMemcpy(device.data, device.data, bytes, cudaMemcpyHostToHost), cudaErrorInvalidValue);
  expect(cudaMemcpy(device.data + 1, host.data(), bytes, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  expect(cudaMemcpy(nullptr, host.data(), bytes, cudaMemcpyDefault), cudaErrorInvalidValue);
  expect(cudaMemcpy(device.data, host.data(), bytes, static_cast<cudaMemcpyKind>(9)), cudaErrorInvalidMemcpyDirection);
  EXPECT_OK(cudaMemcpy(nullptr, nullptr, 0, cudaMemcpyHostToDevice));
  expect(cudaMemset(device.data, 0, bytes + 1), cudaErrorInvalidValue);
  expect(cudaMemset(host.data(), 0, bytes), cudaErrorInvalidValue);
  EXPECT_OK(cudaMemset(device.data, 1, bytes));
  EXPECT_EQ(device.host(), std::vector<int>(4, 0x01010101));
}

TEST_F(CudaRuntime, PlanesAndBoxes) {
  void* plane = nullptr;
  std::size_t pitch = 0;
  EXPECT_OK(cudaMallocPitch(&plane, &pitch, 10, 4));
  EXPECT_EQ(pitch, 512U);
  std::vector<char> in(7 * 4), out(9 * 4, 'x');
  std::iota(in.begin(), in.end(), static_cast<char>(1));
  EXPECT_OK(cudaMemset2D(plane, pitch, 5, 10, 4));
  EXPECT_OK(cudaMemcpy2D(plane, pitch, in.data(), 7, 7, 4, cudaMemcpyHostToDevice));
  EXPECT_OK(cudaMemcpy2D(out.data(), 9, plane, pitch, 8, 4, cudaMemcpyDeviceToHost));
  for (std::size_t y = 0; y < 4; ++y)
    for (std::size_t x = 0; x < 9; ++x)
      EXPECT_EQ(out[y * 9 + x], x < 7 ? in[y * 7 + x] : x < 8 ? 5 : 'x');
  expect(cudaMemcpy2D(plane, 5, in.data(), 7, 7, 4, cudaMemcpyHostToDevice), cudaErrorInvalidPitchValue);
  expect(cudaMemcpy2D(plane, pitch, in.data(), 7, 7, 5, cudaMemcpyHostToDevice), cudaErrorInvalidValue);
  EXPECT_OK(cudaFree(plane));

  cudaPitchedPtr box{};
  EXPECT_OK(cudaMalloc3D(&box, make_cudaExtent(6, 3, 2)));
  EXPECT_OK(cudaMemset3D(box, 9, make_cudaExtent(6, 3, 2)));
  std::vector<char> cube(6 * 3 * 2), back(cube.size());
  std::iota(cube.begin(), cube.end(), static_cast<char>(0));
  cudaMemcpy3DParms copy{};
  copy.srcPtr = make_cudaPitchedPtr(cube.data(), 6, 6, 3);
  copy.dstPtr = box;
  copy.dstPos = make_cudaPos(1, 1, 0);
  copy.extent = make_cudaExtent(5, 2, 2);
  copy.kind = cudaMemcpyHostToDevice;
  EXPECT_OK(cudaMemcpy3D(&copy));
  copy = {};
  copy.srcPtr = box;
  copy.dstPtr = make_cudaPitchedPtr(back.data(), 6, 6, 3);
  copy.extent = make_cudaExtent(6, 3, 2);
  copy.kind = cudaMemcpyDeviceToHost;
  EXPECT_OK(cudaMemcpy3D(&copy));
  for (std::size_t z = 0; z < 2; ++z)
    for (std::size_t y = 0; y < 3; ++y)
      for (std::size_t x = 0; x < 6; ++x)
        EXPECT_EQ(back[(z * 3 + y) * 6 + x], x >= 1 && y >= 1 ? cube[(z * 3 + y - 1) * 6 + x - 1] : 9);
  EXPECT_OK(cudaFree(box.ptr));
}

TEST_F(CudaRuntime, PointersHaveAttributes) {
  cudaPointerAttributes attributes;
  void* pointer = nullptr;
  const auto type_at = [&](const void* address) {
    EXPECT_OK(cudaPointerGetAttributes(&attributes, address));
    return attributes.type;
  };
  EXPECT_OK(cudaMalloc(&pointer, 100));
  EXPECT_EQ(type_at(static_cast<char*>(pointer) + 99), cudaMemoryTypeDevice);
  EXPECT_EQ(attributes.hostPointer, nullptr);
  EXPECT_OK(cudaFree(pointer));
  EXPECT_OK(cudaMallocManaged(&pointer, 100));
  EXPECT_EQ(type_at(pointer), cudaMemoryTypeManaged);
  EXPECT_OK(cudaMemPrefetchAsync(pointer, 100, cudaMemLocation{cudaMemLocationTypeDevice, 0}, 0));
  expect(cudaMemPrefetchAsync(pointer, 101, cudaMemLocation{cudaMemLocationTypeDevice, 0}, 0), cudaErrorInvalidValue);
  EXPECT_OK(cudaMemAdvise(pointer, 100, cudaMemAdviseSetReadMostly, cudaMemLocation{cudaMemLocationTypeDevice, 0}));
  EXPECT_OK(cudaFree(pointer));
  EXPECT_OK(cudaHostAlloc(&pointer, 100, cudaHostAllocMapped));
  EXPECT_EQ(type_at(pointer), cudaMemoryTypeHost);
  void* on_device = nullptr;
  EXPECT_OK(cudaHostGetDevicePointer(&on_device, pointer, 0));
  EXPECT_EQ(on_device, pointer);
  EXPECT_OK(cudaFreeHost(pointer));
  std::vector<int> own(100);
  EXPECT_EQ(type_at(own.data()), cudaMemoryTypeUnregistered);
  expect(cudaHostGetDevicePointer(&on_device, own.data(), 0), cudaErrorInvalidValue);
  EXPECT_OK(cudaHostRegister(own.data(), 400, cudaHostRegisterDefault));
  EXPECT_EQ(type_at(own.data() + 7), cudaMemoryTypeHost);
  expect(cudaHostRegister(own.data() + 7, 4, 0), cudaErrorHostMemoryAlreadyRegistered);
  EXPECT_OK(cudaHostUnregister(own.data()));
  expect(cudaHostUnregister(own.data()), cudaErrorHostMemoryNotRegistered);
}

TEST_F(CudaRuntime, VariablesOfTheDevice) {
  static double variable[3] = {1, 2, 3};
  static int unknown = 0;
  __adstencil_register_variable(variable, "variable", sizeof variable);
  const double in[2] = {5, 6};
  double out[3] = {};
  EXPECT_OK(cudaMemcpyToSymbol(variable, in, sizeof in, sizeof(double)));
  EXPECT_OK(cudaMemcpyFromSymbol(out, variable, sizeof out));
  EXPECT_EQ(out[0], 1);
  EXPECT_EQ(out[2], 6);
  void* address = nullptr;
  std::size_t size = 0;
  EXPECT_OK(cudaGetSymbolAddress(&address, variable));
  EXPECT_OK(cudaGetSymbolSize(&size, variable));
  EXPECT_EQ(address, variable);
  EXPECT_EQ(size, sizeof variable);
  EXPECT_OK(cudaMemset(address, 0, size));
  EXPECT_EQ(variable[1], 0);
  expect(cudaMemcpyToSymbol(variable, in, sizeof in, 2 * sizeof(double)), cudaErrorInvalidValue);
  expect(cudaMemcpyToSymbol(unknown, in, sizeof unknown), cudaErrorInvalidSymbol);
  expect(cudaMemcpyToSymbol(variable, in, sizeof in, 0, cudaMemcpyDeviceToHost), cudaErrorInvalidMemcpyDirection);
}

// ---- streams and events ----

TEST_F(CudaRuntime, StreamsKeepOrderAndOptions) {
  cudaStream_t stream = nullptr;
  EXPECT_OK(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, -100));
  int priority = 0, least = 0, greatest = 0;
  unsigned int flags = 0;
  EXPECT_OK(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  EXPECT_OK(cudaStreamGetPriority(stream, &priority));
  EXPECT_EQ(priority, greatest);
  EXPECT_OK(cudaStreamGetFlags(stream, &flags));
  EXPECT_EQ(flags, static_cast<unsigned int>(cudaStreamNonBlocking));
  std::vector<int> order;
  const auto push = [](void* data) {
    auto* numbers = static_cast<std::vector<int>*>(data);
    numbers->push_back(static_cast<int>(numbers->size()));
  };
  EXPECT_OK(cudaLaunchHostFunc(stream, push, &order));
  EXPECT_OK(cudaStreamAddCallback(
      stream,
      [](cudaStream_t, cudaError_t status, void* data) {
        EXPECT_EQ(status, cudaSuccess);
        static_cast<std::vector<int>*>(data)->push_back(10);
      },
      &order, 0));
  EXPECT_OK(cudaLaunchHostFunc(stream, push, &order));
  EXPECT_OK(cudaStreamQuery(stream));
  EXPECT_OK(cudaStreamSynchronize(stream));
  EXPECT_EQ(order, (std::vector<int>{0, 10, 2}));
  EXPECT_OK(cudaStreamDestroy(stream));
  expect(cudaStreamSynchronize(stream), cudaErrorInvalidResourceHandle);
  expect(cudaStreamCreateWithFlags(&stream, 8), cudaErrorInvalidValue);
  EXPECT_OK(cudaStreamSynchronize(cudaStreamPerThread));
  EXPECT_OK(cudaStreamSynchronize(cudaStreamLegacy));
}

TEST_F(CudaRuntime, EventsMeasureTime) {
  cudaEvent_t start = nullptr, end = nullptr, silent = nullptr;
  EXPECT_OK(cudaEventCreate(&start));
  EXPECT_OK(cudaEventCreate(&end));
  EXPECT_OK(cudaEventCreateWithFlags(&silent, cudaEventDisableTiming));
  float ms = -1;
  expect(cudaEventElapsedTime(&ms, start, end), cudaErrorInvalidResourceHandle);
  EXPECT_OK(cudaEventRecord(start));
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_OK(cudaEventRecord(end));
  EXPECT_OK(cudaEventSynchronize(end));
  EXPECT_OK(cudaEventQuery(end));
  EXPECT_OK(cudaEventElapsedTime(&ms, start, end));
  EXPECT_GE(ms, 5.0F);
  EXPECT_LT(ms, 5000.0F);
  EXPECT_OK(cudaEventElapsedTime(&ms, end, start));
  EXPECT_LE(ms, -5.0F);
  EXPECT_OK(cudaEventRecord(silent));
  expect(cudaEventElapsedTime(&ms, start, silent), cudaErrorInvalidResourceHandle);
  EXPECT_OK(cudaStreamWaitEvent(nullptr, silent));
  for (cudaEvent_t event : {start, end, silent})
    EXPECT_OK(cudaEventDestroy(event));
  expect(cudaEventRecord(start), cudaErrorInvalidResourceHandle);
}

TEST_F(CudaRuntime, HostThreadsShareTheDevice) {
  const int n = 20000;
  const std::vector<double> x = numbers(n);
  device_vector<double> dx(x), dy(std::vector<double>(x.size(), 0.0));
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread)
    threads.emplace_back([&] {
      device_vector<double> sum(std::vector<double>{0.0});
      for (int repetition = 0; repetition < 20; ++repetition)
        EXPECT_OK(launch(the().axpy, dim3((n + 255) / 256), 256, 0, nullptr, dy.data, dx.data, 0.5, n, sum.data));
    });
  for (std::thread& thread : threads)
    thread.join();
  const std::vector<double> y = dy.host();
  for (std::size_t i = 0; i < y.size(); ++i)
    ASSERT_NEAR(y[i], 40 * x[i], 1e-12);
}

// ---- graphs ----

TEST_F(CudaRuntime, CaptureRecordsAndLaunchRepeats) {
  const int n = 1000;
  const std::vector<double> x = numbers(n);
  std::vector<double> result(x.size());
  device_vector<double> dx(std::vector<double>(x.size(), 0.0)), dy(x), sum(std::vector<double>{0.0});
  cudaStream_t stream = nullptr, side = nullptr;
  cudaEvent_t fork = nullptr, join = nullptr;
  EXPECT_OK(cudaStreamCreate(&stream));
  EXPECT_OK(cudaStreamCreate(&side));
  EXPECT_OK(cudaEventCreate(&fork));
  EXPECT_OK(cudaEventCreate(&join));
  int calls = 0;

  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  EXPECT_OK(cudaStreamIsCapturing(stream, &status));
  EXPECT_EQ(status, cudaStreamCaptureStatusActive);
  EXPECT_OK(cudaMemcpyAsync(dx.data, x.data(), x.size() * sizeof(double), cudaMemcpyHostToDevice, stream));
  EXPECT_OK(cudaMemsetAsync(dy.data, 0, x.size() * sizeof(double), stream));
  EXPECT_OK(cudaEventRecord(fork, stream));
  EXPECT_OK(cudaStreamWaitEvent(side, fork));
  {
    double a = 3.0; // arguments are copied when the launch is recorded
    EXPECT_OK(launch(the().axpy, 8, 128, 0, side, dy.data, dx.data, a, n, sum.data));
    a = 0;
  }
  EXPECT_OK(cudaEventRecord(join, side));
  EXPECT_OK(cudaStreamWaitEvent(stream, join));
  EXPECT_OK(cudaLaunchHostFunc(stream, [](void* data) { ++*static_cast<int*>(data); }, &calls));
  EXPECT_OK(cudaMemcpyAsync(result.data(), dy.data, x.size() * sizeof(double), cudaMemcpyDeviceToHost, stream));
  cudaGraph_t graph = nullptr;
  EXPECT_OK(cudaStreamEndCapture(stream, &graph));
  EXPECT_EQ(calls, 0) << "nothing runs during a capture";
  EXPECT_EQ(dy.host(), x);

  std::size_t count = 0;
  EXPECT_OK(cudaGraphGetNodes(graph, nullptr, &count));
  ASSERT_EQ(count, 5U);
  std::array<cudaGraphNode_t, 5> nodes{};
  EXPECT_OK(cudaGraphGetNodes(graph, nodes.data(), &count));
  const cudaGraphNodeType types[] = {cudaGraphNodeTypeMemcpy, cudaGraphNodeTypeMemset, cudaGraphNodeTypeKernel,
                                     cudaGraphNodeTypeHost, cudaGraphNodeTypeMemcpy};
  for (std::size_t index = 0; index < count; ++index) {
    cudaGraphNodeType type{};
    EXPECT_OK(cudaGraphNodeGetType(nodes[index], &type));
    EXPECT_EQ(type, types[index]);
  }
  EXPECT_OK(cudaGraphGetRootNodes(graph, nullptr, &count));
  EXPECT_EQ(count, 1U);

  cudaGraphExec_t executable = nullptr;
  EXPECT_OK(cudaGraphInstantiate(&executable, graph, 0));
  for (int repetition = 1; repetition <= 3; ++repetition) {
    EXPECT_OK(cudaGraphLaunch(executable, stream));
    EXPECT_OK(cudaStreamSynchronize(stream));
    EXPECT_EQ(calls, repetition);
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(result[i], 3.0 * x[i]);
  }
  // Another factor, by the node of the kernel.
  cudaKernelNodeParams parameters{};
  EXPECT_OK(cudaGraphKernelNodeGetParams(nodes[2], &parameters));
  double factor = 7.0;
  std::array<void*, 5> arguments{};
  std::copy_n(parameters.kernelParams, 5, arguments.begin());
  arguments[2] = &factor;
  parameters.kernelParams = arguments.data();
  EXPECT_OK(cudaGraphExecKernelNodeSetParams(executable, nodes[2], &parameters));
  EXPECT_OK(cudaGraphLaunch(executable, stream));
  EXPECT_EQ(result[10], 7.0 * x[10]);

  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_OK(cudaGraphDestroy(graph));
  for (cudaStream_t each : {stream, side})
    EXPECT_OK(cudaStreamDestroy(each));
  for (cudaEvent_t event : {fork, join})
    EXPECT_OK(cudaEventDestroy(event));
}

TEST_F(CudaRuntime, CapturesThatCannotWork) {
  cudaStream_t stream = nullptr, side = nullptr;
  cudaEvent_t event = nullptr;
  cudaGraph_t graph = nullptr;
  void* pointer = nullptr;
  EXPECT_OK(cudaStreamCreate(&stream));
  EXPECT_OK(cudaStreamCreate(&side));
  EXPECT_OK(cudaEventCreate(&event));
  expect(cudaStreamBeginCapture(nullptr, cudaStreamCaptureModeGlobal), cudaErrorStreamCaptureUnsupported);
  expect(cudaStreamEndCapture(stream, &graph), cudaErrorIllegalState);

  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  expect(cudaStreamSynchronize(stream), cudaErrorStreamCaptureUnsupported);
  expect(cudaMemsetAsync(pointer, 0, 0, stream), cudaErrorStreamCaptureInvalidated);
  expect(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(graph, nullptr);

  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  expect(cudaMalloc(&pointer, 8), cudaErrorStreamCaptureUnsupported);
  expect(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);

  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  expect(launch(the().call_block, 1, 1, 0, nullptr, block_body([] {})), cudaErrorStreamCaptureImplicit);
  expect(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureInvalidated);

  // Relaxed: memory may be allocated.
  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed));
  EXPECT_OK(cudaMalloc(&pointer, 8));
  EXPECT_OK(cudaEventRecord(event, stream));
  EXPECT_OK(cudaStreamWaitEvent(side, event));
  EXPECT_OK(launch(the().call_block, 1, 1, 0, side, block_body([] {})));
  expect(cudaStreamEndCapture(stream, &graph), cudaErrorStreamCaptureUnjoined);
  expect(cudaEventSynchronize(event), cudaErrorCapturedEvent);
  EXPECT_OK(cudaFree(pointer));
  EXPECT_OK(launch(the().call_block, 1, 1, 0, side, block_body([] {})));

  EXPECT_OK(cudaEventDestroy(event));
  EXPECT_OK(cudaStreamDestroy(stream));
  EXPECT_OK(cudaStreamDestroy(side));
}

TEST_F(CudaRuntime, CapturedAllocationsLiveWithTheGraph) {
  const int n = 300;
  const std::vector<double> x = numbers(n);
  device_vector<double> dx(x), dy(x), sum(std::vector<double>{0.0});
  cudaStream_t stream = nullptr;
  EXPECT_OK(cudaStreamCreate(&stream));
  double* scratch = nullptr;
  void* kept = nullptr;
  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  EXPECT_OK(cudaMallocAsync(reinterpret_cast<void**>(&scratch), n * sizeof(double), stream));
  ASSERT_NE(scratch, nullptr);
  EXPECT_OK(cudaMemsetAsync(scratch, 0, n * sizeof(double), stream));
  EXPECT_OK(launch(the().axpy, 3, 128, 0, stream, scratch, dx.data, 2.0, n, sum.data));
  EXPECT_OK(cudaMemcpyAsync(dy.data, scratch, n * sizeof(double), cudaMemcpyDeviceToDevice, stream));
  EXPECT_OK(cudaFreeAsync(scratch, stream));
  EXPECT_OK(cudaMallocAsync(&kept, 64, stream)); // to be freed by who launches
  cudaGraph_t graph = nullptr, clone = nullptr;
  EXPECT_OK(cudaStreamEndCapture(stream, &graph));
  std::size_t count = 6;
  std::array<cudaGraphNode_t, 6> nodes{};
  EXPECT_OK(cudaGraphGetNodes(graph, nodes.data(), &count));
  ASSERT_EQ(count, 6U);
  cudaGraphNodeType type{};
  EXPECT_OK(cudaGraphNodeGetType(nodes[0], &type));
  EXPECT_EQ(type, cudaGraphNodeTypeMemAlloc);
  EXPECT_OK(cudaGraphNodeGetType(nodes[4], &type));
  EXPECT_EQ(type, cudaGraphNodeTypeMemFree);

  // Of the graph, its clone and the executable, the last one that is left keeps the memory.
  EXPECT_OK(cudaGraphClone(&clone, graph));
  EXPECT_OK(cudaGraphDestroy(graph));
  cudaGraphExec_t executable = nullptr;
  EXPECT_OK(cudaGraphInstantiate(&executable, clone, 0));
  EXPECT_OK(cudaGraphDestroy(clone));
  cudaPointerAttributes attributes{};
  EXPECT_OK(cudaPointerGetAttributes(&attributes, scratch));
  EXPECT_EQ(attributes.type, cudaMemoryTypeDevice);
  for (int repetition = 0; repetition < 2; ++repetition) {
    EXPECT_OK(cudaMemset(dy.data, 0, n * sizeof(double)));
    EXPECT_OK(cudaGraphLaunch(executable, stream));
    const std::vector<double> y = dy.host();
    for (std::size_t i = 0; i < y.size(); ++i)
      ASSERT_EQ(y[i], 2.0 * x[i]);
    EXPECT_OK(cudaMemset(kept, 0, 64));
    EXPECT_OK(repetition == 0 ? cudaFreeAsync(kept, stream) : cudaFree(kept));
  }
  EXPECT_OK(cudaGraphExecDestroy(executable));
  EXPECT_OK(cudaPointerGetAttributes(&attributes, scratch));
  EXPECT_EQ(attributes.type, cudaMemoryTypeUnregistered);

  // A capture cannot free what is not a graph's: its second launch would free it again.
  void* pointer = nullptr;
  EXPECT_OK(cudaMallocAsync(&pointer, 8, stream));
  EXPECT_OK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal));
  expect(cudaFreeAsync(pointer, stream), cudaErrorInvalidValue);
  EXPECT_OK(cudaStreamEndCapture(stream, &graph));
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaFreeAsync(pointer, stream));
  EXPECT_OK(cudaStreamDestroy(stream));
}

TEST_F(CudaRuntime, GraphsByHand) {
  static std::vector<int> order;
  order.clear();
  cudaGraph_t graph = nullptr, clone = nullptr;
  EXPECT_OK(cudaGraphCreate(&graph, 0));
  std::array<cudaGraphNode_t, 3> nodes{};
  static std::array<int, 3> names{0, 1, 2};
  for (std::size_t index = 0; index < 3; ++index) {
    const cudaHostNodeParams call{[](void* name) { order.push_back(*static_cast<int*>(name)); }, &names[index]};
    EXPECT_OK(cudaGraphAddHostNode(&nodes[index], graph, nullptr, 0, &call));
  }
  EXPECT_OK(cudaGraphAddDependencies(graph, &nodes[2], &nodes[0], nullptr, 1));
  EXPECT_OK(cudaGraphAddDependencies(graph, &nodes[1], &nodes[2], nullptr, 1));
  EXPECT_OK(cudaGraphClone(&clone, graph));
  for (cudaGraph_t each : {graph, clone}) {
    order.clear();
    cudaGraphExec_t executable = nullptr;
    EXPECT_OK(cudaGraphInstantiate(&executable, each, 0));
    EXPECT_OK(cudaGraphLaunch(executable, nullptr));
    EXPECT_EQ(order, (std::vector<int>{1, 2, 0}));
    EXPECT_OK(cudaGraphExecDestroy(executable));
  }
  EXPECT_OK(cudaGraphAddDependencies(graph, &nodes[0], &nodes[1], nullptr, 1)); // a cycle
  cudaGraphExec_t executable = nullptr;
  expect(cudaGraphInstantiate(&executable, graph, 0), cudaErrorInvalidValue);
  EXPECT_OK(cudaGraphDestroy(graph));
  EXPECT_OK(cudaGraphDestroy(clone));
}

// ---- the device ----

TEST_F(CudaRuntime, DeviceDescribesItself) {
  int count = 0, device = -1, value = 0;
  EXPECT_OK(cudaGetDeviceCount(&count));
  EXPECT_EQ(count, 1);
  EXPECT_OK(cudaGetDevice(&device));
  EXPECT_EQ(device, 0);
  cudaDeviceProp properties;
  EXPECT_OK(cudaGetDeviceProperties(&properties, 0));
  EXPECT_NE(std::string(properties.name).find("CPU"), std::string::npos);
  EXPECT_EQ(properties.warpSize, 32);
  EXPECT_EQ(properties.maxThreadsPerBlock, 1024);
  EXPECT_GT(properties.totalGlobalMem, std::size_t(1) << 20);
  EXPECT_OK(cudaDeviceGetAttribute(&value, cudaDevAttrMultiProcessorCount, 0));
  EXPECT_EQ(value, properties.multiProcessorCount);
  EXPECT_OK(cudaDeviceGetAttribute(&value, cudaDevAttrComputeCapabilityMajor, 0));
  EXPECT_EQ(value, properties.major);
  expect(cudaGetDeviceProperties(&properties, 1), cudaErrorInvalidDevice);
  std::size_t free = 0, total = 0;
  EXPECT_OK(cudaMemGetInfo(&free, &total));
  EXPECT_LE(free, total);
  EXPECT_EQ(total, properties.totalGlobalMem);
  EXPECT_OK(cudaDeviceSynchronize());
}

TEST_F(CudaRuntime, OccupancyIsThatOfAMultiprocessor) {
  int blocks = 0;
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, the().call.handle(), 256, 0));
  EXPECT_EQ(blocks, 8);
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, the().call.handle(), 32, 0));
  EXPECT_EQ(blocks, 32);
  EXPECT_OK(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, the().call.handle(), 64, 100 * 1024));
  EXPECT_EQ(blocks, 2);
  int grid = 0, block = 0;
  EXPECT_OK(cudaOccupancyMaxPotentialBlockSize(&grid, &block, the().call.handle(), 0, 0));
  EXPECT_EQ(block, 1024);
  EXPECT_GT(grid, 0);
  std::size_t shared = 0;
  EXPECT_OK(cudaOccupancyAvailableDynamicSMemPerBlock(&shared, the().call.handle(), 2, 64));
  EXPECT_EQ(shared, 113U * 1024);
  const char* name = nullptr;
  EXPECT_OK(cudaFuncGetName(&name, the().axpy.handle()));
  EXPECT_STREQ(name, "_Z4axpyPdPKddiS_");
}

// ---- printf ----

TEST_F(CudaRuntime, PrintfReadsPackedArguments) {
  struct {
    int i = -7;
    double d = 2.5;
    const char* s = "text";
    long long l = 1LL << 40;
    int width = 6;
    double e = 0.125;
    int c = 'z';
    unsigned int u = 255;
  } packed;
  testing::internal::CaptureStdout();
  const int count =
      __adstencil_vprintf("%d|%.3f|%5s|%lld|%*g|%c|%#x|100%%|%q|\n", reinterpret_cast<const char*>(&packed));
  std::fflush(stdout);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "-7|2.500| text|1099511627776| 0.125|z|0xff|100%|%q|\n");
  EXPECT_EQ(count, 8);
  EXPECT_EQ(__adstencil_vprintf(nullptr, nullptr), -1);
}

// ---- the environment ----
// These run this program again, because the environment is read once.

/// Runs one test of this program with an environment; returns what it printed.
std::string run_self(const std::string& environment, const std::string& filter, int& status) {
  std::array<char, 4096> path{};
  const auto length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  const std::string command = environment + " '" + std::string(path.data(), static_cast<std::size_t>(length)) +
                              "' --gtest_also_run_disabled_tests --gtest_output= --gtest_filter=" + filter + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  std::array<char, 512> buffer{};
  while (fgets(buffer.data(), static_cast<int>(buffer.size()), pipe))
    output += buffer.data();
  status = pclose(pipe);
  return output;
}

TEST_F(CudaRuntime, DISABLED_PrintReduction) {
  const int n = 1 << 20;
  const std::vector<double> x = numbers(n);
  device_vector<double> dx(x), dy(x), sum(std::vector<double>{1.0 / 3});
  EXPECT_OK(launch(the().axpy, dim3(n / 512, 2), 256, 0, nullptr, dy.data, dx.data, 1.0, n, sum.data));
  cudaDeviceProp properties;
  EXPECT_OK(cudaGetDeviceProperties(&properties, 0));
  std::printf("sum %a with %d\n", sum.host()[0], properties.multiProcessorCount);
}

TEST_F(CudaRuntime, AnyNumberOfThreadsGivesTheSameBits) {
  std::string first;
  for (const char* threads : {"1", "2", "3", "8"}) {
    int status = 0;
    const std::string output =
        run_self(std::string("ADSTENCIL_NUM_THREADS=") + threads, "CudaRuntime.DISABLED_PrintReduction", status);
    ASSERT_EQ(status, 0) << output;
    const std::size_t begin = output.find("sum ");
    const std::size_t end = output.find(" with ", begin);
    ASSERT_NE(end, std::string::npos) << output;
    EXPECT_EQ(output.substr(end + 6, 1), threads);
    const std::string sum = output.substr(begin, end - begin);
    if (first.empty())
      first = sum;
    EXPECT_EQ(sum, first) << threads;
  }
}

TEST_F(CudaRuntime, BadEnvironmentIsAnError) {
  for (const char* bad : {"0", "-2", "many", "4x", "99999999999999999999"}) {
    int status = 0;
    const std::string output =
        run_self(std::string("ADSTENCIL_NUM_THREADS=") + bad, "CudaRuntime.DISABLED_PrintReduction", status);
    EXPECT_NE(status, 0);
    EXPECT_NE(output.find("ADSTENCIL_NUM_THREADS is '" + std::string(bad) + "'"), std::string::npos) << output;
  }
  int status = 0;
  std::string output = run_self("ADSTENCIL_DEVICE=gpu", "CudaRuntime.DISABLED_PrintReduction", status);
  EXPECT_NE(output.find("ADSTENCIL_DEVICE is 'gpu'; it can be auto, cpu or cuda"), std::string::npos) << output;
  output = run_self("ADSTENCIL_DEVICE=cuda", "CudaRuntime.DISABLED_PrintReduction", status);
  EXPECT_NE(output.find("compiled for the CPU only"), std::string::npos) << output;
}

TEST_F(CudaRuntime, DISABLED_PrintFresh) {
  double* pointer = nullptr;
  EXPECT_OK(cudaMalloc(&pointer, 80));
  double value = 0;
  EXPECT_OK(cudaMemcpy(&value, pointer + 3, sizeof value, cudaMemcpyDeviceToHost));
  std::printf("fresh %s\n", std::isnan(value) ? "nan" : "number");
  EXPECT_OK(cudaFree(pointer));
}

TEST_F(CudaRuntime, PoisonFillsFreshMemory) {
  int status = 0;
  EXPECT_NE(run_self("ADSTENCIL_DEVICE_POISON=1", "CudaRuntime.DISABLED_PrintFresh", status).find("fresh nan"),
            std::string::npos);
}

} // namespace
