// WaitingRoom: who waits for the fetches of a tier: how they line up, leave, are stopped and are woken. What they wait
// for is decided in detail/flight_control.hpp.
#pragma once

#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/tier_state.hpp>
#include <tiercache/detail/waiter.hpp>

namespace tiercache::detail {

/// A wait that can be stopped. Guarded by the tier's lock.
struct StoppableWait {
  /// Who is on the list, or was: alive as long as this can be stopped.
  Waiter* waiter = nullptr;
  bool is_stopped = false;
  /// Whether a stop is to wait until `let_go`: something uses what is the waiter's.
  bool is_held = false;
};

/// The waiters of tier `T`. Flights keep them; the tier's lock guards their lists.
template <class Config, class T>
class WaitingRoom : public TierState<Config, T> {
  using State = TierState<Config, T>;

 protected:
  using State::lock_;
  using typename State::Lock;

 public:
  /// Puts a waiter on the flight's list, unless the flight is done: then there is nothing to wait for.
  template <class Flight>
  [[nodiscard]] bool enqueue(Flight& flight, Waiter& waiter) noexcept {
    const Lock lock(lock_);
    if (flight.is_done) return false;
    line_up(flight, waiter);
    return true;
  }
  /// The same, for one that can be stopped: not if that happened already, unless that is to wait.
  template <class Flight>
  [[nodiscard]] bool enqueue(Flight& flight, Waiter& waiter, StoppableWait& wait) noexcept {
    const Lock lock(lock_);
    if (flight.is_done || (wait.is_stopped && !wait.is_held)) return false;
    line_up(flight, waiter);
    wait.waiter = &waiter;
    return true;
  }

  /// Ends a wait, or has it not begin any more. Moves the waiter, if it waits, to `aside`, from where it can still
  /// leave until it is taken.
  void stop(StoppableWait& wait, WaiterList& aside) noexcept {
    const Lock lock(lock_);
    stop_locked(wait, aside);
  }
  /// Lets a stop end the wait from now on, and one that came before.
  void let_go(StoppableWait& wait, WaiterList& aside) noexcept {
    const Lock lock(lock_);
    wait.is_held = false;
    if (wait.is_stopped) set_aside(wait, aside);
  }
  /// Tells the waiters aside, as far as they are there still, that they were stopped.
  void end_stopped(WaiterList& aside) noexcept {
    for (;;) {
      Waiter* waiter = nullptr;
      {
        const Lock lock(lock_);
        waiter = aside.pop_front();
      }
      if (waiter == nullptr) return;
      const FetchScope scope(FetchScope::Afresh{}, waiter->asked_within);
      waiter->stopped();
    }
  }

  template <class Flight>
  [[nodiscard]] bool is_done(const Flight& flight) const noexcept {
    const Lock lock(lock_);
    return flight.is_done;
  }

  /// Takes a waiter off the list that it is on; tells whether it was on one. If not, its waking is under way.
  bool leave(Waiter& waiter) noexcept {
    const Lock lock(lock_);
    return WaiterList::erase(waiter);
  }

  /// The lock, for waiters that must be told under it.
  [[nodiscard]] auto& lock() const noexcept { return lock_; }

 protected:
  using State::State;
  ~WaitingRoom() = default;

  /// `stop`, with the lock held.
  static void stop_locked(StoppableWait& wait, WaiterList& aside) noexcept {
    wait.is_stopped = true;
    if (!wait.is_held) set_aside(wait, aside);
  }

  /// Wakes the waiters of a flight that is done. The next one is taken off only after the one before was resumed, since
  /// that may have destroyed it; and none is resumed from within another.
  template <class Flight>
  void wake(Flight& flight) noexcept {
    for (;;) {
      Waiter* waiter = nullptr;
      {
        const Lock lock(lock_);
        waiter = flight.waiters.pop_front();
      }
      if (waiter == nullptr) return;
      const FetchScope scope(FetchScope::Afresh{}, waiter->asked_within);
      waiter->settled();
    }
  }

 private:
  // What follows wants the lock held.

  static void set_aside(StoppableWait& wait, WaiterList& aside) noexcept {
    if (wait.waiter != nullptr && WaiterList::erase(*wait.waiter)) aside.push_back(*wait.waiter);
  }
  template <class Flight>
  static void line_up(Flight& flight, Waiter& waiter) noexcept {
    waiter.asked_within = FetchScope::current();
    flight.waiters.push_back(waiter);
  }
};

}  // namespace tiercache::detail
