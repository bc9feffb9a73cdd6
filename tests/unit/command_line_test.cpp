// Command lines: help, exit codes, options that make no sense.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/command_line.h>

#include <gtest/gtest.h>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using adstencil::command_line;
namespace exit_status = adstencil::exit_status;

/// A program with an int, a double, a flag and a text, and what came of a command line.
struct program {
  int ny = 63;
  double tolerance = 0.5;
  bool verbose = false;
  std::string out;
  std::optional<int> exit_code;
  std::string output, errors;

  explicit program(std::vector<const char*> words) {
    command_line line("heat", "Finds the initial temperature.", "heat --ny 127 --out results");
    line.option("ny", ny, "cells in y").option("tolerance", tolerance, "largest residual").option("out", out, "folder");
    line.options().add_options()("verbose", boost::program_options::bool_switch(&verbose), "say more");
    words.insert(words.begin(), "heat");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    exit_code = line.parse(static_cast<int>(words.size()), words.data());
    output = testing::internal::GetCapturedStdout();
    errors = testing::internal::GetCapturedStderr();
  }
};

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(CommandLine, WithoutOptionsTheDefaultsStay) {
  const program p({});
  EXPECT_FALSE(p.exit_code);
  EXPECT_EQ(p.ny, 63);
  EXPECT_EQ(p.tolerance, 0.5);
  EXPECT_EQ(p.out, "");
  EXPECT_EQ(p.output + p.errors, "");
}

TEST(CommandLine, OptionsReachTheirVariables) {
  const program p({"--ny", "127", "--tolerance=1e-3", "--out", "a folder", "--verbose"});
  EXPECT_FALSE(p.exit_code);
  EXPECT_EQ(p.ny, 127);
  EXPECT_EQ(p.tolerance, 1e-3);
  EXPECT_EQ(p.out, "a folder");
  EXPECT_TRUE(p.verbose);
}

TEST(CommandLine, OfAnOptionGivenTwiceTheLastCounts) {
  const program p({"--ny", "1", "--ny=2", "--ny", "3"});
  EXPECT_FALSE(p.exit_code);
  EXPECT_EQ(p.ny, 3);
}

TEST(CommandLine, HelpShowsPurposeOptionsDefaultsExampleAndExitCodes) {
  for (const char* word : {"--help", "-h"}) {
    const program p({word});
    ASSERT_TRUE(p.exit_code);
    EXPECT_EQ(*p.exit_code, exit_status::success);
    EXPECT_EQ(p.errors, "");
    for (const char* part : {"Finds the initial temperature.", "--ny", "(=63)", "cells in y",
                             "heat --ny 127 --out results", "Exit status"})
      EXPECT_TRUE(contains(p.output, part)) << part << "\nis missing in\n" << p.output;
    EXPECT_FALSE(contains(p.output, "(=)")) << "an empty text is no default worth showing";
  }
}

TEST(CommandLine, WhatMakesNoSenseIsAUsageErrorOnStandardError) {
  const std::vector<std::vector<const char*>> lines = {{"--nx", "3"}, {"--ny", "many"}, {"--ny", "1.5"},
                                                       {"--ny"},      {"extra"},        {"-x"}};
  for (const auto& words : lines) {
    const program p(words);
    ASSERT_TRUE(p.exit_code) << words.front();
    EXPECT_EQ(*p.exit_code, exit_status::usage);
    EXPECT_EQ(p.output, "");
    EXPECT_TRUE(contains(p.errors, "heat: ")) << p.errors;
    EXPECT_TRUE(contains(p.errors, "Try 'heat --help'")) << p.errors;
  }
  EXPECT_TRUE(contains(program({"--nx", "3"}).errors, "nx")) << "the message names the option";
}

TEST(RunProgram, ExitCodesSayWhatHappened) {
  const auto run = [](const std::function<int()>& body) {
    testing::internal::CaptureStderr();
    const int code = adstencil::run_program("heat", body);
    return std::pair(code, testing::internal::GetCapturedStderr());
  };
  EXPECT_EQ(run([] { return exit_status::success; }), std::pair(0, std::string()));
  EXPECT_EQ(run([] { return exit_status::wrong_result; }), std::pair(1, std::string()));
  const auto usage = run([]() -> int { throw adstencil::usage_error("--ny must be positive"); });
  EXPECT_EQ(usage.first, exit_status::usage);
  EXPECT_TRUE(contains(usage.second, "heat: --ny must be positive")) << usage.second;
  const auto failure = run([]() -> int { throw std::runtime_error("disk full"); });
  EXPECT_EQ(failure, std::pair(exit_status::failure, std::string("heat: disk full\n")));
}

} // namespace
