// ScheduledThreading: the threading of a cache that real threads use, of which a ThreadScheduler runs one at a time:
// each of its locks is a point where another may go on. So is each look at its clock.
#pragma once

#include "thread_scheduler.hpp"

#include <tiercache/tiercache.hpp>

#include <cstdint>

namespace support {

/// What is not shown: what comes of a weak order of memory, since threads that take turns see all that was done before;
/// and what only an atomic operation of the library's own stands between, since that is no point.
template <unsigned places>
struct ScheduledThreading {
  class Mutex {
   public:
    void lock() noexcept {
      ThreadScheduler::wait("lock", [this] { return !is_locked_; });
      is_locked_ = true;
      ++held;
    }
    void unlock() noexcept {
      --held;
      is_locked_ = false;
      ThreadScheduler::reach("unlock");  // from here on another thread may destroy this
    }
    [[nodiscard]] bool is_locked() const noexcept {
      ThreadScheduler::reach("is_locked", ThreadScheduler::Grain::fine);
      return is_locked_;
    }

    /// How many are held now.
    static inline int held = 0;

   private:
    bool is_locked_ = false;
  };
  static constexpr unsigned reader_places = places;

  class ReferenceCount {
   public:
    void add() noexcept {
      ThreadScheduler::reach("add", ThreadScheduler::Grain::fine);
      ++count_;
    }
    [[nodiscard]] bool remove() noexcept {
      ThreadScheduler::reach("remove", ThreadScheduler::Grain::fine);
      return --count_ == 0;
    }

   private:
    std::uint32_t count_ = 1;
  };

  static constexpr bool can_block = true;
};

/// The time that the test has set. The cache looks at it in the middle of what it does under a lock.
struct ScheduledClock {
  [[nodiscard]] static tiercache::TimePoint now() noexcept {
    ThreadScheduler::reach("now", ThreadScheduler::Grain::fine);
    return tiercache::ManualClock::now();
  }
};

/// Returns threads for such caches. A cache gives threads places by their numbers, so these have the same ones always.
[[nodiscard]] inline ThreadScheduler scheduled_threads() {
  constexpr auto take_number = [] { static_cast<void>(tiercache::detail::thread_number()); };
  take_number();
  return ThreadScheduler(4, take_number);
}

/// Readers wait for each other.
struct OnePlace {
  static constexpr const char* name = "one place";
  using clock = ScheduledClock;
  using threading = ScheduledThreading<1>;
};
/// They do not, but for those who share a place.
struct TwoPlaces {
  static constexpr const char* name = "two places";
  using clock = ScheduledClock;
  using threading = ScheduledThreading<2>;
};

}  // namespace support
