// A lookup as an asynchronous operation of Asio's: its arguments sorted and checked, and the coroutine that it runs as.
// What that coroutine does is in detail/asio_fetch.hpp.
#pragma once

#include <tiercache/detail/asio_fetch.hpp>
#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/modifiers.hpp>
#include <tiercache/detail/tier_list.hpp>
#include <tiercache/fetcher.hpp>

#include <concepts>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

template <class X>
concept IsAge = std::same_as<std::remove_cvref_t<X>, AnyAge> || std::same_as<std::remove_cvref_t<X>, MaxAge>;

/// Refuses a key where an `Unkeyed` tier has its fetcher.
template <class T, class F>
consteval void refuse_key_without_use() {
  if constexpr (is_unkeyed<T> && fetcher_form<T, typename GivenFetcher<F>::Fetcher>() == FetcherForm::unfit) {
    static_assert(sizeof(KeyArgument<T, F>) != 0);
  }
}

/// The callback that a completion token is, or adapts.
template <class Token>
struct CallbackOf {
  using type = Token;
};
template <class Token>
  requires requires { typename Token::target_type; }
struct CallbackOf<Token> : CallbackOf<typename Token::target_type> {};

/// Is called itself on completion, as far as can be told: tokens that are not have no call operator, or a template.
template <class C>
concept LooksLikeCallback = std::is_function_v<std::remove_pointer_t<C>> || requires { &C::operator(); };

template <class Token, class Result>
[[nodiscard]] consteval bool can_complete() {
  using Callback = typename CallbackOf<std::decay_t<Token>>::type;
  return !LooksLikeCallback<Callback> || std::invocable<Callback, std::exception_ptr, std::optional<Result>> ||
         std::invocable<Callback, std::exception_ptr&, std::optional<Result>>;
}

/// Returns the executor that was given, or that of the execution context or I/O object that was.
template <class Given>
[[nodiscard]] auto executor_of(Given&& given) {
  if constexpr (requires { given.get_executor(); }) {
    return given.get_executor();
  } else {
    constexpr bool is_executor = net::is_executor<std::remove_cvref_t<Given>>::value ||
                                 net::execution::is_executor<std::remove_cvref_t<Given>>::value;
    static_assert(is_executor,
                  "tiercache: async_get_or_fetch<T>(cache, executor, ...) wants an executor, an execution context or "
                  "an I/O object there, to run on");
    if constexpr (is_executor) return given;
    if constexpr (!is_executor) return net::any_io_executor();
  }
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN

/// Looks up with a key and a fetcher of its own, and yields nothing where it fails.
template <class T, class F, class Age, class Store>
net::awaitable<std::optional<typename AsioFetching<T, F>::Result::type>, typename AsioFetching<T, F>::Executor>
get_or_fetch_as_operation(Store& store, typename T::key_type key, F fetcher, Age age) {
  co_await net::this_coro::reset_cancellation_state(net::enable_total_cancellation());
  // Named first: GCC 12 would destroy a closure twice that is handed over inside the co_await expression.
  auto lookup =
      detail::get_or_fetch_in_asio<T, const typename T::key_type&, F>(store, key, std::forward<F>(fetcher), age);
  co_return co_await std::move(lookup);
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_END

// The forms of `async_get_or_fetch`; for an Unkeyed tier the key is an Unkeyed.

template <class T, class Store, class Executor, class K, class F, IsAge Age, class Token>
auto operate(Store& store, const Executor& executor, K&& key, F&& fetcher, Age&& age, Token&& token) {
  using Fetcher = std::decay_t<F>;
  using Fetching = AsioFetching<T, Fetcher>;
  constexpr bool completes = can_complete<Token, typename Fetching::Result::type>();
  static_assert(completes,
                "tiercache: this callback cannot be called with what async_get_or_fetch completes with: let it take "
                "(std::exception_ptr, std::optional<R>), where R is what the lookup yields; or give another completion "
                "token");
  constexpr bool runs = std::convertible_to<Executor, typename Fetching::Executor>;
  static_assert(runs,
                "tiercache: the fetcher's asio::awaitable has an executor of another type: give async_get_or_fetch an "
                "executor that converts to it");
  if constexpr (completes && runs) {
    auto operation = detail::get_or_fetch_as_operation<T, Fetcher>(
        store, detail::make_key<T>(detail::keep_key<T, K>(std::forward<K>(key))), Fetcher(std::forward<F>(fetcher)),
        age);
    using Returned = decltype(net::co_spawn(executor, std::move(operation), std::forward<Token>(token)));
    static_assert(!is_destroyed_twice<typename GivenFetcher<F>::Given> || !is_asio_awaitable<Returned>,
                  "tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = "
                  "[...]{...}; tiercache::async_get_or_fetch<T>(cache, executor, key, fetch, token);");
    return net::co_spawn(executor, std::move(operation), std::forward<Token>(token));
  }
}
template <class T, class Store, class Executor, class K, class F, class Token>
  requires(!IsAge<F>)
auto operate(Store& store, const Executor& executor, K&& key, F&& fetcher, Token&& token) {
  detail::refuse_key_without_use<T, F>();
  return detail::operate<T>(store, executor, std::forward<K>(key), std::forward<F>(fetcher), AnyAge(),
                            std::forward<Token>(token));
}
template <class T, class Store, class Executor, class K, IsAge Age, class Token>
auto operate(Store& store, const Executor& executor, K&& key, Age&& age, Token&& token) {
  constexpr bool lacks_key = is_fetcher_without_key<T, K>();
  static_assert(!lacks_key,
                "tiercache: this tier has keys: async_get_or_fetch<T>(cache, executor, key, fetcher, token)");
  if constexpr (!lacks_key) {
    return detail::operate<T>(store, executor, std::forward<K>(key), FromLoader(), age, std::forward<Token>(token));
  }
}
template <class T, class Store, class Executor, class K, class Token>
auto operate(Store& store, const Executor& executor, K&& key, Token&& token) {
  return detail::operate<T>(store, executor, std::forward<K>(key), AnyAge(), std::forward<Token>(token));
}
template <class T, class Store, class Executor, class... Arguments>
auto operate(Store&, const Executor&, Arguments&&...) {
  static_assert(
      !std::is_same_v<T, T>,
      "tiercache: async_get_or_fetch<T>(cache, executor, ...) takes a key, unless the tier is Unkeyed; a "
      "fetcher, unless the tier has a loader; max_age(ttl), if wanted; and a completion token; in this order");
}

}  // namespace tiercache::detail
