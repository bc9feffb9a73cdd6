// The progress line: silent when standard error is not a terminal, one rewritten line when it is drawn.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/progress.h>

#include <gtest/gtest.h>
#include <string>

namespace {

using adstencil::progress;

/// What `draw` writes to standard error, which is a file while it runs.
template <class Draw>
std::string standard_error_of(Draw draw) {
  testing::internal::CaptureStderr();
  draw();
  return testing::internal::GetCapturedStderr();
}

TEST(Progress, IsQuietWhenStandardErrorIsNotATerminal) {
  EXPECT_EQ(standard_error_of([] {
              progress line("solving", 10);
              EXPECT_FALSE(line.visible());
              for (int i = 0; i <= 10; ++i)
                line.update(i, "residual 1e-5");
              line.clear();
            }),
            "");
}

TEST(Progress, IsQuietWhenTold) {
  EXPECT_EQ(standard_error_of([] {
              progress line("solving", 10, progress::mode::never);
              EXPECT_FALSE(line.visible());
              line.update(5);
            }),
            "");
}

TEST(Progress, DrawsOneLineAndErasesIt) {
  const std::string erase = "\r\033[K";
  const auto text = standard_error_of([] {
    progress line("solving", 4, progress::mode::always);
    EXPECT_TRUE(line.visible());
    line.update(1, "residual 1e-5");
  });
  EXPECT_EQ(text, erase + "solving [######..................] 1/4  0 s  residual 1e-5" + erase);
  EXPECT_EQ(text.find('\n'), std::string::npos);
}

TEST(Progress, WithoutATotalItCounts) {
  const auto text = standard_error_of([] { progress("sweep", 0, progress::mode::always).update(17); });
  EXPECT_NE(text.find("sweep 17"), std::string::npos) << text;
}

TEST(Progress, StepsBeyondTheTotalDoNotBreakTheBar) {
  const auto text = standard_error_of([] { progress("sweep", 2, progress::mode::always).update(5); });
  EXPECT_NE(text.find("[########################] 5/2"), std::string::npos) << text;
}

TEST(Progress, DrawsAtMostTenTimesASecondAndAgainAfterClear) {
  const auto text = standard_error_of([] {
    progress line("loop", 100000, progress::mode::always);
    for (int i = 0; i < 1000; ++i)
      line.update(i);
    line.clear();
    line.update(99999);
  });
  EXPECT_LT(text.size(), 1000U);
  EXPECT_NE(text.find("99999/"), std::string::npos) << text;
}

} // namespace
