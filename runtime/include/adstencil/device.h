// The choice of the device at start-up, for programs with an option --device.
//
// A CUDA program built with adstencil's device=auto carries code for a GPU and for the CPU as a device, and decides
// when it first touches the CUDA runtime; the environment variable ADSTENCIL_DEVICE has the say. What this header does
// is to set that variable in time, and to turn a device that cannot be had into an exception.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <adstencil/cuda_error.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace adstencil {

/// Thrown when the device that was asked for cannot be had; the message says why.
class device_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

#ifdef ADSTENCIL_HAS_CUDA_API

/// The name of the current device, as cudaGetDeviceProperties gives it. Throws cuda_error.
inline std::string device_name(std::source_location where = std::source_location::current()) {
  int device = 0;
  cuda_check(cudaGetDevice(&device), "cudaGetDevice", where);
  cudaDeviceProp properties;
  cuda_check(cudaGetDeviceProperties(&properties, device), "cudaGetDeviceProperties", where);
  return properties.name;
}

/// Makes the program run on `choice`: "cuda" (a GPU), "cpu" (the CPU as a device), or "auto" (a GPU if there is one and
/// the program has code for it, or else the CPU; an ADSTENCIL_DEVICE that the user set is kept). To be called before
/// anything else touches CUDA. Returns the name of the device. Throws std::invalid_argument for any other choice, and
/// device_error when the device cannot be had.
inline std::string use_device(const std::string& choice) {
  if (choice != "auto" && choice != "cpu" && choice != "cuda")
    throw std::invalid_argument("device '" + choice + "': it can be auto, cpu or cuda");
  if (setenv("ADSTENCIL_DEVICE", choice.c_str(), choice != "auto") != 0)
    throw device_error("the environment cannot be changed");
  int devices = 0;
  const cudaError_t error = cudaGetDeviceCount(&devices);
  if (error != cudaSuccess || devices == 0)
    throw device_error("no device for '" + choice +
                       "': " + (error == cudaSuccess ? std::string("none was found") : cudaGetErrorString(error)));
  const std::string name = device_name();
  // The name that runtime/cuda gives to the CPU. A program linked with CUDA's own library does not know
  // ADSTENCIL_DEVICE, and one that touched CUDA before has made its choice.
  const bool cpu = name.starts_with("CPU (adstencil");
  if ((choice == "cpu" && !cpu) || (choice == "cuda" && cpu))
    throw device_error("no device for '" + choice + "': the program runs on " + name +
                       (cpu ? " already" : "; it was compiled for GPUs only, or had chosen one already"));
  return name;
}

#endif

} // namespace adstencil
