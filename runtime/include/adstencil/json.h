// Results as JSON files, through Boost.JSON.
//
// Build a boost::json::object as usual and hand it to `write_json`: it is indented for people, and every double is
// written with the digits that read back to the same double. Short arrays of numbers stay on one line.
//
//     adstencil::write_json("out/result.json", {{"nx", nx}, {"loss", adstencil::json_array(losses)}});
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <ranges>
#include <stdexcept>
#include <string>

namespace adstencil {

/// Thrown when a result file cannot be written or read; the message names the file.
class json_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A JSON array of the numbers in a range.
boost::json::array json_array(std::ranges::input_range auto&& numbers) {
  boost::json::array result;
  for (const auto& number : numbers)
    result.emplace_back(number);
  return result;
}

/// The document as indented text with a final newline. JSON has no infinity and no NaN: they become null.
std::string json_text(const boost::json::value& document);

/// Writes the document to `file`, creating its folder; throws json_error when that fails. The file appears complete or
/// not at all (it is written beside its place and renamed).
void write_json(const std::filesystem::path& file, const boost::json::value& document);

/// Reads a document; throws json_error when the file is missing or is not JSON.
boost::json::value read_json(const std::filesystem::path& file);

} // namespace adstencil
