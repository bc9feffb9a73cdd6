// See measure.h.
//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "measure.h"

#include "threads.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <stdexcept>

namespace bench {

namespace {

/// A run that is shorter is repeated inside a repetition: the clock and the system's ticks disturb short ones.
constexpr double least_seconds = 0.02;

struct variant {
  std::string name;
  action run;
  int threads = 0; ///< 0: as many as there are
};

/// The arrays that the kernel's vjp moves, as far as its traffic tells: it adds to the shadows of inputs and reads
/// those of outputs, and what is left of the traffic are values of inputs.
streams streams_of(const kernel& k, const fields& f) {
  streams result{.added_to = {}, .read = {}, .size = f.size()};
  std::vector<const double*> values;
  for (std::size_t a = 0; a < k.arrays.size(); ++a) {
    const role kind = k.arrays[a].kind;
    if (kind == role::input) {
      result.added_to.push_back(f.bar(a));
      values.push_back(f[a]);
    } else if (kind != role::constant) {
      result.read.push_back(f.bar(a));
    }
  }
  const std::size_t moved = static_cast<std::size_t>(k.vjp_bytes) / sizeof(double);
  const std::size_t shadows = 2 * result.added_to.size() + result.read.size();
  if (moved < shadows || moved > shadows + values.size())
    throw std::logic_error(std::string(k.name) + ": the traffic of its vjp is not that of its arrays");
  values.resize(moved - shadows);
  result.read.insert(result.read.end(), values.begin(), values.end());
  return result;
}

std::vector<variant> variants_of(const kernel& k, const fields& f) {
  std::vector<variant> variants;
  const auto add = [&](const char* name, const action& run) {
    if (run)
      variants.push_back({name, run});
  };
  const auto add_scaling = [&](const char* name, const action& run) {
    add(name, run);
    if (run && k.form.threaded && threads() > 1)
      variants.push_back({std::string(name) + on_one_thread, run, 1});
  };
  add_scaling("primal", k.primal);
  add_scaling("vjp", k.vjp);
  add_scaling("stream", [&k, all = streams_of(k, f)](const fields&) { k.form.stream(all); });
  add("adjoint", k.adjoint);
  add("gather", k.gather);
  add("scatter", k.scatter);
  return variants;
}

void call(const variant& v, const kernel& k, const fields& f, long count) {
  const thread_count threads(v.threads);
  k.call(v.run, f, count);
}

double seconds(const variant& v, const kernel& k, const fields& f) {
  const auto start = std::chrono::steady_clock::now();
  call(v, k, f, 1);
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

std::optional<double> row::speed_up(const std::string& variant) const {
  return ratio(variant + on_one_thread, variant);
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
  const std::vector<variant> variants = variants_of(k, f);
  const std::string prefix = std::string(k.name) + "/" + k.form.name + "/";
  for (const variant& v : variants) {
    call(v, k, f, 1); // pages, threads
    const double once = seconds(v, k, f);
    const auto iterations = std::clamp(static_cast<long>(least_seconds / std::max(once, 1e-9)) + 1, 1l, 10000l);
    benchmark::RegisterBenchmark((prefix + v.name).c_str(),
                                 [&v, &k, &f, iterations](benchmark::State& state) {
                                   while (state.KeepRunningBatch(iterations))
                                     call(v, k, f, iterations);
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
