// adjoint_kernels: how fast are generated adjoints of stencils? Ten kernels, each as a serial nest, with OpenMP and
// with CUDA; for each the primal, the generated __vjp_ and __adjoint_, and two vjps written by hand: a gather and a
// scatter. Every result is verified before anything is timed. docs/benchmarks.md explains the table.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "harness/measure.h"
#include "harness/threads.h"
#include "harness/verify.h"

#include <adstencil/command_line.h>
#include <adstencil/json.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <regex>
#include <string_view>
#include <thread>
#include <unistd.h>

namespace {

using namespace bench;

constexpr std::array<std::string_view, 12> kernel_order = {"heat-3d",
                                                           "heat-3d-nonlinear",
                                                           "wave-3d",
                                                           "wave-3d-r4",
                                                           "geothermal-flux",
                                                           "geothermal-divergence",
                                                           "elastic-velocity-2d",
                                                           "elastic-stress-2d",
                                                           "ice-2d",
                                                           "burgers-1d",
                                                           "shallow-water-2d",
                                                           "weno5-2d"};
constexpr std::array<std::string_view, 3> form_order = {"serial", "openmp", "cuda"};

template <class List>
std::ptrdiff_t place(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) - list.begin();
}

struct choices {
  std::string filter, json;
  int repetitions = 7;
  bool quick = false, verify_only = false, list = false;
};

std::string full_name(const kernel& k) { return std::string(k.name) + "/" + k.form.name; }

const kernel& serial_form(const std::vector<kernel>& kernels, const std::string& name) {
  return *std::find_if(kernels.begin(), kernels.end(),
                       [&](const kernel& k) { return k.name == name && k.form.name == std::string_view("serial"); });
}

std::string date() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
  return text;
}

std::string cpu() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name"))
      return line.substr(std::min(line.find(':') + 2, line.size()));
  return "unknown";
}

boost::json::object context(const choices& chosen) {
  return {{"date", date()},
          {"executable", "adjoint_kernels"},
          {"num_cpus", std::thread::hardware_concurrency()},
          {"cpu", cpu()},
          {"compiler", __VERSION__},
          {"flags", BENCH_FLAGS},
          {"openmp_threads", threads()},
          {"repetitions", chosen.repetitions},
          {"sizes", chosen.quick ? "quick" : "large"}};
}

void show(const std::string& text) {
  if (isatty(STDERR_FILENO))
    std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

void check(const kernel& k, const kernel& serial, const shape& size) {
  if (&k == &serial)
    verify_reference(k, k.odd);
  for (const shape& s :
       {k.odd, shape{1, std::min(k.odd.ny, 2), k.odd.nz}, k.odd.ny > 1 ? shape{2, 1, 1} : shape{3}, size})
    verify(k, serial, s);
}

int run(const choices& chosen) {
  std::vector<kernel>& kernels = registered();
  std::sort(kernels.begin(), kernels.end(), [](const kernel& a, const kernel& b) {
    return std::pair(place(kernel_order, a.name), place(form_order, a.form.name)) <
           std::pair(place(kernel_order, b.name), place(form_order, b.form.name));
  });
  const std::regex filter(chosen.filter);
  std::vector<row> rows;
  boost::json::array runs;
  int verified = 0;
  for (const kernel& k : kernels) {
    if (!std::regex_search(full_name(k), filter))
      continue;
    if (chosen.list) {
      std::printf("%s\n", full_name(k).c_str());
      continue;
    }
    const shape& size = chosen.quick ? k.quick : k.large;
    show("verifying " + full_name(k));
    check(k, serial_form(kernels, k.name), size);
    ++verified;
    if (chosen.verify_only)
      continue;
    show("measuring " + full_name(k));
    row measured = measure(k, size, chosen.repetitions, runs);
    measured.repeatable = repeatable(k, size);
    rows.push_back(measured);
  }
  show("");
  if (chosen.list)
    return adstencil::exit_status::success;
  if (verified == 0)
    throw adstencil::usage_error("no kernel matches '" + chosen.filter + "'; --list names them");
  std::printf("%s%d kernels and forms verified\n", chosen.verify_only ? "" : table(rows).c_str(), verified);
  if (!chosen.json.empty())
    adstencil::write_json(chosen.json, {{"context", context(chosen)}, {"benchmarks", runs}, {"rows", to_json(rows)}});
  return adstencil::exit_status::success;
}

int start(int argc, char** argv) {
  choices chosen;
  adstencil::command_line line("adjoint_kernels", "Verifies and times generated adjoints of stencil kernels.",
                               "adjoint_kernels --quick --filter heat");
  line.option("filter", chosen.filter, "only kernels whose name/form matches this regular expression");
  line.option("repetitions", chosen.repetitions, "rounds in which the variants take turns; medians are printed");
  line.option("json", chosen.json, "also write all measurements to this file");
  const auto flag = [&](const char* name, bool& variable, const char* help) {
    line.options().add_options()(name, boost::program_options::bool_switch(&variable), help);
  };
  flag("quick", chosen.quick, "small sizes, a few seconds in all");
  flag("verify-only", chosen.verify_only, "compare results and measure nothing");
  flag("list", chosen.list, "print the names and exit");
  if (const auto exit_code = line.parse(argc, argv))
    return *exit_code;
  if (chosen.repetitions < 1)
    throw adstencil::usage_error("--repetitions must be at least 1");
  prepare_measurement();
  try {
    return run(chosen);
  } catch (const wrong_result& error) {
    std::fprintf(stderr, "adjoint_kernels: wrong result: %s\n", error.what());
    return adstencil::exit_status::wrong_result;
  }
}

} // namespace

int main(int argc, char** argv) {
  return adstencil::run_program("adjoint_kernels", [&] { return start(argc, argv); });
}
