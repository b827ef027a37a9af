// What a whole cache is built with: its clock and its threading. What one tier is built with lives in tier.hpp.
#pragma once

#include <tiercache/clock.hpp>
#include <tiercache/detail/lock.hpp>

#include <atomic>
#include <cstdint>

namespace tiercache {

/// Makes a cache safe from many threads: a lock per tier, counted references that are atomic.
struct MultiThreaded {
  /// Guards one tier. Any type with `lock()` and `unlock()` serves.
  using Mutex = detail::SpinningMutex;
  /// How many threads can read from one tier at once without one waiting for another. Optional: without it, or with a
  /// `Mutex` that has no `is_locked()` as the library's own has, one.
  static constexpr unsigned reader_places = 8;

  /// Counts the owners of an object that several threads own.
  class ReferenceCount {
   public:
    /// Adds an owner.
    void add() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    /// Takes an owner away; tells whether it was the last one.
    [[nodiscard]] bool remove() noexcept { return count_.fetch_sub(1, std::memory_order_acq_rel) == 1; }

   private:
    std::atomic<std::uint32_t> count_{1};
  };

  /// Whether another thread can finish what this one waits for.
  static constexpr bool can_block = true;
};

/// Makes a cache for one thread, or for one strand: no locks and no atomics.
struct SingleThreaded {
  /// Guards nothing.
  struct Mutex {
    /// Does nothing.
    void lock() noexcept {}
    /// Does nothing.
    void unlock() noexcept {}
  };

  /// Counts the owners of an object that one thread owns.
  class ReferenceCount {
   public:
    /// Adds an owner.
    void add() noexcept { ++count_; }
    /// Takes an owner away; tells whether it was the last one.
    [[nodiscard]] bool remove() noexcept { return --count_ == 0; }

   private:
    std::uint32_t count_ = 1;
  };

  /// Whether another thread can finish what this one waits for.
  static constexpr bool can_block = false;
};

/// The configuration of `TieredCache`.
struct DefaultConfig {
  /// Where the time comes from.
  using clock = CoarseClock;
  /// Who may use the cache.
  using threading = MultiThreaded;
};

/// The configuration of `LocalTieredCache`.
struct LocalConfig {
  /// Where the time comes from.
  using clock = CoarseClock;
  /// Who may use the cache.
  using threading = SingleThreaded;
};

}  // namespace tiercache
