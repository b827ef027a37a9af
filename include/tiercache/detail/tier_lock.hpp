// TierLock: the lock of one tier, held whole by who changes something and shared by those who only read. What happens
// under it is the business of detail/store.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/lock.hpp>

#include <atomic>
#include <cstdint>

namespace tiercache::detail {

/// What readers count.
struct ReadCounts {
  std::uint64_t hits = 0;
  std::uint64_t not_found_hits = 0;
  std::uint64_t misses = 0;

  ReadCounts& operator+=(const ReadCounts& other) noexcept {
    hits += other.hits;
    not_found_hits += other.not_found_hits;
    misses += other.misses;
    return *this;
  }
};

/// How many readers can hold the lock of a tier at once: 1 unless the threading says more.
template <class Threading>
inline constexpr unsigned reader_places = 1;
template <class Threading>
  requires requires { Threading::reader_places; }
inline constexpr unsigned reader_places<Threading> = Threading::reader_places;

/// Returns a number that differs from thread to thread, from 0 on.
[[nodiscard]] inline unsigned thread_number() noexcept {
  static std::atomic<unsigned> next{0};
  thread_local const unsigned number = next.fetch_add(1, std::memory_order_relaxed);
  return number;
}

/// The lock of one tier, with one place for readers: they hold it whole.
template <class Mutex, unsigned places>
class TierLock {
 public:
  struct Place {
    ReadCounts counts;
  };

  void lock() noexcept(noexcept(mutex_.lock())) { mutex_.lock(); }
  void unlock() noexcept { mutex_.unlock(); }

  [[nodiscard]] Place& lock_shared() noexcept(noexcept(mutex_.lock())) {
    mutex_.lock();
    return place_;
  }
  void unlock_shared(Place&) noexcept { mutex_.unlock(); }

  /// Returns where who holds the lock whole counts.
  [[nodiscard]] ReadCounts& counts() noexcept { return place_.counts; }
  /// Runs `visit(counts)` on what the readers at each place have counted. Wants the lock held whole.
  template <class Visit>
  void for_each_count(const Visit& visit) {
    visit(place_.counts);
  }

 private:
  Mutex mutex_;
  Place place_;
};

/// The lock of one tier, with several places for readers, each with a cache line of its own: threads that read do not
/// wait for each other, nor do their processors for each other's memory. Who changes something waits for all readers
/// and keeps new ones out.
///
/// A reader takes its place and then looks whether the lock is held whole; who wants it whole says so and then waits
/// for the places that are taken: at least one of the two sees the other (Dekker's order; all of it is sequentially
/// consistent). So to hold it whole costs three atomic operations, however many places there are.
template <class Mutex, unsigned places>
  requires(places > 1)
class TierLock<Mutex, places> {
 public:
  struct alignas(64) Place {
    Mutex mutex;
    ReadCounts counts;
  };

  void lock() noexcept {
    whole_.lock();
    is_whole_.store(true, std::memory_order_seq_cst);
    for (Place& place : places_) {
      if (!place.mutex.is_locked()) continue;
      place.mutex.lock();
      place.mutex.unlock();
    }
  }
  void unlock() noexcept {
    is_whole_.store(false, std::memory_order_release);
    whole_.unlock();
  }

  [[nodiscard]] Place& lock_shared() noexcept {
    Place& place = places_[thread_number() % places];
    place.mutex.lock();
    if (is_whole_.load(std::memory_order_seq_cst)) let_pass(place);
    return place;
  }
  void unlock_shared(Place& place) noexcept { place.mutex.unlock(); }

  /// Returns where who holds the lock whole counts: there is no reader then who does.
  [[nodiscard]] ReadCounts& counts() noexcept { return places_[0].counts; }
  /// Runs `visit(counts)` on what the readers at each place have counted. Wants the lock held whole.
  template <class Visit>
  void for_each_count(const Visit& visit) {
    for (Place& place : places_) visit(place.counts);
  }

 private:
  /// Lets whoever holds or wants the whole go first, and takes the place again.
  TIERCACHE_COLD void let_pass(Place& place) noexcept {
    place.mutex.unlock();
    whole_.lock();
    place.mutex.lock();
    whole_.unlock();
  }

  alignas(64) Mutex whole_;
  std::atomic<bool> is_whole_{false};
  Place places_[places];
};

/// Holds a tier's lock as a reader, while it lives.
template <class Lock>
class ReadGuard {
 public:
  explicit ReadGuard(Lock& lock) : lock_(lock), place_(lock.lock_shared()) {}
  ReadGuard(const ReadGuard&) = delete;
  ReadGuard& operator=(const ReadGuard&) = delete;
  ~ReadGuard() { lock_.unlock_shared(place_); }

  [[nodiscard]] ReadCounts& counts() const noexcept { return place_.counts; }

 private:
  Lock& lock_;
  typename Lock::Place& place_;
};

}  // namespace tiercache::detail
