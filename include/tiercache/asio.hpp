// Opt-in: get_or_fetch for coroutines of type asio::awaitable, which take no awaitable that Asio does not know. Works
// with Boost.Asio and with standalone Asio: with the one that was included before this, else with the one that is
// found, Boost.Asio first. What is looked up and stored, and when, is the same as for TieredCache::get_or_fetch.
#pragma once

#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/asio_waiter.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/modifiers.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/tiercache.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// How a fetch is run for an `asio::awaitable`: by nobody's coroutine; inside the calling one; in one of its own; or as
/// one that Asio does not know.
enum class AsioFetch { at_once, inside, spawned, foreign };

/// What a fetcher gives: the awaited type and the executor, if it is one of Asio's awaitables.
template <class T, class F, class Called>
struct AsioCalled : Fetching<T, F> {
  static_assert(
      !LooksAwaitable<Called> || Fetching<T, F>::is_owned,
      "tiercache: in an asio::awaitable a fetcher returns an asio::awaitable, or its result at once; other awaitables "
      "cannot be cancelled with the coroutine, so their fetcher must belong to the cache: tiercache::owned(fetcher)");
  using Executor = net::any_io_executor;
  static constexpr AsioFetch how = LooksAwaitable<Called> ? AsioFetch::foreign : AsioFetch::at_once;
};
template <class T, class F, class A, class E>
struct AsioCalled<T, F, net::awaitable<A, E>> {
  using Answer = A;
  using Executor = E;
  static constexpr AsioFetch how = GivenFetcher<F>::is_owned ? AsioFetch::spawned : AsioFetch::inside;
};
// An awaitable that is given as an object, or returned by reference, is moved from where it is.
template <class T, class F, class A, class E>
struct AsioCalled<T, F, net::awaitable<A, E>&> : AsioCalled<T, F, net::awaitable<A, E>> {};
template <class T, class F, class A, class E>
struct AsioCalled<T, F, net::awaitable<A, E>&&> : AsioCalled<T, F, net::awaitable<A, E>> {};

/// What a lookup in an `asio::awaitable` does and yields.
template <class T, class F>
struct AsioFetching : AsioCalled<T, F, CalledFetcher<T, typename GivenFetcher<F>::Fetcher>> {
  using Fetcher = typename GivenFetcher<F>::Fetcher;
  using Result = ResultOf<typename T::value_type, typename AsioFetching::Answer>;
};
template <class T>
struct AsioFetching<T, FromLoader> : Fetching<T, FromLoader> {
  using Executor = net::any_io_executor;
  static constexpr AsioFetch how = AsioFetch::foreign;
};
template <class T, class F>
using AsioAwaitable = net::awaitable<typename AsioFetching<T, F>::Result::type, typename AsioFetching<T, F>::Executor>;

template <class X>
inline constexpr bool is_asio_awaitable = false;
template <class A, class E>
inline constexpr bool is_asio_awaitable<net::awaitable<A, E>> = true;

/// Returns the fetcher that a caller gave.
template <class F>
[[nodiscard]] auto& fetcher_in(F& given) noexcept {
  if constexpr (GivenFetcher<F&>::is_owned) {
    return given.fetcher();
  } else {
    return given;
  }
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN

/// A fetch that belongs to the cache, as a coroutine of its own.
template <class Control, class F, class Awaitable>
net::awaitable<void, typename Awaitable::executor_type> fetch_spawned(Ticket<Control> ticket, F fetcher) {
  using T = typename Control::TierType;
  auto& outcome = ticket.flight().outcome;
  try {
    auto&& awaitable = detail::call_fetcher<T, F>(fetcher, ticket.flight().entry->key);
    detail::deliver<typename T::value_type>(outcome, co_await std::move(awaitable));
  } catch (...) {
    outcome.set_exception(std::current_exception());
  }
  ticket.land();
}

/// Looks up, and fetches as a part of the calling coroutine, unless the fetcher belongs to the cache: a fetch that is
/// borrowed from its caller runs on the caller's executor, is cancelled with it, and ends with it.
template <class T, class K, class F, class Store>
AsioAwaitable<T, F> get_or_fetch_in_asio(Store& store, K key, F given) {
  using Fetching = AsioFetching<T, F>;
  using Result = typename Fetching::Result;
  using Executor = typename Fetching::Executor;
  using Control = typename Store::Control;
  using Value = typename T::value_type;
  constexpr AsioFetch how = Fetching::how;
  constexpr bool is_owned = std::is_same_v<F, FromLoader> || GivenFetcher<F>::is_owned;
  std::optional<typename Result::type> answer;
  const auto answer_with = [&answer](const auto& entry) {
    Result::emplace(answer, entry);
    return Beginning::answered;
  };
  Reference<typename Store::Flight> flight;
  Reference<typename Store::Flight> earlier;  // keeps the tier, should the cache be gone when it is asked again
  for (;;) {
    earlier = std::exchange(flight, {});
    const Beginning beginning =
        store.answer_or(std::as_const(key), Result::takes_not_found, AnyAge(), answer_with, [&] {
          return store.begin(std::as_const(key), Result::takes_not_found, AnyAge(), is_owned, flight, answer_with);
        });
    if (beginning == Beginning::answered) co_return std::move(*answer);

    AsioWake<Control> woken;
    if (beginning != Beginning::joined) {
      woken.leadership = Leadership<Control>(flight);
    } else {
      woken = co_await AsioWaiter<Control, Executor>::wait(flight, co_await net::this_coro::executor);
    }
    if constexpr (how == AsioFetch::spawned || how == AsioFetch::foreign) {
      while (woken.leadership) {
        if constexpr (std::is_same_v<F, FromLoader>) {
          woken.leadership.hand_over();
          flight->control->load(flight);
        } else if constexpr (how == AsioFetch::foreign) {
          woken.leadership.hand_over();
          const auto driver = detail::make_driver<typename Fetching::Fetcher>(flight, std::forward<F>(given));
          if (driver) detail::start_driver(flight, driver);
        } else {
          using Fetcher = typename Fetching::Fetcher;
          const Executor executor = co_await net::this_coro::executor;
          auto fetch = detail::fetch_spawned<Control, Fetcher, AsioAwaitable<T, F>>(
              woken.leadership.release(),
              Fetcher(static_cast<std::conditional_t<std::is_reference_v<F>, Fetcher&, Fetcher&&>>(given.fetcher())));
          net::co_spawn(executor, std::move(fetch), net::detached);
        }
        if (beginning == Beginning::refreshing) co_return std::move(*answer);
        woken = co_await AsioWaiter<Control, Executor>::wait(flight, co_await net::this_coro::executor);
      }
    }
    if (woken.failure) std::rethrow_exception(woken.failure);
    if (woken.is_cancelled) throw AsioError(net::error::operation_aborted);
    if constexpr (how == AsioFetch::at_once) {
      if (woken.leadership) {
        detail::answer_at_once<typename Fetching::Fetcher>(*flight, detail::fetcher_in(given));
        woken.leadership.land();
        if (beginning == Beginning::refreshing) co_return std::move(*answer);
      }
    } else if constexpr (how == AsioFetch::inside) {
      if (woken.leadership) {
        Outcome<Value>& outcome = flight->outcome;
        try {
          auto&& awaitable = detail::call_fetcher<T, F>(given, flight->entry->key);
          detail::deliver<Value>(outcome, co_await std::move(awaitable));
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
    }
    if (Result::takes(flight->outcome)) co_return Result::from_outcome(flight->outcome);
  }
}

/// The same for an asynchronous operation: everything it needs is its own, and it yields nothing where it fails.
template <class T, class F, class Store>
net::awaitable<std::optional<typename AsioFetching<T, F>::Result::type>, typename AsioFetching<T, F>::Executor>
get_or_fetch_as_operation(Store& store, typename T::key_type key, F fetcher) {
  // Named first: GCC 12 would destroy a closure twice that is handed over inside the co_await expression.
  auto lookup = detail::get_or_fetch_in_asio<T, const typename T::key_type&, F>(store, key, std::forward<F>(fetcher));
  co_return co_await std::move(lookup);
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_END

}  // namespace tiercache::detail

namespace tiercache {

/// Returns an `asio::awaitable` of what `cache.get_or_fetch<T>(key, fetcher)` would yield, to be awaited in an
/// `asio::awaitable`: `Card card = co_await tiercache::get_or_fetch<Cards>(cache, id, fetch_card);`
///
/// The fetcher returns an `asio::awaitable`, or its result at once; or it is an `asio::awaitable` itself, moved from by
/// the call that leads. It is run inside the calling coroutine: on its executor, cancelled with it, destroyed with it;
/// then the next one who waits runs their own. A fetcher that is `owned` is spawned on that executor and runs to its
/// end; it may also return an awaitable that is none of Asio's, which resumes where it will.
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
      !detail::is_destroyed_twice<typename detail::GivenFetcher<F>::Given>,
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
  requires(!detail::Keyed<T> || detail::is_fetcher_without_key<T, F>())
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
/// `get_or_fetch` that has the tier's loader fetch what is not there.
template <class T, class Config, class... Tiers, class K>
  requires(detail::Keyed<T> && !detail::is_fetcher_without_key<T, K>())
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, K&& key) {
  return get_or_fetch<T>(cache, std::forward<K>(key), detail::FromLoader());
}
/// The same for an `Unkeyed` tier.
template <class T, class Config, class... Tiers>
  requires(!detail::Keyed<T>)
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache) {
  return get_or_fetch<T>(cache, Unkeyed{}, detail::FromLoader());
}

/// Looks `key` up as an asynchronous operation of Asio's, with any completion token: a callback, `use_future`,
/// `deferred`, `use_awaitable`, and what adapts those. It completes with
/// `void(std::exception_ptr, std::optional<R>)`, where `R` is what `cache.get_or_fetch<T>(key, fetcher)` yields; the
/// optional is empty only if there is an exception.
///
/// It runs on `executor`, as a coroutine of its own: the fetcher is what it may be for `get_or_fetch` in an
/// `asio::awaitable`, the key and the fetcher are copied or moved into it, and the cancellation slot that is associated
/// with the token cancels it as it would that coroutine. It never completes inside this call. The cache must outlive
/// the beginning of the operation on the executor.
template <class T, class Config, class... Tiers, class Executor, class K, class F, class Token>
auto async_get_or_fetch(BasicTieredCache<Config, Tiers...>& cache, const Executor& executor, K&& key, F&& fetcher,
                        Token&& token) {
  using Fetcher = std::decay_t<F>;
  auto& store = detail::StoreOf<T>::in(cache);
  auto operation = detail::get_or_fetch_as_operation<T, Fetcher>(
      store, detail::make_key<T>(detail::keep_key<T, K>(std::forward<K>(key))), Fetcher(std::forward<F>(fetcher)));
  using Returned = decltype(detail::net::co_spawn(executor, std::move(operation), std::forward<Token>(token)));
  static_assert(
      !detail::is_destroyed_twice<typename detail::GivenFetcher<F>::Given> || !detail::is_asio_awaitable<Returned>,
      "tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; "
      "tiercache::async_get_or_fetch<T>(cache, executor, key, fetch, token);");
  return detail::net::co_spawn(executor, std::move(operation), std::forward<Token>(token));
}
/// `async_get_or_fetch` for an `Unkeyed` tier.
template <class T, class Config, class... Tiers, class Executor, class F, class Token>
  requires(!detail::Keyed<T>)
auto async_get_or_fetch(BasicTieredCache<Config, Tiers...>& cache, const Executor& executor, F&& fetcher,
                        Token&& token) {
  return async_get_or_fetch<T>(cache, executor, Unkeyed{}, std::forward<F>(fetcher), std::forward<Token>(token));
}

}  // namespace tiercache
