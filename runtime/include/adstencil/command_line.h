// Command lines through Boost.Program_options, with the manners all our programs share: --help with an example, errors
// on standard error, and exit codes that mean something.
//
//     int main(int argc, char** argv) {
//       int ny = 63;
//       adstencil::command_line line("heat", "Finds the initial temperature.", "heat --ny 127 --out results");
//       line.option("ny", ny, "cells in y");
//       if (auto exit_code = line.parse(argc, argv))
//         return *exit_code;
//       ...
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once

#include <boost/program_options.hpp>
#include <functional>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

namespace adstencil {

/// What a program's exit status says.
namespace exit_status {
inline constexpr int success = 0;
inline constexpr int wrong_result = 1; ///< it ran, but a check failed (no convergence, wrong gradient)
inline constexpr int usage = 2;        ///< the command line makes no sense
inline constexpr int failure = 3;      ///< it could not finish (no such folder, missing program)
} // namespace exit_status

/// Thrown by a program for an option whose value makes no sense; run_program turns it into exit_status::usage.
class usage_error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

class command_line {
public:
  /// `example` is a complete command that works, shown by --help.
  command_line(std::string program, std::string purpose, std::string example);

  /// Adds the option --name, which writes to `variable`. What the variable holds now is the default, shown by --help
  /// unless it is an empty text.
  template <class T>
  command_line& option(const std::string& name, T& variable, const std::string& help) {
    std::ostringstream shown;
    shown << variable;
    auto* value = boost::program_options::value(&variable);
    if (!shown.str().empty())
      value->default_value(variable, shown.str());
    options_.add_options()(name.c_str(), value, help.c_str());
    return *this;
  }

  /// Where to add options that need more of Boost.Program_options; --help is there already.
  boost::program_options::options_description& options() { return options_; }

  /// Reads the command line into the variables bound to the options; of an option given twice the last one counts.
  /// Returns nothing when the program should go on, and otherwise the exit code: success after --help, usage (with a
  /// message on standard error) for a bad command line.
  std::optional<int> parse(int argc, const char* const* argv);

private:
  std::string program_, purpose_, example_;
  boost::program_options::options_description options_{"Options"};
};

/// Calls `body` and returns its exit code; an exception that escapes is reported as "program: message" on standard
/// error and becomes exit_status::usage (usage_error) or exit_status::failure (any other).
int run_program(const std::string& program, const std::function<int()>& body);

} // namespace adstencil
