// What get_or_fetch accepts as a fetcher, and what it makes of the fetcher's answer. How a fetch is run is the business
// of detail/driver.hpp and lookup.hpp.
//
// A fetcher is a callable that takes the key or nothing, or an awaitable object; or a callable that takes the key and a
// const CacheEntry<Value>* (that alone, for an Unkeyed tier): the entry it is to replace, past its deadline or not, or
// null. It is shown a copy, which lives as long as the fetch. What a fetcher returns, after awaiting if it can be
// awaited, is its answer:
//
//   answer                                        meaning                                   the lookup yields
//   Value, or what converts to it                 store it for the tier's TTL               Value
//   CacheEntry<Value>                             store it for the entry's own TTL, if set  Value
//   std::optional<Value>                          nullopt: there is none                    std::optional<Value>
//   expected-like R: has_value(), *r, r.error()   an error goes to all who wait, unstored   R
//   Refetched<A>, std::variant<A, NotModified>    not_modified: keep what is there          what A does
//
// Where Value is std::shared_ptr<const T>, a T will do for a Value, but not inside an expected: R is also made from
// what is stored, so it is expected<std::shared_ptr<const T>, E>. An optional or an expected may hold a CacheEntry;
// what the lookup yields is made from the value alone, so the times in such an expected are not those that count: peek
// tells.
#pragma once

#include <tiercache/cache_entry.hpp>
#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/outcome.hpp>
#include <tiercache/detail/tier_traits.hpp>
#include <tiercache/error.hpp>
#include <tiercache/not_modified.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

template <class T>
inline constexpr bool is_cache_entry = false;
template <class T>
inline constexpr bool is_cache_entry<CacheEntry<T>> = true;
template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

/// A `std::shared_ptr`. Told by its parts: <memory>, which has it, is a tenth of what this library would cost to
/// include.
template <class Value>
concept SharedPointer = requires(const Value& value) {
  typename Value::element_type;
  typename Value::weak_type;
  { value.use_count() } -> std::same_as<long>;
};

template <class Value, class Given>
concept Wraps = SharedPointer<Value> &&
                (std::same_as<std::remove_cvref_t<Given>, std::remove_const_t<typename Value::element_type>> ||
                 std::derived_from<std::remove_cvref_t<Given>, std::remove_const_t<typename Value::element_type>>);

/// Can be stored as a `Value`.
template <class Given, class Value>
concept StorableAs = std::convertible_to<Given, Value> || Wraps<Value, Given>;

/// Makes the value to store.
template <class Value, class Given>
[[nodiscard]] Value to_value(Given&& given) {
  if constexpr (std::convertible_to<Given, Value>) {
    return static_cast<Value>(std::forward<Given>(given));
  } else {
    // In std, where its first argument comes from; declared where the user has the pointer from.
    return allocate_shared<std::remove_cvref_t<Given>>(std::string::allocator_type(), std::forward<Given>(given));
  }
}

/// An entry whose value can be stored as a `Value`; also where the entry itself could, as everything can in a std::any.
template <class Given, class Value>
concept EntryFor = is_cache_entry<std::remove_cvref_t<Given>> && !std::same_as<std::remove_cvref_t<Given>, Value> &&
                   requires(Given&& given) {
                     { std::forward<Given>(given).value } -> StorableAs<Value>;
                   };

/// Can be stored as a `Value`, perhaps with a TTL of its own.
template <class Given, class Value>
concept PayloadOf = StorableAs<Given, Value> || EntryFor<Given, Value>;

template <class R, class Value>
concept ExpectedOf = requires(R&& result) {
  { result.has_value() } -> std::convertible_to<bool>;
  { *std::forward<R>(result) } -> PayloadOf<Value>;
  result.error();
};

enum class AnswerForm { unfit, value, optional, expected };

template <class Value, class Answer>
[[nodiscard]] consteval AnswerForm answer_form() {
  using Plain = std::remove_cvref_t<Answer>;
  if constexpr (std::is_void_v<Answer>) {
    return AnswerForm::unfit;
  } else if constexpr (Conditional<Plain>::may_be_unmodified) {
    return answer_form<Value, typename Conditional<Plain>::type>();
  } else if constexpr (std::same_as<Plain, Value> || is_cache_entry<Plain>) {
    return PayloadOf<Answer, Value> ? AnswerForm::value : AnswerForm::unfit;
  } else if constexpr (is_optional<Plain>) {
    if constexpr (requires(Answer&& answer) {
                    { *std::forward<Answer>(answer) } -> PayloadOf<Value>;
                  }) {
      return AnswerForm::optional;
    } else {
      return AnswerForm::unfit;
    }
  } else if constexpr (ExpectedOf<Answer, Value>) {
    return std::constructible_from<Plain, const Value&> && std::copy_constructible<Plain> ? AnswerForm::expected
                                                                                          : AnswerForm::unfit;
  } else {
    return PayloadOf<Answer, Value> ? AnswerForm::value : AnswerForm::unfit;
  }
}

/// Returns what an entry that the user gave says of its TTL: nothing where that is not set.
[[nodiscard]] inline std::optional<Ttl> own_ttl_of(Ttl given) noexcept {
  return given.is_set() ? std::optional<Ttl>(given) : std::nullopt;
}

/// Puts a value, or a value with its own TTL, into the outcome.
template <class Value, class Given>
void deliver_payload(Outcome<Value>& outcome, Given&& given) {
  if constexpr (EntryFor<Given, Value>) {
    const std::optional<Ttl> own_ttl = own_ttl_of(given.ttl);
    const TimePoint stored_at = given.stored_at;
    outcome.set_value(detail::to_value<Value>(std::forward<Given>(given).value), own_ttl, stored_at);
  } else {
    outcome.set_value(detail::to_value<Value>(std::forward<Given>(given)));
  }
}

/// Puts a fetcher's answer into the outcome.
template <class Value, class Answer>
void deliver(Outcome<Value>& outcome, Answer&& answer) {
  constexpr AnswerForm form = answer_form<Value, Answer>();
  using Conditional = detail::Conditional<std::remove_cvref_t<Answer>>;
  if constexpr (Conditional::may_be_unmodified) {
    if (const NotModified* const renewal = Conditional::renewal(answer)) {
      outcome.set_not_modified(detail::own_ttl_of(renewal->ttl));
    } else {
      detail::deliver<Value>(outcome, Conditional::answer(answer));
    }
  } else if constexpr (form == AnswerForm::value) {
    detail::deliver_payload<Value>(outcome, std::forward<Answer>(answer));
  } else if (answer.has_value()) {
    detail::deliver_payload<Value>(outcome, *std::forward<Answer>(answer));
  } else if constexpr (form == AnswerForm::optional) {
    outcome.set_not_found();
  } else {
    outcome.set_error(std::forward<Answer>(answer));
  }
}

/// An answer but for "not modified".
template <class Answer>
using AnswerWithin = typename Conditional<std::remove_cvref_t<Answer>>::type;

/// What a lookup yields whose fetcher answers with `Answer`, and how it is made from a cached value or an outcome.
template <class Value, class Answer>
struct ResultOf {
  static constexpr AnswerForm form = answer_form<Value, Answer>();
  static_assert(
      form != AnswerForm::unfit,
      "tiercache: the fetcher's result does not fit the tier: return its Value (or what converts to it), a "
      "CacheEntry<Value>, a std::optional<Value>, a copyable expected-like type that can be made from a Value, "
      "or an awaitable of one of these; for a task that only its own library can await, specialise "
      "tiercache::fetch_runner");
  static_assert(std::copy_constructible<Value>,
                "tiercache: get_or_fetch hands out copies, and this tier's Value cannot be copied: make it "
                "std::shared_ptr<const T> (a fetcher may still return a T)");

  using type = std::conditional_t<
      form == AnswerForm::optional, std::optional<Value>,
      std::conditional_t<form == AnswerForm::expected, std::remove_cvref_t<AnswerWithin<Answer>>, Value>>;

  /// Whether "there is none" is an answer. To others it is not: they fetch for themselves.
  static constexpr bool takes_not_found = form == AnswerForm::optional;

  [[nodiscard]] static type from_value(const Value& value) { return type(value); }

  /// Makes the result of what is stored: a value, or, where `takes_not_found`, none. Under the lock nothing but the
  /// value's copy runs.
  template <class Entry>
  [[nodiscard]] static type from_entry(const Entry& entry) {
    if constexpr (takes_not_found) {
      if (!entry.has_value()) return std::nullopt;
    }
    return from_value(entry.value);
  }
  /// The same, in place.
  template <class Entry>
  static void emplace(std::optional<type>& result, const Entry& entry) {
    if constexpr (takes_not_found) {
      if (!entry.has_value()) {
        result.emplace(std::nullopt);
        return;
      }
    }
    result.emplace(entry.value);
  }

  /// Whether there is an outcome, and, if another fetcher made it, one that can be expressed.
  [[nodiscard]] static bool takes(const Outcome<Value>& outcome) noexcept {
    switch (outcome.kind()) {
      case Outcome<Value>::Kind::pending:
        return false;
      case Outcome<Value>::Kind::not_found:
        return takes_not_found;
      case Outcome<Value>::Kind::error:
        return outcome.template error<type>() != nullptr;
      default:
        return true;
    }
  }

  /// Makes the result, or throws the exception. Wants an outcome that `takes` accepts.
  [[nodiscard]] static type from_outcome(const Outcome<Value>& outcome) {
    if (outcome.kind() == Outcome<Value>::Kind::exception) rethrow(outcome.exception());
    if constexpr (form == AnswerForm::optional) {
      if (outcome.kind() == Outcome<Value>::Kind::not_found) return std::nullopt;
    } else if constexpr (form == AnswerForm::expected) {
      if (const type* error = outcome.template error<type>()) return *error;
    }
    return from_value(outcome.value());
  }
};

enum class FetcherForm { unfit, takes_key, takes_entry, takes_nothing, awaitable };

/// Takes the entry that it is to replace.
template <class T, class F>
concept TakesEntry =
    requires(F& fetcher, const typename T::key_type& key, const CacheEntry<typename T::value_type>* entry) {
      fetcher(key, entry);
    } || (is_unkeyed<T> && requires(F& fetcher, const CacheEntry<typename T::value_type>* entry) { fetcher(entry); });

// Not by std::invocable: it holds for pointers to members too, which are not called like this.
template <class T, class F>
[[nodiscard]] consteval FetcherForm fetcher_form() {
  if constexpr (!is_unkeyed<T> && requires(F& fetcher, const typename T::key_type& key) { fetcher(key); }) {
    return FetcherForm::takes_key;
  } else if constexpr (TakesEntry<T, F>) {
    return FetcherForm::takes_entry;
  } else if constexpr (requires(F& fetcher) { fetcher(); }) {
    return FetcherForm::takes_nothing;
  } else if constexpr (LooksAwaitable<F>) {
    return FetcherForm::awaitable;
  } else {
    return FetcherForm::unfit;
  }
}

/// Calls the fetcher, or, if it is an awaitable object, hands it over. `F` is a reference where the caller keeps it.
/// `recall()` returns the entry that is to be replaced.
template <class T, class F, class Recall>
decltype(auto) call_fetcher(std::remove_reference_t<F>& fetcher, const typename T::key_type& key,
                            [[maybe_unused]] const Recall& recall) {
  constexpr FetcherForm form = fetcher_form<T, F>();
  static_assert(
      form != FetcherForm::unfit,
      "tiercache: this is no fetcher: give a callable that takes the tier's key (as const Key&) or nothing (for a "
      "pointer to a member a lambda), or an awaitable object; a value that is there already is stored with put");
  if constexpr (form == FetcherForm::takes_key) {
    return fetcher(key);
  } else if constexpr (form == FetcherForm::takes_entry && is_unkeyed<T>) {
    static_cast<void>(key);
    return fetcher(recall());
  } else if constexpr (form == FetcherForm::takes_entry) {
    return fetcher(key, recall());
  } else if constexpr (form == FetcherForm::takes_nothing) {
    static_cast<void>(key);
    return fetcher();
  } else if constexpr (form == FetcherForm::awaitable) {
    static_cast<void>(key);
    return static_cast<F&&>(fetcher);
  } else {
    return refused<typename T::value_type>();
  }
}

/// What calling the fetcher gives, before awaiting.
template <class T, class F>
using CalledFetcher = decltype(detail::call_fetcher<T, F>(
    std::declval<std::remove_reference_t<F>&>(), std::declval<const typename T::key_type&>(),
    std::declval<const CacheEntry<typename T::value_type>* (&)()>()));

}  // namespace tiercache::detail
