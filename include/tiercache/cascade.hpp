// Cascade: what a tier declares of others whose entries are invalidated with its own. How it is carried out is in
// detail/invalidation.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/tier_list.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace tiercache {
namespace detail {

/// Everything in tier `T`.
template <class T>
struct WholeTier {
  using Target = T;
  /// Itself: `whole<T>()` will do.
  [[nodiscard]] constexpr WholeTier operator()() const noexcept { return {}; }
};
/// The keys of tier `T` that a function names.
template <class T, class F>
struct KeysOfTier {
  using Target = T;
  F function;
};
/// The entries of tier `T` for which a function holds.
template <class T, class F>
struct PartOfTier {
  using Target = T;
  F function;
};

/// A part of a cascade in its place: there may be two of one type.
template <std::size_t, class Part>
struct PartAt {
  Part part;
};
template <class Places, class... Parts>
struct PlacedParts;
template <std::size_t... Places, class... Parts>
struct PlacedParts<std::index_sequence<Places...>, Parts...> : PartAt<Places, Parts>... {
  constexpr explicit PlacedParts(Parts... parts) : PartAt<Places, Parts>{std::move(parts)}... {}

  template <class Visit>
  void for_each(const Visit& visit) const {
    (visit(static_cast<const PartAt<Places, Parts>&>(*this).part), ...);
  }
};

/// The parts of a cascade.
template <class... Parts>
struct Cascade : PlacedParts<std::index_sequence_for<Parts...>, Parts...> {
  using PlacedParts<std::index_sequence_for<Parts...>, Parts...>::PlacedParts;
};

template <class X>
inline constexpr bool is_cascade = false;
template <class... Parts>
inline constexpr bool is_cascade<Cascade<Parts...>> = true;

template <class T>
concept Cascades = requires { T::also_invalidates; };

template <class T>
struct CascadeOf {
  using type = Cascade<>;
};
template <class T>
  requires Cascades<T> && is_cascade<std::remove_cvref_t<decltype(T::also_invalidates)>>
struct CascadeOf<T> {
  using type = std::remove_cvref_t<decltype(T::also_invalidates)>;
};

/// Tells whether a cascade from `From` gets to `To`, over `Passed` already.
template <class From, class To, class... Passed>
[[nodiscard]] consteval bool cascades_to() {
  if constexpr (is_one_of<From, Passed...>) {
    return false;
  } else {
    return []<class... Parts>(std::type_identity<Cascade<Parts...>>) {
      return (
          (std::is_same_v<typename Parts::Target, To> || cascades_to<typename Parts::Target, To, From, Passed...>()) ||
          ...);
    }(std::type_identity<typename CascadeOf<From>::type>());
  }
}

template <class From, class To>
inline constexpr bool cascades_at_once_to = []<class... Parts>(std::type_identity<Cascade<Parts...>>) {
  return (std::is_same_v<typename Parts::Target, To> || ...);
}(std::type_identity<typename CascadeOf<From>::type>());

template <class... Tiers>
struct TierSequence {};

/// Puts `T` before those that were found already, and behind `T` all tiers that a cascade from it gets to.
template <class T, class Found>
struct AddToCascadeOrder;
template <class T, class Found, class Its>
struct AddPartsToCascadeOrder;

template <class T, class... Found>
struct AddToCascadeOrder<T, TierSequence<Found...>> : AddPartsToCascadeOrder<T, TierSequence<Found...>, Cascade<>> {};
template <class T, class... Found>
  requires(!is_one_of<T, Found...> && Cascades<T> && !cascades_to<T, T>())
struct AddToCascadeOrder<T, TierSequence<Found...>>
    : AddPartsToCascadeOrder<T, TierSequence<Found...>, typename CascadeOf<T>::type> {};

template <class T, class... Found>
struct AddPartsToCascadeOrder<T, TierSequence<Found...>, Cascade<>> {
  using type = std::conditional_t<is_one_of<T, Found...>, TierSequence<Found...>, TierSequence<T, Found...>>;
};
template <class T, class Found, class Part, class... Parts>
struct AddPartsToCascadeOrder<T, Found, Cascade<Part, Parts...>>
    : AddPartsToCascadeOrder<T, typename AddToCascadeOrder<typename Part::Target, Found>::type, Cascade<Parts...>> {};

/// The tiers that a cascade from `T` gets to, `T` first, each before those that it cascades to itself.
template <class T>
using CascadeOrder = typename AddToCascadeOrder<T, TierSequence<>>::type;

/// Refuses a cascade that makes no sense in a cache of `Tiers`, with a sentence.
template <class T, class... Tiers>
[[nodiscard]] consteval bool is_valid_cascade() {
  if constexpr (Cascades<T>) {
    using Its = std::remove_cvref_t<decltype(T::also_invalidates)>;
    static_assert(
        is_cascade<Its>,
        "tiercache: this tier's also_invalidates is no cascade; write static constexpr auto also_invalidates = "
        "tiercache::cascade(tiercache::whole<Boards>, ...);");
    if constexpr (is_cascade<Its>) {
      constexpr bool are_there = []<class... Parts>(std::type_identity<Cascade<Parts...>>) {
        return (is_one_of<typename Parts::Target, Tiers...> && ...);
      }(std::type_identity<Its>());
      static_assert(are_there,
                    "tiercache: this tier's also_invalidates names a tier that this cache does not have; add it to its "
                    "template arguments, or take it out of the cascade");
      if constexpr (are_there) {
        static_assert(
            !cascades_to<T, T>(),
            "tiercache: this tier's also_invalidates comes back to the tier itself, over others or at once: a "
            "cascade must end");
      }
    }
  }
  return true;
}

}  // namespace detail

/// Everything in tier `T`, as a part of a cascade. `whole<T>()` is the same.
template <class T>
inline constexpr detail::WholeTier<T> whole{};

/// Some keys of tier `T`, as a part of a cascade: `function(key, cached)` returns a key, an optional key or a range of
/// keys of `T`; where `T` is `Unkeyed`, a `std::optional<Unkeyed>`. `cached` points to the value that was dropped,
/// fresh or not. It is null if there was none: nothing was held under the key, or it was only being fetched, or was
/// known not to exist. In a tier that is `Unkeyed` the function takes `cached` alone.
template <class T, class F>
[[nodiscard]] constexpr detail::KeysOfTier<T, F> keys(F function) {
  return {std::move(function)};
}

/// Some entries of tier `T`, as a part of a cascade: those for which `is_meant(key, its_key, its_value)` holds, `key`
/// being what is invalidated. Linear in the entries of `T`, for each entry that is invalidated. It runs under the lock
/// of `T` and must not call the cache. Where a tier is `Unkeyed`, its key is left out.
template <class T, class F>
[[nodiscard]] constexpr detail::PartOfTier<T, F> where(F is_meant) {
  return {std::move(is_meant)};
}

/// Says what else is invalidated with an entry of a tier, declared in that tier:
///
/// ```cpp
/// struct Cards : tiercache::Tier<std::string, Card> {
///   static constexpr auto also_invalidates = tiercache::cascade(
///       tiercache::whole<Workspaces>,
///       tiercache::keys<Boards>([](const std::string&, const Card* cached) { return cached ? cached->board : ""; }));
/// };
/// ```
///
/// It holds for `invalidate`, `invalidate_if` and `write`, not for entries that expire, are evicted, replaced or
/// cleared.
///
/// A key that is invalidated cascades whether or not it is held. The invalidation of a whole tier, or by a predicate,
/// cascades by `keys` and `where` only for the entries that it drops; by `whole` in any case, even if it drops none:
/// what is being fetched is superseded too, and might have been meant. A tier that is `Unkeyed` has one key, and
/// cascades by that whenever it is invalidated, in whatever way.
///
/// Cascades go on from tier to tier; all that they reach is invalidated before the call returns, and counts in what it
/// returns. However many ways lead to a key, it is dropped and gone on from once, when the tiers that lead there have
/// been gone through. For that the keys of a tier that cascades on itself are kept until the call returns.
///
/// If a function throws, or the memory runs out, all of the tier that it was asked about is invalidated, and all of
/// those that cascades lead to from there; then the exception is passed on.
template <class... Parts>
[[nodiscard]] constexpr detail::Cascade<Parts...> cascade(Parts... parts) {
  return detail::Cascade<Parts...>(std::move(parts)...);
}

}  // namespace tiercache
