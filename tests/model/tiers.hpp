// The tiers that the model test plays with, and what their fetchers answer.
#pragma once

#include "caller.hpp"
#include "expected.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <variant>

namespace model {

using namespace std::chrono_literals;
using tiercache::CacheEntry;
using tiercache::TimePoint;

/// No two that are stored have the same number.
struct Value {
  int number = 0;
  std::size_t weight = 1;
};

struct CardKey {
  int number = 0;
  friend bool operator==(const CardKey&, const CardKey&) = default;
};
/// Has pairs of keys collide.
struct CardHash {
  std::size_t operator()(const CardKey& key) const noexcept { return static_cast<std::size_t>(key.number / 2); }
};

// The cascades.

[[nodiscard]] inline std::optional<int> board_of(int card, std::optional<int> value) {
  if (!value) return card % 2 != 0 ? std::optional(card / 2) : std::nullopt;
  return *value % 3 != 0 ? std::optional(*value % 5) : std::nullopt;
}
[[nodiscard]] inline bool is_motto_of(int board, int value) noexcept {
  return (board + value) % 2 == 0;
}

template <class Eviction>
struct Motto : tiercache::Tier<tiercache::Unkeyed, Value> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr std::string_view name = "motto";
  using eviction = Eviction;
};

/// Keys that are hashed at once, no weight.
template <class Eviction>
struct Boards : tiercache::Tier<int, Value> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr std::string_view name = "boards";
  using eviction = Eviction;
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::where<Motto<Eviction>>(
      [](int board, const Value& value) { return is_motto_of(board, value.number); }));
};

/// Keys whose hash is kept, and weights.
template <class Eviction>
struct Cards : tiercache::Tier<CardKey, Value> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr std::string_view name = "cards";
  using eviction = Eviction;
  using hash = CardHash;
  static std::size_t weigh(const CardKey&, const Value& value) noexcept { return value.weight; }
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Boards<Eviction>>([](const CardKey& card, const Value* cached) {
        return board_of(card.number, cached != nullptr ? std::optional(cached->number) : std::nullopt);
      }));
};

template <class T>
inline constexpr bool is_keyed = !std::is_same_v<typename T::key_type, tiercache::Unkeyed>;

template <class T>
[[nodiscard]] typename T::key_type key_of(int number) noexcept {
  if constexpr (is_keyed<T>) {
    return {number};
  } else {
    return {};
  }
}
[[nodiscard]] constexpr int number_of(int key) noexcept {
  return key;
}
[[nodiscard]] constexpr int number_of(const CardKey& key) noexcept {
  return key.number;
}
[[nodiscard]] constexpr int number_of(tiercache::Unkeyed) noexcept {
  return 0;
}

[[nodiscard]] inline TimePoint time_at(Wide count) noexcept {
  return TimePoint(std::chrono::nanoseconds(static_cast<std::int64_t>(count)));
}

// Answers.

struct FetchFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class Form : unsigned char { value, entry, optional, optional_entry, expected };

/// What a fetcher is, as far as the cache can tell.
struct FetcherKind {
  Form form = Form::value;
  bool awaits = false;
  bool is_owned = false;
  /// Whether it is shown the entry that is to be replaced, and may answer "not modified".
  bool is_conditional = false;
};

using ValueOrError = support::Expected<Value, int>;

[[nodiscard]] inline CacheEntry<Value> entry_of(const Script& script) {
  CacheEntry<Value> entry{.value = {script.outcome.value, script.weight}};
  if (script.stored_at) entry.stored_at = time_at(*script.stored_at);
  if (script.own_ttl) entry.ttl = *script.own_ttl;
  return entry;
}

/// Answers as the script says, in one of the forms; or fails.
template <Form form>
[[nodiscard]] auto answer_in_form(const Script& script) {
  const Answer::Kind kind = script.outcome.kind;
  if (kind == Answer::Kind::failed) throw FetchFailed("as the program wants it");
  const Value value{script.outcome.value, script.weight};
  if constexpr (form == Form::value) {
    return value;
  } else if constexpr (form == Form::entry) {
    return entry_of(script);
  } else if constexpr (form == Form::optional) {
    return kind == Answer::Kind::none ? std::nullopt : std::optional<Value>(value);
  } else if constexpr (form == Form::optional_entry) {
    return kind == Answer::Kind::none ? std::nullopt : std::optional(entry_of(script));
  } else {
    return kind == Answer::Kind::error ? ValueOrError(support::Unexpected<int>{404}) : ValueOrError(value);
  }
}

/// The same where it may be "not modified".
template <Form form>
[[nodiscard]] auto refetched_in_form(const Script& script) {
  using Given = decltype(answer_in_form<form>(script));
  using Refetched = std::conditional_t<form == Form::optional, std::variant<Given, tiercache::NotModified>,
                                       tiercache::Refetched<Given>>;
  if (script.outcome.kind != Answer::Kind::unmodified) return Refetched(answer_in_form<form>(script));
  tiercache::NotModified renewal;
  if (script.own_ttl) renewal.ttl = *script.own_ttl;
  return Refetched(renewal);
}

[[nodiscard]] inline Answer answer_from(const Value& value) noexcept {
  return {Answer::Kind::value, value.number};
}
[[nodiscard]] inline Answer answer_from(const std::optional<Value>& value) noexcept {
  return value ? answer_from(*value) : Answer{Answer::Kind::none};
}
[[nodiscard]] inline Answer answer_from(const ValueOrError& result) {
  return result.has_value() ? answer_from(*result) : Answer{Answer::Kind::error};
}

}  // namespace model
