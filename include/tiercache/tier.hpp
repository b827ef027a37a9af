// How a tier is declared: its base class, its policy, and what makes a policy contradict itself. What the declaration
// means to the rest of the library (names, defaults, checks of the whole tier) is read off in detail/tier_traits.hpp.
#pragma once

#include <tiercache/ttl.hpp>

#include <cstddef>
#include <limits>

namespace tiercache {

/// The key type of a tier that holds one value. All calls for such a tier leave the key argument out.
struct Unkeyed {
  friend constexpr bool operator==(Unkeyed, Unkeyed) noexcept = default;
};

/// The base class of a tier's declaration: which keys lead to which values.
///
/// A tier is a type that derives from this and has a `static constexpr tiercache::TierPolicy policy`. It may also have:
/// - `using eviction = ...;` which entries go when the tier is full (default `AdaptiveClock`; see `eviction.hpp`),
/// - `static constexpr std::string_view name = "...";` what it is called in statistics (default: the type's name),
/// - `static std::size_t weigh(const Key&, const Value&)` what an entry weighs (default 1),
/// - `using hash = ...;` and `using equal = ...;` (default: `std::hash<Key>` and `==`). If `hash` is transparent (has
///   `is_transparent`), every argument that it accepts and that compares with `Key` is looked up without building a
///   key. Arguments that convert to `std::string_view` are, for `std::string` keys, by default.
///
/// Types: `Key` must be hashable and comparable; for `get_or_fetch` also copyable. It is kept as it is: a key that only
/// refers to something (`std::string_view`, `const char*`) must not outlive that, so take `std::string`. `Value` must
/// be movable; to hand out copies, `get`, `peek` and `get_or_fetch` need it copyable: hold a move-only or an expensive
/// value as `std::shared_ptr<const T>`.
template <class Key, class Value>
struct Tier {
  /// The type of the tier's keys.
  using key_type = Key;
  /// The type of the tier's values.
  using value_type = Value;
};

/// Stands for no bound, in `TierPolicy::capacity` and `TierPolicy::max_weight`.
inline constexpr std::size_t unbounded = (std::numeric_limits<std::size_t>::max)();

/// The rules of one tier: how long its entries live and how many are kept.
///
/// A policy that contradicts itself does not compile as a tier's own and throws `std::invalid_argument`, naming the
/// field, where it comes at run time (`with`, `set_policy`).
struct TierPolicy {
  /// How long a value is fresh, counted from the start of its fetch or from its `put`. Must be given.
  Ttl ttl = Ttl::unset();
  /// How long a value is still served after it stopped being fresh, while one fetch gets a new one. Default: not at
  /// all.
  Ttl stale_for = {};
  /// How long after that a value is handed out if the fetch of a new one fails, in place of the error. Default: not at
  /// all.
  Ttl stale_if_error = {};
  /// How long no new fetch is tried, counted from the end of one that failed, while the old value can be handed out
  /// (within `stale_for` and `stale_if_error`). Default: not at all.
  Ttl retry_after = {};
  /// How long a value is kept without being read, counted from when it was stored or last answered a lookup; `ttl` ends
  /// its freshness all the same. Default zero: for as long as its other times say.
  Ttl idle_for = {};
  /// How long the answer "there is none" (a fetcher's `std::nullopt`) is remembered, counted from the start of its
  /// fetch. Default: not at all.
  Ttl not_found_ttl = {};
  /// By how much the TTL of each entry is shortened at most, as a fraction, 0 to 1: by a share that its key decides, so
  /// that entries which were stored together do not expire together. Default: not at all.
  double jitter = 0.0;
  /// How many entries the tier holds at most, answers "there is none" included. 0 holds none: everything is fetched
  /// each time. Default: any number.
  std::size_t capacity = unbounded;
  /// How many entries are left when the tier outgrew `capacity` or `max_weight`; at most `capacity`. Default 0: only as
  /// many go as must.
  std::size_t trim_to = 0;
  /// How much the entries weigh together at most, in the unit of the tier's `weigh` (without one an entry weighs 1). A
  /// value heavier than this is handed out and not stored. Default: any weight.
  std::size_t max_weight = unbounded;
  /// The hit rate that the user counts on, 0 to 1. Changes nothing but the report: tiers that fall short are marked.
  double expected_hit_rate = 0.0;

  /// Compares field by field.
  friend constexpr bool operator==(const TierPolicy&, const TierPolicy&) noexcept = default;
};

namespace detail {

enum class PolicyFault {
  none,
  ttl_missing,
  ttl_negative,
  stale_for_negative,
  stale_if_error_negative,
  retry_after_negative,
  idle_for_negative,
  not_found_ttl_negative,
  jitter_out_of_range,
  trim_to_above_capacity,
  expected_hit_rate_out_of_range,
};

/// Returns the first thing that is wrong with `policy`.
[[nodiscard]] constexpr PolicyFault fault_of(const TierPolicy& policy) noexcept {
  if (!policy.ttl.is_set()) return PolicyFault::ttl_missing;
  if (policy.ttl.is_negative()) return PolicyFault::ttl_negative;
  if (policy.stale_for.is_negative()) return PolicyFault::stale_for_negative;
  if (policy.stale_if_error.is_negative()) return PolicyFault::stale_if_error_negative;
  if (policy.retry_after.is_negative()) return PolicyFault::retry_after_negative;
  if (policy.idle_for.is_negative()) return PolicyFault::idle_for_negative;
  if (policy.not_found_ttl.is_negative()) return PolicyFault::not_found_ttl_negative;
  if (!(policy.jitter >= 0.0 && policy.jitter <= 1.0)) return PolicyFault::jitter_out_of_range;  // a NaN is, too
  if (policy.trim_to > policy.capacity) return PolicyFault::trim_to_above_capacity;
  // Negated, so that a NaN is refused too.
  if (!(policy.expected_hit_rate >= 0.0 && policy.expected_hit_rate <= 1.0)) {
    return PolicyFault::expected_hit_rate_out_of_range;
  }
  return PolicyFault::none;
}

/// Returns the sentence for a fault that was met at run time. Those met while compiling are in tier_traits.hpp, since a
/// static_assert takes nothing but a literal.
[[nodiscard]] constexpr const char* sentence_for(PolicyFault fault) noexcept {
  switch (fault) {
    case PolicyFault::ttl_missing:
      return "TierPolicy::ttl is missing: give .ttl, or tiercache::forever";
    case PolicyFault::ttl_negative:
      return "TierPolicy::ttl is negative: give a duration of zero or more";
    case PolicyFault::stale_for_negative:
      return "TierPolicy::stale_for is negative: give a duration of zero or more";
    case PolicyFault::stale_if_error_negative:
      return "TierPolicy::stale_if_error is negative: give a duration of zero or more";
    case PolicyFault::retry_after_negative:
      return "TierPolicy::retry_after is negative: give a duration of zero or more";
    case PolicyFault::idle_for_negative:
      return "TierPolicy::idle_for is negative: give a duration of zero or more";
    case PolicyFault::jitter_out_of_range:
      return "TierPolicy::jitter is outside 0..1: give a fraction, not percent";
    case PolicyFault::not_found_ttl_negative:
      return "TierPolicy::not_found_ttl is negative: give a duration of zero or more";
    case PolicyFault::trim_to_above_capacity:
      return "TierPolicy::trim_to is above capacity: give at most capacity";
    case PolicyFault::expected_hit_rate_out_of_range:
      return "TierPolicy::expected_hit_rate is outside 0..1: give a fraction, not percent";
    case PolicyFault::none:
      break;
  }
  return "TierPolicy is valid";
}

}  // namespace detail
}  // namespace tiercache
