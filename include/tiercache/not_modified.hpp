// not_modified: the answer of a fetcher that asked whether what the cache has is still right, and was told that it is.
// What becomes of it is decided in detail/flight_control.hpp.
#pragma once

#include <tiercache/ttl.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache {

/// Says that the entry which a fetcher was shown is still right, as a server does that answers 304 to If-None-Match.
///
/// The entry lives anew from the start of the fetch, and its value is neither copied nor replaced: no listener is told.
/// Counts an update. A fetcher that was shown none must not answer so: it fails with `std::invalid_argument`.
struct NotModified {
  /// How long the value is fresh from now on. Not set (the default), for as long as before: its own TTL if it has one,
  /// else its tier's.
  Ttl ttl = Ttl::unset();
};

/// `NotModified` without a TTL: `return tiercache::not_modified;`
inline constexpr NotModified not_modified{};

/// What a fetcher returns that may say `not_modified`: that, or an `Answer` (a `Value`, a `CacheEntry`, a
/// `std::optional`, an expected-like type), which converts to this.
///
/// ```cpp
/// auto fetch = [&](const std::string& id, const tiercache::CacheEntry<Card>* old) -> tiercache::Refetched<Card> {
///   Response response = http.get("/cards/" + id, old != nullptr ? old->value.etag : "");
///   if (response.status == 304) return tiercache::not_modified;
///   return parse(response);
/// };
/// ```
template <class Answer>
class Refetched {
 public:
  /// The entry is still right.
  Refetched(NotModified renewal) noexcept : renewal_(renewal) {}
  /// There is another answer.
  template <class A = Answer>
    requires(std::convertible_to<A, Answer> && !std::same_as<std::remove_cvref_t<A>, Refetched> &&
             !std::same_as<std::remove_cvref_t<A>, NotModified>)
  Refetched(A&& its_answer) : answer_(std::in_place, std::forward<A>(its_answer)) {}

  /// Returns what it says if that is "not modified", else null.
  [[nodiscard]] const NotModified* renewal() const noexcept { return answer_ ? nullptr : &renewal_; }
  /// Returns the other answer. Wants that there is one.
  [[nodiscard]] Answer& answer() noexcept { return *answer_; }

 private:
  NotModified renewal_;
  std::optional<Answer> answer_;
};

namespace detail {

/// What an answer comes to but for "not modified", and whether it may be that.
template <class Answer>
struct Conditional {
  using type = Answer;
  static constexpr bool may_be_unmodified = false;
};
template <class Answer>
struct Conditional<Refetched<Answer>> {
  using type = Answer;
  static constexpr bool may_be_unmodified = true;
  [[nodiscard]] static const NotModified* renewal(const Refetched<Answer>& given) noexcept { return given.renewal(); }
  [[nodiscard]] static Answer&& answer(Refetched<Answer>& given) noexcept { return std::move(given.answer()); }
};
/// A `std::variant` of an answer and `NotModified`. Told by its parts: <variant> is not included for those who have
/// none.
template <template <class...> class Variant, class Answer>
  requires requires(const Variant<Answer, NotModified>& given) {
    { given.index() } -> std::same_as<std::size_t>;
    given.valueless_by_exception();
  }
struct Conditional<Variant<Answer, NotModified>> {
  using type = Answer;
  static constexpr bool may_be_unmodified = true;
  template <class Given>
  [[nodiscard]] static const NotModified* renewal(const Given& given) {
    return given.index() == 1 ? &get<1>(given) : nullptr;
  }
  template <class Given>
  [[nodiscard]] static Answer&& answer(Given& given) {
    return get<0>(std::move(given));
  }
};

}  // namespace detail
}  // namespace tiercache
