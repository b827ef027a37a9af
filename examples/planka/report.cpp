// What the program prints about a session; see report.hpp.
#include "report.hpp"

#include <fmt/format.h>

#include <chrono>
#include <tiercache/fmt.hpp>

namespace planka {
namespace {

double seconds(const Run& run) {
  return std::chrono::duration<double>(run.session.took).count();
}

void print_comparison(const Run& with_cache, const Run& without_cache) {
  const double requests_left = static_cast<double>(with_cache.requests) / static_cast<double>(without_cache.requests);
  const double time_left = seconds(with_cache) / seconds(without_cache);
  fmt::print("{:<20}{:>10}{:>9.2f} s\n", "without it", without_cache.requests, seconds(without_cache));
  fmt::print("{:<20}{:>8.0f} %{:>9.0f} %\n", "saved", 100 * (1 - requests_left), 100 * (1 - time_left));
}

}  // namespace

void print_report(const PlankaCache& cache, const Run& with_cache, const std::optional<Run>& without_cache) {
  const SessionResult& session = with_cache.session;
  fmt::print("{}\n\n", cache.stats());
  fmt::print("edits: {}, stale reads after an edit: {}, cards that were gone: {}\n\n", session.edits,
             session.stale_reads, session.missing_cards);
  fmt::print("{:<20}{:>10}{:>11}\n", "", "requests", "time");
  fmt::print("{:<20}{:>10}{:>9.2f} s\n", "through the cache", with_cache.requests, seconds(with_cache));
  if (without_cache) print_comparison(with_cache, *without_cache);
}

}  // namespace planka
