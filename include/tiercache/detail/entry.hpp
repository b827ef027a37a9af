// Entry: what one tier keeps under one key, with all that the index, the eviction policy and the deadlines need to know
// of it.
#pragma once

#include <tiercache/detail/tier_traits.hpp>
#include <tiercache/eviction.hpp>
#include <tiercache/removal_cause.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/ttl.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// Whose time to live an entry has: it decides what a change of the policy means to it.
enum class TtlOrigin : unsigned char { policy, own };

/// Tags the list of a tier's entries in the order in which they were written.
struct WriteOrder {};

template <class T>
struct Entry final : TierTraits<T>::Eviction::Node, ListNode<WriteOrder> {
  using Key = typename TierTraits<T>::Key;
  using Value = typename TierTraits<T>::Value;

  /// Makes an entry that is not stored yet and has no value.
  template <class K>
  Entry(std::in_place_t, K&& its_key, std::size_t its_hash) : key(std::forward<K>(its_key)), hash(its_hash) {}

  Key key;
  std::size_t hash;
  Entry* next_in_bucket = nullptr;
  Entry* next_removed = nullptr;
  /// Empty: the answer was "there is none".
  std::optional<Value> value;
  TimePoint stored_at{};
  Ttl ttl;
  /// Always deadline_of(stored_at, ttl), kept because every lookup compares it.
  TimePoint deadline{};
  std::size_t weight = 1;
  TtlOrigin ttl_origin = TtlOrigin::policy;
  RemovalCause cause = RemovalCause::Replaced;

  [[nodiscard]] bool is_fresh(TimePoint now) const noexcept { return is_alive(now, deadline, ttl); }

  void live_from(TimePoint start, Ttl length) noexcept {
    stored_at = start;
    ttl = length;
    deadline = deadline_of(start, length);
  }

  /// Sets the time to live: `own`, or what `policy` says of such an answer.
  void live_from(TimePoint start, const std::optional<Ttl>& own, const TierPolicy& policy) noexcept {
    ttl_origin = own ? TtlOrigin::own : TtlOrigin::policy;
    live_from(start, own ? *own : ttl_by(policy));
  }

  [[nodiscard]] Ttl ttl_by(const TierPolicy& policy) const noexcept {
    return value ? policy.ttl : policy.not_found_ttl;
  }
};

/// Returns from when an entry counts as stored: `claimed`, unless it is not set or later than `latest`.
[[nodiscard]] inline TimePoint stored_at_or(TimePoint claimed, TimePoint latest) noexcept {
  return claimed == TimePoint{} || claimed > latest ? latest : claimed;
}

}  // namespace tiercache::detail
