// What a CUDA kernel compiled for CPU cores looks like to the runtime.
//
// The plugin (plugin/device/) writes a descriptor for every kernel of a file and registers it when the program starts;
// runtime/cuda/ executes launches of it. Both sides follow this header; a change here is a change on both sides.
//
// A kernel is compiled to one of four kinds:
//
//   points    threads are independent and use their indices only as block * block size + thread: the grid is one box of
//             points. The unit of work is `chunk` consecutive points in x of one row (y, z).
//   blocks    threads are independent (no barrier, shuffle or vote). The unit is a block.
//   threads   threads of a block wait for each other. The unit is a block; each thread is a fiber.
//   parts     the kernel divides its work itself: the unit is one of `chunk` parts.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstdint>

extern "C" {

struct adstencil_launch {
  std::uint32_t grid[3];        ///< blocks per axis
  std::uint32_t block[3];       ///< threads per axis
  std::uint64_t dynamic_shared; ///< bytes asked for in <<<>>>
  std::uint64_t chunk;          ///< points: points in x per unit; parts: units. A function of grid and block only
  double* partials;             ///< [unit * reductions + slot]: sums of active scalars, written by run
  void** shadows;               ///< [slot]: where the sum is to be added; run stores it (relaxed atomic)
  std::uint32_t alone;          ///< nothing else runs on the device: float sums need not be atomic
  std::uint32_t phase;          ///< which of the kernel's phases runs
};

/// The calling thread, for kernels of kind `threads`.
struct adstencil_thread {
  const adstencil_launch* launch;
  std::uint32_t thread[3]; ///< threadIdx
  std::uint32_t block[3];  ///< blockIdx
  char* shared; ///< static shared memory of the block, then the dynamic part (at static_shared rounded up to 16)
  std::uint64_t linear; ///< thread[0] + block size * ...; warp = linear / 32, lane = linear % 32
};

enum adstencil_kind : std::uint32_t {
  adstencil_points = 0,
  adstencil_blocks = 1,
  adstencil_threads = 2,
  adstencil_parts = 3
};

struct adstencil_kernel {
  const void* handle;          ///< the address of the host stub: what cudaLaunchKernel receives
  const char* name;            ///< mangled name of the kernel
  std::uint32_t kind;          ///< adstencil_kind
  std::uint32_t max_threads;   ///< most threads of a block (launch bounds), 1024 by default
  std::uint64_t static_shared; ///< bytes
  std::uint32_t parameters;
  std::uint32_t reductions;             ///< active scalars whose sums over the grid are wanted
  const std::uint32_t* parameter_bytes; ///< [parameters]
  const std::uint32_t* reduction_bytes; ///< [reductions]: 4 for float, 8 for double
  /// points, blocks, parts: executes units [begin, end). For points, with n = grid * block per axis and c = ceil(n[0] /
  /// chunk), unit u is the points x in [chunk * (u % c), ...) of row y = u / c % n[1], z = u / c / n[1]. For blocks,
  /// unit u is the block u % grid[0], u / grid[0] % grid[1], ... `shared` is the block's shared memory, aligned to 128
  /// bytes. `args` is what cudaLaunchKernel receives: one pointer per parameter.
  void (*run)(void** args, const adstencil_launch* launch, std::uint64_t begin, std::uint64_t end, char* shared);
  /// threads: the body of one thread.
  void (*thread)(void** args, adstencil_thread* self);
  adstencil_kernel* next; ///< the runtime's list
  std::uint32_t adds = 0; ///< it adds floating-point numbers atomically, which is slow on few cores
  std::uint32_t phases =
      1; ///< passes over all units; each begins when the one before has ended. Sums are those of the first
};

/// Called from the module's constructor. The descriptor and the strings live as long as the program.
void __adstencil_register_kernel(adstencil_kernel* kernel);
/// A __device__, __constant__ or __managed__ variable: on the CPU device its host shadow and the variable are one.
void __adstencil_register_variable(const void* symbol, const char* name, std::uint64_t bytes);

// ---- what generated code of kind `threads` calls ----

/// The thread that runs on the calling fiber (for functions that could not be inlined).
adstencil_thread* __adstencil_this_thread();
/// __syncthreads, and its counting and voting forms. `kind`: 0 none, 1 count, 2 and, 3 or.
int __adstencil_barrier(adstencil_thread* self, int kind, int predicate);
/// __syncwarp.
void __adstencil_warp_barrier(adstencil_thread* self, std::uint32_t mask);
/// shfl.sync: the operands of llvm.nvvm.shfl.sync.*; `kind`: 0 idx, 1 up, 2 down, 3 bfly. `valid` may be null.
std::uint32_t __adstencil_shuffle(adstencil_thread* self, int kind, std::uint32_t mask, std::uint32_t value,
                                  std::uint32_t b, std::uint32_t c, std::uint32_t* valid);
/// vote.sync: `kind`: 0 ballot, 1 all, 2 any, 3 uni.
std::uint32_t __adstencil_vote(adstencil_thread* self, int kind, std::uint32_t mask, int predicate);
/// match.any.sync (kind 0) and match.all.sync (kind 1, `all` receives the predicate) of a value of 4 or 8 bytes.
std::uint32_t __adstencil_match(adstencil_thread* self, int kind, std::uint32_t mask, std::uint64_t value, int* all);
/// redux.sync: `kind`: 0 add, 1 umin, 2 umax, 3 min, 4 max, 5 and, 6 or, 7 xor.
std::uint32_t __adstencil_reduce_warp(adstencil_thread* self, int kind, std::uint32_t mask, std::uint32_t value);
/// __activemask: the lanes of the warp that are at this call together (told apart by the return address, so calls
/// must not be merged).
[[clang::nomerge, clang::convergent]] std::uint32_t __adstencil_active_mask(adstencil_thread* self);

// ---- what generated code of any kind calls ----

/// printf from a kernel: `packed` holds the arguments at their natural alignment, integers at least 4 and
/// floating-point numbers 8 bytes wide (the layout of CUDA's vprintf).
int __adstencil_vprintf(const char* format, const char* packed);
/// __trap() in a kernel: says which, and ends the launch with cudaErrorLaunchFailure.
[[noreturn]] void __adstencil_trapped(const char* kernel);
/// assert() in a kernel: prints CUDA's message and ends the launch with cudaErrorAssert.
[[noreturn]] void __adstencil_assert_failed(const char* message, const char* file, std::uint32_t line,
                                            const char* function);

} // extern "C"
