// Batch: the flights that one call of a bulk fetcher is to end, and how its answers find them. Who calls it, and who
// waits, is known to detail/bulk_miss.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/range.hpp>
#include <tiercache/error.hpp>
#include <tiercache/fetcher.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tiercache::detail {

enum class BulkForm { unfit, pairs, aligned };

template <class Value, class Answer>
[[nodiscard]] consteval bool is_bulk_answer() {
  constexpr AnswerForm form = answer_form<Value, Answer>();
  if (Conditional<std::remove_cvref_t<Answer>>::may_be_unmodified) return false;
  return form == AnswerForm::value || form == AnswerForm::optional;
}

/// What the answers of a bulk fetcher are: of pairs, each a key and its answer; or in the order of the keys.
template <class T, class Answers>
[[nodiscard]] consteval BulkForm bulk_form() {
  using Value = typename T::value_type;
  if constexpr (Range<std::remove_reference_t<Answers>>) {
    using Taken = typename TakenFrom<Answers>::type;
    if constexpr (!std::is_same_v<std::remove_cvref_t<Taken>, Value> && requires(Taken&& taken) {
                    requires key_form<T, std::remove_cvref_t<decltype(taken.first)>>() != KeyForm::unfit;
                    requires is_bulk_answer<Value, decltype((std::forward<Taken>(taken).second))>();
                  }) {
      return BulkForm::pairs;
    } else {
      return is_bulk_answer<Value, Taken>() ? BulkForm::aligned : BulkForm::unfit;
    }
  } else {
    return BulkForm::unfit;
  }
}

/// The flights, which have one fetch, and the duty to end them.
template <class Control>
class Batch {
  using T = typename Control::TierType;
  using Key = typename T::key_type;
  using Value = typename T::value_type;
  using Flight = detail::Flight<Control>;

 public:
  Batch() noexcept = default;
  Batch(Batch&&) noexcept = default;
  Batch& operator=(Batch&&) noexcept = default;

  /// Takes over one more. Throws `std::bad_alloc`; then the flight has failed.
  void add(Ticket<Control> ticket) { tickets_.push_back(std::move(ticket)); }

  [[nodiscard]] bool is_empty() const noexcept { return tickets_.empty(); }
  /// The fetch that all of them have.
  [[nodiscard]] FetchId id() const noexcept { return start_.id; }
  /// The keys, in the order in which they came.
  [[nodiscard]] const std::vector<Key>& keys() const noexcept { return keys_; }

  /// Makes everything ready for the fetch, which begins now. Throws what the copy of a key throws.
  void prepare() {
    start_ = tickets_.front().flight().control->start(tickets_);
    keys_.reserve(tickets_.size());
    again_.reserve(tickets_.size());
    std::size_t places = 4;
    while (places < 2 * tickets_.size()) places *= 2;
    places_.resize(places);
    std::size_t count = 0;
    for (std::size_t i = 0; i < tickets_.size(); ++i) {
      Flight& flight = tickets_[i].flight();
      const std::size_t place = place_of(flight.hash, std::as_const(flight.entry->key));
      if (places_[place] != 0) {
        // It was asked for twice, and invalidated in between.
        again_.push_back({std::move(tickets_[i]), places_[place] - 1});
        continue;
      }
      keys_.push_back(flight.entry->key);
      places_[place] = static_cast<std::uint32_t>(keys_.size());
      if (count != i) tickets_[count] = std::move(tickets_[i]);
      ++count;
    }
    tickets_.resize(count);
  }

  /// Gives each flight its answer, and keeps those to keys that nobody asked for. Throws what the range throws.
  template <class Answers>
  void deliver(Answers&& answers) {
    constexpr BulkForm form = bulk_form<T, Answers>();
    static_assert(
        form != BulkForm::unfit,
        "tiercache: the answers of this fetcher for many keys do not fit the tier: return a range of pairs of "
        "a key and its answer, a map, or as many answers as there are keys, in their order; each a Value, a "
        "CacheEntry<Value>, or a std::optional of one");
    if constexpr (form == BulkForm::aligned) {
      using Taken = typename TakenFrom<Answers>::type;
      std::size_t count = 0;
      for (auto&& answer : answers) {
        if (count++ < tickets_.size()) give(tickets_[count - 1].flight(), static_cast<Taken&&>(answer));
      }
      if (count != tickets_.size()) {
        forget_answers();
        throw_invalid_argument("tiercache: " + std::string(TierTraits<T>::name()) + ": a bulk fetcher was asked for " +
                               std::to_string(tickets_.size()) + " keys and answered with " + std::to_string(count) +
                               " values: answer with one for each, in the order of the keys, or with pairs");
      }
    } else if constexpr (form == BulkForm::pairs) {
      using Taken = typename TakenFrom<Answers>::type;
      for (auto&& answer : answers) {
        using First = decltype((answer.first));
        decltype(auto) key = detail::keep_key<T, First>(answer.first);
        if (Flight* const flight = find(std::as_const(key))) {
          if (is_pending(*flight)) give(*flight, static_cast<Taken&&>(answer).second);
        } else {
          keep(std::as_const(key), static_cast<Taken&&>(answer).second);
        }
      }
    }
    for (const Ticket<Control>& ticket : tickets_) {
      if (is_pending(ticket.flight())) ticket.flight().outcome.set_not_found();
    }
    for (const Again& again : again_) give_again(tickets_[again.number].flight().outcome, again.ticket.flight());
  }

  /// Has those fail that have no answer.
  void fail(const std::exception_ptr& exception) noexcept {
    for_each([&exception](Ticket<Control>& ticket) {
      if (is_pending(ticket.flight())) ticket.flight().outcome.set_exception(exception);
    });
  }

  /// Stores what nobody asked for, ends the flights, and wakes who waits for them.
  void land() noexcept {
    for (Reference<Flight>& unasked : std::exchange(unasked_, {})) store(std::move(unasked));
    for_each([](Ticket<Control>& ticket) { ticket.land(); });
  }

  /// Passes on the flights that have not landed.
  void pass_on() noexcept {
    unasked_.clear();  // the others may be what keeps the tier
    for_each([](Ticket<Control>& ticket) { ticket.pass_on(); });
  }
  /// Has none have an answer.
  void forget_answers() noexcept {
    for_each([](Ticket<Control>& ticket) { ticket.flight().outcome.reset(); });
  }

  /// Notes that whoever runs the fetch leaves. Wants the tier's lock held.
  void leave_lead() noexcept {
    for_each([](Ticket<Control>& ticket) { Control::leave_lead(ticket.flight()); });
  }

 private:
  /// One more flight of a key that has one already, by its number.
  struct Again {
    Ticket<Control> ticket;
    std::size_t number;
  };

  /// Runs `use(ticket)` on those that have not landed.
  template <class Use>
  void for_each(const Use& use) noexcept {
    for (Ticket<Control>& ticket : tickets_) {
      if (ticket) use(ticket);
    }
    for (Again& again : again_) {
      if (again.ticket) use(again.ticket);
    }
  }

  [[nodiscard]] static bool is_pending(const Flight& flight) noexcept {
    return flight.outcome.kind() == Outcome<Value>::Kind::pending;
  }

  template <class Answer>
  static void give(Flight& flight, Answer&& answer) noexcept {
    TIERCACHE_TRY {
      detail::deliver<Value>(flight.outcome, std::forward<Answer>(answer));
    }
    TIERCACHE_CATCH_ALL {
      flight.outcome.set_exception(std::current_exception());
    }
  }

  /// Gives a flight the answer of another.
  static void give_again(const Outcome<Value>& outcome, Flight& flight) noexcept {
    TIERCACHE_TRY {
      if (outcome.kind() == Outcome<Value>::Kind::value) {
        return flight.outcome.set_value(outcome.value(), outcome.own_ttl(), outcome.stored_at());
      }
      if (outcome.kind() == Outcome<Value>::Kind::not_found) return flight.outcome.set_not_found();
      flight.outcome.set_exception(outcome.exception());
    }
    TIERCACHE_CATCH_ALL {
      flight.outcome.set_exception(std::current_exception());
    }
  }

  template <class K>
  [[nodiscard]] Flight* find(const K& key) const {
    const std::size_t place = place_of(tickets_.front().flight().control->hash_of(key), key);
    return places_[place] != 0 ? &tickets_[places_[place] - 1].flight() : nullptr;
  }
  /// Returns where a key is, or would be.
  template <class K>
  [[nodiscard]] std::size_t place_of(std::uint32_t hash, const K& key) const {
    std::size_t place = hash % places_.size();
    for (; places_[place] != 0; place = (place + 1) % places_.size()) {
      const std::size_t i = places_[place] - 1;
      if (tickets_[i].flight().hash == hash && detail::is_key<T>(keys_[i], key)) break;
    }
    return place;
  }

  /// Keeps what nobody asked for, if it can be: that it could not is nobody's failure. It is stored later: then the
  /// range has been gone through, and listeners may destroy whoever it belongs to.
  template <class K, class Answer>
  void keep(const K& key, Answer&& answer) noexcept {
    TIERCACHE_TRY {
      Reference<Flight> flight = tickets_.front().flight().control->take_unasked(key);
      detail::deliver<Value>(flight->outcome, std::forward<Answer>(answer));
      unasked_.push_back(std::move(flight));
    }
    TIERCACHE_CATCH_ALL {}
  }
  void store(Reference<Flight> flight) noexcept {
    TIERCACHE_TRY {
      if (flight->control->open_unasked(*flight, start_)) Ticket<Control>(std::move(flight)).land();
    }
    TIERCACHE_CATCH_ALL {}
  }

  std::vector<Ticket<Control>> tickets_;
  std::vector<Again> again_;
  std::vector<Key> keys_;
  /// Where a key is, by its hash: the number of its flight, from 1; 0 for none.
  std::vector<std::uint32_t> places_;
  typename Control::Start start_;
  std::vector<Reference<Flight>> unasked_;
};

}  // namespace tiercache::detail
