// FlightControl: the part of a tier's store that looks after its fetches: who runs one, who joins it, who takes over,
// and what becomes of its outcome. Who waits and how a fetch is run is not known here; writing is in detail/store.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/contents.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/flights.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/lock.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/detail/tier_lock.hpp>
#include <tiercache/error.hpp>
#include <tiercache/removal_cause.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

template <class Config, class T>
class Store;

/// How a `get_or_fetch` began: answered from memory, as one more waiter, or as the one who is to run the fetch.
enum class Beginning { answered, joined, leading };

/// The lock of tier `T`, what it guards, and what its fetches do with it. Owned by its cache and by every flight, so
/// that a fetch which outlives the cache ends well.
///
/// Every operation takes the lock once or twice, for a bounded time. Under it run no fetcher, no listener, no
/// destructor of a key or value and no resumption: what leaves goes to a `Removals` that was declared before the lock
/// was taken.
template <class Config, class T>
class FlightControl : public Counted<FlightControl<Config, T>, typename Config::threading::ReferenceCount> {
 public:
  using TierType = T;
  using Threading = typename Config::threading;
  using Key = typename TierTraits<T>::Key;
  using Value = typename TierTraits<T>::Value;
  using Entry = detail::Entry<T>;
  using Found = detail::Found<T>;
  using OwnedEntry = typename Contents<T, Threading>::OwnedEntry;
  using Flight = detail::Flight<FlightControl>;

  /// Returns what `answer(entry)` makes of a fresh entry, under the lock; if there is none, what `otherwise()` returns,
  /// without it.
  template <class K, class Answer, class Otherwise>
  [[nodiscard]] auto answer_or(const K& key, bool takes_not_found, const Answer& answer, const Otherwise& otherwise)
      -> decltype(otherwise()) {
    const std::uint32_t hash = contents_.hash_of(key);
    {
      const Reading lock(lock_);
      const Found entry = contents_.find(hash, key);
      if (answers(entry, takes_not_found, now())) return answer_by(answer, entry, lock.counts());
    }
    return otherwise();
  }

  /// Makes `flight` that of the key, opened if need be; or answers from memory after all, by `answer(entry)`. Whoever
  /// gets `leading` runs the fetch and lands the flight.
  template <class K, class Answer>
  [[nodiscard]] TIERCACHE_NOINLINE Beginning begin(const K& key, bool takes_not_found, Reference<Flight>& flight,
                                                   const Answer& answer) {
    const std::uint32_t hash = contents_.hash_of(key);
    Reference<Flight> opened;
    for (;;) {
      {
        const Lock lock(lock_);
        contents_.prefetch(hash);
        // Read under the lock: what expires while we wait for it is not fresh.
        const TimePoint time = now();
        const Found entry = contents_.find(hash, key);
        if (answers(entry, takes_not_found, time)) {
          answer_by(answer, entry, lock_.counts());
          return Beginning::answered;
        }
        if (Flight* const running = flights_.find(hash, key)) {
          ++contents_.counted.misses;
          if (FetchScope::is_within(running->id)) {
            ++contents_.counted.lookups_without_fetch;
            throw_recursive_fetch();
          }
          ++contents_.counted.fetches_joined;
          flight = Reference<Flight>::share(*running);
          return Beginning::joined;
        }
        if (opened) {
          open(*opened, time);
          flight = std::move(opened);
          return Beginning::leading;
        }
        opened = flights_.take(*this, contents_.take(), hash);
        if constexpr (std::is_trivially_copyable_v<Key> && std::is_same_v<K, Key>) {
          opened->entry->set_key(key, hash);
          open(*opened, time);
          flight = std::move(opened);
          return Beginning::leading;
        }
      }
      // The key is copied with no lock held; then we look again.
      opened->entry->set_key(detail::make_key<T>(key), hash);
    }
  }

  /// Puts a waiter on the flight's list, unless the flight is done: then there is nothing to wait for.
  [[nodiscard]] bool enqueue(Flight& flight, Waiter& waiter) noexcept {
    const Lock lock(lock_);
    if (flight.is_done) return false;
    waiter.asked_within = FetchScope::current();
    flight.waiters.push_back(waiter);
    return true;
  }

  [[nodiscard]] bool is_done(const Flight& flight) const noexcept {
    const Lock lock(lock_);
    return flight.is_done;
  }

  /// Takes a waiter off the flight's list, if it is on it; tells whether it was. If not, its waking is under way.
  bool leave(Flight& flight, Waiter& waiter) noexcept {
    const Lock lock(lock_);
    return flight.waiters.erase(waiter);
  }

  /// Notes that whoever runs the fetch leaves, and tells whether the flight's ticket is to be dropped now, so that the
  /// next waiter runs its own fetch: not if the fetch has ended, nor while it is in its first part.
  [[nodiscard]] bool resign(Flight& flight) noexcept {
    const Lock lock(lock_);
    flight.is_leader_leaving = !flight.is_done;
    return flight.is_leader_leaving && !flight.is_starting;
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
  /// path on which a fetch completes.
  void complete(Flight& flight) noexcept {
    const bool is_stored = flight.outcome.kind() == OutcomeKind::value && fill(*flight.entry, flight.outcome);
    bool has_waiters = false;
    {
      std::exception_ptr failure;  // what a comparison throws is destroyed with no lock held, too
      Removals removals;
      const Lock lock(lock_);
      if (flight.outcome.is_failure()) {
        ++contents_.counted.fetch_failures;
      } else if (!flight.is_current || is_closed_) {
        ++contents_.counted.superseded;
      } else if (flight.outcome.kind() == OutcomeKind::value && !is_stored) {
        ++contents_.counted.store_failures;
      } else {
        keep(flight, removals, failure);
      }
      flights_.finish(flight);
      has_waiters = !flight.waiters.is_empty();
    }
    if (has_waiters) wake(flight);
  }

  /// Deals with a fetch that was dropped before it had an outcome.
  void abandon(Flight& flight) noexcept {
    Waiter* next = nullptr;
    {
      const Lock lock(lock_);
      if (std::exchange(flight.is_leader_leaving, false)) {
        ++contents_.counted.fetch_failures;
        next = flight.waiters.pop_front();
        if (next == nullptr) return flights_.finish(flight);
        flight.started_at = now();
        flight.is_starting = true;
        ++flight.passed_on;
      }
    }
    if (next == nullptr) {
      flight.outcome.set_exception(std::make_exception_ptr(fetch_abandoned()));
      return complete(flight);
    }
    const FetchScope scope(FetchScope::Afresh{}, next->asked_within);
    next->lead();
  }

  /// Takes back a flight that nobody refers to any more.
  void give_back(Flight& flight) noexcept { flights_.give_back(flight); }

  /// The lock, for waiters that must be told under it.
  [[nodiscard]] auto& lock() const noexcept { return lock_; }

 protected:
  /// Whether those who read need not wait for each other.
  static constexpr bool has_readers = Contents<T, Threading>::Entries::hits_alone && reader_places<Threading> > 1;

  using TierLock = detail::TierLock<typename Threading::Mutex, has_readers ? reader_places<Threading> : 1>;
  using Lock = LockGuard<TierLock>;
  using Reading = ReadGuard<TierLock>;
  using Removals = detail::Removals<T, Threading>;

  explicit FlightControl(const TierPolicy& policy)
      : contents_(policy, reinterpret_cast<std::uintptr_t>(this) ^
                              spread(static_cast<std::uint64_t>(now().time_since_epoch().count()))) {}
  ~FlightControl() = default;

  [[nodiscard]] static TimePoint now() noexcept { return Config::clock::now(); }

  // What follows wants the lock held.

  void hit(const Found& entry, ReadCounts& counts) noexcept {
    contents_.hit(entry);
    ++counts.hits;
  }
  void hit_none(const Found& entry, ReadCounts& counts) noexcept {
    hit(entry, counts);
    ++counts.not_found_hits;
  }

  mutable TierLock lock_;
  Contents<T, Threading> contents_;
  Flights<FlightControl> flights_;
  bool is_closed_ = false;

 private:
  friend Counted<FlightControl, typename Threading::ReferenceCount>;
  friend Flight;

  using OutcomeKind = typename Outcome<Value>::Kind;

  void dispose() noexcept { delete static_cast<Store<Config, T>*>(this); }

  // What follows wants the lock held.

  [[nodiscard]] bool answers(const Found& entry, bool takes_not_found, TimePoint time) const noexcept {
    return entry && contents_.is_fresh(entry, time) && (entry->has_value() || takes_not_found);
  }
  template <class Answer>
  auto answer_by(const Answer& answer, const Found& entry, ReadCounts& counts) {
    // Counted on the way out: the answer is made where the caller has it, so that no copy of it is destroyed under the
    // lock, and one that throws counts nothing.
    struct Count {
      ~Count() {
        if (is_answered) entry->has_value() ? control.hit(entry, counts) : control.hit_none(entry, counts);
      }
      FlightControl& control;
      const Found& entry;
      ReadCounts& counts;
      bool is_answered = true;
    } count{*this, entry, counts};
    TIERCACHE_TRY {
      return answer(std::as_const(*entry));
    }
    TIERCACHE_CATCH_ALL {
      count.is_answered = false;
      detail::rethrow(std::current_exception());
    }
  }

  void open(Flight& flight, TimePoint time) {
    flights_.open(flight, time);
    ++contents_.counted.misses;
    ++contents_.counted.fetches_led;
  }

  /// Stores what a flight brought.
  void keep(Flight& flight, Removals& removals, std::exception_ptr& failure) noexcept {
    Entry& entry = *flight.entry;
    const TimePoint time = now();
    TIERCACHE_TRY {
      const Found held = contents_.find(flight.hash, entry.key);
      if (!entry.has_value() && contents_.policy().not_found_ttl == Ttl{}) {
        if (held) contents_.drop(held, RemovalCause::Expired, removals);
        return;
      }
      const std::optional<Ttl>& own_ttl = flight.outcome.own_ttl();
      contents_.reserve(entry, flight.hash, own_ttl);
      flights_.supersede(flight);
      contents_.admit(flight.entry, held, detail::stored_at_or(flight.outcome.stored_at(), flight.started_at), own_ttl,
                      time, removals);
    }
    TIERCACHE_CATCH_ALL {
      failure = std::current_exception();
      ++contents_.counted.store_failures;
    }
  }

  // What follows wants it not held.

  /// Copies a fetched value into its entry. Tells whether that worked: the waiters get the value in any case.
  [[nodiscard]] static bool fill(Entry& entry, const Outcome<Value>& outcome) noexcept {
    TIERCACHE_TRY {
      entry.set_value(outcome.value());
      return true;
    }
    TIERCACHE_CATCH_ALL {}
    return false;
  }

  /// Wakes the waiters of a flight that is done. The next one is taken off only after the one before was resumed, since
  /// that may have destroyed it; and none is resumed from within another.
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
};

}  // namespace tiercache::detail
