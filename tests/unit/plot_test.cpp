// Pictures: gnuplot draws them, and what goes wrong is an exception with a reason.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "temporary_folder.h"

#include <adstencil/plot.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <vector>

namespace {

using adstencil::figure;
using adstencil::plot_error;

/// Width and height of a PNG file; zeros when the signature is not that of PNG (ISO/IEC 15948, 5.2 and 11.2.2).
std::array<std::uint32_t, 2> png_size(const std::filesystem::path& file) {
  std::array<unsigned char, 24> head{};
  std::ifstream(file, std::ios::binary).read(reinterpret_cast<char*>(head.data()), head.size());
  const std::array<unsigned char, 8> signature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  if (!std::equal(signature.begin(), signature.end(), head.begin()))
    return {0, 0};
  const auto number = [&](std::size_t at) {
    return std::uint32_t{head[at]} << 24 | std::uint32_t{head[at + 1]} << 16 | std::uint32_t{head[at + 2]} << 8 |
           head[at + 3];
  };
  return {number(16), number(20)};
}

/// The program search path set to something else for a while.
class other_path {
public:
  explicit other_path(const std::string& path) : before_(std::getenv("PATH")) { setenv("PATH", path.c_str(), 1); }
  ~other_path() { setenv("PATH", before_.c_str(), 1); }
  other_path(const other_path&) = delete;
  other_path& operator=(const other_path&) = delete;

private:
  std::string before_;
};

figure one_curve() {
  figure picture(1, 1, 200, 150);
  picture.line_plot({.title = "loss"}, {{"a", {0, 1, 2}, {3, 2, 1}}});
  return picture;
}

TEST(Plot, WritesAPngOfTheAskedSize) {
  ASSERT_TRUE(adstencil::gnuplot_available());
  const temporary_folder folder;
  const auto file = folder / "new" / "it's a picture.png";
  figure picture(2, 1, 300, 200);
  std::vector<double> values(12);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(i);
  picture.heat_map({.title = "T'_{1}", .x_label = "x", .y_label = "y", .palette = "diverging", .range = {{-1, 12}}}, 4,
                   3, values, {0, 4, 0, 3},
                   {{{1, 2}, {1, 2}}, {.x = {0, 4}, .y = {0, 3}, .colour = "#ff0000", .joined = true}});
  picture.line_plot({.title = "loss", .log_y = true}, {{"a", {0, 1, 2}, {100, 10, 1}}, {"", {0, 2}, {50, 5}}});
  picture.write_png(file);
  EXPECT_EQ(png_size(file), (std::array<std::uint32_t, 2>{600, 200}));
}

TEST(Plot, DrawsDataWithoutExtentAndGaps) {
  const temporary_folder folder;
  figure picture(2, 1, 200, 150);
  picture.heat_map({.title = "constant"}, 2, 2, std::vector<double>(4, 1.0), {0, 1, 0, 1});
  picture.line_plot({}, {{"one point", {1}, {1}}, {"gap", {1, 1}, {1, std::numeric_limits<double>::quiet_NaN()}}});
  picture.write_png(folder / "flat.png");
  EXPECT_EQ(png_size(folder / "flat.png")[0], 400U);
}

/// Tries to draw where no program can be found; prints the error and ends.
[[noreturn]] void draw_without_gnuplot(const std::filesystem::path& file) {
  setenv("PATH", "/nonexistent", 1);
  try {
    one_curve().write_png(file);
  } catch (const plot_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::exit(adstencil::gnuplot_available() || std::filesystem::exists(file) ? 1 : 0);
  }
  std::exit(2);
}

TEST(Plot, WithoutGnuplotTheErrorSaysWhatToInstall) {
  // Whether gnuplot is there is found out once; "threadsafe" runs this in a process that has not asked yet.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const temporary_folder folder;
  EXPECT_EXIT(draw_without_gnuplot(folder / "picture.png"), testing::ExitedWithCode(0),
              "'gnuplot' was not found.*apt-get install gnuplot-nox");
}

TEST(Plot, AGnuplotThatFailsIsAnError) {
  const temporary_folder folder;
  const auto fake = folder / "gnuplot";
  std::ofstream(fake) << "#!/bin/sh\n[ \"$1\" = --version ] && { echo gnuplot 5.4; exit 0; }\nexec 0<&-; exit 7\n";
  std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
  const other_path only_fake((folder / ".").string());
  std::string message;
  try {
    one_curve().write_png(folder / "picture.png");
  } catch (const plot_error& error) {
    message = error.what();
  }
  EXPECT_NE(message.find("exit status 7"), std::string::npos) << message;
}

TEST(Plot, WhatCannotBeWrittenIsAnError) {
  const temporary_folder folder;
  std::ofstream(folder / "file") << "in the way";
  EXPECT_THROW(one_curve().write_png(folder / "file" / "picture.png"), plot_error);
}

TEST(Plot, DataThatDoNotFitAreErrors) {
  figure picture(1, 1);
  EXPECT_THROW(picture.heat_map({}, 3, 3, std::vector<double>(8), {0, 1, 0, 1}), plot_error);
  EXPECT_THROW(picture.heat_map({}, 0, 0, {}, {0, 1, 0, 1}), plot_error);
  EXPECT_THROW(picture.heat_map({.palette = "mauve"}, 1, 1, std::vector<double>(1), {0, 1, 0, 1}), plot_error);
  EXPECT_THROW(picture.line_plot({}, {{"a", {1, 2}, {1}}}), plot_error);
  EXPECT_THROW(picture.line_plot({}, {}), plot_error);
  const temporary_folder folder;
  figure crowded = one_curve();
  crowded.line_plot({}, {{"b", {1, 2}, {1, 2}}});
  EXPECT_THROW(crowded.write_png(folder / "picture.png"), plot_error);
}

} // namespace
