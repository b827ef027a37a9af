// The tiers of the soak and their values.
#pragma once

#include "soak_actor.hpp"
#include "soak_history.hpp"

#include <tiercache/tiercache.hpp>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace soak {

using namespace std::chrono_literals;

/// Counts the objects that there are, and fails to be copied now and then.
class Counted {
 public:
  Counted() { add(1); }
  Counted(const Counted&) {
    may_fail(400);
    add(1);
  }
  Counted(Counted&&) noexcept { add(1); }
  Counted& operator=(const Counted&) {
    may_fail(400);
    return *this;
  }
  Counted& operator=(Counted&&) noexcept { return *this; }
  ~Counted() { add(-1); }

  [[nodiscard]] static std::int64_t alive() { return alive_.load(); }

 private:
  // Relaxed, so that it orders nothing that the cache has to.
  static void add(std::int64_t count) { alive_.fetch_add(count, std::memory_order_relaxed); }
  static inline std::atomic<std::int64_t> alive_ = 0;
};

/// A value that says whose it is and where it comes from. It is torn if its parts do not agree with that.
class Sheet {
 public:
  Sheet(std::size_t tier, std::uint32_t key, const Origin& its_origin) : tier_(tier), key_(key), origin_(its_origin) {
    parts_.fill(sum());
  }

  [[nodiscard]] const Origin& origin() const { return origin_; }
  /// When it was made: not before its fetch began, from where its TTL counts.
  [[nodiscard]] tiercache::TimePoint made_at() const { return made_at_; }
  [[nodiscard]] bool is_of(std::size_t tier, std::uint32_t key) const {
    if (tier_ != tier || key_ != key) return false;
    for (const std::uint64_t part : parts_) {
      if (part != sum()) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] std::uint64_t sum() const { return origin_.number * 64 + origin_.source * 8 + tier_ + key_; }

  Counted counted_;
  std::size_t tier_;
  std::uint32_t key_;
  Origin origin_;
  tiercache::TimePoint made_at_ = std::chrono::steady_clock::now();
  std::array<std::uint64_t, 6> parts_{};
};

/// Numbers as they are, and strings that are too long for their own buffer.
template <class Key>
[[nodiscard]] Key key_of(std::uint32_t number) {
  if constexpr (std::is_same_v<Key, std::string>) {
    return "the key with the number " + std::to_string(number);
  } else {
    return number;
  }
}
[[nodiscard]] inline std::uint32_t number_of(std::uint32_t key) {
  return key;
}
[[nodiscard]] inline std::uint32_t number_of(std::string_view key) {
  std::uint32_t number = 0;
  std::from_chars(key.data() + key.rfind(' ') + 1, key.data() + key.size(), number);
  return number;
}

struct Stale : tiercache::Tier<std::uint32_t, Sheet> {
  static constexpr std::size_t index = 0;
  static constexpr std::string_view name = "stale";
  static constexpr tiercache::TierPolicy policy{
      .ttl = 3ms, .stale_for = 3ms, .stale_if_error = 10ms, .retry_after = 1ms, .jitter = 0.3, .capacity = 50};
};
/// The one that remembers what there is not.
struct Absent : tiercache::Tier<std::string, Sheet> {
  static constexpr std::size_t index = 1;
  static constexpr std::string_view name = "absent";
  using eviction = tiercache::Lru;
  static constexpr tiercache::TierPolicy policy{.ttl = 2ms, .not_found_ttl = 3ms, .capacity = 48};
};
struct Weighed : tiercache::Tier<std::uint32_t, Sheet> {
  static constexpr std::size_t index = 2;
  static constexpr std::string_view name = "weighed";
  using eviction = tiercache::Sieve;
  static std::size_t weigh(std::uint32_t key, const Sheet&) {
    may_fail(100);
    return 1 + key % 8;
  }
  static constexpr tiercache::TierPolicy policy{.ttl = 4ms, .idle_for = 2ms, .capacity = 60, .max_weight = 150};
};
/// Which key of `Absent` goes with one of `Newest`.
[[nodiscard]] inline std::string absent_with(const std::uint32_t& number, const Sheet*) {
  may_fail(200);
  return key_of<std::string>(number);
}
struct Newest : tiercache::Tier<std::uint32_t, Sheet> {
  static constexpr std::size_t index = 3;
  static constexpr std::string_view name = "newest";
  using eviction = tiercache::OldestFirst;
  static constexpr tiercache::TierPolicy policy{.ttl = 5ms, .capacity = 40, .trim_to = 20};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::keys<Absent>(absent_with));
};

/// With a clock that moves between any two operations.
struct Config {
  using clock = std::chrono::steady_clock;
  using threading = tiercache::MultiThreaded;
};
using Cache = tiercache::BasicTieredCache<Config, Stale, Absent, Weighed, Newest>;

}  // namespace soak
