// Opt-in: prints statistics with {fmt}. The counters themselves are defined in tier_stats.hpp.
#pragma once

#include <tiercache/tiercache.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace tiercache::detail {

/// Tells whether a tier that was used misses the hit rate that its policy expects.
[[nodiscard]] inline bool falls_short(const TierStats& stats) noexcept {
  return stats.lookups != 0 && stats.hit_rate() < stats.expected_hit_rate;
}

/// Takes no format specification.
struct StatsFormatter {
  constexpr auto parse(fmt::format_parse_context& context) -> decltype(context.begin()) {
    // fmt reports what is left of the specification as an error.
    return context.begin();
  }
};

/// Writes the last columns of a line of the table: the hit rate, the expected one, and the mark.
template <class Out>
Out write_rates(Out out, const TierStats& stats) {
  out = fmt::format_to(out, "{:>7.1f} %", 100.0 * stats.hit_rate());
  if (stats.expected_hit_rate > 0.0) {
    out = fmt::format_to(out, " {:>9.1f} %", 100.0 * stats.expected_hit_rate);
  } else {
    out = fmt::format_to(out, " {:>11}", "-");
  }
  return falls_short(stats) ? fmt::format_to(out, "  below") : out;
}

}  // namespace tiercache::detail

/// Prints `cards: 100 lookups, 40 hits, 60 misses, 12 joined, 40.0 % hit rate (expected 50.0 %, below)`. Takes no
/// format specification: `{}`, and to align it `fmt::format("{:>120}", fmt::format("{}", stats))`.
template <>
struct fmt::formatter<tiercache::TierStats> : tiercache::detail::StatsFormatter {
  /// Writes one line, with no end of line.
  template <class Context>
  auto format(const tiercache::TierStats& stats, Context& context) const {
    auto out =
        fmt::format_to(context.out(), "{}: {} lookups, {} hits, {} misses, {} joined, {:.1f} % hit rate", stats.name,
                       stats.lookups, stats.hits, stats.misses, stats.fetches_joined, 100.0 * stats.hit_rate());
    if (stats.expected_hit_rate > 0.0) {
      out = fmt::format_to(out, " (expected {:.1f} %{})", 100.0 * stats.expected_hit_rate,
                           tiercache::detail::falls_short(stats) ? ", below" : "");
    }
    return out;
  }
};

/// Prints a table: a line of headings and a line a tier, with lookups, hits, misses, joined fetches, the hit rate, the
/// expected one, and the mark `below` on the tiers that fall short of it. Takes no format specification: `{}`.
template <>
struct fmt::formatter<tiercache::CacheStats> : tiercache::detail::StatsFormatter {
  /// Writes the lines, the last one with no end of line.
  template <class Context>
  auto format(const tiercache::CacheStats& stats, Context& context) const {
    std::size_t width = std::string_view("tier").size();
    for (const tiercache::TierStats& tier : stats) width = (std::max)(width, tier.name.size());
    auto out = fmt::format_to(context.out(), "{:<{}} {:>10} {:>10} {:>10} {:>8} {:>9} {:>11}", "tier", width, "lookups",
                              "hits", "misses", "joined", "hit rate", "expected");
    for (const tiercache::TierStats& tier : stats) {
      out = fmt::format_to(out, "\n{:<{}} {:>10} {:>10} {:>10} {:>8} ", tier.name, width, tier.lookups, tier.hits,
                           tier.misses, tier.fetches_joined);
      out = tiercache::detail::write_rates(out, tier);
    }
    return out;
  }
};
