// The command line's manners: help text, error text, exit codes.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <adstencil/command_line.h>

#include <exception>
#include <iostream>
#include <set>
#include <utility>
#include <vector>

namespace adstencil {

namespace po = boost::program_options;

namespace {

/// Removes every option that is given again later, so that scripts can append to a command line to change it.
void keep_last(std::vector<po::option>& options) {
  std::set<std::string> seen;
  std::vector<po::option> kept;
  for (auto option = options.rbegin(); option != options.rend(); ++option)
    if (seen.insert(option->string_key).second)
      kept.push_back(*option);
  options.assign(kept.rbegin(), kept.rend());
}

} // namespace

command_line::command_line(std::string program, std::string purpose, std::string example)
    : program_(std::move(program)), purpose_(std::move(purpose)), example_(std::move(example)) {
  options_.add_options()("help,h", "show this text and end");
}

std::optional<int> command_line::parse(int argc, const char* const* argv) {
  try {
    po::variables_map given;
    // Boost reads "extra" words only when told where they belong; an empty list makes every one of them an error.
    auto parsed = po::command_line_parser(argc, argv).options(options_).positional({}).run();
    keep_last(parsed.options);
    po::store(parsed, given);
    if (given.count("help") != 0) {
      std::cout << purpose_ << "\n\nUsage: " << program_ << " [options]\n\n"
                << options_ << "\nExample:\n  " << example_
                << "\n\nExit status: 0 success, 1 a check failed, 2 bad command line, 3 could not finish.\n";
      return exit_status::success;
    }
    po::notify(given);
    return std::nullopt;
  } catch (const po::error& error) {
    std::cerr << program_ << ": " << error.what() << "\nTry '" << program_ << " --help'.\n";
    return exit_status::usage;
  }
}

int run_program(const std::string& program, const std::function<int()>& body) {
  try {
    return body();
  } catch (const usage_error& error) {
    std::cerr << program << ": " << error.what() << "\nTry '" << program << " --help'.\n";
    return exit_status::usage;
  } catch (const std::exception& error) {
    std::cerr << program << ": " << error.what() << '\n';
    return exit_status::failure;
  }
}

} // namespace adstencil
