// The lock of one part of a tier, and how one is held. What a lock guards is the business of its owner.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <atomic>

namespace tiercache::detail {

/// A mutex that spins briefly before it waits: what it guards takes some dozens of nanoseconds. Three states, as in
/// "Futexes Are Tricky" (Drepper 2011).
class SpinningMutex {
 public:
  void lock() noexcept {
    int state = unlocked;
    if (!state_.compare_exchange_strong(state, locked, std::memory_order_seq_cst, std::memory_order_relaxed)) wait();
  }
  void unlock() noexcept {
    if (state_.exchange(unlocked, std::memory_order_release) == awaited) state_.notify_one();
  }

  /// Tells whether somebody holds it. What that one did before it unlocked is seen by whoever gets false; and one who
  /// locks it later sees what was done before, in sequentially consistent order.
  [[nodiscard]] bool is_locked() const noexcept { return state_.load(std::memory_order_seq_cst) != unlocked; }

 private:
  static constexpr int unlocked = 0;
  static constexpr int locked = 1;
  static constexpr int awaited = 2;

  TIERCACHE_COLD void wait() noexcept {
    for (int spins = 0; spins < 100; ++spins) {
      TIERCACHE_PAUSE();
      int state = unlocked;
      if (state_.load(std::memory_order_relaxed) == unlocked &&
          state_.compare_exchange_weak(state, locked, std::memory_order_seq_cst, std::memory_order_relaxed)) {
        return;
      }
    }
    // From here on whoever unlocks has to wake somebody: there may be others who wait.
    while (state_.exchange(awaited, std::memory_order_seq_cst) != unlocked) {
      state_.wait(awaited, std::memory_order_relaxed);
    }
  }

  std::atomic<int> state_{unlocked};
};

/// Holds a lock while it lives.
template <class Mutex>
class LockGuard {
 public:
  explicit LockGuard(Mutex& mutex) noexcept(noexcept(mutex.lock())) : mutex_(mutex) { mutex_.lock(); }
  LockGuard(const LockGuard&) = delete;
  LockGuard& operator=(const LockGuard&) = delete;
  ~LockGuard() { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace tiercache::detail
