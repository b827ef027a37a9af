// The functions that are given to visit, invalidate_if and on_removal: what they must take, and how they are called.
// Fetchers are functions of another kind: fetcher.hpp.
#pragma once

#include <tiercache/detail/tier_list.hpp>
#include <tiercache/removal_cause.hpp>

#include <type_traits>

namespace tiercache::detail {

/// Can be called with these, as lvalues. It asks for the call that is really written: std::invocable holds for pointers
/// to members too, which only std::invoke can call.
template <class F, class Result, class... Arguments>
concept Calls = requires(F& function, Arguments&... arguments) { static_cast<Result>(function(arguments...)); };

/// Calls the function that was given to `visit`.
template <class T, class F>
void call_visitor(F& function, const typename TypesOf<T>::value_type& value) {
  constexpr bool fits = Calls<F, void, decltype(value)>;
  static_assert(fits, "tiercache: visit cannot call this function: give one that takes const Value&, such as a lambda");
  if constexpr (fits) function(value);
}

/// Calls the predicate that was given to `invalidate_if`.
template <class T, class F>
[[nodiscard]] bool call_predicate(F& is_meant, [[maybe_unused]] const typename TypesOf<T>::key_type& key,
                                  const typename TypesOf<T>::value_type& value) {
  constexpr bool fits =
      is_unkeyed<T> ? Calls<F, bool, decltype(value)> : Calls<F, bool, decltype(key), decltype(value)>;
  static_assert(fits,
                "tiercache: invalidate_if cannot call this predicate: give one that takes (const Key&, const Value&), "
                "for an Unkeyed tier (const Value&), and returns bool, such as a lambda");
  if constexpr (!fits) return false;
  if constexpr (fits && is_unkeyed<T>) return static_cast<bool>(is_meant(value));
  if constexpr (fits && !is_unkeyed<T>) return static_cast<bool>(is_meant(key, value));
}

/// Tells whether a function, of the type in which the cache keeps it, is to be told of removals; refuses one that
/// cannot be. `nullptr` stands for none.
template <class T, class F>
[[nodiscard]] consteval bool is_listener() {
  using Value = const typename TypesOf<T>::value_type;
  constexpr bool fits = is_unkeyed<T> ? Calls<F, void, Value, RemovalCause>
                                      : Calls<F, void, const typename TypesOf<T>::key_type, Value, RemovalCause>;
  static_assert(fits || std::is_null_pointer_v<F>,
                "tiercache: on_removal cannot call this function: give one that takes (const Key&, const Value&, "
                "RemovalCause), for an Unkeyed tier (const Value&, RemovalCause), such as a lambda, or nullptr");
  return fits;
}

}  // namespace tiercache::detail
