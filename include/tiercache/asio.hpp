// Opt-in: get_or_fetch for coroutines of type asio::awaitable, which take no awaitable that Asio does not know. Works
// with Boost.Asio and with standalone Asio: with the one that was included before this, else with the one that is
// found, Boost.Asio first. What is looked up and stored, and when, is the same as for TieredCache::get_or_fetch.
#pragma once

#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/asio_waiter.hpp>
#include <tiercache/tiercache.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// What a fetcher for an `asio::awaitable` gives: the awaited type and the executor, if it is one of Asio's awaitables.
template <class Called>
struct AsioCalled {
  static_assert(
      !LooksAwaitable<Called>,
      "tiercache: in an asio::awaitable a fetcher returns an asio::awaitable, or its result at once; what other "
      "awaitables give is fetched with co_await cache.get_or_fetch<T>(key, fetcher) in their own coroutines");
  using Answer = Called;
  using Executor = net::any_io_executor;
  static constexpr bool awaits = false;
};
template <class A, class E>
struct AsioCalled<net::awaitable<A, E>> {
  using Answer = A;
  using Executor = E;
  static constexpr bool awaits = true;
};
// An awaitable that is given as an object, or returned by reference, is moved from where it is.
template <class A, class E>
struct AsioCalled<net::awaitable<A, E>&> : AsioCalled<net::awaitable<A, E>> {};
template <class A, class E>
struct AsioCalled<net::awaitable<A, E>&&> : AsioCalled<net::awaitable<A, E>> {};

/// What a lookup in an `asio::awaitable` does and yields.
template <class T, class F>
struct AsioFetching {
  using Called = AsioCalled<CalledFetcher<T, F>>;
  using Result = ResultOf<typename T::value_type, typename Called::Answer>;
  using Awaitable = net::awaitable<typename Result::type, typename Called::Executor>;
};

/// Looks up, and fetches as a part of the calling coroutine: a fetch that is borrowed from its caller runs on the
/// caller's executor, is cancelled with it, and ends with it.
template <class T, class K, class F, class Store>
typename AsioFetching<T, F>::Awaitable get_or_fetch_in_asio(Store& store, K key, F fetcher) {
  using Result = typename AsioFetching<T, F>::Result;
  using Called = typename AsioFetching<T, F>::Called;
  using Value = typename T::value_type;
  std::optional<typename Result::type> answer;
  const auto answer_with = [&answer](const auto& entry) {
    Result::emplace(answer, entry);
    return Beginning::answered;
  };
  Reference<typename Store::Flight> flight;
  Reference<typename Store::Flight> earlier;  // keeps the tier, should the cache be gone when it is asked again
  for (;;) {
    earlier = std::exchange(flight, {});
    const Beginning beginning = store.answer_or(std::as_const(key), Result::takes_not_found, answer_with, [&] {
      return store.begin(std::as_const(key), Result::takes_not_found, flight, answer_with);
    });
    if (beginning == Beginning::answered) co_return std::move(*answer);

    AsioWake<typename Store::Control> woken;
    if (beginning == Beginning::leading) {
      woken.leadership = Leadership<typename Store::Control>(flight);
    } else {
      woken =
          co_await detail::wait_for<typename Store::Control>(flight, net::use_awaitable_t<typename Called::Executor>());
    }
    if (woken.is_cancelled) throw AsioError(net::error::operation_aborted);
    if (woken.leadership) {
      Outcome<Value>& outcome = flight->outcome;
      try {
        if constexpr (Called::awaits) {
          auto&& awaitable = detail::call_fetcher<T, F>(fetcher, flight->entry->key);
          detail::deliver<Value>(outcome, co_await std::move(awaitable));
        } else {
          const FetchScope scope(flight->id);
          detail::deliver<Value>(outcome, detail::call_fetcher<T, F>(fetcher, flight->entry->key));
        }
      } catch (...) {
        outcome.set_exception(std::current_exception());
      }
      if (outcome.is_failure()) {
        const auto cancellation = co_await net::this_coro::cancellation_state;
        // Whoever was cancelled leaves; that its fetch broke off is nobody else's error.
        if (cancellation.cancelled() != net::cancellation_type::none) {
          outcome.reset();
          throw AsioError(net::error::operation_aborted);
        }
      }
      woken.leadership.land();
    }
    if (Result::takes(flight->outcome)) co_return Result::from_outcome(flight->outcome);
  }
}

}  // namespace tiercache::detail

namespace tiercache {

/// Returns an `asio::awaitable` of what `cache.get_or_fetch<T>(key, fetcher)` would yield, to be awaited in an
/// `asio::awaitable`: `Card card = co_await tiercache::get_or_fetch<Cards>(cache, id, fetch_card);`
///
/// The fetcher returns an `asio::awaitable`, or its result at once; or it is an `asio::awaitable` itself, moved from by
/// the call that leads. It is run inside the calling coroutine: on its executor, cancelled with it, destroyed with it;
/// then the next one who waits runs their own.
///
/// **Resumes** on the calling coroutine's executor, posted; at once on a hit and after its own fetch. **Cancellation**
/// of one who waits ends its wait with `operation_aborted` and leaves the others alone. **Lifetime**: keys and fetchers
/// given as lvalues are referred to and must live until the awaitable has ended; so must the cache until it was begun.
/// Destroying the `io_context` destroys those who wait in it.
///
/// Allocates nothing on a hit, but for the frame that Asio recycles. Unlike that of a plain coroutine, a fetch that
/// asks for the key that it is fetching cannot be recognised here: it waits for itself.
template <class T, class Config, class... Tiers, class K, class F>
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, K&& key, F&& fetcher) {
  using Kept = detail::KeptKey<T, K>;
  static_assert(
      !detail::is_destroyed_twice<F>,
      "tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; "
      "co_await tiercache::get_or_fetch<T>(cache, key, fetch);");
  static_assert(
      !detail::is_destroyed_twice<Kept>,
      "tiercache: GCC 12 destroys this key twice inside co_await; name it first: const Key key{...}; co_await "
      "tiercache::get_or_fetch<T>(cache, key, fetcher);");
  return detail::get_or_fetch_in_asio<T, Kept, F>(
      detail::StoreOf<T>::in(cache), detail::keep_key<T, K>(std::forward<K>(key)), std::forward<F>(fetcher));
}
/// `get_or_fetch` for an `Unkeyed` tier.
template <class T, class Config, class... Tiers, class F>
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, F&& fetcher) {
  static_assert(detail::is_unkeyed<T>, "tiercache: this tier has keys: get_or_fetch<T>(cache, key, fetcher)");
  using Key = typename detail::TypesOf<T>::key_type;
  if constexpr (detail::is_unkeyed<T>) {
    return get_or_fetch<T>(cache, Unkeyed{}, std::forward<F>(fetcher));
  } else {
    return get_or_fetch<T>(cache, detail::refused<Key>(), std::forward<F>(fetcher));
  }
}

}  // namespace tiercache
