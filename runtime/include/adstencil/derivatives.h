// Derivatives of callables without a name to derive one from: templates, member functions, functors and lambdas.
//
//     template <class T> void axpy(T* y, const T* x, T a, int n);
//
//     adstencil::vjp<&axpy<double>>(shadowed(y, y_bar), shadowed(x, x_bar), a, n);          // a is a constant
//     adstencil::vjp<&axpy<double>>(shadowed(y, y_bar), shadowed(x, x_bar), shadowed(a, &a_bar), n); // a is active
//     adstencil::adjoint([=](double* y, const double* x) { … }, shadowed(y, y_bar), shadowed(x, x_bar));
//     adstencil::tangent<&solver::step>(&object, shadowed(u, u_dot));
//
// Arguments come in the callable's order. shadowed(primal, shadow) gives one a shadow:
//   - a pointer or a view with one of the same kind; the shadow points to non-const elements;
//   - for a parameter of reference type, a pointer to the object and a pointer to its shadow;
//   - for an active scalar, its value and a pointer to the element that receives the derivative;
//   - for a function object that holds pointers, the object and a copy of it that holds the shadows' pointers.
// An argument that is passed as it is has no derivative. Arguments are taken by value; objects that a kernel should see
// in place are passed by pointer. The semantics of vjp, adjoint and tangent are those of __vjp_K, __adjoint_K and
// __tangent_K.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <type_traits>

#ifdef __CUDA__
extern "C" __attribute__((host)) __attribute__((device)) void __adstencil_request(const char* text, ...) noexcept;
#else
extern "C" void __adstencil_request(const char* text, ...) noexcept;
#endif

namespace adstencil {

/// An argument and its shadow; see shadowed().
template <class P, class S>
struct shadowed_argument {
  P primal;
  S shadow;
};

/// Gives an argument of vjp, adjoint or tangent its shadow.
template <class P, class S>
shadowed_argument<P, S> shadowed(P primal, S shadow) {
  static_assert(!std::is_floating_point_v<P> || std::is_pointer_v<S>,
                "the shadow of a scalar is a pointer to the element that receives its derivative");
  static_assert(!std::is_integral_v<P> && !std::is_enum_v<P>,
                "an integer has no derivative: write 2.0 for 2, or pass it without a shadow");
  if constexpr (std::is_floating_point_v<P> && std::is_pointer_v<S>)
    static_assert(std::is_same_v<P, std::remove_pointer_t<S>>,
                  "a scalar and the element that receives its derivative have the same type");
  if constexpr (std::is_pointer_v<P> && std::is_pointer_v<S>)
    static_assert(
        std::is_same_v<std::remove_cv_t<std::remove_pointer_t<P>>, std::remove_cv_t<std::remove_pointer_t<S>>>,
        "an array and its shadow have elements of the same type");
  static_assert(std::is_trivially_copyable_v<P> && std::is_trivially_copyable_v<S>,
                "pass a view or a pointer: arguments of derivatives are trivially copyable");
  return {primal, shadow};
}

namespace detail {

struct vjp_mode {
  static constexpr const char* name = "vjp";
};
struct adjoint_mode {
  static constexpr const char* name = "adjoint";
};
struct tangent_mode {
  static constexpr const char* name = "tangent";
};

/// Every argument in one form: its value, and a shadow or a place holder.
struct no_shadow {};
template <class P, class S>
struct argument {
  P primal;
  S shadow;
  /// The letter by which the compiler plugin knows the kind of the argument, and whether it has a shadow.
  static constexpr bool is_object = std::is_class_v<P> && !(std::is_pointer_v<S>);
  static constexpr char letter = std::is_pointer_v<P> ? 'p' : is_object ? 'v' : 's';
  static constexpr char mark = std::is_same_v<S, no_shadow> ? '-' : '+';
  /// Whether it leads to numbers only.
  static constexpr bool floating =
      std::is_pointer_v<P> && std::is_floating_point_v<std::remove_cv_t<std::remove_pointer_t<P>>>;
};

template <class P>
argument<P, no_shadow> wrap(P p) {
  static_assert(std::is_trivially_copyable_v<P>,
                "pass a view or a pointer: arguments of derivatives are trivially copyable");
  return {p, {}};
}
template <class P, class S>
argument<P, S> wrap(shadowed_argument<P, S> a) {
  return {a.primal, a.shadow};
}

/// "vjp|*||0|0|a0:p+|a1:v-" for the given arguments, as the plugin reads it. The * stands for the callable's name.
template <class... A>
struct request_text {
  char text[32 + 9 * (sizeof...(A) + 1)] = {};
  constexpr explicit request_text(const char* mode) {
    int n = 0;
    auto append = [&](const char* s) {
      while (*s)
        text[n++] = *s++;
    };
    append(mode);
    append("|*||0|0");
    int index = 0;
    auto describe = [&](char letter, char mark, bool floating) {
      text[n++] = '|';
      text[n++] = 'a';
      if (index >= 10)
        text[n++] = static_cast<char>('0' + index / 10);
      text[n++] = static_cast<char>('0' + index % 10);
      text[n++] = ':';
      text[n++] = letter;
      text[n++] = mark;
      if (floating)
        text[n++] = 'f';
      ++index;
    };
    (describe(A::letter, A::mark, A::floating), ...);
  }
};
template <class Mode, class... A>
inline constexpr request_text<A...> text_of{Mode::name};

/// Passes an argument on; where the parameter is a reference, a pointer becomes the object it points to.
template <class Parameter, class P>
decltype(auto) pass(P& p) {
  using object = std::remove_reference_t<Parameter>;
  if constexpr (std::is_reference_v<Parameter> && std::is_pointer_v<P> && !std::is_pointer_v<object>) {
    return (*p);
  } else {
    static_assert(!std::is_reference_v<Parameter> || std::is_const_v<object> || std::is_pointer_v<object>,
                  "the callable writes through a reference: pass a pointer, shadowed(&x, &x_bar)");
    return (p);
  }
}

template <class F>
struct signature;
template <class R, class... P>
struct signature<R (*)(P...)> {
  template <class F, class... A>
  static void call(F f, A&... a) {
    f(pass<P>(a)...);
  }
};
template <class R, class... P>
struct signature<R (*)(P...) noexcept> : signature<R (*)(P...)> {};
template <class C, class R, class... P>
struct signature<R (C::*)(P...)> {
  template <class F, class O, class... A>
  static void call(F f, O& object, A&... a) {
    (object->*f)(pass<P>(a)...);
  }
};
template <class C, class R, class... P>
struct signature<R (C::*)(P...) const> : signature<R (C::*)(P...)> {};
template <class C, class R, class... P>
struct signature<R (C::*)(P...) noexcept> : signature<R (C::*)(P...)> {};
template <class C, class R, class... P>
struct signature<R (C::*)(P...) const noexcept> : signature<R (C::*)(P...)> {};

/// True for function objects with exactly one operator() that is not a template.
template <class F, class = void>
struct has_signature : std::false_type {};
template <class F>
struct has_signature<F, std::void_t<decltype(&F::operator())>> : std::true_type {};

// These are the functions whose bodies the plugin replaces by derivatives: a request, then the primal call.
template <class Mode, auto F, class... P, class... S>
__attribute__((noinline)) void derive(argument<P, S>... a) {
  __adstencil_request(text_of<Mode, argument<P, S>...>.text, &a.primal..., &a.shadow..., sizeof(a.primal)...);
  signature<decltype(F)>::call(F, a.primal...);
}

template <class Mode, class F, class FS, class... P, class... S>
__attribute__((noinline)) void derive_object(argument<F, FS> f, argument<P, S>... a) {
  __adstencil_request(text_of<Mode, argument<F, FS>, argument<P, S>...>.text, &f.primal, &a.primal..., &f.shadow,
                      &a.shadow..., sizeof(f.primal), sizeof(a.primal)...);
  if constexpr (has_signature<F>::value) {
    const auto object = &f.primal;
    signature<decltype(&F::operator())>::call(&F::operator(), object, a.primal...);
  } else {
    // A generic callable does not say which parameters are references. It gets the values themselves, as constants, so
    // that one that would write to a copy does not compile.
    f.primal(static_cast<const P&>(a.primal)...);
  }
}

} // namespace detail

/// Adds Jᵀ·(output cotangents) to the shadows of the inputs of F; never writes the shadow of an array that F writes.
template <auto F, class... A>
void vjp(A... a) {
  detail::derive<detail::vjp_mode, F>(detail::wrap(a)...);
}
/// The exact reverse of executing F.
template <auto F, class... A>
void adjoint(A... a) {
  detail::derive<detail::adjoint_mode, F>(detail::wrap(a)...);
}
/// Runs F and its directional derivative.
template <auto F, class... A>
void tangent(A... a) {
  detail::derive<detail::tangent_mode, F>(detail::wrap(a)...);
}

/// The same for a function object or lambda, which may itself be shadowed(f, f_bar).
template <class F, class... A>
void vjp(F f, A... a) {
  detail::derive_object<detail::vjp_mode>(detail::wrap(f), detail::wrap(a)...);
}
template <class F, class... A>
void adjoint(F f, A... a) {
  detail::derive_object<detail::adjoint_mode>(detail::wrap(f), detail::wrap(a)...);
}
template <class F, class... A>
void tangent(F f, A... a) {
  detail::derive_object<detail::tangent_mode>(detail::wrap(f), detail::wrap(a)...);
}

} // namespace adstencil
