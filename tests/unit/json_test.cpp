// JSON files: every double is written in full, and files that cannot be written or read are errors.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "temporary_folder.h"

#include <adstencil/json.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <system_error>
#include <vector>

namespace {

using adstencil::json_error;
using adstencil::json_text;
using limits = std::numeric_limits<double>;

const std::vector<double> awkward_numbers = {0.0,
                                             -0.0,
                                             0.1,
                                             1.0 / 3,
                                             1e22,
                                             1e23,
                                             5e-324,
                                             2.2250738585072011e-308,
                                             limits::max(),
                                             limits::min(),
                                             1 + limits::epsilon(),
                                             123456789.123456789,
                                             -6.02214076e23,
                                             9007199254740993.0,
                                             3.0};

TEST(Json, EveryDoubleIsWrittenWithTheDigitsThatReadBackToIt) {
  for (const double number : awkward_numbers) {
    const std::string text = json_text(number);
    double read = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
    EXPECT_EQ(error, std::errc());
    EXPECT_STREQ(end, "\n") << text;
    EXPECT_EQ(read, number) << text;
    EXPECT_EQ(std::signbit(read), std::signbit(number)) << text;
  }
}

TEST(Json, DoublesComeBackFromFilesAsDoubles) {
  const temporary_folder folder;
  const auto file = folder / "new" / "numbers.json";
  adstencil::write_json(file, {{"numbers", adstencil::json_array(awkward_numbers)}});
  const auto document = adstencil::read_json(file);
  const auto& read = document.at("numbers").as_array();
  ASSERT_EQ(read.size(), awkward_numbers.size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    ASSERT_TRUE(read[i].is_double()) << awkward_numbers[i] << " did not come back as a floating-point number";
    // Boost.JSON's parser is fast and may miss by a unit in the last place.
    EXPECT_DOUBLE_EQ(read[i].get_double(), awkward_numbers[i]);
  }
}

TEST(Json, IntegersStayIntegers) {
  const std::vector<std::int64_t> numbers = {0, -1, std::numeric_limits<std::int64_t>::max()};
  const auto read = boost::json::parse(json_text(adstencil::json_array(numbers))).as_array();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    EXPECT_EQ(read[i].as_int64(), numbers[i]);
}

TEST(Json, InfinityAndNanBecomeNull) {
  const std::vector<double> numbers = {limits::infinity(), -limits::infinity(), limits::quiet_NaN()};
  EXPECT_EQ(json_text(adstencil::json_array(numbers)), "[null, null, null]\n");
}

TEST(Json, TextIsIndentedAndShortArraysStayOnALine) {
  const boost::json::value document = {{"a", 1}, {"b", {1.5, 2}}, {"c", {{"d", "\"\n"}, {"e", boost::json::array{}}}}};
  EXPECT_EQ(json_text(document), "{\n"
                                 "  \"a\": 1,\n"
                                 "  \"b\": [1.5, 2],\n"
                                 "  \"c\": {\n"
                                 "    \"d\": \"\\\"\\n\",\n"
                                 "    \"e\": []\n"
                                 "  }\n"
                                 "}\n");
  EXPECT_EQ(boost::json::parse(json_text(document)), document);
}

TEST(Json, WhatCannotBeWrittenIsAnErrorAndLeavesNothing) {
  const temporary_folder folder;
  std::ofstream(folder / "file") << "in the way";
  EXPECT_THROW(adstencil::write_json(folder / "file" / "result.json", {{"a", 1}}), json_error);
  std::filesystem::create_directories(folder / "result.json" / "occupied");
  EXPECT_THROW(adstencil::write_json(folder / "result.json", {{"a", 1}}), json_error);
}

TEST(Json, WhatCannotBeReadIsAnErrorThatNamesTheFile) {
  const temporary_folder folder;
  EXPECT_THROW(adstencil::read_json(folder / "missing.json"), json_error);
  const auto file = folder / "broken.json";
  std::ofstream(file) << "{\"a\": ";
  try {
    adstencil::read_json(file);
    FAIL() << "no error";
  } catch (const json_error& error) {
    EXPECT_NE(std::string(error.what()).find("broken.json"), std::string::npos) << error.what();
  }
}

} // namespace
