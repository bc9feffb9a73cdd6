// Indented JSON text and the files it goes to. Boost.JSON serialises on one line only, so the layout is made here, from
// its own serialisation of each scalar (which has 17 significant digits).
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/json.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <iterator>

namespace adstencil {
namespace {

/// Appends the shortest text that reads back to the same double, and that is a number with a fraction or exponent.
void append_double(std::string& text, double number) {
  if (!std::isfinite(number)) {
    text += "null";
    return;
  }
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
  const std::string digits(buffer, end);
  text += digits;
  if (digits.find_first_of(".e") == std::string::npos)
    text += ".0";
}

void append_scalar(std::string& text, const boost::json::value& value) {
  if (value.is_double())
    append_double(text, value.get_double());
  else
    text += boost::json::serialize(value);
}

/// Whether an array is written on one line: scalars only, and few enough to be read there.
bool is_short(const boost::json::array& array) {
  constexpr std::size_t most = 8;
  return array.size() <= most && std::ranges::none_of(array, [](const auto& v) { return v.is_structured(); });
}

void append(std::string& text, const boost::json::value& value, std::size_t depth);

void append_object(std::string& text, const boost::json::object& object, std::size_t depth) {
  if (object.empty()) {
    text += "{}";
    return;
  }
  const char* separator = "{\n";
  for (const auto& [key, member] : object) {
    text += separator;
    text.append(2 * (depth + 1), ' ');
    text += boost::json::serialize(boost::json::string(key)) + ": ";
    append(text, member, depth + 1);
    separator = ",\n";
  }
  text += '\n';
  text.append(2 * depth, ' ');
  text += '}';
}

void append_array(std::string& text, const boost::json::array& array, std::size_t depth) {
  if (is_short(array)) {
    text += '[';
    for (std::size_t i = 0; i < array.size(); ++i) {
      text += i == 0 ? "" : ", ";
      append_scalar(text, array[i]);
    }
    text += ']';
    return;
  }
  const char* separator = "[\n";
  for (const auto& member : array) {
    text += separator;
    text.append(2 * (depth + 1), ' ');
    append(text, member, depth + 1);
    separator = ",\n";
  }
  text += '\n';
  text.append(2 * depth, ' ');
  text += ']';
}

void append(std::string& text, const boost::json::value& value, std::size_t depth) {
  if (const auto* object = value.if_object())
    append_object(text, *object, depth);
  else if (const auto* array = value.if_array())
    append_array(text, *array, depth);
  else
    append_scalar(text, value);
}

} // namespace

std::string json_text(const boost::json::value& document) {
  std::string text;
  append(text, document, 0);
  text += '\n';
  return text;
}

void write_json(const std::filesystem::path& file, const boost::json::value& document) {
  std::error_code error;
  if (file.has_parent_path())
    std::filesystem::create_directories(file.parent_path(), error);
  auto draft = file;
  draft += ".part";
  {
    std::ofstream stream(draft, std::ios::binary);
    stream << json_text(document);
    stream.close();
    if (!stream)
      throw json_error("cannot write " + draft.string());
  }
  std::filesystem::rename(draft, file, error);
  if (error)
    throw json_error("cannot write " + file.string() + ": " + error.message());
}

boost::json::value read_json(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream)
    throw json_error("cannot read " + file.string());
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  boost::system::error_code error;
  auto document = boost::json::parse(text, error);
  if (error)
    throw json_error(file.string() + " is not JSON: " + error.message());
  return document;
}

} // namespace adstencil
