// How a key is looked up: which arguments stand for a key, what a lookup keeps of one, and how it is hashed and
// compared, without building a key object until one has to be stored.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/tier_traits.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

template <class Key>
struct StringViewOf {};
template <class Char, class CharTraits, class Allocator>
struct StringViewOf<std::basic_string<Char, CharTraits, Allocator>> {
  using type = std::basic_string_view<Char, CharTraits>;
};

template <class Key, class Argument>
concept ViewsString = requires { typename StringViewOf<Key>::type; } &&
                      std::convertible_to<const Argument&, typename StringViewOf<Key>::type>;

template <class T, class Argument>
concept TransparentlyHashed = DeclaresHash<T> && requires(const Argument& argument, const typename T::key_type& key) {
  typename T::hash::is_transparent;
  { typename T::hash{}(argument) } -> std::convertible_to<std::size_t>;
  { key == argument } -> std::convertible_to<bool>;
};
template <class T, class Argument>
concept TransparentlyCompared =
    DeclaresHash<T> && DeclaresEqual<T> && requires(const Argument& argument, const typename T::key_type& key) {
      typename T::hash::is_transparent;
      typename T::equal::is_transparent;
      { typename T::hash{}(argument) } -> std::convertible_to<std::size_t>;
      { typename T::equal{}(key, argument) } -> std::convertible_to<bool>;
    };

/// Which way an argument stands for a key of tier `T`.
enum class KeyForm { unfit, key, string_view, transparent, convertible };

template <class T, class Argument>
[[nodiscard]] consteval KeyForm key_form() {
  using Key = typename TierTraits<T>::Key;
  if constexpr (std::same_as<Argument, Key>) {
    return KeyForm::key;
  } else if constexpr (DeclaresEqual<T> ? TransparentlyCompared<T, Argument> : TransparentlyHashed<T, Argument>) {
    return KeyForm::transparent;
  } else if constexpr (!DeclaresHash<T> && !DeclaresEqual<T> && ViewsString<Key, Argument>) {
    return KeyForm::string_view;
  } else if constexpr (std::convertible_to<const Argument&, Key>) {
    return KeyForm::convertible;
  } else {
    return KeyForm::unfit;
  }
}

/// What a lookup keeps of the argument `Argument&&`: a reference where the caller's object does, a view of a string, a
/// value where the argument is a temporary, or the key that the argument converts to. A temporary is kept as a view
/// only if it owns no characters: a `std::string_view`, a pointer.
template <class T, class Argument>
struct KeyArgument {
  using Plain = std::remove_cvref_t<Argument>;
  using Key = typename TierTraits<T>::Key;
  static constexpr KeyForm form = key_form<T, Plain>();
  static_assert(form != KeyForm::unfit || is_unkeyed<T>,
                "tiercache: this argument is no key of the tier: give its key_type, something that converts to it, or "
                "(a tier with a transparent hash) something that the hash and the comparison accept");
  static_assert(form != KeyForm::unfit || !is_unkeyed<T>,
                "tiercache: this tier is Unkeyed: leave the key argument out");

  static auto select() {
    constexpr bool outlives = std::is_lvalue_reference_v<Argument>;
    if constexpr (form == KeyForm::string_view && (outlives || std::is_pointer_v<Plain>)) {
      return std::type_identity<typename StringViewOf<Key>::type>{};
    } else if constexpr (form == KeyForm::convertible || form == KeyForm::unfit ||
                         (!outlives && !std::is_move_constructible_v<Plain>)) {
      return std::type_identity<Key>{};
    } else {
      return std::type_identity<std::conditional_t<outlives, const Plain&, Plain>>{};
    }
  }
  using type = typename decltype(select())::type;
};
template <class T, class Argument>
using KeptKey = typename KeyArgument<T, Argument>::type;

/// Makes what a lookup keeps of an argument.
template <class T, class Argument>
[[nodiscard]] decltype(auto) keep_key(Argument&& argument) {
  constexpr bool fits = KeyArgument<T, Argument>::form != KeyForm::unfit;
  if constexpr (!fits) return refused<KeptKey<T, Argument>>();
  if constexpr (fits) return static_cast<KeptKey<T, Argument>>(std::forward<Argument>(argument));
}

/// Hashes a key, or what stands for one. May throw what the user's hash throws.
template <class T, class K>
[[nodiscard]] std::size_t hash_key(const K& key) {
  if constexpr (is_unkeyed<T>) {
    return 0;
  } else if constexpr (DeclaresHash<T>) {
    return static_cast<std::size_t>(typename T::hash{}(key));
  } else if constexpr (ViewsString<typename T::key_type, K>) {
    using View = typename StringViewOf<typename T::key_type>::type;
    return std::hash<View>{}(View(key));
  } else {
    static_assert(
        std::is_default_constructible_v<std::hash<K>>,
        "tiercache: std::hash does not know this tier's key; specialise it, or write using hash = ...; in the "
        "tier");
    return std::hash<K>{}(key);
  }
}

/// Whether hashing a key of tier `T` costs nothing and cannot fail, so that a hash need not be kept. Not of
/// enumerations: a program may have a `std::hash` of its own for them.
template <class T>
inline constexpr bool is_hashed_at_once =
    is_unkeyed<T> || (!DeclaresHash<T> && std::is_integral_v<typename T::key_type>);

/// Compares a stored key with what stands for one. May throw what the user's comparison throws.
template <class T, class K>
[[nodiscard]] bool is_key(const typename T::key_type& stored, const K& key) {
  if constexpr (DeclaresEqual<T>) {
    return static_cast<bool>(typename T::equal{}(stored, key));
  } else if constexpr (!DeclaresHash<T> && ViewsString<typename T::key_type, K>) {
    using View = typename StringViewOf<typename T::key_type>::type;
    return View(stored) == View(key);
  } else {
    constexpr bool fits = requires { static_cast<bool>(stored == key); };
    static_assert(fits, "tiercache: this tier's Key has no ==; give it one, or write using equal = ...; in the tier");
    if constexpr (fits) return static_cast<bool>(stored == key);
    return false;
  }
}

/// Builds the key object to store.
template <class T, class K>
[[nodiscard]] typename T::key_type make_key(K&& key) {
  using Key = typename T::key_type;
  if constexpr (ViewsString<Key, std::remove_cvref_t<K>> && !std::same_as<std::remove_cvref_t<K>, Key>) {
    return Key(typename StringViewOf<Key>::type(key));
  } else {
    return Key(std::forward<K>(key));
  }
}

/// Spreads a number over all bits: the finalizer of MurmurHash3 (Appleby).
[[nodiscard]] constexpr std::uint64_t spread(std::uint64_t number) noexcept {
  number ^= number >> 33;
  number *= 0xff51afd7ed558ccdULL;
  number ^= number >> 33;
  number *= 0xc4ceb9fe1a85ec53ULL;
  return number ^ number >> 33;
}

/// Returns the upper half of the product of two numbers, folded into the lower half.
[[nodiscard]] constexpr std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
#if TIERCACHE_HAS_INT128
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
#else
  constexpr std::uint64_t low = 0xffff'ffff;
  const std::uint64_t lows = (a & low) * (b & low);
  const std::uint64_t middle = (a >> 32) * (b & low) + (lows >> 32);
  const std::uint64_t other_middle = (a & low) * (b >> 32) + (middle & low);
  const std::uint64_t upper = (a >> 32) * (b >> 32) + (middle >> 32) + (other_middle >> 32);
  return (other_middle << 32 | (lows & low)) ^ upper;
#endif
}

/// Mixes the hashes of one tier's keys, which may be the keys themselves, by numbers of its own: who does not know them
/// cannot choose keys that collide. One multiplication of 64 by 64 bits, as in wyhash (Wang Yi); half of it is kept.
class HashMixer {
 public:
  explicit constexpr HashMixer(std::uint64_t seed) noexcept
      : mask_(spread(seed)), factor_(spread(seed + 0x9E37'79B9'7F4A'7C15) | 1) {}

  [[nodiscard]] constexpr std::uint32_t operator()(std::size_t hash) const noexcept {
    return static_cast<std::uint32_t>(folded_product(static_cast<std::uint64_t>(hash) ^ mask_, factor_));
  }

 private:
  std::uint64_t mask_;
  std::uint64_t factor_;
};

}  // namespace tiercache::detail
