// Contest: operations that Google Benchmark times against each other, in turns. What the rows of the table look like
// lives in rows.hpp.
#pragma once

#include "rows.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace benchmarks {

class Contest {
 public:
  /// Takes Google Benchmark's options from the program's second argument on.
  Contest(int argc, char** argv) {
    // An operation's repetitions lie all over the run, among those of the others: a slow minute is everybody's.
    options_ = {argv[0], "--benchmark_repetitions=21", "--benchmark_enable_random_interleaving=true",
                "--benchmark_min_time=0.05"};
    for (int i = 2; i < argc; ++i) options_.emplace_back(argv[i]);
  }

  /// Adds `loop(state)`, which tells the state how many items it processed. Timed by the processor's time, so that what
  /// else runs on the machine does not count.
  template <class Loop>
  benchmark::internal::Benchmark* add_loop(const std::string& name, Loop loop) {
    return benchmark::RegisterBenchmark(name.c_str(), std::move(loop));
  }

  /// Adds `operation(key)`, to be called for one key after another, over and over; each run goes on where the last one
  /// ended. `keys` are a power of two. Where the operation can fail to find a key, it has to find them all.
  template <class Key, class Operation>
  benchmark::internal::Benchmark* add(const std::string& name, const std::vector<Key>& keys, Operation operation) {
    for (const Key& key : keys) check(name, operation(key));
    const auto next = std::make_shared<std::atomic<std::size_t>>(0);
    return add_loop(name, [&keys, operation, next](benchmark::State& state) {
      const auto run = operation;
      const Key* const first = keys.data();
      const std::size_t mask = keys.size() - 1;
      std::size_t i = next->fetch_add(static_cast<std::size_t>(state.max_iterations));
      for ([[maybe_unused]] auto turn : state) {
        auto result = run(first[i++ & mask]);
        benchmark::DoNotOptimize(result);
      }
      state.SetItemsProcessed(state.iterations());
    });
  }

  void run() {
    std::vector<char*> arguments;
    for (std::string& option : options_) arguments.push_back(option.data());
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) std::exit(1);
    Reporter reporter(samples_);
    benchmark::RunSpecifiedBenchmarks(&reporter);
    for (auto& [name, samples] : samples_) std::sort(samples.begin(), samples.end());
  }

  /// Returns the median, in nanoseconds per item; not a number if there was no such operation.
  [[nodiscard]] double median(const std::string& name) const {
    const auto found = samples_.find(name);
    if (found == samples_.end()) return std::numeric_limits<double>::quiet_NaN();
    return found->second[found->second.size() / 2];
  }

  /// Returns the one of `names` with the least median; an empty name if there are none.
  [[nodiscard]] std::string best_of(const std::vector<std::string>& names) const {
    const auto best = std::min_element(names.begin(), names.end(), [this](const auto& left, const auto& right) {
      return median(left) < median(right);
    });
    return best != names.end() ? *best : "";
  }

  /// Returns the name and, in words, the median and where the middle half of the samples lies.
  [[nodiscard]] std::string words(const std::string& name) const {
    const auto found = samples_.find(name);
    if (found == samples_.end()) return "not installed";
    const std::vector<double>& samples = found->second;
    return fmt::format("{}: {} ns ({} to {})", name, digits_of(median(name)), digits_of(samples[samples.size() / 4]),
                       digits_of(samples[samples.size() * 3 / 4]));
  }

  /// Makes a row of the ratio of the medians of two operations.
  [[nodiscard]] Row ratio(std::string measure, const std::string& subject, const std::string& reference,
                          std::optional<Goal> goal = {}) const {
    return {.measure = std::move(measure),
            .subject = words(subject),
            .reference = words(reference),
            .figure = median(subject) / median(reference),
            .goal = goal};
  }

 private:
  using Samples = std::map<std::string, std::vector<double>>;

  /// Collects what was measured, and prints what Google Benchmark makes of it.
  class Reporter : public benchmark::ConsoleReporter {
   public:
    explicit Reporter(Samples& samples) : ConsoleReporter(OO_None), samples_(samples) {}

    void ReportRuns(const std::vector<Run>& runs) override {
      std::vector<Run> aggregates;
      for (const Run& run : runs) {
        if (run.error_occurred) {
          fmt::print(stderr, "{}: {}\n", run.run_name.function_name, run.error_message);
          std::exit(1);
        }
        if (run.run_type == Run::RT_Aggregate) {
          aggregates.push_back(run);
        } else {
          // Of the rate, since what the time is of with several threads depends on the version.
          samples_[run.run_name.function_name].push_back(1e9 / run.counters.at("items_per_second"));
        }
      }
      ConsoleReporter::ReportRuns(aggregates);
    }

   private:
    Samples& samples_;
  };

  template <class Result>
  static void check(const std::string& name, const Result& result) {
    if constexpr (requires { static_cast<bool>(result); }) {
      if (static_cast<bool>(result)) return;
      fmt::print(stderr, "{}: a key that it was given is not there\n", name);
      std::exit(1);
    }
  }

  std::vector<std::string> options_;
  Samples samples_;
};

}  // namespace benchmarks
