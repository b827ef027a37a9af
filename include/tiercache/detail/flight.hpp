// Flight: one fetch under way, and who waits for it. What happens when it ends is decided in detail/flight_control.hpp.
#pragma once

#include <tiercache/cache_entry.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/outcome.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/slab.hpp>
#include <tiercache/detail/waiter.hpp>
#include <tiercache/ttl.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace tiercache::detail {

/// A loop that has one waiter after the other run its own fetch, for as long as those leave.
struct Succession {
  /// The thread that it runs on.
  const void* thread = nullptr;
  /// Whether the one who was to run it has left as well.
  bool goes_on = false;
  /// Those among them who gave up, and are to be resumed once somebody else runs it.
  WaiterList aside;
};

/// One fetch of one key in one epoch. An element of the tier's slab of flights: used again once nobody refers to it.
///
/// The tier's index of flights holds it while its epoch lasts: an invalidation takes it out, and what is not in the
/// index when it ends is not stored. That is all that an epoch is here; no clock and no number is compared.
/// All but the outcome is guarded by the tier's lock. The outcome is written by whoever runs the fetch, before it is
/// done, and read by the waiters after.
template <class Control>
class Flight : public Counted<Flight<Control>, typename Control::Threading::ReferenceCount> {
 public:
  using T = typename Control::TierType;

  Flight() noexcept = default;
  ~Flight() = default;

  /// Its number in the slab.
  Slot slot = no_slot;
  /// Whose flight it is. It keeps the tier alive while it is open, until the last one who waits has left, however long
  /// the cache itself lives.
  Control* control = nullptr;
  bool is_open = false;
  /// Whether it was never used: then it comes with an owner.
  bool is_new = true;
  /// The entry that the value will be stored in; it holds the key. Gone once it was stored.
  typename Control::OwnedEntry entry;
  /// The hash of the key, mixed.
  std::uint32_t hash = 0;
  /// Which fetch it is that runs. Changed when it passes on, under the lock; so who does not run it reads it there.
  FetchId id;
  /// When the fetch began that now runs; from here its TTL counts.
  TimePoint started_at{};
  Outcome<typename T::value_type> outcome;
  /// The entry that is to be replaced, as the fetcher was shown it. Like the outcome, of whoever runs the fetch.
  std::optional<CacheEntry<typename T::value_type>> recalled;
  /// Its own TTL, if it had one. Only of meaning beside it.
  std::optional<Ttl> recalled_ttl;
  WaiterList waiters;
  /// Whether the index holds it: no invalidation came since it was opened.
  bool is_current = false;
  bool is_done = false;
  /// Whether the one who runs the fetch is leaving, so that another one is to run it.
  bool is_leader_leaving = false;
  /// Whether the fetch runs its first part, inside the one who began it.
  bool is_starting = false;
  /// Changes whenever it passes on to another one.
  std::uint32_t passed_on = 0;
  /// The loop in which it is passed on, if it is.
  Succession* succession = nullptr;

  [[nodiscard]] Flight*& next_unused() noexcept { return next_unused_; }

 private:
  friend Counted<Flight, typename Control::Threading::ReferenceCount>;

  /// Goes back to the tier, to be used again.
  void dispose() noexcept {
    outcome.reset();
    recalled.reset();
    entry.reset();
    is_done = is_leader_leaving = is_starting = false;
    Control* const home = control;
    const bool was_open = std::exchange(is_open, false);
    home->give_back(*this);
    if (was_open) home->remove_owner();
  }

  Flight* next_unused_ = nullptr;
};

/// The duty to end a flight. Whoever runs the fetch holds it; dropped before `land`, it tells the tier so.
template <class Control>
class Ticket {
 public:
  /// No duty.
  Ticket() noexcept = default;
  explicit Ticket(Reference<Flight<Control>> flight) noexcept : flight_(std::move(flight)) {}
  Ticket(Ticket&&) noexcept = default;
  Ticket& operator=(Ticket other) noexcept {
    std::swap(flight_, other.flight_);
    return *this;
  }
  ~Ticket() {
    if (flight_) flight_->control->abandon(*flight_);
  }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(flight_); }
  [[nodiscard]] Flight<Control>& flight() const noexcept { return *flight_; }

  /// Ends the flight with the outcome that it holds, and wakes who waits. The last thing that its holder does.
  void land() noexcept {
    const Reference<Flight<Control>> flight = std::move(flight_);
    flight->control->complete(*flight);
  }

  /// Leaves the duty to whoever makes a ticket of their own, or ends the flight.
  void hand_over() noexcept { flight_ = {}; }

  /// Leaves the duty to the next waiter, who runs its own fetch.
  void pass_on() noexcept {
    const Reference<Flight<Control>> flight = std::move(flight_);
    flight->control->abandon(*flight, true);
  }
  /// The same, and ends the wait of whoever had it, as one that was told to stop.
  template <class Wait>
  void give_up(Wait& wait) noexcept {
    const Reference<Flight<Control>> flight = std::move(flight_);
    flight->control->abandon(*flight, true, &wait);
  }

 private:
  Reference<Flight<Control>> flight_;
};

}  // namespace tiercache::detail
