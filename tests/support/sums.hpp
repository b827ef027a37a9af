// P11: whether the counters of a tier at rest add up. Which lookups were made is not known here.
#pragma once

#include <tiercache/tiercache.hpp>

namespace support {

/// Returns which sum is wrong; null if none is.
[[nodiscard]] inline const char* wrong_sum(const tiercache::TierStats& stats) noexcept {
  if (stats.lookups != stats.hits + stats.misses) return "P11: lookups are hits and misses";
  if (stats.misses != stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch) {
    return "P11: misses lead a fetch, join one, or do without";
  }
  const auto left = stats.evictions + stats.expirations + stats.invalidations;
  return stats.inserts - left == stats.entries ? nullptr : "P11: what was stored and did not leave is there";
}

}  // namespace support
