// How an asio::awaitable looks up and fetches: which fetchers it takes, and the coroutine that does it. What is looked
// up and stored is decided in detail/store.hpp; how a coroutine waits, in detail/asio_waiter.hpp.
#pragma once

#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/asio_waiter.hpp>
#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/lookups.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/fetcher.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

template <class X>
inline constexpr bool is_asio_awaitable = false;
template <class A, class E>
inline constexpr bool is_asio_awaitable<net::awaitable<A, E>> = true;

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
    auto&& awaitable = detail::call_for<F>(ticket.flight(), fetcher);
    detail::deliver<typename T::value_type>(outcome, co_await std::move(awaitable));
  } catch (...) {
    outcome.set_exception(std::current_exception());
  }
  ticket.land();
}

/// Looks up, and fetches as a part of the calling coroutine, unless the fetcher belongs to the cache: a fetch that is
/// borrowed from its caller runs on the caller's executor, is cancelled with it, and ends with it.
template <class T, class K, class F, class Age, class Store>
AsioAwaitable<T, F> get_or_fetch_in_asio(Store& store, K key, F given, Age age) {
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
    const Beginning beginning = store.answer_or(std::as_const(key), Result::takes_not_found, age, answer_with, [&] {
      return store.begin(std::as_const(key), Result::takes_not_found, age, is_owned, flight, answer_with);
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
          auto&& awaitable = detail::call_for<F>(*flight, given);
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

TIERCACHE_COROUTINE_KEEPS_CLOSURES_END

}  // namespace tiercache::detail
