// What a tier's declaration says, with the defaults filled in, and the sentences for declarations that make no sense.
#pragma once

#include <tiercache/adaptive_clock.hpp>
#include <tiercache/detail/type_name.hpp>
#include <tiercache/eviction.hpp>
#include <tiercache/tier.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace tiercache::detail {

/// Stands for an object in a call that a sentence has refused, so that it stays the only error. There is no definition.
template <class X>
[[noreturn]] X&& refused() noexcept;

template <class T>
concept DeclaresTier = requires {
  typename T::key_type;
  typename T::value_type;
} && std::is_base_of_v<Tier<typename T::key_type, typename T::value_type>, T>;

template <class T>
concept DeclaresPolicy = requires { requires std::is_same_v<decltype(T::policy), const TierPolicy>; };

template <class T>
concept HasConstantPolicy = requires { typename std::integral_constant<PolicyFault, fault_of(T::policy)>; };

template <class T>
struct EvictionOf {
  using type = AdaptiveClock;
};
template <class T>
  requires requires { typename T::eviction; }
struct EvictionOf<T> {
  using type = typename T::eviction;
};

template <class T>
concept DeclaresHash = requires { typename T::hash; };
template <class T>
concept DeclaresEqual = requires { typename T::equal; };

// A member of this name makes the address ambiguous, whatever the member is, private too. A final tier cannot be asked.
struct OptionalMembers {
  int weigh, name;
};
template <class T>
struct MemberProbe : T, OptionalMembers {};
template <class T>
concept MentionsWeigh = !std::is_final_v<T> && !requires { &MemberProbe<T>::weigh; };
template <class T>
concept MentionsName = !std::is_final_v<T> && !requires { &MemberProbe<T>::name; };

template <class T, class... Arguments>
concept Weighs = requires(Arguments&... arguments) { static_cast<std::size_t>(T::weigh(arguments...)); };
// By its address: an unevaluated T::name would do for a member that is not static too.
template <class T>
concept HasName = requires { std::string_view(*&T::name); };

template <class T>
inline constexpr bool is_unkeyed = false;
template <class T>
  requires requires { typename T::key_type; }
inline constexpr bool is_unkeyed<T> = std::is_same_v<typename T::key_type, Unkeyed>;

/// Refuses a declaration that makes no sense.
template <class T>
consteval bool is_valid_tier() {
  static_assert(DeclaresTier<T>,
                "tiercache: a tier is a type that derives publicly from tiercache::Tier<Key, Value>; write struct "
                "Cards : tiercache::Tier<std::string, Card> { ... };");
  if constexpr (DeclaresTier<T>) {
    using Key = typename T::key_type;
    using Value = typename T::value_type;
    static_assert(std::is_object_v<Key> && !std::is_const_v<Key> && std::is_move_constructible_v<Key>,
                  "tiercache: this tier's Key cannot be stored: give a movable object type that is not const");
    static_assert(
        std::is_object_v<Value> && !std::is_const_v<Value> && std::is_move_constructible_v<Value>,
        "tiercache: this tier's Value cannot be stored: give a movable object type that is not const, or hold "
        "it as std::shared_ptr<const T>");
    static_assert(
        DeclaresPolicy<T>,
        "tiercache: this tier has no public policy; make it a struct, and write static constexpr tiercache::TierPolicy "
        "policy{.ttl = 5min}; in it");
    if constexpr (DeclaresPolicy<T>) {
      static_assert(HasConstantPolicy<T>,
                    "tiercache: this tier's policy is not a constant; declare it static constexpr, and give what is "
                    "known only at run time with tiercache::with<T>(policy)");
      if constexpr (HasConstantPolicy<T>) {
        constexpr PolicyFault fault = fault_of(T::policy);
        static_assert(
            fault != PolicyFault::ttl_missing,
            "tiercache: this tier's policy has no ttl; write policy{.ttl = 5min}, or .ttl = tiercache::forever");
        static_assert(fault != PolicyFault::ttl_negative,
                      "tiercache: this tier's policy has a negative ttl; give a duration of zero or more");
        static_assert(fault != PolicyFault::stale_for_negative,
                      "tiercache: this tier's policy has a negative stale_for; give a duration of zero or more");
        static_assert(fault != PolicyFault::stale_if_error_negative,
                      "tiercache: this tier's policy has a negative stale_if_error; give a duration of zero or more");
        static_assert(fault != PolicyFault::retry_after_negative,
                      "tiercache: this tier's policy has a negative retry_after; give a duration of zero or more");
        static_assert(fault != PolicyFault::idle_for_negative,
                      "tiercache: this tier's policy has a negative idle_for; give a duration of zero or more");
        static_assert(fault != PolicyFault::jitter_out_of_range,
                      "tiercache: this tier's policy has a jitter outside 0..1; give a fraction, not percent");
        static_assert(fault != PolicyFault::not_found_ttl_negative,
                      "tiercache: this tier's policy has a negative not_found_ttl; give a duration of zero or more");
        static_assert(fault != PolicyFault::trim_to_above_capacity,
                      "tiercache: this tier's policy has a trim_to above its capacity; give at most the capacity");
        static_assert(
            fault != PolicyFault::expected_hit_rate_out_of_range,
            "tiercache: this tier's policy has an expected_hit_rate outside 0..1; give a fraction, not percent");
      }
    }
    static_assert(
        EvictionPolicy<typename EvictionOf<T>::type>,
        "tiercache: this tier's eviction is no eviction policy; write using eviction = tiercache::Lru; or see "
        "the concept tiercache::EvictionPolicy");
    static_assert(!MentionsWeigh<T> || Weighs<T, const Key, const Value> || (is_unkeyed<T> && Weighs<T, const Value>),
                  "tiercache: this tier's weigh does not fit: make it public, static std::size_t weigh(const Key&, "
                  "const Value&)");
    static_assert(
        !MentionsName<T> || HasName<T>,
        "tiercache: this tier's name does not fit: make it public, static constexpr std::string_view name = ...;");
  }
  return true;
}

/// A tier's declaration with the defaults filled in.
template <class T>
struct TierTraits {
  static_assert(is_valid_tier<T>());

  using Key = typename T::key_type;
  using Value = typename T::value_type;
  using Eviction = typename EvictionOf<T>::type;

  [[nodiscard]] static constexpr std::string_view name() noexcept {
    if constexpr (HasName<T>) {
      return T::name;
    } else {
      return type_name<T>();
    }
  }

  /// Whether the tier says what an entry weighs.
  static constexpr bool has_weigher = requires(const Key& key, const Value& value) { T::weigh(key, value); } ||
                                      (is_unkeyed<T> && requires(const Value& value) { T::weigh(value); });

  [[nodiscard]] static std::size_t weigh(const Key& key, const Value& value) {
    if constexpr (Weighs<T, const Key, const Value>) {
      return static_cast<std::size_t>(T::weigh(key, value));
    } else if constexpr (is_unkeyed<T> && Weighs<T, const Value>) {
      return static_cast<std::size_t>(T::weigh(value));
    } else {
      return 1;
    }
  }
};

}  // namespace tiercache::detail
