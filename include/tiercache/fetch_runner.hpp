// fetch_runner: how a fetch is run that only its own library knows how to run; one of the two ways to adapt a coroutine
// library. The other, promise_post, says where its coroutines are resumed.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <type_traits>
#include <utility>

namespace tiercache {

/// Says how a fetcher's result of type `A` is run, where an ordinary coroutine cannot await it. To be specialised:
///
/// ```cpp
/// template <class T>
/// struct tiercache::fetch_runner<their::Task<T>> {
///   static auto run(their::Task<T> task) { return AwaitTask<T>(std::move(task)); }  // any plain awaitable of a T
/// };
/// ```
///
/// `run` is called once for a fetch, in the middle of it; what it returns is awaited by a coroutine of the library's
/// own, which has no `await_transform` and no executor. It must end on some thread, with the result or an exception.
///
/// It is found for a type that is nested in a template, or an alias, if it is constrained instead:
/// `template <class A> requires their_concept<A> struct fetch_runner<A>`.
///
/// Such a task cannot be taken back once it runs, so its fetcher must belong to the cache: `owned(fetcher)`, or a
/// loader. If it can, that is, if destroying what `run` returns ends the task before it returns, say
/// `static constexpr bool can_be_destroyed = true;`, and fetchers may be borrowed. A library whose tasks an ordinary
/// coroutine can await, but must not destroy meanwhile, gets the same check by a `run` that returns the task as it is.
template <class A>
struct fetch_runner;

namespace detail {

template <class A>
concept HasRunner = requires(A&& called) { fetch_runner<std::remove_cvref_t<A>>::run(std::forward<A>(called)); };

template <class A>
inline constexpr bool can_be_destroyed = !HasRunner<A>;
template <class A>
  requires requires { fetch_runner<std::remove_cvref_t<A>>::can_be_destroyed; }
inline constexpr bool can_be_destroyed<A> = fetch_runner<std::remove_cvref_t<A>>::can_be_destroyed;

/// Returns what is to be awaited of what a fetcher gave.
template <class A>
decltype(auto) awaitable_of(A&& called) {
  if constexpr (HasRunner<A>) {
    return fetch_runner<std::remove_cvref_t<A>>::run(std::forward<A>(called));
  } else {
    return std::forward<A>(called);
  }
}

}  // namespace detail
}  // namespace tiercache
