// The clocks a cache can run on, and what a clock of the user's own must have. What is done with the time that they
// tell lives in ttl.hpp.
#pragma once

#include <tiercache/ttl.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstdint>

#if defined(__linux__)
#include <time.h>
#endif

namespace tiercache {

/// What the cache asks of a clock: a static `now()` that returns a `TimePoint`, never goes back and does not throw.
/// `std::chrono::steady_clock` is one.
template <class C>
concept Clock = requires {
  { C::now() } -> std::convertible_to<TimePoint>;
};

/// A steady clock that is cheap to read, and the default one.
///
/// On Linux it reads `CLOCK_MONOTONIC_COARSE`, which moves every 1 to 4 ms: an entry can live that much longer than its
/// TTL by a finer clock, never by this one. Like `steady_clock` it stands still while the machine is suspended.
/// Elsewhere it is `std::chrono::steady_clock`.
struct CoarseClock {
  /// Returns the time of the last tick.
  [[nodiscard]] static TimePoint now() noexcept {
#if defined(__linux__)
    ::timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
#else
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
#endif
  }
};

/// A clock that an event loop sets once per turn, which makes reading it free.
///
/// One for the whole program, safe from many threads. It stands still until `tick()` is called: an entry cannot expire
/// in a program that never ticks.
class TickClock {
 public:
  /// Returns the time of the last `tick()`, or of the program's start.
  [[nodiscard]] static TimePoint now() noexcept {
    return TimePoint(std::chrono::nanoseconds(time_.load(std::memory_order_relaxed)));
  }

  /// Sets the time to that of `CoarseClock`. It never goes back, however many loops tick.
  static void tick() noexcept {
    const std::int64_t time = CoarseClock::now().time_since_epoch().count();
    std::int64_t last = time_.load(std::memory_order_relaxed);
    while (last < time && !time_.compare_exchange_weak(last, time, std::memory_order_relaxed)) {}
  }

 private:
  inline static std::atomic<std::int64_t> time_{CoarseClock::now().time_since_epoch().count()};
};

/// A clock that stands still until a test moves it.
///
/// One for the whole program, safe from many threads.
class ManualClock {
 public:
  /// Returns the time that the test has set.
  [[nodiscard]] static TimePoint now() noexcept {
    return TimePoint(std::chrono::nanoseconds(time_.load(std::memory_order_relaxed)));
  }

  /// Moves the time on by `length`. Stops at the last point in time that can be expressed.
  static void advance(Ttl length) noexcept {
    std::int64_t time = time_.load(std::memory_order_relaxed);
    while (!time_.compare_exchange_weak(time, later(time, length), std::memory_order_relaxed)) {}
  }

  /// Sets the time back to where it was at the program's start: one day after the epoch.
  static void reset() noexcept { time_.store(start, std::memory_order_relaxed); }

 private:
  // Not the epoch itself: a CacheEntry whose stored_at is the epoch is one that was not stored yet.
  static constexpr std::int64_t start = std::chrono::nanoseconds(std::chrono::hours(24)).count();

  static std::int64_t later(std::int64_t time, Ttl length) noexcept {
    return detail::deadline_of(TimePoint(std::chrono::nanoseconds(time)), length).time_since_epoch().count();
  }

  inline static std::atomic<std::int64_t> time_{start};
};

}  // namespace tiercache
