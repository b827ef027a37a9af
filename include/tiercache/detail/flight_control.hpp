// FlightControl: the part of a tier's store that looks after its fetches: who runs one, who joins it, who takes over,
// and what becomes of its outcome. Who waits and how a fetch is run is not known here; writing is in detail/store.hpp.
#pragma once

#include <tiercache/cache_entry.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fences.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/flights.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/detail/waiter.hpp>
#include <tiercache/detail/waiting_room.hpp>
#include <tiercache/error.hpp>
#include <tiercache/removal_cause.hpp>
#include <tiercache/tier.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

template <class Config, class T>
class Store;
template <class Control>
class Loader;

/// What the fetches of tier `T` do with it. Owned by its cache and by every flight, so that a fetch which outlives the
/// cache ends well.
template <class Config, class T>
class FlightControl : public WaitingRoom<Config, T>,
                      public Counted<FlightControl<Config, T>, typename Config::threading::ReferenceCount> {
  using State = WaitingRoom<Config, T>;

 public:
  using typename State::Entry;
  using typename State::Found;
  using typename State::Key;
  using typename State::OwnedEntry;
  using typename State::Threading;
  using typename State::Value;
  using Flight = detail::Flight<FlightControl>;
  using Loader = detail::Loader<FlightControl>;

  /// Notes that whoever runs the fetch leaves, and tells whether the flight's ticket is to be dropped now, so that the
  /// next waiter runs its own fetch: not if the fetch has ended, nor while it is in its first part.
  [[nodiscard]] bool resign(Flight& flight) noexcept {
    const Lock lock(lock_);
    flight.is_leader_leaving = !flight.is_done;
    return flight.is_leader_leaving && !flight.is_starting;
  }

  /// Tells whether whoever runs the fetch has left in its first part.
  [[nodiscard]] bool is_leader_leaving(const Flight& flight) const noexcept {
    const Lock lock(lock_);
    return flight.is_leader_leaving;
  }

  /// Notes that the fetch of the one to whom the flight came as the `passed_on`-th has run its first part, and tells
  /// whether that one left meanwhile. Then the flight's ticket is to be dropped now.
  [[nodiscard]] bool has_left_while_starting(Flight& flight, std::uint32_t passed_on) noexcept {
    const Lock lock(lock_);
    if (flight.passed_on != passed_on) return false;
    flight.is_starting = false;
    return flight.is_leader_leaving && !flight.is_done;
  }

  /// Ends a flight with its outcome: stores the value, unless something came in between, and wakes everybody. The one
  /// path on which a fetch completes. The failure of one whose caller has left is nobody else's: then it is passed on.
  void complete(Flight& flight) noexcept {
    const bool is_renewal = flight.outcome.kind() == OutcomeKind::not_modified && renew(flight);
    const bool is_filled =
        !is_renewal && flight.outcome.kind() == OutcomeKind::value && fill(*flight.entry, flight.outcome);
    bool has_waiters = false;
    const bool is_passed_on = [&] {
      std::exception_ptr failure;  // what a comparison throws is destroyed with no lock held, too
      Removals removals;
      const Lock lock(lock_);
      if (flight.outcome.is_failure()) {
        if (flight.is_leader_leaving) return true;
        ++contents_.counted.fetch_failures;
        if (flight.is_current) rescue(flight, failure);
      } else if (!flight.is_current || is_closed_) {
        ++contents_.counted.superseded;
      } else if (flight.outcome.kind() == OutcomeKind::value && !is_filled && !is_renewal) {
        ++contents_.counted.store_failures;
      } else {
        keep(flight, is_renewal, removals, failure);
      }
      flights_.finish(flight);
      has_waiters = !flight.waiters.is_empty();
      return false;
    }();
    if (is_passed_on) {
      flight.outcome.reset();
      return abandon(flight);
    }
    if (has_waiters) this->wake(flight);
  }

  /// Returns the entry that a flight is to replace, as it is now, past its deadline or not; null if there is none.
  [[nodiscard]] const CacheEntry<Value>* recall(Flight& flight) {
    if constexpr (std::is_copy_constructible_v<Value>) {
      std::optional<Value> value;
      TimePoint stored_at;
      Ttl ttl;
      {
        const Lock lock(lock_);
        const Found held = flight.is_current ? contents_.find(flight.hash, flight.entry->key) : Found{};
        if (!held || !held->has_value()) return nullptr;
        value.emplace(held->value);
        stored_at = held->stored_at;
        ttl = contents_.ttl_of(held);
        flight.recalled_ttl = contents_.own_ttl_of(held);
      }
      return &flight.recalled.emplace(
          CacheEntry<Value>{.value = std::move(*value), .stored_at = stored_at, .ttl = ttl});
    } else {
      return nullptr;  // refused, in one sentence, by who asked
    }
  }

  /// Has the tier's loader run the fetch of a flight.
  void load(const Reference<Flight>& flight) noexcept {
    Reference<Loader> loader;
    {
      const Lock lock(lock_);
      loader = loader_;
    }
    if (loader) return loader->run(flight);
    TIERCACHE_TRY {
      throw_invalid_argument("tiercache: " + std::string(TierTraits<T>::name()) +
                             ": there is no loader; give one with set_loader before get_or_fetch<T>(key)");
    }
    TIERCACHE_CATCH_ALL {
      flight->outcome.set_exception(std::current_exception());
    }
    complete(*flight);
  }
  void set_loader(Reference<Loader> loader) noexcept {
    const Lock lock(lock_);
    std::swap(loader_, loader);
  }

  /// Deals with a fetch that was dropped before it had an outcome; `passes_on` says that whoever ran it leaves,
  /// `gives_up` that they wait, and are to wait no longer.
  void abandon(Flight& flight, bool passes_on = false, StoppableWait* gives_up = nullptr) noexcept {
    Succession succession{FetchScope::thread(), false, {}};
    bool is_passed_on = false;
    {
      const Lock lock(lock_);
      if (passes_on) flight.is_leader_leaving = !flight.is_done;
      is_passed_on = std::exchange(flight.is_leader_leaving, false);
      if (is_passed_on) {
        ++contents_.counted.fetch_failures;
        ++flight.passed_on;
        const bool is_nested = flight.succession != nullptr && flight.succession->thread == succession.thread;
        Succession& its = is_nested ? *flight.succession : succession;
        if (gives_up != nullptr) this->stop_locked(*gives_up, its.aside);
        if (is_nested) {
          its.goes_on = true;
          return;
        }
      }
    }
    if (is_passed_on) return pass_on(flight, succession);
    flight.outcome.set_exception(std::make_exception_ptr(fetch_abandoned()));
    complete(flight);
  }

  /// Returns which fetch it is that runs for a flight.
  [[nodiscard]] FetchId id_of(const Flight& flight) const noexcept {
    const Lock lock(lock_);
    return flight.id;
  }

  // What bulk lookups need beside the above: they run one fetch for several flights.

  template <class K>
  [[nodiscard]] std::uint32_t hash_of(const K& key) const {
    return contents_.hash_of(key);
  }

  /// Notes that whoever runs the fetch leaves: a failure is passed on. Wants the lock held.
  static void leave_lead(Flight& flight) noexcept { flight.is_leader_leaving = !flight.is_done; }

  /// The fetch of several flights: which it is, when it began, and what was left alone since then.
  struct Start {
    FetchId id;
    TimePoint time;
    std::uint64_t moment = 0;
  };
  /// Begins one fetch for the flights of some tickets, one at least. Throws `std::bad_alloc` and has changed nothing.
  template <class Tickets>
  [[nodiscard]] Start start(const Tickets& tickets) {
    const Lock lock(lock_);
    const Start start{tickets.front().flight().id, now(), fences_.watch()};
    for (const auto& ticket : tickets) ticket.flight().id = start.id;
    return start;
  }

  /// Returns a flight, which is not open, for a value that a fetch brings without having been asked.
  template <class K>
  [[nodiscard]] Reference<Flight> take_unasked(const K& key) {
    const std::uint32_t hash = contents_.hash_of(key);
    Reference<Flight> taken;
    {
      const Lock lock(lock_);
      taken = flights_.take(*this, contents_.take(), hash);
    }
    taken->entry->set_key(detail::make_key<T>(key), hash);
    return taken;
  }
  /// Opens it; does not if the key was written or invalidated meanwhile, is being fetched, or has a newer value.
  [[nodiscard]] bool open_unasked(Flight& flight, const Start& start) {
    const std::uint32_t hash = flight.hash;
    const auto& key = std::as_const(flight.entry->key);
    const Lock lock(lock_);
    if (is_closed_ || !fences_.is_down_since(start.moment, hash) || flights_.find(hash, key) != nullptr) return false;
    const Found held = contents_.find(hash, key);
    if (held && held->stored_at > start.time) return false;
    flights_.reserve(flight);
    flights_.open(flight, start.time);
    return true;
  }

  /// Takes back a flight that nobody refers to any more.
  void give_back(Flight& flight) noexcept { flights_.give_back(flight); }

 protected:
  using State::contents_;
  using State::is_closed_;
  using State::lock_;
  using State::now;
  using typename State::Lock;
  using typename State::Removals;

  explicit FlightControl(const TierPolicy& policy) : State(policy) {}
  ~FlightControl() = default;

  Flights<FlightControl> flights_;
  Fences fences_;
  Reference<Loader> loader_;

 private:
  friend Counted<FlightControl, typename Threading::ReferenceCount>;
  friend Flight;

  using OutcomeKind = typename Outcome<Value>::Kind;

  void dispose() noexcept { delete static_cast<Store<Config, T>*>(this); }

  // What follows wants the lock held.

  /// Puts the old value, if it is still of use, in the place of a failure.
  void rescue(Flight& flight, std::exception_ptr& failure) noexcept {
    TIERCACHE_TRY {
      const TimePoint time = now();
      const Found held = contents_.find(flight.hash, flight.entry->key);
      if (!held || !held->has_value()) return;
      const Use use = contents_.use_of(held, time);
      if (use == Use::dead) return;
      // One that was too old for its lookup only is no worse than a stale one would be.
      const TierPolicy& policy = contents_.policy();
      if (policy.stale_for == Ttl{} && policy.stale_if_error == Ttl{}) return;
      contents_.note_failure(held, time);
      contents_.note_read(held, time);
      flight.outcome.spare(held->value);
    }
    TIERCACHE_CATCH_ALL {
      failure = std::current_exception();
    }
  }

  /// Stores what a flight brought, or lets live on what it was not to replace.
  void keep(Flight& flight, bool is_renewal, Removals& removals, std::exception_ptr& failure) noexcept {
    Entry& entry = *flight.entry;
    const TimePoint time = now();
    TIERCACHE_TRY {
      const Found held = contents_.find(flight.hash, entry.key);
      const std::optional<Ttl>& own_ttl = flight.outcome.own_ttl();
      if (is_renewal && held) return contents_.renew(held, flight.started_at, own_ttl, time);
      if (is_renewal) entry.set_value(flight.outcome.value());  // it left meanwhile
      if (!entry.has_value() && contents_.policy().not_found_ttl == Ttl{}) {
        if (held) contents_.drop(held, RemovalCause::Expired, removals);
        return;
      }
      contents_.reserve(entry, flight.hash, own_ttl);
      contents_.admit(flight.entry, held, detail::stored_at_or(flight.outcome.stored_at(), flight.started_at), own_ttl,
                      time, removals);
    }
    TIERCACHE_CATCH_ALL {
      failure = std::current_exception();
      ++contents_.counted.store_failures;
    }
  }

  // What follows wants it not held.

  /// Has "not modified" be the value that the fetcher was shown. Tells whether there is one.
  [[nodiscard]] static bool renew(Flight& flight) noexcept {
    TIERCACHE_TRY {
      if (flight.recalled) {
        const std::optional<Ttl>& given = flight.outcome.own_ttl();
        flight.outcome.set_value(std::move(flight.recalled->value), given ? given : flight.recalled_ttl);
        return true;
      }
      throw_invalid_argument("tiercache: " + std::string(TierTraits<T>::name()) +
                             ": a fetcher says not_modified, and was shown no entry");
    }
    TIERCACHE_CATCH_ALL {
      flight.outcome.set_exception(std::current_exception());
    }
    return false;
  }

  /// Has the next one who waits run its own fetch, and the one after that should it leave meanwhile: in a loop, since
  /// any number of them may. Who gave up is resumed last: then the key is somebody's, or nobody's.
  void pass_on(Flight& shared, Succession& succession) noexcept {
    const auto flight = Reference<Flight>::share(shared);
    do {
      flight->recalled.reset();  // not under the lock
      Waiter* next = nullptr;
      {
        const Lock lock(lock_);
        next = flight->waiters.pop_front();
        flight->succession = next != nullptr ? &succession : nullptr;
        if (next != nullptr) {
          flights_.name_anew(*flight);
          flight->started_at = now();
          flight->is_starting = true;
        } else {
          flights_.finish(*flight);
        }
        succession.goes_on = false;
      }
      if (next == nullptr) break;
      const FetchScope scope(FetchScope::Afresh{}, next->asked_within);
      next->lead();
    } while (is_to_go_on(*flight, succession));
    this->end_stopped(succession.aside);
  }
  [[nodiscard]] bool is_to_go_on(Flight& flight, const Succession& succession) noexcept {
    const Lock lock(lock_);
    if (flight.succession != &succession) return false;  // another thread has it
    if (!succession.goes_on) flight.succession = nullptr;
    return succession.goes_on;
  }

  /// Copies a fetched value into its entry. Tells whether that worked: the waiters get the value in any case.
  [[nodiscard]] static bool fill(Entry& entry, const Outcome<Value>& outcome) noexcept {
    TIERCACHE_TRY {
      entry.set_value(outcome.value());
      return true;
    }
    TIERCACHE_CATCH_ALL {}
    return false;
  }
};

}  // namespace tiercache::detail
