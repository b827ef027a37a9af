// Fetching: what a lookup does with its fetcher, and what it yields, as types. How it is done is in detail/driver.hpp.
#pragma once

#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/type_name.hpp>
#include <tiercache/fetch_runner.hpp>
#include <tiercache/fetcher.hpp>
#include <tiercache/owned.hpp>

#include <type_traits>

namespace tiercache::detail {

/// What a lookup without a fetcher has in its place: it asks the tier's loader.
struct FromLoader {};

/// What the caller gave as a fetcher: to whom the fetch belongs, and what is called.
template <class F>
struct GivenFetcher {
  using Fetcher = F;
  using Given = F;
  static constexpr bool is_owned = false;
};
template <class F, class Its>
struct GivenFetcher<Owned<F, Its>> {
  using Fetcher = F;
  using Given = Its;
  static constexpr bool is_owned = true;
};
template <class F, class Its>
struct GivenFetcher<Owned<F, Its>&> : GivenFetcher<Owned<F, Its>> {
  using Given = Owned<F, Its>&;
};
template <class F, class Its>
struct GivenFetcher<const Owned<F, Its>&> : GivenFetcher<Owned<F, Its>&> {};

/// Tells whether a fetcher stands where a key should.
template <class T, class Argument>
[[nodiscard]] consteval bool is_fetcher_without_key() {
  if constexpr (key_form<T, std::remove_cvref_t<Argument>>() == KeyForm::unfit) {
    return fetcher_form<T, typename GivenFetcher<Argument>::Fetcher>() != FetcherForm::unfit;
  }
  return false;
}

#if TIERCACHE_DESTROYS_TEMPORARIES_TWICE
/// Whether GCC 12 destroys a temporary of this type twice inside a co_await expression.
template <class X>
inline constexpr bool is_destroyed_twice = !std::is_reference_v<X> && !std::is_trivially_destructible_v<X> &&
                                           (std::is_aggregate_v<X> || type_name<X>().starts_with("<lambda("));
#else
template <class X>
inline constexpr bool is_destroyed_twice = false;
#endif

/// Can only be waited for by a thread that blocks, like a `std::future`.
template <class A>
concept LooksLikeFuture = !LooksAwaitable<A> && requires(A&& future) {
  future.get();
  future.wait();
  future.valid();
};

/// What is awaited of what a fetcher gave.
template <class Called>
struct AwaitableOf {
  using type = decltype(detail::awaitable_of(std::declval<Called>()));
};
template <>
struct AwaitableOf<void> {
  using type = void;
};

/// How a fetch is run whose fetcher gave a `Called`, and what it answers with; `Unfit` where that has been refused.
template <class Called, bool is_owned, class Unfit>
struct Fetched {
  using Awaitable = typename AwaitableOf<Called>::type;
  static constexpr bool awaits = LooksAwaitable<Awaitable>;
  static_assert(
      !LooksLikeFuture<Called>,
      "tiercache: the fetcher returns a future, which no coroutine can await: call its get() in the fetcher, if the "
      "caller's thread may block; else return an awaitable that whoever completes the work resumes");
  static_assert(
      !awaits || AwaitableBy<Awaitable, Driver::promise_type>,
      "tiercache: the fetcher returns something that only its own kind of coroutine can await: for "
      "asio::awaitable include <tiercache/asio.hpp> and call tiercache::get_or_fetch<T>(cache, key, fetcher); "
      "else return an awaitable that every coroutine can await, or say how to run it: tiercache::fetch_runner");
  static_assert(is_owned || can_be_destroyed<Called>,
                "tiercache: what this fetcher returns cannot be taken back when its caller leaves, so the fetcher must "
                "belong to the cache: get_or_fetch<T>(key, tiercache::owned(fetcher))");
  static auto answer() {
    if constexpr (LooksLikeFuture<Called>) {
      return std::type_identity<Unfit>{};  // this only keeps it at one sentence
    } else if constexpr (!awaits) {
      return std::type_identity<Called>{};
    } else if constexpr (AwaitableBy<Awaitable, Driver::promise_type>) {
      return std::type_identity<AwaitedBy<Awaitable>>{};
    } else {
      return std::type_identity<Unfit>{};
    }
  }
  using Answer = typename decltype(answer())::type;
};

/// What a lookup with the fetcher `F` does and yields.
template <class T, class F>
struct Fetching
    : Fetched<CalledFetcher<T, typename GivenFetcher<F>::Fetcher>, GivenFetcher<F>::is_owned, typename T::value_type> {
  using Fetcher = typename GivenFetcher<F>::Fetcher;
  using Given = typename GivenFetcher<F>::Given;
  static constexpr bool is_owned = GivenFetcher<F>::is_owned;
  using Result = ResultOf<typename T::value_type, typename Fetching::Answer>;
  static_assert(!Conditional<std::remove_cvref_t<typename Fetching::Answer>>::may_be_unmodified ||
                    fetcher_form<T, Fetcher>() == FetcherForm::takes_entry,
                "tiercache: a fetcher that may say not_modified is one that is shown what is there: have it take the "
                "key and a const tiercache::CacheEntry<Value>* (in an Unkeyed tier that alone)");
};

template <class T>
struct Fetching<T, FromLoader> {
  using Given = FromLoader;
  static constexpr bool is_owned = true;
  static constexpr bool awaits = true;
  using Result = ResultOf<typename T::value_type, typename T::value_type>;
};

}  // namespace tiercache::detail
