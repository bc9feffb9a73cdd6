// See device_choice.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "device_choice.h"

#include "registration.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <mutex>
#include <string_view>

namespace adstencil::cuda_runtime {
namespace {

std::atomic<device_kind> chosen{device_kind::undecided};
std::atomic<void*> library{nullptr};

/// Loads the CUDA runtime library; null if there is none.
void* load_library() {
  if (const char* named = std::getenv("ADSTENCIL_CUDART")) {
    void* loaded = dlopen(named, RTLD_NOW | RTLD_LOCAL);
    if (!loaded)
      std::fprintf(stderr, "adstencil: ADSTENCIL_CUDART: %s\n", dlerror());
    return loaded;
  }
  for (const char* name : {"libcudart.so.13", "libcudart.so.12", "libcudart.so"})
    if (void* loaded = dlopen(name, RTLD_NOW | RTLD_LOCAL))
      return loaded;
  return nullptr;
}

/// Says why no GPU can be used, or returns null when one can.
const char* why_no_gpu() {
  if (!has_gpu_code())
    return "the program was compiled for the CPU only (device=auto carries both)";
  void* loaded = load_library();
  if (!loaded)
    return "no CUDA runtime library could be loaded (libcudart.so.13, libcudart.so.12, libcudart.so; ADSTENCIL_CUDART "
           "names another)";
  library = loaded;
  auto* count_devices = reinterpret_cast<int (*)(int*)>(dlsym(loaded, "cudaGetDeviceCount"));
  int count = 0;
  if (!count_devices || count_devices(&count) != 0 || count == 0)
    return "the CUDA runtime library finds no device";
  return nullptr;
}

device_kind choose() {
  const char* variable = std::getenv("ADSTENCIL_DEVICE");
  const std::string_view wish = variable ? variable : "auto";
  if (wish == "cpu")
    return device_kind::cpu;
  if (wish != "auto" && wish != "cuda" && !wish.empty()) {
    std::fprintf(stderr, "adstencil: ADSTENCIL_DEVICE is '%s'; it can be auto, cpu or cuda\n", variable);
    return device_kind::none;
  }
  const char* reason = why_no_gpu();
  if (!reason)
    return device_kind::gpu;
  if (wish != "cuda")
    return device_kind::cpu;
  std::fprintf(stderr, "adstencil: ADSTENCIL_DEVICE=cuda, but %s\n", reason);
  return device_kind::none;
}

} // namespace

device_kind chosen_device() {
  const device_kind known = chosen.load(std::memory_order_acquire);
  if (known != device_kind::undecided)
    return known;
  static std::once_flag once;
  std::call_once(once, [] {
    const device_kind choice = choose();
    // Before other threads learn of the choice and launch what is registered.
    if (choice == device_kind::gpu)
      replay_registrations();
    chosen.store(choice, std::memory_order_release);
  });
  return chosen.load(std::memory_order_acquire);
}

void* gpu_symbol(const char* name) {
  void* found = dlsym(library.load(), name);
  if (!found) {
    std::fprintf(stderr, "adstencil: the CUDA runtime library has no function '%s'\n", name);
    std::abort();
  }
  return found;
}

} // namespace adstencil::cuda_runtime
