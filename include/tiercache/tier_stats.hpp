// The counters of a tier and of a cache. Each is defined here by the event that moves it; the events happen in
// detail/store.hpp. How they are printed lives in fmt.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/sequence.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tiercache {

/// What happened in one tier since the cache was made or its statistics were reset. A plain struct: copy it, subtract
/// it.
///
/// At rest (no call under way) these sums hold:
/// - `lookups = hits + misses`; `hits` includes `stale_hits` and `not_found_hits`,
/// - `misses = fetches_led + fetches_joined + lookups_without_fetch`,
/// - `inserts - evictions - expirations - invalidations = entries` (after `reset_stats()`: its change since then).
struct TierStats {
  /// The tier's name. Points to static storage.
  std::string_view name;

  /// Calls of `get`, `visit` and `get_or_fetch` that looked for a key, and the keys that `get_or_fetch_many` looked
  /// for, each as often as it was given. One that waited for an answer which its own fetcher could not have given, or
  /// came to a fetch that was just being given up, looks again, and counts again.
  std::uint64_t lookups = 0;
  /// Lookups that were answered from memory.
  std::uint64_t hits = 0;
  /// Hits that were answered with a value past its TTL.
  std::uint64_t stale_hits = 0;
  /// Hits whose answer was "there is none".
  std::uint64_t not_found_hits = 0;
  /// Lookups that were not answered from memory.
  std::uint64_t misses = 0;
  /// Misses that began a fetch.
  std::uint64_t fetches_led = 0;
  /// Misses that waited for a fetch which somebody else had begun.
  std::uint64_t fetches_joined = 0;
  /// Misses of `get` and `visit`, which do not fetch, and of lookups refused with `recursive_fetch`.
  std::uint64_t lookups_without_fetch = 0;
  /// Fetches that ended with an exception, with an error, or without a result.
  std::uint64_t fetch_failures = 0;
  /// Entries stored where there was none of use.
  std::uint64_t inserts = 0;
  /// Entries stored in place of one that was of use, or renewed since a fetch found them `not_modified`.
  std::uint64_t updates = 0;
  /// Entries dropped to keep the tier within its bounds, and by `trim`.
  std::uint64_t evictions = 0;
  /// Entries dropped since they were found past their deadline, or since a fetch found that there is none, where that
  /// is not remembered.
  std::uint64_t expirations = 0;
  /// Entries dropped by `invalidate`, `invalidate_if`, `write` and `clear`, and by cascades from other tiers. What is
  /// remembered not to exist is an entry too.
  std::uint64_t invalidations = 0;
  /// Fetched values that were handed out and not stored, since an invalidation or a `put` came after their fetch began.
  std::uint64_t superseded = 0;
  /// Values that were handed out and could not be stored: the memory ran out, their copy threw, they weigh too much, or
  /// the capacity is 0.
  std::uint64_t store_failures = 0;

  /// Entries held now, those past their deadline and not yet dropped included. A level: it is neither reset nor
  /// subtracted.
  std::uint64_t entries = 0;
  /// What they weigh together, in the unit of the tier's `weigh`. A level.
  std::uint64_t weight = 0;
  /// Fetches under way now. A level.
  std::uint64_t in_flight = 0;

  /// The hit rate that the tier's policy expects, 0 to 1; 0 expects nothing.
  double expected_hit_rate = 0.0;

  /// Returns `hits / lookups`, 0 to 1; 0 if there was no lookup.
  [[nodiscard]] constexpr double hit_rate() const noexcept {
    return lookups == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(lookups);
  }

  /// Compares all fields.
  [[nodiscard]] friend constexpr bool operator==(const TierStats&, const TierStats&) noexcept = default;
};

namespace detail {

/// The fields that count events, as opposed to levels.
inline constexpr std::uint64_t TierStats::* counters[] = {
    &TierStats::lookups,        &TierStats::hits,
    &TierStats::stale_hits,     &TierStats::not_found_hits,
    &TierStats::misses,         &TierStats::fetches_led,
    &TierStats::fetches_joined, &TierStats::lookups_without_fetch,
    &TierStats::fetch_failures, &TierStats::inserts,
    &TierStats::updates,        &TierStats::evictions,
    &TierStats::expirations,    &TierStats::invalidations,
    &TierStats::superseded,     &TierStats::store_failures,
};

}  // namespace detail

/// Returns what happened between `earlier` and `later`, two statistics of the same tier with no reset in between. The
/// levels and the expected rate are those of `later`.
[[nodiscard]] constexpr TierStats operator-(const TierStats& later, const TierStats& earlier) noexcept {
  TierStats interval = later;
  for (const auto counter : detail::counters) interval.*counter = later.*counter - earlier.*counter;
  return interval;
}

/// The statistics of all tiers of a cache, in the order of its template arguments.
///
/// Each tier's are consistent in themselves; between two tiers other threads may have counted.
struct CacheStats {
  /// One element a tier.
  detail::Sequence<TierStats> tiers;

  /// Returns the statistics of the tier at `index`, counted from 0 in the order of the cache's template arguments.
  [[nodiscard]] const TierStats& operator[](std::size_t index) const noexcept { return tiers[index]; }
  /// Returns the number of tiers.
  [[nodiscard]] std::size_t size() const noexcept { return tiers.size(); }
  /// Returns an iterator to the first tier's statistics.
  [[nodiscard]] auto begin() const noexcept { return tiers.begin(); }
  /// Returns an iterator behind the last tier's statistics.
  [[nodiscard]] auto end() const noexcept { return tiers.end(); }

  /// Returns the hits of all tiers over the lookups of all tiers, 0 to 1; 0 if there was no lookup.
  [[nodiscard]] double hit_rate() const noexcept {
    TierStats sum;
    for (const TierStats& tier : tiers) {
      sum.lookups += tier.lookups;
      sum.hits += tier.hits;
    }
    return sum.hit_rate();
  }

  /// Returns what happened between `earlier` and `later`, two statistics of the same cache.
  [[nodiscard]] friend CacheStats operator-(const CacheStats& later, const CacheStats& earlier) {
    CacheStats interval = later;
    for (std::size_t i = 0; i < interval.tiers.size() && i < earlier.tiers.size(); ++i) {
      interval.tiers[i] = later.tiers[i] - earlier.tiers[i];
    }
    return interval;
  }

  /// Compares all fields of all tiers.
  [[nodiscard]] friend bool operator==(const CacheStats&, const CacheStats&) noexcept = default;
};

}  // namespace tiercache
