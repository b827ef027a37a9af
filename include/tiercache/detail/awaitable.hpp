// What can be awaited, by whom, and what that gives. It knows nothing of caches.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <concepts>
#include <coroutine>
#include <utility>

namespace tiercache::detail {

template <class A>
concept HasMemberCoAwait = requires(A&& awaitable) { std::forward<A>(awaitable).operator co_await(); };
template <class A>
concept HasFreeCoAwait = requires(A&& awaitable) { operator co_await(std::forward<A>(awaitable)); };

/// Returns the awaiter that a coroutine without `await_transform` gets from an awaitable.
template <class A>
decltype(auto) awaiter_of(A&& awaitable) {
  if constexpr (HasMemberCoAwait<A>) {
    return std::forward<A>(awaitable).operator co_await();
  } else if constexpr (HasFreeCoAwait<A>) {
    return operator co_await(std::forward<A>(awaitable));
  } else {
    return std::forward<A>(awaitable);
  }
}
template <class A>
using AwaiterOf = decltype(detail::awaiter_of(std::declval<A>()));

/// Looks like an awaitable, of whatever kind of coroutine.
template <class A>
concept LooksAwaitable = HasMemberCoAwait<A> || HasFreeCoAwait<A> || requires(A&& awaiter) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_resume();
};

/// Can be awaited by a coroutine of type `Promise` that has no `await_transform`.
template <class A, class Promise>
concept AwaitableBy = LooksAwaitable<A> && requires(AwaiterOf<A>& awaiter, std::coroutine_handle<Promise> handle) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_suspend(handle);
  awaiter.await_resume();
};

/// What `co_await` gives.
template <class A>
using AwaitedBy = decltype(std::declval<AwaiterOf<A>&>().await_resume());

}  // namespace tiercache::detail
