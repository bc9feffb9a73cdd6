// What a kernel of the library has to say about itself so that the laws of laws_test.cpp can be checked on it.
//
// A kernel file is compiled once for every variant (optimisation level × precision). The build defines
//
//     LAW_VARIANT   the namespace the kernels are compiled in, e.g. O0_f64
//     LAW_REAL      float or double
//
// and the file registers each kernel with the data it runs on and the arguments of its calls:
//
//     LAW_CASE(scale, arrays(out("y", 20), in("x", 20)),
//              (x[0], x[1], 20),                      // scale(y, x, n)
//              (x[0], xb[0], x[1], xb[1], 20))        // __vjp_scale, __adjoint_scale, __tangent_scale
//         .reference([](call_arguments) { ... });     // optional: a slow, obvious adjoint
//
// In those lists `x[i]` is the i-th array, `xb[i]` its shadow and `ix[i]` the i-th integer array. An active scalar is
// an array of one element, passed as `*x[i], xb[i]`.
//
// Kernels that work in memory of their own, as on a GPU, are registered by tests/cuda/laws/cuda_laws.h: it names the
// memory, and the engine copies the arrays there and back around each call. `hx[i]` is the host's copy of `x[i]`, and
// `shape` numbers the launch among those that have to give the same result.
//
// Without the plugin (no __ADSTENCIL__) the derivatives are null, and only the laws that need none are checked.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace laws {

/// What a kernel does with an array. `in` is only read, `out` may be written (whether or not it is read before),
/// `inactive` has no shadow at all, and `frozen` is read but left out of the derivative by [[adstencil::wrt]]: its
/// shadow is zero.
enum class role { in, out, inactive, frozen };

/// One array of a case: its length and the values it starts with, uniform in [lo, hi] or given per index by `init`.
/// Values are rounded to float, so that both precisions run on the same numbers.
struct array_spec {
  std::string name;
  std::size_t size;
  role kind;
  double lo = 0.5;
  double hi = 1.5;
  double (*init)(std::size_t index, double random) = nullptr;
};

inline array_spec in(const char* name, std::size_t size, double lo = 0.5, double hi = 1.5) {
  return {name, size, role::in, lo, hi, nullptr};
}
inline array_spec in(const char* name, std::size_t size, double (*init)(std::size_t, double)) {
  return {name, size, role::in, 0, 1, init};
}
inline array_spec out(const char* name, std::size_t size, double lo = 0.5, double hi = 1.5) {
  return {name, size, role::out, lo, hi, nullptr};
}
inline array_spec out(const char* name, std::size_t size, double (*init)(std::size_t, double)) {
  return {name, size, role::out, 0, 1, init};
}
inline array_spec inactive(const char* name, std::size_t size, double lo = 0.5, double hi = 1.5) {
  return {name, size, role::inactive, lo, hi, nullptr};
}
inline array_spec frozen(const char* name, std::size_t size, double lo = 0.5, double hi = 1.5) {
  return {name, size, role::frozen, lo, hi, nullptr};
}

/// Either sign, and at least 0.2 away from zero: for kernels that branch on the sign of their data.
inline double either_sign(std::size_t, double random) {
  return random < 0.5 ? -1.2 + 2 * random : 0.2 + 2 * (random - 0.5);
}

template <class... Specs>
std::vector<array_spec> arrays(Specs... specs) {
  return {std::move(specs)...};
}

/// A call of the primal or of a derivative on the arrays of a case.
template <class Real>
using call = void (*)(Real* const* x, Real* const* xb, int* const* ix, const Real* const* hx, unsigned shape);

/// Memory that is not the host's, in which the arrays of a case live during a call. Where nothing else is said,
/// functions report errors by exceptions.
class memory {
public:
  virtual ~memory() = default;
  virtual void* allocate(std::size_t bytes) const = 0;
  virtual void release(void* block) const noexcept = 0;
  virtual void upload(void* block, const void* host, std::size_t bytes) const = 0;
  virtual void download(void* host, const void* block, std::size_t bytes) const = 0;
  /// Waits until everything that was launched is done.
  virtual void finish() const = 0;
  /// Why there is no such memory on this machine; empty if there is.
  virtual std::string unavailable() const = 0;
};

/// What stays the same, bit for bit, when a derivative is called again. Elsewhere results agree to rounding, because
/// contributions to one cell come in any order.
enum class same_bits {
  always, ///< for every shape of the launch and number of threads
  launch, ///< for the same shape: sums of active scalars follow the blocks
  never
};

template <class Real>
struct law_case {
  std::string variant;
  std::string kernel;
  std::vector<array_spec> arrays;
  std::vector<std::vector<int>> integers;
  call<Real> primal = nullptr;
  call<Real> vjp = nullptr;
  call<Real> adjoint = nullptr;
  call<Real> tangent = nullptr;
  call<Real> reference = nullptr; ///< what `adjoint` has to do, written by hand, for arrays of the host
  const memory* where = nullptr;  ///< null: the host's
  unsigned shapes = 1;            ///< launches that give the same result
  same_bits bits = same_bits::always;
  bool one_precision = false; ///< has no twin in double precision
  double loosen = 1;          ///< factor on comparisons of arrays (not on the dot product)
  double step = 2e-4;         ///< largest step of difference quotients
  unsigned seed = 1;
};

/// Every registered case of one precision.
template <class Real>
std::vector<law_case<Real>>& cases() {
  static std::vector<law_case<Real>> all;
  return all;
}

/// Completes the case that was registered last; what LAW_CASE evaluates to.
template <class Real>
struct registration {
  std::size_t index;
  law_case<Real>& get() const { return cases<Real>()[index]; }
  registration integers(std::vector<std::vector<int>> values) const {
    return get().integers = std::move(values), *this;
  }
  registration reference(call<Real> adjoint) const { return get().reference = adjoint, *this; }
  registration loosen(double factor) const { return get().loosen = factor, *this; }
  registration step(double largest) const { return get().step = largest, *this; }
  registration seed(unsigned value) const { return get().seed = value, *this; }
  registration launched(const memory& where, unsigned shapes) const {
    return get().where = &where, get().shapes = shapes, *this;
  }
  registration bits(same_bits which) const { return get().bits = which, *this; }
  registration one_precision() const { return get().one_precision = true, *this; }
  registration one_shape() const { return get().shapes = 1, *this; }
};

template <class Real>
registration<Real> add(const char* variant, const char* kernel, std::vector<array_spec> arrays, call<Real> primal,
                       call<Real> vjp, call<Real> adjoint, call<Real> tangent) {
  law_case<Real> added{variant, kernel, std::move(arrays), {}, primal, vjp, adjoint, tangent};
  cases<Real>().push_back(std::move(added));
  return {cases<Real>().size() - 1};
}

} // namespace laws

#ifdef LAW_VARIANT

#include <adstencil/adstencil.h>

namespace LAW_VARIANT {
using real = LAW_REAL;
using laws::arrays, laws::in, laws::out, laws::inactive, laws::frozen, laws::either_sign;
} // namespace LAW_VARIANT

#define LAW_STRING_(text) #text
#define LAW_STRING(text) LAW_STRING_(text)

#define call_arguments                                                                                                 \
  [[maybe_unused]] real *const *x, [[maybe_unused]] real *const *xb, [[maybe_unused]] int *const *ix,                  \
      [[maybe_unused]] const real *const *hx, [[maybe_unused]] unsigned shape

#ifdef __ADSTENCIL__
#define LAW_DERIVATIVE(function, arguments) [](call_arguments) { function arguments; }
#else
#define LAW_DERIVATIVE(function, arguments) nullptr
#endif

#define LAW_CASE(kernel, specs, primal_arguments, derivative_arguments)                                                \
  [[maybe_unused]] static const laws::registration<real> law_of_##kernel = laws::add<real>(                            \
      LAW_STRING(LAW_VARIANT), #kernel, specs, [](call_arguments) { kernel primal_arguments; },                        \
      LAW_DERIVATIVE(__vjp_##kernel, derivative_arguments), LAW_DERIVATIVE(__adjoint_##kernel, derivative_arguments),  \
      LAW_DERIVATIVE(__tangent_##kernel, derivative_arguments))

#endif // LAW_VARIANT
