// Waiter: somebody who waits for a fetch, as an element of that fetch's list. Who it is (a coroutine, a blocked thread,
// an Asio operation) is known to the class that derives from it.
#pragma once

#include <tiercache/detail/fetch_scope.hpp>

#include <utility>

namespace tiercache::detail {

class WaiterList;

/// An element of a fetch's list of waiters. The links are guarded by the tier's lock; it must not move while linked.
class Waiter {
 public:
  Waiter() noexcept = default;
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Either is called once this was taken off the list, with no lock held, and may destroy this.

  /// The fetch is done.
  virtual void settled() noexcept = 0;
  /// Whoever ran the fetch has left: this is to run its own, on the same flight.
  virtual void lead() noexcept = 0;
  /// It was told to stop waiting.
  virtual void stopped() noexcept = 0;

  /// The fetch that this waits within, if any: what its waking goes on with.
  FetchId asked_within;

 protected:
  ~Waiter() = default;

 private:
  friend WaiterList;
  Waiter* previous_ = nullptr;
  Waiter* next_ = nullptr;
  WaiterList* list_ = nullptr;
};

/// Waiters, first come first served. Owns none.
class WaiterList {
 public:
  void push_back(Waiter& waiter) noexcept {
    waiter.previous_ = last_;
    waiter.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &waiter;
    last_ = &waiter;
    waiter.list_ = this;
  }

  /// Takes a waiter off the list that it is on, if any; tells whether there was one.
  static bool erase(Waiter& waiter) noexcept {
    WaiterList* const list = std::exchange(waiter.list_, nullptr);
    if (list == nullptr) return false;
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : list->first_) = waiter.next_;
    (waiter.next_ != nullptr ? waiter.next_->previous_ : list->last_) = waiter.previous_;
    return true;
  }

  [[nodiscard]] bool is_empty() const noexcept { return first_ == nullptr; }

  /// Takes the first waiter off the list and returns it; null if there is none.
  [[nodiscard]] Waiter* pop_front() noexcept {
    Waiter* const waiter = first_;
    if (waiter != nullptr) erase(*waiter);
    return waiter;
  }

 private:
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace tiercache::detail
