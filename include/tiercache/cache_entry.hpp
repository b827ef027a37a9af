// CacheEntry: a value together with when it was stored and how long it lives, as users see it. How the cache keeps one
// inside is detail/entry.hpp.
#pragma once

#include <tiercache/ttl.hpp>

#include <chrono>

namespace tiercache {

/// A value with the time it was stored and its time to live.
///
/// `peek` returns one. A fetcher returns one, and `put` takes one, to give a value a TTL of its own:
/// `return tiercache::CacheEntry<Card>{.value = card, .ttl = 30s};`
/// One that leaves `ttl` out gets the TTL of its tier.
template <class T>
struct CacheEntry {
  /// The value.
  T value;
  /// When the value was stored, or, of a fetched one, when its fetch began.
  ///
  /// The epoch (the default) means that it is not stored yet: the cache fills it in. An earlier time than that is kept
  /// (the answer was already so old when it arrived); a later one is not believed.
  TimePoint stored_at{};
  /// How long the value is fresh, counted from `stored_at`.
  ///
  /// Not set (the default), it stands for the tier's TTL where the entry is given to the cache; by itself it counts as
  /// zero. What `peek` returns has it set.
  Ttl ttl = Ttl::unset();

  /// Returns the time from which the value is not fresh, or `TimePoint::max()` if that is later or never.
  [[nodiscard]] constexpr TimePoint expires_at() const noexcept { return detail::deadline_of(stored_at, ttl); }

  /// Tells whether the value is fresh at `now`: before `expires_at()`, and not at it.
  [[nodiscard]] constexpr bool is_fresh(TimePoint now) const noexcept {
    return detail::is_alive(now, stored_at, ttl.duration());
  }

  /// Returns how long ago the value was stored, zero or more nanoseconds.
  [[nodiscard]] constexpr std::chrono::nanoseconds age(TimePoint now) const noexcept {
    return detail::elapsed(stored_at, now);
  }
};

}  // namespace tiercache
