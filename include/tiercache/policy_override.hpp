// PolicyOverride: a policy for one tier that is given at run time. What is in a policy, and what is refused, is in
// tier.hpp.
#pragma once

#include <tiercache/detail/tier_traits.hpp>
#include <tiercache/error.hpp>
#include <tiercache/tier.hpp>

#include <string>

namespace tiercache {

/// A policy for one tier, given at run time. Made by `with`.
template <class T>
struct PolicyOverride {
  /// The policy that the tier gets in place of its own.
  TierPolicy policy;
};

/// Gives the tier `T` another policy than its own, for the constructor of a cache:
/// `tiercache::TieredCache<Boards, Cards> cache{tiercache::with<Cards>({.ttl = 30s})};`
///
/// It replaces all of the tier's policy, its bounds too. To change one field, copy the tier's own:
/// `auto policy = Cards::policy; policy.ttl = 30s;`. Throws `std::invalid_argument` for a policy that contradicts
/// itself.
template <class T>
[[nodiscard]] PolicyOverride<T> with(const TierPolicy& policy) {
  if (const auto fault = detail::fault_of(policy); fault != detail::PolicyFault::none) {
    detail::throw_invalid_argument("tiercache: " + std::string(detail::TierTraits<T>::name()) + ": " +
                                   detail::sentence_for(fault));
  }
  return {policy};
}

}  // namespace tiercache
