// Checks of one random kernel: the dot-product law between tangent and adjoint, tangents against difference quotients,
// and what __vjp_ and __adjoint_ promise about primal arrays and the shadows of written arrays.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <adstencil/adstencil.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>
#define SIG                                                                                                            \
  double *a, double *b, double *c, const double *x, const double *z, ADSTENCIL_ACTIVE double s, const int *idx, int n
#define KERNEL(K) ADSTENCIL_KERNEL void K(SIG)
constexpr int M = 160;
struct St {
  std::vector<double> v;
  St() : v(5 * M + 1) {}
  double* A(int k) { return v.data() + k * M; }
  double& s() { return v[5 * M]; }
};
inline int fails = 0;
inline unsigned hashn(const char* s) {
  unsigned h = 5;
  while (*s)
    h = h * 31 + *s++;
  return h % 100000;
}
inline unsigned long long rs = 88172645463325252ull;
inline double rnd() {
  rs ^= rs << 13;
  rs ^= rs >> 7;
  rs ^= rs << 17;
  return (rs >> 11) * (1.0 / 9007199254740992.0);
}
template <class P, class V, class A, class T>
void check(const char* name, P p, V vj, A ad, T ta, int n, unsigned seed) {
  rs = 88172645463325252ull + seed * 7919;
  for (int i = 0; i < 20; i++)
    rnd();
  std::vector<int> idx(M);
  for (int i = 0; i < M; i++)
    idx[i] = int(rnd() * n);
  std::vector<int> idx0 = idx;
  St x0;
  for (auto& e : x0.v)
    e = 0.5 + rnd();
  auto nrm = [](St& q) {
    double r = 0;
    for (double e : q.v)
      r += e * e;
    return std::sqrt(r);
  };
  auto dot = [](St& q, St& r) {
    double t = 0;
    for (size_t i = 0; i < q.v.size(); i++)
      t += q.v[i] * r.v[i];
    return t;
  };
  bool bad = false;
  char msg[2000];
  int len = 0;
  auto fail = [&](const char* what, double e, int i) {
    if (len < 1500)
      len +=
          snprintf(msg + len, 400, " [%s err=%.3g at %c%d]", what, e, i < 0 ? '-' : "abcxzs"[i / M], i < 0 ? 0 : i % M);
    bad = true;
  };
  for (int rep = 0; rep < 2 && !bad; rep++) {
    St v, w;
    for (auto& e : v.v)
      e = rnd() - 0.5;
    for (auto& e : w.v)
      e = rnd() - 0.5;
    St xp = x0;
    p(xp.A(0), xp.A(1), xp.A(2), xp.A(3), xp.A(4), xp.s(), idx.data(), n);
    for (double e : xp.v)
      if (!std::isfinite(e) || std::fabs(e) > 1e8) {
        printf("skip %s (not finite)\n", name);
        return;
      }
    St xt = x0, d = v;
    ta(xt.A(0), d.A(0), xt.A(1), d.A(1), xt.A(2), d.A(2), xt.A(3), d.A(3), xt.A(4), d.A(4), xt.s(), &d.s(), idx.data(),
       n);
    for (size_t i = 0; i < xt.v.size(); i++)
      if (std::fabs(xt.v[i] - xp.v[i]) > 1e-12 * (1 + std::fabs(xp.v[i]))) {
        fail("tangent primal", xt.v[i] - xp.v[i], i);
        break;
      }
    double best = 1e300;
    int wi = -1;
    for (double h : {1e-4, 1e-5, 1e-6}) {
      St xa = x0, xb = x0;
      for (size_t i = 0; i < v.v.size(); i++) {
        xa.v[i] += h * v.v[i];
        xb.v[i] -= h * v.v[i];
      }
      p(xa.A(0), xa.A(1), xa.A(2), xa.A(3), xa.A(4), xa.s(), idx.data(), n);
      p(xb.A(0), xb.A(1), xb.A(2), xb.A(3), xb.A(4), xb.s(), idx.data(), n);
      double e = 0;
      int ei = -1;
      double sc = nrm(d) / std::sqrt(20.) + 1e-3;
      for (size_t i = 0; i < v.v.size(); i++) {
        double f = (xa.v[i] - xb.v[i]) / (2 * h);
        double q = std::fabs(f - d.v[i]) / (sc + std::fabs(f));
        if (q > e || !(q == q)) {
          e = q == q ? q : 1e9;
          ei = i;
        }
      }
      if (e < best) {
        best = e;
        wi = ei;
      }
    }
    if (best > 1e-5)
      fail("tangent vs FD", best, wi);
    St xr = x0, bar = w;
    ad(xr.A(0), bar.A(0), xr.A(1), bar.A(1), xr.A(2), bar.A(2), xr.A(3), bar.A(3), xr.A(4), bar.A(4), xr.s(), &bar.s(),
       idx.data(), n);
    if (memcmp(xr.v.data(), x0.v.data(), 8 * xr.v.size())) {
      int i = 0;
      while (xr.v[i] == x0.v[i])
        i++;
      fail("adjoint changed primal", xr.v[i] - x0.v[i], i);
    }
    double l = dot(d, w), r = dot(v, bar);
    double sc = nrm(d) * nrm(w) / 10 + nrm(v) * nrm(bar) / 10;
    if (!(std::fabs(l - r) <= 1e-11 * sc)) {
      fail("dot", (l - r) / sc, -1);
    }
    St xv = x0, vb = w;
    vj(xv.A(0), vb.A(0), xv.A(1), vb.A(1), xv.A(2), vb.A(2), xv.A(3), vb.A(3), xv.A(4), vb.A(4), xv.s(), &vb.s(),
       idx.data(), n);
    if (memcmp(xv.v.data(), x0.v.data(), 8 * xv.v.size())) {
      int i = 0;
      while (xv.v[i] == x0.v[i])
        i++;
      fail("vjp changed primal", xv.v[i] - x0.v[i], i);
    }
    for (int k = 0; k < 3; k++) {
      bool same = !memcmp(vb.A(k), w.A(k), 8 * M), pure = !memcmp(xp.A(k), x0.A(k), 8 * M);
      if (same)
        continue;
      bool ok = pure;
      for (int i = 0; i < M; i++)
        ok = ok && std::fabs(vb.A(k)[i] - bar.A(k)[i]) <= 1e-11 * (1 + nrm(bar));
      if (!ok) {
        int i = k * M;
        while (vb.v[i] == w.v[i])
          i++;
        fail("vjp changed output shadow", vb.v[i] - w.v[i], i);
      }
    }
    double e = 0;
    int ei = -1;
    for (int i = 3 * M; i < 5 * M + 1; i++) {
      double q = std::fabs(vb.v[i] - bar.v[i]);
      if (!(q <= e)) {
        e = q;
        ei = i;
      }
    }
    if (!(e <= 1e-11 * (1 + nrm(bar))))
      fail("vjp input != adjoint", e, ei);
    if (idx != idx0)
      fail("idx", 0, 0);
  }
  if (bad) {
    printf("FAIL %s%s\n", name, msg);
    fails++;
  }
}
#define CHECK(K, n) check(#K, K, __vjp_##K, __adjoint_##K, __tangent_##K, n, hashn(#K))
