// printf and assert in kernels.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "fibers.h"
#include "trap.h"

#include "adstencil/device/abi.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

/// Reads the arguments of a printf one after the other, each at its natural alignment.
class argument_reader {
public:
  explicit argument_reader(const char* packed) : packed_(packed) {}

  template <class T>
  T next() {
    offset_ = (offset_ + sizeof(T) - 1) / sizeof(T) * sizeof(T);
    T value;
    std::memcpy(&value, packed_ + offset_, sizeof value);
    offset_ += sizeof value;
    ++count_;
    return value;
  }
  int count() const { return count_; }

private:
  const char* packed_;
  std::size_t offset_ = 0;
  int count_ = 0;
};

template <class T>
void append(std::string& out, const std::string& specification, T value) {
  const int length = std::snprintf(nullptr, 0, specification.c_str(), value);
  if (length < 0)
    return;
  const std::size_t old = out.size();
  out.resize(old + static_cast<std::size_t>(length) + 1); // snprintf ends with a null character
  std::snprintf(out.data() + old, static_cast<std::size_t>(length) + 1, specification.c_str(), value);
  out.pop_back();
}

/// Formats one conversion, whose specification (without its conversion character) is `specification`.
void convert(std::string& out, std::string specification, std::string_view length, char conversion,
             argument_reader& arguments) {
  specification += conversion;
  const bool wide = length == "l" || length == "ll" || length == "z" || length == "j" || length == "t";
  switch (conversion) {
  case 'd':
  case 'i':
  case 'u':
  case 'o':
  case 'x':
  case 'X':
    if (wide)
      append(out, specification, arguments.next<long long>());
    else
      append(out, specification, arguments.next<int>());
    break;
  case 'c':
    append(out, specification, arguments.next<int>());
    break;
  case 's': {
    const char* text = arguments.next<const char*>();
    append(out, specification, text ? text : "(null)");
    break;
  }
  case 'p':
    append(out, specification, arguments.next<void*>());
    break;
  default:
    append(out, specification, arguments.next<double>());
  }
}

constexpr std::string_view conversions = "diuoxXcspeEfFgGaA";

/// Formats what is between a '%' (at `at`) and its conversion character; returns the position behind it. What is not a
/// conversion is copied.
std::size_t format_one(std::string& out, std::string_view format, std::size_t at, argument_reader& arguments) {
  std::size_t end = at + 1;
  if (end < format.size() && format[end] == '%') {
    out += '%';
    return end + 1;
  }
  std::string specification = "%";
  std::string length;
  for (; end < format.size(); ++end) {
    const char c = format[end];
    if (conversions.find(c) != std::string_view::npos) {
      convert(out, specification, length, c, arguments);
      return end + 1;
    }
    if (c == '*') {
      specification += std::to_string(arguments.next<int>()); // width or precision
      continue;
    }
    if (std::string_view("hlzjtL").find(c) != std::string_view::npos)
      length += c;
    else if (std::string_view("-+ #0123456789.").find(c) == std::string_view::npos)
      break;
    if (c != 'L') // device code has no long double: %Lf prints a double
      specification += c;
  }
  out += format.substr(at, end - at);
  return end;
}

} // namespace

int __adstencil_vprintf(const char* format, const char* packed) {
  if (!format)
    return -1;
  const std::string_view text(format);
  argument_reader arguments(packed);
  std::string out;
  for (std::size_t at = 0; at < text.size();)
    if (text[at] == '%')
      at = format_one(out, text, at, arguments);
    else
      out += text[at++];
  std::fwrite(out.data(), 1, out.size(), stdout); // one piece: threads do not interleave within a call
  return arguments.count();                       // CUDA's printf returns this, not the number of characters
}

void __adstencil_trapped(const char* kernel) {
  const bool is_vjp = std::strstr(kernel, "__vjp_") != nullptr || std::strstr(kernel, "vjp_mode") != nullptr;
  std::fprintf(stderr, "adstencil: kernel '%s' stopped itself%s\n", kernel,
               is_vjp
                   ? ": a thread stores to a cell twice, or reads one that it has stored to, and the shadow could not "
                     "be kept; use __adjoint_"
                   : " (__trap)");
  adstencil::cuda_runtime::abandon_block(cudaErrorLaunchFailure);
  adstencil::cuda_runtime::trap(cudaErrorLaunchFailure);
  std::abort(); // device code that runs outside of a launch
}

void __adstencil_assert_failed(const char* message, const char* file, std::uint32_t line, const char* function) {
  std::fprintf(stderr, "%s:%u: %s: Assertion `%s` failed.\n", file, line, function, message);
  adstencil::cuda_runtime::abandon_block(cudaErrorAssert);
  adstencil::cuda_runtime::trap(cudaErrorAssert);
  std::abort(); // device code that runs outside of a launch
}
