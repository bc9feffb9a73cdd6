// Kernels that carry state: temporaries in arrays, reductions, in-place updates, sweeps, recurrences, time loops.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "../laws.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace LAW_VARIANT {

// Two nests with a temporary the caller supplies.
ADSTENCIL_KERNEL void flux_then_divergence(real* un, real* flux, const real* u, int n) {
  for (int i = 1; i < n; ++i)
    flux[i] = u[i] * (u[i] - u[i - 1]);
  for (int i = 1; i < n - 1; ++i)
    un[i] = u[i] + real(0.1) * flux[i] * (flux[i + 1] - flux[i]);
}
LAW_CASE(flux_then_divergence, arrays(out("un", 20), out("flux", 20), in("u", 20)), (x[0], x[1], x[2], 20),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 20))
    .reference([](call_arguments) {
      const real *u = x[2], c = real(0.1);
      real flux[20];
      for (int i = 1; i < 20; ++i)
        flux[i] = u[i] * (u[i] - u[i - 1]);
      for (int i = 1; i < 19; ++i) {
        const real seed = xb[0][i];
        xb[2][i] += seed;
        xb[1][i] += c * (flux[i + 1] - 2 * flux[i]) * seed;
        xb[1][i + 1] += c * flux[i] * seed;
        xb[0][i] = 0;
      }
      for (int i = 1; i < 20; ++i) {
        xb[2][i] += (2 * u[i] - u[i - 1]) * xb[1][i];
        xb[2][i - 1] -= u[i] * xb[1][i];
        xb[1][i] = 0;
      }
    });

// Smoothing three times through the same temporary: every value of it is overwritten.
ADSTENCIL_KERNEL void smooth_through_temporary(real* u, real* temporary, int n) {
  for (int pass = 0; pass < 3; ++pass) {
    for (int i = 1; i < n - 1; ++i)
      temporary[i] = real(0.5) * u[i] * u[i] + real(0.25) * (u[i - 1] + u[i + 1]);
    for (int i = 1; i < n - 1; ++i)
      u[i] = temporary[i];
  }
}
LAW_CASE(smooth_through_temporary, arrays(out("u", 15), out("temporary", 15)), (x[0], x[1], 15),
         (x[0], xb[0], x[1], xb[1], 15));

// Reductions into scalars in memory: set, and accumulated.
ADSTENCIL_KERNEL void misfit(real* loss, real* total, const real* u, const real* observed, int n) {
  *loss = 0;
  for (int i = 0; i < n; ++i) {
    const real difference = u[i] - observed[i];
    *loss += real(0.5) * difference * difference;
    *total += u[i];
  }
}
LAW_CASE(misfit, arrays(out("loss", 1), out("total", 1), in("u", 25), in("observed", 25)), (x[0], x[1], x[2], x[3], 25),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], 25))
    .reference([](call_arguments) {
      for (int i = 0; i < 25; ++i) {
        xb[2][i] += (x[2][i] - x[3][i]) * *xb[0] + *xb[1];
        xb[3][i] -= (x[2][i] - x[3][i]) * *xb[0];
      }
      *xb[0] = 0;
    });

// Sums in a register, then a norm.
ADSTENCIL_KERNEL void norm_of_difference(real* y, const real* u, const real* v, int n) {
  real sum = 0, largest = 0;
  for (int i = 0; i < n; ++i) {
    sum += (u[i] - v[i]) * (u[i] - v[i]);
    largest = std::max(largest, std::abs(u[i] * v[i]));
  }
  y[0] = std::sqrt(sum);
  y[1] = largest;
}
LAW_CASE(norm_of_difference, arrays(out("y", 2), in("u", 25), in("v", 25)), (x[0], x[1], x[2], 25),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 25));

// Row sums: a reduction into an array.
ADSTENCIL_KERNEL void row_sums(real* rows, const real* u, int nx, int ny) {
  for (int i = 0; i < nx; ++i)
    for (int j = 0; j < ny; ++j)
      rows[j] += u[i + nx * j] * u[i + nx * j] / real(nx);
}
LAW_CASE(row_sums, arrays(out("rows", 5), in("u", 35)), (x[0], x[1], 7, 5), (x[0], xb[0], x[1], xb[1], 7, 5));

// Product of everything: each factor's derivative needs all the others.
ADSTENCIL_KERNEL void product_reduction(real* product, const real* u, int n) {
  *product = 1;
  for (int i = 0; i < n; ++i)
    *product *= u[i];
}
LAW_CASE(product_reduction, arrays(out("product", 1), in("u", 12)), (x[0], x[1], 12), (x[0], xb[0], x[1], xb[1], 12))
    .reference([](call_arguments) {
      for (int i = 0; i < 12; ++i) {
        real others = 1;
        for (int j = 0; j < 12; ++j)
          if (j != i)
            others *= x[1][j];
        xb[1][i] += others * *xb[0];
      }
      *xb[0] = 0;
    });

// Gather through an index array.
ADSTENCIL_KERNEL void gather_by_index(real* y, const real* u, const int* index, int n) {
  for (int i = 0; i < n; ++i)
    y[i] = u[index[i]] * u[i];
}
LAW_CASE(gather_by_index, arrays(out("y", 8), in("u", 8)), (x[0], x[1], ix[0], 8), (x[0], xb[0], x[1], xb[1], ix[0], 8))
    .integers({{3, 3, 0, 7, 1, 5, 3, 6}});

// Scatter through an index array: a histogram whose bins also enter nonlinearly.
ADSTENCIL_KERNEL void scatter_by_index(real* histogram, const real* weight, const int* bin, int n) {
  for (int i = 0; i < n; ++i)
    histogram[bin[i]] += weight[i] * weight[i] - real(0.1) * histogram[bin[i]] * weight[i];
}
LAW_CASE(scatter_by_index, arrays(out("histogram", 4), in("weight", 10)), (x[0], x[1], ix[0], 10),
         (x[0], xb[0], x[1], xb[1], ix[0], 10))
    .integers({{0, 1, 1, 3, 0, 2, 3, 3, 1, 0}})
    .reference([](call_arguments) {
      real before[10], value[4];
      std::copy_n(x[0], 4, value);
      for (int i = 0; i < 10; ++i) {
        real& h = value[ix[0][i]];
        before[i] = h;
        h += x[1][i] * x[1][i] - real(0.1) * h * x[1][i];
      }
      for (int i = 9; i >= 0; --i) {
        real& seed = xb[0][ix[0][i]];
        xb[1][i] += (2 * x[1][i] - real(0.1) * before[i]) * seed;
        seed *= 1 - real(0.1) * x[1][i];
      }
    });

// In place, linear: only the old shadow passes through.
ADSTENCIL_KERNEL void axpy_in_place(real* a, const real* b, real factor, int n) {
  for (int i = 0; i < n; ++i)
    a[i] += factor * b[i];
}
LAW_CASE(axpy_in_place, arrays(out("a", 20), in("b", 20)), (x[0], x[1], real(6.5), 20),
         (x[0], xb[0], x[1], xb[1], real(6.5), 20))
    .reference([](call_arguments) {
      for (int i = 0; i < 20; ++i)
        xb[1][i] += real(6.5) * xb[0][i];
    });

// In place, nonlinear: the old value has to be kept or recovered.
ADSTENCIL_KERNEL void sine_in_place(real* u, const real* w, int n) {
  for (int i = 0; i < n; ++i)
    u[i] = w[i] * std::sin(u[i]);
}
LAW_CASE(sine_in_place, arrays(out("u", 20), in("w", 20)), (x[0], x[1], 20), (x[0], xb[0], x[1], xb[1], 20))
    .reference([](call_arguments) {
      for (int i = 0; i < 20; ++i) {
        xb[1][i] += std::sin(x[0][i]) * xb[0][i];
        xb[0][i] *= x[1][i] * std::cos(x[0][i]);
      }
    });

// Gauss–Seidel: each point reads what the sweep has just written.
ADSTENCIL_KERNEL void gauss_seidel_2d(real* u, const real* f, int nx, int ny) {
  for (int j = 1; j < ny - 1; ++j)
    for (int i = 1; i < nx - 1; ++i) {
      const int p = i + nx * j;
      u[p] = real(0.25) * (u[p - 1] + u[p + 1] + u[p - nx] + u[p + nx] - f[p] * u[p] * u[p]);
    }
}
LAW_CASE(gauss_seidel_2d, arrays(out("u", 42), in("f", 42)), (x[0], x[1], 7, 6), (x[0], xb[0], x[1], xb[1], 7, 6))
    .reference([](call_arguments) {
      real u[42], old[42];
      std::copy_n(x[0], 42, u);
      for (int j = 1; j < 5; ++j)
        for (int i = 1; i < 6; ++i) {
          const int p = i + 7 * j;
          old[p] = u[p];
          u[p] = real(0.25) * (u[p - 1] + u[p + 1] + u[p - 7] + u[p + 7] - x[1][p] * u[p] * u[p]);
        }
      for (int j = 4; j >= 1; --j)
        for (int i = 5; i >= 1; --i) {
          const int p = i + 7 * j;
          const real seed = real(0.25) * xb[0][p];
          for (int neighbour : {p - 1, p + 1, p - 7, p + 7})
            xb[0][neighbour] += seed;
          xb[1][p] -= old[p] * old[p] * seed;
          xb[0][p] = -2 * x[1][p] * old[p] * seed;
        }
    });

// Red–black relaxation: stride two, with a start that depends on the row.
ADSTENCIL_KERNEL void red_black(real* u, const real* f, real omega, int nx, int ny) {
  for (int colour = 0; colour < 2; ++colour)
    for (int j = 1; j < ny - 1; ++j)
      for (int i = 1 + (j + colour) % 2; i < nx - 1; i += 2) {
        const int p = i + nx * j;
        const real relaxed = real(0.25) * (u[p - 1] * u[p + 1] + u[p - nx] + u[p + nx] + f[p]);
        u[p] = (1 - omega) * u[p] + omega * relaxed;
      }
}
LAW_CASE(red_black, arrays(out("u", 42), in("f", 42)), (x[0], x[1], real(1.2), 7, 6),
         (x[0], xb[0], x[1], xb[1], real(1.2), 7, 6));

// Read, write, read again: both values of the cell are used.
ADSTENCIL_KERNEL void read_write_read(real* u, real* v, int n) {
  for (int i = 1; i < n; ++i) {
    const real before = u[i];
    u[i] = before * before * u[i - 1];
    v[i] = u[i] * before + v[i] * v[i];
    u[i] += v[i];
  }
}
LAW_CASE(read_write_read, arrays(out("u", 8), out("v", 8)), (x[0], x[1], 8), (x[0], xb[0], x[1], xb[1], 8)).loosen(10);

// The same cell written twice; the first value is read in between and the last wins.
ADSTENCIL_KERNEL void written_twice(real* y, const real* u, int n) {
  for (int i = 0; i < n; ++i) {
    y[i] = u[i] * u[i];
    y[i] = y[i] * y[i] + u[i];
  }
  for (int i = 0; i < n; i += 2)
    y[i] = 1 / u[i];
}
LAW_CASE(written_twice, arrays(out("y", 11), in("u", 11)), (x[0], x[1], 11), (x[0], xb[0], x[1], xb[1], 11))
    .reference([](call_arguments) {
      for (int i = 0; i < 11; ++i) {
        const real u = x[1][i];
        xb[1][i] += xb[0][i] * (i % 2 == 0 ? -1 / (u * u) : 4 * u * u * u + 1);
        xb[0][i] = 0;
      }
    });

// Ping-pong: a time loop that swaps the two field pointers.
ADSTENCIL_KERNEL void ping_pong(real* a, real* b, const real* k, int n, int steps) {
  real *now = a, *next = b;
  for (int s = 0; s < steps; ++s) {
    for (int i = 1; i < n - 1; ++i)
      next[i] = now[i] + k[i] * (now[i - 1] * now[i + 1] - now[i] * now[i]);
    next[0] = now[0];
    next[n - 1] = now[n - 1];
    std::swap(now, next);
  }
}
LAW_CASE(ping_pong, arrays(out("a", 12), out("b", 12), in("k", 12, 0.05, 0.2)), (x[0], x[1], x[2], 12, 5),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], 12, 5));

// A time loop around two nests: a leapfrog wave with two fields.
ADSTENCIL_KERNEL void leapfrog_wave(real* pressure, real* velocity, const real* modulus, int n, int steps, real dt) {
  for (int s = 0; s < steps; ++s) {
    for (int i = 1; i < n; ++i)
      velocity[i] -= dt * (pressure[i] - pressure[i - 1]);
    for (int i = 0; i < n - 1; ++i)
      pressure[i] -= dt * modulus[i] * (velocity[i + 1] - velocity[i]) * (1 + real(0.1) * pressure[i]);
  }
}
LAW_CASE(leapfrog_wave, arrays(out("pressure", 14), out("velocity", 14), in("modulus", 14)),
         (x[0], x[1], x[2], 14, 4, real(0.3)), (x[0], xb[0], x[1], xb[1], x[2], xb[2], 14, 4, real(0.3)));

// Thomas algorithm for a tridiagonal system: a forward and a backward recurrence.
ADSTENCIL_KERNEL void thomas(real* solution, real* work, const real* lower, const real* diagonal, const real* upper,
                             const real* right, int n) {
  real pivot = diagonal[0];
  solution[0] = right[0] / pivot;
  for (int i = 1; i < n; ++i) {
    work[i] = upper[i - 1] / pivot;
    pivot = diagonal[i] - lower[i] * work[i];
    solution[i] = (right[i] - lower[i] * solution[i - 1]) / pivot;
  }
  for (int i = n - 2; i >= 0; --i)
    solution[i] -= work[i + 1] * solution[i + 1];
}
LAW_CASE(thomas,
         arrays(out("solution", 10), out("work", 10), in("lower", 10), in("diagonal", 10, 3, 4), in("upper", 10),
                in("right", 10)),
         (x[0], x[1], x[2], x[3], x[4], x[5], 10),
         (x[0], xb[0], x[1], xb[1], x[2], xb[2], x[3], xb[3], x[4], xb[4], x[5], xb[5], 10));

// Cumulative sums: into another array, and in place.
ADSTENCIL_KERNEL void cumulative_sum(real* y, const real* u, int n) {
  real sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += u[i] * u[i];
    y[i] = sum;
  }
}
LAW_CASE(cumulative_sum, arrays(out("y", 20), in("u", 20)), (x[0], x[1], 20), (x[0], xb[0], x[1], xb[1], 20))
    .reference([](call_arguments) {
      real seed = 0;
      for (int i = 19; i >= 0; --i) {
        seed += xb[0][i];
        xb[1][i] += 2 * x[1][i] * seed;
        xb[0][i] = 0;
      }
    });
ADSTENCIL_KERNEL void scan_in_place(real* u, int n) {
  for (int i = 1; i < n; ++i)
    u[i] = u[i] * u[i - 1] + real(0.1);
}
LAW_CASE(scan_in_place, arrays(out("u", 20)), (x[0], 20), (x[0], xb[0], 20)).reference([](call_arguments) {
  real u[20];
  std::copy_n(x[0], 20, u);
  for (int i = 1; i < 20; ++i)
    u[i] = u[i] * u[i - 1] + real(0.1);
  for (int i = 19; i >= 1; --i) {
    xb[0][i - 1] += x[0][i] * xb[0][i];
    xb[0][i] *= u[i - 1];
  }
});

// A linear recurrence with two memories, kept in registers.
ADSTENCIL_KERNEL void two_term_recurrence(real* y, const real* u, int n) {
  real previous = u[0], current = u[1];
  for (int i = 2; i < n; ++i) {
    const real next = real(0.5) * current * u[i] + real(0.3) * previous;
    previous = current;
    current = next;
    y[i] = next;
  }
}
LAW_CASE(two_term_recurrence, arrays(out("y", 15), in("u", 15)), (x[0], x[1], 15), (x[0], xb[0], x[1], xb[1], 15));

// Reverse an array in place, scaling one half: cells exchange their values.
ADSTENCIL_KERNEL void reverse_in_place(real* u, int n) {
  for (int i = 0; i < n / 2; ++i) {
    const real left = u[i];
    u[i] = u[n - 1 - i] * u[n - 1 - i];
    u[n - 1 - i] = left;
  }
  std::swap(u[0], u[1]);
}
LAW_CASE(reverse_in_place, arrays(out("u", 13)), (x[0], 13), (x[0], xb[0], 13));

// Bubble sort: a permutation that depends on the data.
ADSTENCIL_KERNEL void bubble_sort(real* u, int n) {
  for (int pass = 0; pass + 1 < n; ++pass)
    for (int i = 0; i + 1 < n - pass; ++i)
      if (u[i] > u[i + 1]) {
        const real swapped = u[i];
        u[i] = u[i + 1];
        u[i + 1] = swapped;
      }
}
LAW_CASE(bubble_sort, arrays(out("u", 9)), (x[0], 9), (x[0], xb[0], 9));

// Cholesky factorisation in place: triangular, with square roots and divisions by what was just written.
ADSTENCIL_KERNEL void cholesky_in_place(real* a, int n) {
  for (int j = 0; j < n; ++j) {
    for (int k = 0; k < j; ++k)
      a[j * n + j] -= a[j * n + k] * a[j * n + k];
    a[j * n + j] = std::sqrt(a[j * n + j]);
    for (int i = j + 1; i < n; ++i) {
      for (int k = 0; k < j; ++k)
        a[i * n + j] -= a[i * n + k] * a[j * n + k];
      a[i * n + j] /= a[j * n + j];
    }
  }
}
LAW_CASE(cholesky_in_place,
         arrays(out("a", 25, [](std::size_t i, double random) { return i % 6 == 0 ? 5 + random : random; })), (x[0], 5),
         (x[0], xb[0], 5));

} // namespace LAW_VARIANT
