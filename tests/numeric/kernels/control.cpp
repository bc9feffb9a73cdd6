// Kernels that differ in their control flow: inner loops of every kind, jumps, switches, conditions, kinks, limiters.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../laws.h"

#include <algorithm>
#include <climits>
#include <cmath>

namespace LAW_VARIANT {

// Inner loops with a trip count the compiler knows.
ADSTENCIL_KERNEL void window_3x3(real* y, const real* u, int nx, int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      real sum = 0;
      for (int dj = -1; dj <= 1; ++dj)
        for (int di = -1; di <= 1; ++di)
          sum += u[i + di + nx * (j + dj)] * real(2 + di + 3 * dj);
      y[i + nx * j] = sum * sum;
    }
}
LAW_CASE(window_3x3, arrays(out("y", 42), in("u", 42, -1, 1)), (x[0], x[1], 7, 6), (x[0], xb[0], x[1], xb[1], 7, 6));

// An inner loop with a run-time trip count and a nonlinear carried value.
ADSTENCIL_KERNEL void window_radius(real* y, const real* u, int n, int radius) {
  for (int i = radius; i < n - radius; ++i) {
    real value = u[i];
    for (int d = -radius; d <= radius; ++d)
      value = value * real(0.9) + std::sin(value) * u[i + d];
    y[i] = value;
  }
}
LAW_CASE(window_radius, arrays(out("y", 20), in("u", 20)), (x[0], x[1], 20, 2), (x[0], xb[0], x[1], xb[1], 20, 2));

// A trip count read from an integer array: a power by repeated multiplication.
ADSTENCIL_KERNEL void trip_from_array(real* y, const real* u, const int* count, int n) {
  for (int i = 0; i < n; ++i) {
    real power = 1;
    for (int k = 0; k < count[i]; ++k)
      power *= u[i];
    y[i] = power;
  }
}
LAW_CASE(trip_from_array, arrays(out("y", 8), in("u", 8)), (x[0], x[1], ix[0], 8), (x[0], xb[0], x[1], xb[1], ix[0], 8))
    .integers({{0, 1, 2, 3, 5, 0, 7, 4}})
    .reference([](call_arguments) {
      for (int i = 0; i < 8; ++i) {
        if (ix[0][i] > 0)
          xb[1][i] += xb[0][i] * real(ix[0][i]) * std::pow(x[1][i], real(ix[0][i] - 1));
        xb[0][i] = 0;
      }
    });

// Newton's method in every cell until it has converged: y = cube root of u.
ADSTENCIL_KERNEL void newton_until_converged(real* y, const real* u, int n, real tolerance) {
  for (int i = 0; i < n; ++i) {
    real r = u[i], step = 1;
    while (std::abs(step) > tolerance) {
      step = (r * r * r - u[i]) / (3 * r * r);
      r -= step;
    }
    y[i] = r;
  }
}
LAW_CASE(newton_until_converged, arrays(out("y", 12), in("u", 12, 0.5, 3)), (x[0], x[1], 12, real(2e-3)),
         (x[0], xb[0], x[1], xb[1], 12, real(2e-3)));

// A global relaxation until the residual is small, in a while loop around a nest.
ADSTENCIL_KERNEL void relax_until_converged(real* u, real* residual, const real* f, int n, real tolerance) {
  real largest = 1;
  int iterations = 0;
  while (largest > tolerance && iterations < 200) {
    largest = 0;
    for (int i = 1; i < n - 1; ++i) {
      residual[i] = f[i] - u[i] * u[i] * u[i] + real(0.5) * (u[i - 1] - 2 * u[i] + u[i + 1]);
      largest = std::max(largest, std::abs(residual[i]));
    }
    for (int i = 1; i < n - 1; ++i)
      u[i] += real(0.3) * residual[i];
    ++iterations;
  }
}
LAW_CASE(relax_until_converged, arrays(out("u", 10), out("residual", 10), in("f", 10)),
         (x[0], x[1], x[2], 10, real(1e-2)), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 10, real(1e-2)))
    .loosen(10);

// break out of a series once its terms are small.
ADSTENCIL_KERNEL void series_with_break(real* y, const real* u, int n) {
  for (int i = 0; i < n; ++i) {
    real term = 1, sum = 0;
    for (int k = 1; k < 30; ++k) {
      sum += term;
      term *= u[i] / real(k);
      if (term < real(1e-3))
        break;
    }
    y[i] = sum;
  }
}
LAW_CASE(series_with_break, arrays(out("y", 12), in("u", 12, 0.2, 1.5)), (x[0], x[1], 12),
         (x[0], xb[0], x[1], xb[1], 12));

// continue, on data and on the index.
ADSTENCIL_KERNEL void skip_with_continue(real* y, const real* u, int n) {
  for (int i = 1; i < n; ++i) {
    if (i % 4 == 2)
      continue;
    if (u[i] < 0)
      continue;
    y[i] = u[i] * u[i - 1];
  }
}
LAW_CASE(skip_with_continue, arrays(out("y", 20), in("u", 20, either_sign)), (x[0], x[1], 20),
         (x[0], xb[0], x[1], xb[1], 20))
    .reference([](call_arguments) {
      for (int i = 1; i < 20; ++i)
        if (i % 4 != 2 && x[1][i] > 0) {
          xb[1][i] += x[1][i - 1] * xb[0][i];
          xb[1][i - 1] += x[1][i] * xb[0][i];
          xb[0][i] = 0;
        }
    });

// return from the middle of a nest once a running sum is large, and a guard at the top.
ADSTENCIL_KERNEL void early_return(real* y, const real* u, int nx, int ny, real limit) {
  if (nx < 2 || ny < 2)
    return;
  real sum = 0;
  for (int j = 0; j < ny; ++j)
    for (int i = 1; i < nx; ++i) {
      sum += u[i + nx * j] * u[i - 1 + nx * j];
      if (sum > limit)
        return;
      y[i + nx * j] = sum * u[i + nx * j];
    }
}
LAW_CASE(early_return, arrays(out("y", 30), in("u", 30)), (x[0], x[1], 6, 5, real(12.3)),
         (x[0], xb[0], x[1], xb[1], 6, 5, real(12.3)));

// switch with fall-through and default.
ADSTENCIL_KERNEL void switch_material(real* y, const real* u, const int* material, int n) {
  for (int i = 0; i < n; ++i) {
    real value = u[i];
    switch (material[i]) {
    case 0:
      value = value * value;
      break;
    case 1:
      value = std::sin(value);
      [[fallthrough]];
    case 2:
      value = 3 * value * u[n - 1 - i];
      break;
    case 7:
      continue;
    default:
      value = 1 / value;
    }
    y[i] = value;
  }
}
LAW_CASE(switch_material, arrays(out("y", 12), in("u", 12)), (x[0], x[1], ix[0], 12),
         (x[0], xb[0], x[1], xb[1], ix[0], 12))
    .integers({{0, 1, 2, 7, 4, 0, 2, 1, 7, 3, -1, 0}});

// Upwinding by ternaries.
ADSTENCIL_KERNEL void upwind_ternary(real* y, const real* u, const real* velocity, int n) {
  for (int i = 1; i < n - 1; ++i) {
    const real slope = velocity[i] > 0 ? u[i] - u[i - 1] : u[i + 1] - u[i];
    y[i] = u[i] - velocity[i] * slope;
  }
}
LAW_CASE(upwind_ternary, arrays(out("y", 20), in("u", 20), in("velocity", 20, either_sign)), (x[0], x[1], x[2], 20),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20))
    .reference([](call_arguments) {
      for (int i = 1; i < 19; ++i) {
        const real a = x[2][i], seed = xb[0][i];
        const int high = a > 0 ? i : i + 1;
        xb[1][i] += seed;
        xb[1][high] -= a * seed;
        xb[1][high - 1] += a * seed;
        xb[2][i] -= (x[1][high] - x[1][high - 1]) * seed;
        xb[0][i] = 0;
      }
    });

// Conditions that must not be evaluated past their short circuit (u[-1] and u[n] do not exist).
ADSTENCIL_KERNEL void short_circuit(real* y, const real* u, int n) {
  for (int i = 0; i < n; ++i) {
    if ((i > 0 && u[i - 1] > 0) || (i + 1 < n && u[i + 1] < 0))
      y[i] = u[i] * u[i];
    else if (!(i == 0 || u[i - 1] * u[i] > 0))
      y[i] = 2 * u[i - 1] * u[i];
  }
}
LAW_CASE(short_circuit, arrays(out("y", 24), in("u", 24, either_sign)), (x[0], x[1], 24),
         (x[0], xb[0], x[1], xb[1], 24));

// Nested conditions that choose which array is written.
ADSTENCIL_KERNEL void nested_conditions(real* y, real* z, const real* u, int n) {
  for (int i = 1; i < n; ++i) {
    if (u[i] > 0) {
      y[i] = u[i] * u[i - 1];
      if (u[i - 1] > 0)
        z[i] = y[i] * u[i];
    } else {
      z[i] = std::exp(u[i]);
      if (i % 2)
        y[i] = z[i] * u[i - 1];
    }
  }
}
LAW_CASE(nested_conditions, arrays(out("y", 24), out("z", 24), in("u", 24, either_sign)), (x[0], x[1], x[2], 24),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 24));

// Booleans, bit masks, xor and shifts decide; integers take part in the value.
ADSTENCIL_KERNEL void integer_logic(real* y, const real* u, const int* mask, int n) {
  for (int i = 0; i < n; ++i) {
    const bool odd = i & 1, flagged = (mask[i] >> 2) & 1;
    const bool both = odd != flagged, any = odd | flagged;
    unsigned state = unsigned(mask[i]) ^ 0x5u;
    int steps = 0;
    while (state != 1 && steps < 20) {
      state = state % 2 ? 3 * state + 1 : state / 2;
      ++steps;
    }
    real value = u[i] * real(steps);
    if (both && !any)
      value = 0;
    else if (both)
      value *= u[i];
    y[i] = any ? value : -value * real(~mask[i] & 3);
  }
}
LAW_CASE(integer_logic, arrays(out("y", 10), in("u", 10)), (x[0], x[1], ix[0], 10),
         (x[0], xb[0], x[1], xb[1], ix[0], 10))
    .integers({{0, 1, 2, 3, 4, 5, 6, 7, 12, 30}});

// Find the first cell above a threshold, then use that index.
ADSTENCIL_KERNEL void search_then_use(real* y, const real* u, int n, real threshold) {
  int found = -1;
  for (int i = 0; i < n && found < 0; ++i)
    if (u[i] > threshold)
      found = i;
  for (int i = 0; i < n; ++i)
    y[i] = found < 0 ? u[i] : u[i] * u[found];
}
LAW_CASE(search_then_use, arrays(out("y", 15), in("u", 15)), (x[0], x[1], 15, real(1.3)),
         (x[0], xb[0], x[1], xb[1], 15, real(1.3)));

// min, max, clamp and abs.
ADSTENCIL_KERNEL void min_max_clamp(real* y, const real* u, const real* w, int n) {
  for (int i = 1; i < n; ++i) {
    const real low = std::min(u[i], w[i]), high = std::max({u[i], w[i], u[i - 1]});
    y[i] = std::clamp(u[i] * w[i], real(-0.4), real(0.4)) + low * std::abs(w[i - 1]) - std::fabs(u[i]) * high +
           std::fmin(u[i - 1], w[i - 1]) * std::fmax(u[i], real(0.35));
  }
}
LAW_CASE(min_max_clamp, arrays(out("y", 30), in("u", 30, either_sign), in("w", 30, either_sign)),
         (x[0], x[1], x[2], 30), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 30));

inline real minmod(real a, real b) {
  if (a * b <= 0)
    return 0;
  return std::abs(a) < std::abs(b) ? a : b;
}
inline real van_leer(real r) { return (r + std::abs(r)) / (1 + std::abs(r)); }

// Second-order upwinding with the minmod limiter.
ADSTENCIL_KERNEL void minmod_advection(real* un, const real* u, real cfl, int n) {
  for (int i = 2; i < n - 1; ++i) {
    const real slope = minmod(u[i] - u[i - 1], u[i + 1] - u[i]),
               slope_left = minmod(u[i - 1] - u[i - 2], u[i] - u[i - 1]);
    const real flux = u[i] + real(0.5) * (1 - cfl) * slope, flux_left = u[i - 1] + real(0.5) * (1 - cfl) * slope_left;
    un[i] = u[i] - cfl * (flux - flux_left);
  }
}
LAW_CASE(minmod_advection, arrays(out("un", 30), in("u", 30)), (x[0], x[1], real(0.4), 30),
         (x[0], xb[0], x[1], xb[1], real(0.4), 30))
    .seed(4);

// The van Leer limiter, a smooth function of the ratio of slopes except at zero.
ADSTENCIL_KERNEL void van_leer_advection(real* un, const real* u, real cfl, int n) {
  for (int i = 2; i < n - 1; ++i) {
    const real ratio = (u[i] - u[i - 1]) / (u[i + 1] - u[i]), ratio_left = (u[i - 1] - u[i - 2]) / (u[i] - u[i - 1]);
    const real flux = u[i] + real(0.5) * van_leer(ratio) * (u[i + 1] - u[i]);
    const real flux_left = u[i - 1] + real(0.5) * van_leer(ratio_left) * (u[i] - u[i - 1]);
    un[i] = u[i] - cfl * (flux - flux_left);
  }
}
LAW_CASE(van_leer_advection,
         arrays(out("un", 24),
                in("u", 24,
                   [](std::size_t i, double random) { return std::sin(0.7 * double(i) + 0.1) + 0.1 * random; })),
         (x[0], x[1], real(0.4), 24), (x[0], xb[0], x[1], xb[1], real(0.4), 24))
    .loosen(20)
    .step(2e-5);

// WENO5 reconstruction (Jiang and Shu 1996) with its nonlinear weights.
ADSTENCIL_KERNEL void weno5(real* face, const real* v, int n) {
  for (int i = 2; i < n - 2; ++i) {
    const real a = v[i - 2], b = v[i - 1], c = v[i], d = v[i + 1], e = v[i + 2];
    const real q0 = (2 * a - 7 * b + 11 * c) / 6, q1 = (-b + 5 * c + 2 * d) / 6, q2 = (2 * c + 5 * d - e) / 6;
    const real s0 = 13 * (a - 2 * b + c) * (a - 2 * b + c) / 12 + (a - 4 * b + 3 * c) * (a - 4 * b + 3 * c) / 4;
    const real s1 = 13 * (b - 2 * c + d) * (b - 2 * c + d) / 12 + (b - d) * (b - d) / 4;
    const real s2 = 13 * (c - 2 * d + e) * (c - 2 * d + e) / 12 + (3 * c - 4 * d + e) * (3 * c - 4 * d + e) / 4;
    const real w0 = real(0.1) / ((s0 + real(0.01)) * (s0 + real(0.01)));
    const real w1 = real(0.6) / ((s1 + real(0.01)) * (s1 + real(0.01)));
    const real w2 = real(0.3) / ((s2 + real(0.01)) * (s2 + real(0.01)));
    face[i] = (w0 * q0 + w1 * q1 + w2 * q2) / (w0 + w1 + w2);
  }
}
LAW_CASE(weno5, arrays(out("face", 20), in("v", 20)), (x[0], x[1], 20), (x[0], xb[0], x[1], xb[1], 20))
    .loosen(5)
    .step(2e-5);

// Two nested loops left through a flag, and a loop that never ends by its condition.
ADSTENCIL_KERNEL void leave_two_loops(real* y, const real* u, int n) {
  bool done = false;
  real product = 1;
  for (int j = 0; j < n && !done; ++j)
    for (int i = 0; i < n; ++i) {
      product *= u[i] + real(0.1) * u[j];
      y[j] = product;
      if (product > 3) {
        done = true;
        break;
      }
    }
  int k = 0;
  for (;;) {
    if (k >= n)
      break;
    y[k] *= u[k];
    k += 1 + k % 2;
  }
}
LAW_CASE(leave_two_loops, arrays(out("y", 9), in("u", 9, 0.6, 1.4)), (x[0], x[1], 9), (x[0], xb[0], x[1], xb[1], 9));

// Guards against limits at the ends of their type: no point is beyond the largest, none below the smallest.
ADSTENCIL_KERNEL void guards_of_extreme_limits(real* y, real* z, const real* u, long most, long least, long n) {
  for (long i = 0; i < n; ++i) {
    if (i > most)
      y[i] = u[i] * u[i + 1];
    if (i + 1 < least)
      z[i] = u[i] * u[i + 2];
  }
}
LAW_CASE(guards_of_extreme_limits, arrays(out("y", 12), out("z", 12), in("u", 14)),
         (x[0], x[1], x[2], LONG_MAX, LONG_MIN, 12), (x[0], xb[0], x[1], xb[1], x[2], xb[2], LONG_MAX, LONG_MIN, 12));

// The same, with the loop's first point not known.
ADSTENCIL_KERNEL void guard_of_extreme_limit_from(real* y, const real* u, long first, long least, long end) {
  for (long i = first; i <= end; ++i)
    if (i < least)
      y[i] = u[i] * u[i + 1];
}
LAW_CASE(guard_of_extreme_limit_from, arrays(out("y", 12), in("u", 14)), (x[0], x[1], 2, LONG_MIN, 11),
         (x[0], xb[0], x[1], xb[1], 2, LONG_MIN, 11));

// Limits of 128 bits, which no bound of a loop over cells has.
ADSTENCIL_KERNEL void guard_of_128_bits(real* y, const real* u, long limit, long n) {
  for (long i = 0; i < n; ++i)
    if (static_cast<__int128>(i) <= static_cast<__int128>(limit) + limit)
      y[i] = u[i] * u[i + 1];
}
LAW_CASE(guard_of_128_bits, arrays(out("y", 12), in("u", 14)), (x[0], x[1], LONG_MAX, 12),
         (x[0], xb[0], x[1], xb[1], LONG_MAX, 12));

} // namespace LAW_VARIANT
