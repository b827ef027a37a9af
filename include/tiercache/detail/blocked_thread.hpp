// BlockedThread: the waiter behind a blocking get().
#pragma once

#include <tiercache/detail/lock.hpp>
#include <tiercache/detail/waiter.hpp>

#include <atomic>

namespace tiercache::detail {

/// A thread that waits for a fetch. It lives on that thread's stack.
template <class Mutex>
class BlockedThread final : public Waiter {
 public:
  enum class Signal : unsigned char { none, settled, lead, stopped };

  /// Takes the tier's lock, which guards the signal.
  explicit BlockedThread(Mutex& mutex) noexcept : mutex_(mutex) {}

  void settled() noexcept override { give(Signal::settled); }
  void lead() noexcept override { give(Signal::lead); }
  void stopped() noexcept override { give(Signal::stopped); }

  /// Blocks until there is a signal, and takes it.
  [[nodiscard]] Signal wait() noexcept {
    signal_.wait(Signal::none, std::memory_order_acquire);
    // Whoever gave the signal did so under the lock: once we had it, nobody touches this object.
    const LockGuard<Mutex> lock(mutex_);
    return signal_.exchange(Signal::none, std::memory_order_relaxed);
  }

 private:
  void give(Signal signal) noexcept {
    const LockGuard<Mutex> lock(mutex_);
    signal_.store(signal, std::memory_order_release);
    signal_.notify_one();
  }

  Mutex& mutex_;
  std::atomic<Signal> signal_{Signal::none};
};

}  // namespace tiercache::detail
