// Runs the laws (gather_check.h) on every kernel that is linked in, one test a kernel. --looser=FACTOR makes the bounds
// larger, for -ffast-math.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gather_check.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace {

char current[256] = "";

/// An access where there is no memory ends the program; this says in which kernel.
extern "C" void report_access(int) {
  (void)!write(2, "access outside of all arrays in ", 32);
  (void)!write(2, current, std::strlen(current));
  (void)!write(2, "\n", 1);
  _exit(1);
}

template <class Real>
class kernel_test : public testing::Test {
public:
  explicit kernel_test(const gather::law_case<Real>& c) : kernel(c) {}
  void TestBody() override {
    std::snprintf(current, sizeof current, "%s", kernel.name.c_str());
    unsigned seed = 1;
    for (const gather::extents& n : kernel.domains) {
      gather::laws<Real>(kernel, n, seed++).check();
      if (HasFailure())
        return; // one domain says enough
    }
  }

private:
  const gather::law_case<Real>& kernel;
};

template <class Real>
void register_all(const char* precision) {
  for (const auto& [variant, c] : gather::cases<Real>())
    testing::RegisterTest((variant + precision).c_str(), c.name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [&c = c]() -> testing::Test* { return new kernel_test<Real>(c); });
}

} // namespace

int main(int argc, char** argv) {
  // Eight threads on fewer cores should not wait for each other by turning in circles.
  setenv("OMP_WAIT_POLICY", "passive", /*overwrite=*/0);
  std::signal(SIGSEGV, report_access);
  std::signal(SIGBUS, report_access);
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i)
    if (std::strncmp(argv[i], "--looser=", 9) == 0)
      gather::looser = std::atof(argv[i] + 9);
  register_all<float>("_f32");
  register_all<double>("_f64");
  return RUN_ALL_TESTS();
}
