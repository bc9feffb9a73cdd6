// See measure.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "measure.h"

#include "threads.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>

namespace bench {

namespace {

/// A run that is shorter is repeated inside a repetition: the clock and the system's ticks disturb short ones.
constexpr double least_seconds = 0.02;

double seconds(const action& run, const fields& f) {
  const auto start = std::chrono::steady_clock::now();
  run(f);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

/// Keeps what Google Benchmark measured instead of printing it.
class collector : public benchmark::BenchmarkReporter {
public:
  explicit collector(boost::json::array& runs) : runs_(runs) {}

  bool ReportContext(const Context&) override { return true; }

  void ReportRuns(const std::vector<Run>& report) override {
    for (const Run& run : report) {
      if (run.run_type != Run::RT_Iteration)
        continue;
      const double each = run.real_accumulated_time / static_cast<double>(run.iterations);
      times[run.run_name.function_name].push_back(each);
      runs_.push_back({{"name", run.benchmark_name()},
                       {"run_name", run.run_name.function_name},
                       {"run_type", "iteration"},
                       {"repetitions", run.repetitions},
                       {"repetition_index", run.repetition_index},
                       {"threads", run.threads},
                       {"iterations", run.iterations},
                       {"real_time", 1e3 * each},
                       {"cpu_time", 1e3 * run.cpu_accumulated_time / static_cast<double>(run.iterations)},
                       {"time_unit", "ms"}});
    }
  }

  std::map<std::string, std::vector<double>> times;

private:
  boost::json::array& runs_;
};

} // namespace

std::optional<double> row::time(const std::string& variant) const {
  const auto found = seconds.find(variant);
  return found == seconds.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> row::ratio(const std::string& above, const std::string& below) const {
  const auto a = time(above), b = time(below);
  return a && b ? std::optional(*a / *b) : std::nullopt;
}

void prepare_measurement() {
  std::string program = "adjoint_kernels", interleave = "--benchmark_enable_random_interleaving=true";
  char* arguments[] = {program.data(), interleave.data(), nullptr};
  int count = 2;
  benchmark::Initialize(&count, arguments);
}

row measure(const kernel& k, const shape& size, int repetitions, boost::json::array& runs) {
  row result{.kernel = k.name,
             .form = k.form.name,
             .size = size,
             .threads = k.form.threaded ? threads() : 1,
             .primal_bytes = k.primal_bytes,
             .vjp_bytes = k.vjp_bytes,
             .seconds = {},
             .repeatable = {}};
  const fields f(size, k.arrays, k.form);
  const std::pair<const char*, const action&> variants[] = {
      {"primal", k.primal}, {"vjp", k.vjp}, {"adjoint", k.adjoint}, {"gather", k.gather}, {"scatter", k.scatter}};

  const std::string prefix = std::string(k.name) + "/" + k.form.name + "/";
  for (const auto& [name, run] : variants) {
    if (!run)
      continue;
    run(f); // pages, threads
    const double once = seconds(run, f);
    const auto iterations = std::clamp(static_cast<long>(least_seconds / std::max(once, 1e-9)) + 1, 1l, 10000l);
    benchmark::RegisterBenchmark((prefix + name).c_str(),
                                 [&run, &f](benchmark::State& state) {
                                   for ([[maybe_unused]] auto _ : state)
                                     run(f);
                                 })
        ->Iterations(iterations)
        ->Repetitions(repetitions)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  collector collected(runs);
  benchmark::RunSpecifiedBenchmarks(&collected);
  benchmark::ClearRegisteredBenchmarks();
  for (const auto& [name, times] : collected.times)
    result.seconds[name.substr(prefix.size())] = median(times);
  return result;
}

} // namespace bench
