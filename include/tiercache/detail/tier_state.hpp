// TierState: the lock of a tier and what it guards, and how an answer is read from it. What writes to a tier is in
// detail/store.hpp, what its fetches do in detail/flight_control.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/contents.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/lock.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/detail/tier_lock.hpp>
#include <tiercache/error.hpp>
#include <tiercache/tier.hpp>

#include <cstdint>
#include <exception>
#include <utility>

namespace tiercache::detail {

/// The state of tier `T`, and its readers.
///
/// Every operation takes the lock once or twice, for a bounded time. Under it run no fetcher, no listener, no
/// destructor of a key or value and no resumption: what leaves goes to a `Removals` that was declared before the lock
/// was taken.
template <class Config, class T>
class TierState {
 public:
  using TierType = T;
  using Threading = typename Config::threading;
  using Key = typename TierTraits<T>::Key;
  using Value = typename TierTraits<T>::Value;
  using Entry = detail::Entry<T>;
  using Found = detail::Found<T>;
  using OwnedEntry = typename Contents<T, Threading>::OwnedEntry;

  /// Returns what `answer(entry)` makes of a fresh entry that `age` allows, under the lock; if there is none, what
  /// `otherwise()` returns, without it.
  template <class K, class Age, class Answer, class Otherwise>
  [[nodiscard]] auto answer_or(const K& key, bool takes_not_found, const Age& age, const Answer& answer,
                               const Otherwise& otherwise) -> decltype(otherwise()) {
    const std::uint32_t hash = contents_.hash_of(key);
    bool is_unusual = false;
    {
      const Reading lock(lock_);
      const Found entry = contents_.find(hash, key);
      if (entry) {
        is_unusual = !contents_.is_usual(entry);
        const TimePoint time = now();
        if (!is_unusual && contents_.is_usual_fresh(entry, time) && age.allows(entry->stored_at, time)) {
          return answer_by<true>(answer, entry, time, lock.counts());
        }
      }
    }
    if (is_unusual) return unusual_answer_or(key, takes_not_found, age, answer, otherwise);
    return otherwise();
  }

 private:
  // Apart, so that the usual hit has none of it. It looks again.
  template <class K, class Age, class Answer, class Otherwise>
  [[nodiscard]] TIERCACHE_NOINLINE auto unusual_answer_or(const K& key, bool takes_not_found, const Age& age,
                                                          const Answer& answer, const Otherwise& otherwise)
      -> decltype(otherwise()) {
    const std::uint32_t hash = contents_.hash_of(key);
    {
      const Reading lock(lock_);
      const Found entry = contents_.find(hash, key);
      const TimePoint time = now();
      if (answers(entry, takes_not_found, age, time)) return answer_by(answer, entry, time, lock.counts());
    }
    return otherwise();
  }

 protected:
  /// Whether those who read need not wait for each other.
  static constexpr bool has_readers = Contents<T, Threading>::Entries::hits_alone && reader_places<Threading> > 1 &&
                                      requires(const typename Threading::Mutex& mutex) { mutex.is_locked(); };

  using TierLock = detail::TierLock<typename Threading::Mutex, has_readers ? reader_places<Threading> : 1>;
  using Lock = LockGuard<TierLock>;
  using Reading = ReadGuard<TierLock>;
  using Removals = detail::Removals<T, Threading>;

  explicit TierState(const TierPolicy& policy)
      : contents_(policy, reinterpret_cast<std::uintptr_t>(this) ^
                              spread(static_cast<std::uint64_t>(now().time_since_epoch().count()))) {}
  ~TierState() = default;

  [[nodiscard]] static TimePoint now() noexcept { return Config::clock::now(); }

  // What follows wants the lock held.

  void usual_hit(const Found& entry, ReadCounts& counts) noexcept {
    contents_.usual_hit(entry);
    ++counts.hits;
  }
  void hit(const Found& entry, TimePoint time, ReadCounts& counts) noexcept {
    contents_.hit(entry, time);
    ++counts.hits;
  }
  void hit_none(const Found& entry, TimePoint time, ReadCounts& counts) noexcept {
    hit(entry, time, counts);
    ++counts.not_found_hits;
  }
  template <class Age>
  [[nodiscard]] bool answers(const Found& entry, bool takes_not_found, const Age& age, TimePoint time) const noexcept {
    return entry && contents_.is_fresh(entry, time) && (entry->has_value() || takes_not_found) &&
           age.allows(entry->stored_at, time);
  }
  template <bool is_usual = false, class Answer>
  auto answer_by(const Answer& answer, const Found& entry, TimePoint time, ReadCounts& counts) {
    // Counted on the way out: the answer is made where the caller has it, so that no copy of it is destroyed under the
    // lock, and one that throws counts nothing.
    struct Count {
      ~Count() {
        if (!is_answered) return;
        if constexpr (is_usual) {
          state.usual_hit(entry, counts);
        } else {
          entry->has_value() ? state.hit(entry, time, counts) : state.hit_none(entry, time, counts);
        }
      }
      TierState& state;
      const Found& entry;
      const TimePoint time;
      ReadCounts& counts;
      bool is_answered = true;
    } count{*this, entry, time, counts};
    TIERCACHE_TRY {
      return answer(std::as_const(*entry));
    }
    TIERCACHE_CATCH_ALL {
      count.is_answered = false;
      detail::rethrow(std::current_exception());
    }
  }

  mutable TierLock lock_;
  Contents<T, Threading> contents_;
  bool is_closed_ = false;
};

}  // namespace tiercache::detail
