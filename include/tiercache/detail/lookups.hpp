// Lookups: how a tier takes in those who would fetch: with an answer from memory, as one more who waits, or as the one
// who is to run the fetch. What becomes of a fetch is decided in detail/flight_control.hpp; who asks, and how, is not
// known here.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/flight_control.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/lifetimes.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/error.hpp>
#include <tiercache/tier.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// How a `get_or_fetch` began: answered from memory; the same, and it is to run a fetch that nobody waits for; as one
/// more waiter; as the one who is to run the fetch.
enum class Beginning { answered, refreshing, joined, leading };

/// The lookups of tier `T` that memory may have no answer for.
template <class Config, class T>
class Lookups : public FlightControl<Config, T> {
  using Control = FlightControl<Config, T>;

 public:
  using typename Control::Flight;
  using typename Control::Found;
  using typename Control::Key;

  /// Makes `flight` that of the key, opened if need be; or answers from memory after all, by `answer(entry)`, also with
  /// what is stale if somebody else fetches, or this one does with an `is_owned` fetcher. Whoever gets `leading` or
  /// `refreshing` runs the fetch and lands the flight.
  template <class K, class Age, class Answer>
  [[nodiscard]] TIERCACHE_NOINLINE Beginning begin(const K& key, bool takes_not_found, const Age& age, bool is_owned,
                                                   Reference<Flight>& flight, const Answer& answer) {
    const std::uint32_t hash = contents_.hash_of(key);
    Reference<Flight> opened;
    bool has_failed = false;
    for (;;) {
      bool is_refresh = false;
      TIERCACHE_TRY {
        {
          const Lock lock(lock_);
          contents_.prefetch(hash);
          // Read under the lock: what expires while we wait for it is not fresh.
          const TimePoint time = now();
          const Found entry = contents_.find(hash, key);
          if (this->answers(entry, takes_not_found, age, time)) {
            this->answer_by(answer, entry, time, lock_.counts());
            return Beginning::answered;
          }
          Flight* const running = flights_.find(hash, key);
          const Stale stale = stale_use(entry, age, running != nullptr, is_owned, time);
          is_refresh = stale == Stale::is_refreshed && !has_failed;
          if (stale != Stale::is_gone && !is_refresh) {
            answer_stale(answer, entry, time);
            return Beginning::answered;
          }
          if (running != nullptr) return join(*running, flight);
          if (!opened) {
            opened = flights_.take(*this, contents_.take(), hash);
            if constexpr (std::is_trivially_copyable_v<Key> && std::is_same_v<K, Key>) {
              opened->entry->set_key(key, hash);
            }
          }
          if (opened->entry->has_key) {
            flights_.reserve(*opened);
            if (is_refresh) {
              answer_stale(answer, entry, time);
            } else {
              ++contents_.counted.misses;
              ++contents_.counted.fetches_led;
            }
            flights_.open(*opened, time);
            flight = std::move(opened);
            return is_refresh ? Beginning::refreshing : Beginning::leading;
          }
        }
        // The key is copied with no lock held; then we look again.
        opened->entry->set_key(detail::make_key<T>(key), hash);
      }
      TIERCACHE_CATCH_ALL {
        // What cannot be replaced for want of memory is an answer still, and the next one may try.
        if (!is_refresh) detail::rethrow(std::current_exception());
        has_failed = true;
      }
    }
  }

  /// Looks for one of many keys: has `result` be its value if memory has one, and makes `flight` that of the key if it
  /// has no answer.
  template <class K, class Age>
  [[nodiscard]] Beginning ask(const K& key, const Age& age, bool is_owned,
                              std::optional<typename Control::Value>& result, Reference<Flight>& flight) {
    const auto answer = [&result](const auto& entry) {
      if (entry.has_value()) result.emplace(entry.value);
      return Beginning::answered;
    };
    return this->answer_or(key, true, age, answer, [&] { return begin(key, true, age, is_owned, flight, answer); });
  }

  /// Notes a lookup that ends before it began: memory has no answer, and it was told to stop.
  void miss_without_fetch() noexcept {
    const Lock lock(lock_);
    ++contents_.counted.misses;
    ++contents_.counted.lookups_without_fetch;
  }

 protected:
  using Control::contents_;
  using Control::flights_;
  using Control::lock_;
  using Control::now;
  using typename Control::Lock;

  explicit Lookups(const TierPolicy& policy) : Control(policy) {}
  ~Lookups() = default;

 private:
  /// What an entry that is not fresh is to a lookup: nothing; its answer; its answer, and it has a new one fetched.
  enum class Stale { is_gone, answers, is_refreshed };

  // What follows wants the lock held.

  template <class Age>
  [[nodiscard]] Stale stale_use(const Found& entry, const Age& age, bool is_being_fetched, bool is_owned,
                                TimePoint time) const noexcept {
    if (!entry || !age.allows(entry->stored_at, time)) return Stale::is_gone;
    const Use use = contents_.use_of(entry, time);
    if (use == Use::dead) return Stale::is_gone;
    if (contents_.waits_to_retry(entry, time)) return Stale::answers;
    if (use != Use::stale) return Stale::is_gone;
    if (is_being_fetched) return Stale::answers;
    return is_owned ? Stale::is_refreshed : Stale::is_gone;
  }
  template <class Answer>
  void answer_stale(const Answer& answer, const Found& entry, TimePoint time) {
    this->answer_by(answer, entry, time, lock_.counts());
    ++contents_.counted.stale_hits;
  }
  [[nodiscard]] Beginning join(Flight& running, Reference<Flight>& flight) {
    ++contents_.counted.misses;
    if (FetchScope::is_within(running.id)) {
      ++contents_.counted.lookups_without_fetch;
      throw_recursive_fetch();
    }
    ++contents_.counted.fetches_joined;
    flight = Reference<Flight>::share(running);
    return Beginning::joined;
  }
};

}  // namespace tiercache::detail
