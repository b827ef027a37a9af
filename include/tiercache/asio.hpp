// Opt-in: get_or_fetch, get_or_fetch_many and write for coroutines of type asio::awaitable, which take no awaitable
// that Asio does not know, and get_or_fetch as an asynchronous operation. Works with Boost.Asio and with standalone
// Asio: with the one that was included before this, else with the one that is found, Boost.Asio first. What is looked
// up and stored, and when, is the same as for TieredCache::get_or_fetch.
#pragma once

#include <tiercache/detail/asio_bulk.hpp>
#include <tiercache/detail/asio_fetch.hpp>
#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/asio_operation.hpp>
#include <tiercache/detail/asio_write.hpp>
#include <tiercache/detail/bulk_fetching.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/modifiers.hpp>
#include <tiercache/tiercache.hpp>

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace tiercache {

/// Has a lookup take nothing for a hit that was stored `age` ago or longer, as `Lookup::max_age` does. The last
/// argument of `get_or_fetch`, the last but the token of `async_get_or_fetch`: `co_await
/// tiercache::get_or_fetch<Cards>(cache, id, fetch_card, tiercache::max_age(5s))`.
///
/// The other modifiers of a `Lookup` have no use here: an operation is stopped by its cancellation slot, and resumes on
/// its executor.
[[nodiscard]] inline detail::MaxAge max_age(Ttl age) noexcept {
  return {age};
}

/// Returns an `asio::awaitable` of what `cache.get_or_fetch<T>(key, fetcher)` would yield, to be awaited in an
/// `asio::awaitable`: `Card card = co_await tiercache::get_or_fetch<Cards>(cache, id, fetch_card);`
///
/// The fetcher returns an `asio::awaitable`, or its result at once; or it is an `asio::awaitable` itself, moved from by
/// the call that leads. It is run inside the calling coroutine: on its executor, cancelled with it, destroyed with it;
/// then the next one who waits runs their own. A fetcher that is `owned` is spawned on that executor and runs to its
/// end; it may also return an awaitable that is none of Asio's, which resumes where it will. So may the tier's loader,
/// which fetches where there is no fetcher: `tiercache::get_or_fetch<T>(cache, key)`.
///
/// **Resumes** on the calling coroutine's executor, posted; at once on a hit and after its own fetch.
///
/// **Cancellation** of one who waits ends its wait with `operation_aborted`, and leaves the fetch and the others alone;
/// also if it waits for a fetch of its own that is `owned`. Of one who runs its fetch it reaches that: the operation in
/// which it is suspended is cancelled, and when the fetch has failed of it, this ends with `operation_aborted`, and the
/// next one who waits runs their own; if it ends well all the same, its value is everybody's. Which types of
/// cancellation do so is up to the coroutine, by its cancellation state: `terminal` unless it says otherwise, `partial`
/// and `total` too after `co_await reset_cancellation_state(enable_total_cancellation())`. A wait ends by any that gets
/// through to it.
///
/// **Lifetime**: keys and fetchers given as lvalues are referred to and must live until the awaitable has ended; so
/// must the cache until it was begun. Destroying the `io_context` destroys those who wait in it.
///
/// Allocates nothing on a hit, but for the frame that Asio recycles. To be woken takes no memory; that a strand may
/// need to go on with it comes out of `run()` as `bad_alloc` if there is none, as from any operation of Asio's. Unlike
/// that of a plain coroutine, a fetch that asks for the key that it is fetching cannot be recognised here: it waits for
/// itself.
template <class T, class Config, class... Tiers, class K, class F, class Age = detail::AnyAge>
  requires(detail::IsAge<Age> && !detail::IsAge<F>)
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, K&& key, F&& fetcher, Age age = {}) {
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
      detail::StoreOf<T>::in(cache), detail::keep_key<T, K>(std::forward<K>(key)), std::forward<F>(fetcher), age);
}
/// `get_or_fetch` for an `Unkeyed` tier.
template <class T, class Config, class... Tiers, class F, class Age = detail::AnyAge>
  requires(detail::IsAge<Age> && !detail::IsAge<F> && (!detail::Keyed<T> || detail::is_fetcher_without_key<T, F>()))
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, F&& fetcher, Age age = {}) {
  static_assert(detail::is_unkeyed<T>, "tiercache: this tier has keys: get_or_fetch<T>(cache, key, fetcher)");
  detail::refuse_key_without_use<T, F>();
  using Key = typename detail::TypesOf<T>::key_type;
  if constexpr (detail::is_unkeyed<T>) {
    return get_or_fetch<T>(cache, Unkeyed{}, std::forward<F>(fetcher), age);
  } else {
    return get_or_fetch<T>(cache, detail::refused<Key>(), std::forward<F>(fetcher), age);
  }
}
/// `get_or_fetch` that has the tier's loader fetch what is not there.
template <class T, class Config, class... Tiers, class K, class Age = detail::AnyAge>
  requires(detail::IsAge<Age> && detail::Keyed<T> && !detail::is_fetcher_without_key<T, K>())
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, K&& key, Age age = {}) {
  return get_or_fetch<T>(cache, std::forward<K>(key), detail::FromLoader(), age);
}
/// The same for an `Unkeyed` tier.
template <class T, class Config, class... Tiers, class Age = detail::AnyAge>
  requires(detail::IsAge<Age> && !detail::Keyed<T>)
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, Age age = {}) {
  return get_or_fetch<T>(cache, Unkeyed{}, detail::FromLoader(), age);
}

/// Returns an `asio::awaitable` of what `cache.get_or_fetch_many<T>(keys, fetcher)` would yield, to be awaited in an
/// `asio::awaitable`: `auto cards = co_await tiercache::get_or_fetch_many<Cards>(cache, ids, fetch_cards);`
///
/// The fetcher takes a `std::span<const Key>`, and returns an `asio::awaitable` of its answers, or these at once; see
/// `BulkLookup`. All that `get_or_fetch` says of resumption, cancellation and lifetime holds here. The first failure,
/// in the order of the keys, ends the wait for the others.
template <class T, class Config, class... Tiers, class Keys, class F, class Age = detail::AnyAge>
  requires(detail::IsAge<Age>)
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch_many(
    BasicTieredCache<Config, Tiers...>& cache, Keys&& keys, F&& fetcher, Age age = {}) {
  static_assert(
      !detail::is_destroyed_twice<typename detail::GivenFetcher<F>::Given> && !detail::is_destroyed_twice<Keys>,
      "tiercache: GCC 12 destroys these keys, or this fetcher, twice inside co_await; name them first: auto fetch = "
      "[...]{...}; co_await tiercache::get_or_fetch_many<T>(cache, keys, fetch);");
  if constexpr (detail::are_keys<T, std::remove_reference_t<Keys>>()) {
    return detail::get_or_fetch_many_in_asio<T, Keys, F>(detail::StoreOf<T>::in(cache), std::forward<Keys>(keys),
                                                         std::forward<F>(fetcher), age);
  } else {
    return detail::refused<detail::net::awaitable<std::vector<std::optional<typename T::value_type>>>>();
  }
}

/// Looks a key up as an asynchronous operation of Asio's, with any completion token, a callback, `use_future`,
/// `deferred`, `use_awaitable`, and what adapts those: `async_get_or_fetch<T>(cache, executor, key, fetcher, token)`.
/// It completes with `void(std::exception_ptr, std::optional<R>)`, where `R` is what `cache.get_or_fetch<T>(key,
/// fetcher)` yields; the optional is empty only if there is an exception.
///
/// After the executor come: the key, but for an `Unkeyed` tier; the fetcher, or none where the tier's loader is to
/// fetch; `max_age(ttl)`, or not; and the token.
///
/// It runs on `executor` (that of an execution context or an I/O object, if it is one), as a coroutine of its own: the
/// fetcher is what it may be for `get_or_fetch` in an `asio::awaitable`; the key and the fetcher are copied or moved
/// into it. The cancellation slot that is associated with the token cancels it as it would that coroutine, by a
/// cancellation of any type. It never completes inside this call. The cache must outlive the beginning of the operation
/// on the executor.
template <class T, class Config, class... Tiers, class Executor, class... Arguments>
auto async_get_or_fetch(BasicTieredCache<Config, Tiers...>& cache, Executor&& executor, Arguments&&... arguments) {
  auto& store = detail::StoreOf<T>::in(cache);
  if constexpr (detail::Keyed<T>) {
    return detail::operate<T>(store, detail::executor_of(executor), std::forward<Arguments>(arguments)...);
  } else {
    return detail::operate<T>(store, detail::executor_of(executor), Unkeyed{}, std::forward<Arguments>(arguments)...);
  }
}

/// Returns an `asio::awaitable` that does what `cache.write<T>(key, operation)` would, to be awaited in an
/// `asio::awaitable`: `co_await tiercache::write<Cards>(cache, id, operation);`
///
/// The key is invalidated, `operation()` called and, if it gives an `asio::awaitable`, that awaited in the calling
/// coroutine; and when it has ended, the key is invalidated again: a fetch that overlaps it is not stored. It yields
/// what the operation yields. If that throws or is cancelled, or the coroutine is destroyed in it, the invalidations
/// stand.
///
/// **Lifetime**: an operation given as an lvalue is referred to, the key is kept. The cache may be destroyed meanwhile.
template <class T, class Config, class... Tiers, class K, class Operation>
[[nodiscard("tiercache: nothing is written until this is awaited: co_await it")]] auto write(
    BasicTieredCache<Config, Tiers...>& cache, K&& key, Operation&& operation) {
  static_assert(!detail::is_destroyed_twice<Operation>,
                "tiercache: GCC 12 destroys this operation twice inside co_await; name it first: auto operation = "
                "[...]{...}; co_await tiercache::write<T>(cache, key, operation);");
  static_assert(
      !detail::is_destroyed_twice<detail::KeptKey<T, K>>,
      "tiercache: GCC 12 destroys this key twice inside co_await; name it first: const Key key{...}; co_await "
      "tiercache::write<T>(cache, key, operation);");
  auto stores = detail::StoreOf<T>::among_all_of(cache);
  using Invalidation = detail::KeyInvalidation<T, decltype(stores)>;
  return detail::write_in_asio<Invalidation, Operation>(
      Invalidation(stores, detail::make_key<T>(detail::keep_key<T, K>(std::forward<K>(key)))),
      std::forward<Operation>(operation));
}
/// `write` for an `Unkeyed` tier.
template <class T, class Config, class... Tiers, class Operation>
[[nodiscard("tiercache: nothing is written until this is awaited: co_await it")]] auto write(
    BasicTieredCache<Config, Tiers...>& cache, Operation&& operation) {
  static_assert(detail::is_unkeyed<T>, "tiercache: this tier has keys: write<T>(cache, key, operation)");
  using Key = typename detail::TypesOf<T>::key_type;
  if constexpr (detail::is_unkeyed<T>) {
    return write<T>(cache, Unkeyed{}, std::forward<Operation>(operation));
  } else {
    return write<T>(cache, detail::refused<Key>(), std::forward<Operation>(operation));
  }
}

}  // namespace tiercache
