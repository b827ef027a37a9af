// The list of a cache's tiers: finding a tier in it while compiling, and refusing lists that make no sense.
#pragma once

#include <tiercache/detail/tier_traits.hpp>

#include <cstddef>
#include <type_traits>

namespace tiercache::detail {

template <class T, class... Tiers>
inline constexpr bool is_one_of = (std::is_same_v<T, Tiers> || ...);

/// Returns where `T` stands among `Tiers`; their number if it does not.
template <class T, class... Tiers>
[[nodiscard]] consteval std::size_t index_among() {
  constexpr bool matches[] = {std::is_same_v<T, Tiers>..., true};
  std::size_t index = 0;
  while (!matches[index]) ++index;
  return index;
}

template <class... Tiers>
[[nodiscard]] consteval bool are_distinct() {
  std::size_t index = 0;
  return ((index_among<Tiers, Tiers...>() == index++) && ...);
}

/// A tier declared with a key. A type that is no tier at all counts as one, to be refused with a sentence.
template <class T>
concept Keyed = !is_unkeyed<T>;

/// The key and value types of a tier; for a type that is no tier something to go on with until it is refused.
template <class T>
struct TypesOf {
  using key_type = int;
  using value_type = int;
};
template <class T>
  requires DeclaresTier<T>
struct TypesOf<T> {
  using key_type = typename T::key_type;
  using value_type = typename T::value_type;
};

}  // namespace tiercache::detail
