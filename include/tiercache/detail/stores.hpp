// Stores: the stores of a cache's tiers, found by tier. What is done with them is in tiered_cache.hpp.
#pragma once

#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/store.hpp>
#include <tiercache/detail/tier_list.hpp>
#include <tiercache/policy_override.hpp>
#include <tiercache/tier.hpp>

#include <type_traits>

namespace tiercache::detail {

/// A share in the store of tier `T`.
template <class Config, class T>
struct StoreHolder {
  explicit StoreHolder(const TierPolicy& policy)
      : store(Reference<Store<Config, T>>::adopt(new Store<Config, T>(policy))) {}
  Reference<Store<Config, T>> store;
};

/// A share in the store of each of `Tiers`. Not a tuple: by base classes it costs less to compile.
template <class Config, class... Tiers>
class Stores : StoreHolder<Config, Tiers>... {
 public:
  /// Makes the stores, with the tiers' own policies but for those given.
  template <class... Overridden>
  explicit Stores(const PolicyOverride<Overridden>&... overrides)
      : StoreHolder<Config, Tiers>(policy_among<Tiers>(overrides...))... {}

  /// Whether the cache has the tier `T`.
  template <class T>
  static constexpr bool has = is_one_of<T, Tiers...>;

  template <class T>
  [[nodiscard]] Store<Config, T>& of() const {
    static_assert(is_one_of<T, Tiers...>,
                  "tiercache: this cache has no such tier; add it to its template arguments: TieredCache<..., T>");
    if constexpr (!is_one_of<T, Tiers...>) return detail::refused<Store<Config, T>&>();
    if constexpr (is_one_of<T, Tiers...>) return *static_cast<const StoreHolder<Config, T>&>(*this).store;
  }

 private:
  template <class T, class... Overridden>
  [[nodiscard]] static TierPolicy policy_among(const PolicyOverride<Overridden>&... overrides) {
    TierPolicy policy = T::policy;
    [[maybe_unused]] const auto apply = [&policy]<class O>(const PolicyOverride<O>& given) {
      if constexpr (std::is_same_v<O, T>) policy = given.policy;
    };
    (apply(overrides), ...);
    return policy;
  }
};

/// Lets the opt-in headers at the stores of a cache: at that of a tier, and at a share in all.
template <class T>
struct StoreOf {
  template <class Cache>
  [[nodiscard]] static auto& in(const Cache& cache) {
    return cache.template store<T>();
  }
  template <class Cache>
  [[nodiscard]] static auto among_all_of(const Cache& cache) {
    return cache.stores_;
  }
};

}  // namespace tiercache::detail
