// Choices: what a byte of an operation stands for, where that depends on nothing but the clock.
#pragma once

#include "caller.hpp"
#include "operations.hpp"
#include "reference_entries.hpp"
#include "subject.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace model {

/// The numbers of the tiers.
inline constexpr std::size_t cards = 0;
inline constexpr std::size_t boards = 1;
inline constexpr std::size_t motto = 2;

[[nodiscard]] inline std::size_t some_tier(const Operation& o) noexcept {
  static constexpr std::size_t tiers[] = {cards, cards, cards, cards, boards, boards, boards, motto};
  return choose(tiers, o.tier);
}
[[nodiscard]] inline Ttl some_ttl(unsigned number) noexcept {
  static constexpr Ttl ttls[] = {30s,
                                 2min,
                                 0ns,
                                 1ns,
                                 tiercache::forever,
                                 longest_but_forever,
                                 -1s,
                                 1min,
                                 10s,
                                 (std::chrono::hours::max)(),
                                 (std::chrono::nanoseconds::min)(),
                                 5s};
  return choose(ttls, number);
}
[[nodiscard]] inline std::optional<Wide> some_stored_at(unsigned number) noexcept {
  static constexpr Wide first = (std::numeric_limits<std::int64_t>::min)();
  switch (number % 8) {
    case 0:
      return (std::min)(now() + wide(5s), last_time);
    case 1:
      return now();
    case 2:
      return (std::max)(now() - wide(20s), first);
    case 3:
      return number % 16 == 3 ? std::optional(first) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace model
