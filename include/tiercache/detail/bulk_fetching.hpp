// BulkFetching: what a bulk lookup does with its fetcher, as types; and the coroutine that awaits it. How its answers
// find their keys is in detail/bulk_batch.hpp.
#pragma once

#include <tiercache/detail/bulk_batch.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/fetch_runner.hpp>

#include <concepts>
#include <exception>
#include <type_traits>
#include <vector>

namespace tiercache::detail {

/// Calls a bulk fetcher with the keys that are missing.
template <class T, class F>
decltype(auto) call_bulk_fetcher(std::remove_reference_t<F>& fetcher,
                                 const std::vector<typename T::key_type>& missing) {
  constexpr bool fits = requires { fetcher(missing); };
  static_assert(fits,
                "tiercache: this is no fetcher for many keys: give a callable that takes them as a std::span<const "
                "Key>");
  if constexpr (fits) {
    return fetcher(missing);
  } else {
    return refused<std::vector<typename T::value_type>>();
  }
}
template <class T, class F>
using CalledBulkFetcher = decltype(detail::call_bulk_fetcher<T, F>(
    std::declval<std::remove_reference_t<F>&>(), std::declval<const std::vector<typename T::key_type>&>()));

/// What a bulk lookup with the fetcher `F` does.
template <class T, class F>
struct BulkFetching : Fetched<CalledBulkFetcher<T, typename GivenFetcher<F>::Fetcher>, GivenFetcher<F>::is_owned,
                              std::vector<typename T::value_type>> {
  using Fetcher = typename GivenFetcher<F>::Fetcher;
  using Given = typename GivenFetcher<F>::Given;
  static constexpr bool is_owned = GivenFetcher<F>::is_owned;
};

/// Refuses what are no keys of tier `T`. Tells whether `Keys` are.
template <class T, class Keys>
[[nodiscard]] consteval bool are_keys() {
  static_assert(!is_unkeyed<T>, "tiercache: this tier is Unkeyed, and has no many keys: get_or_fetch<T>(fetcher)");
  constexpr bool is_range = Range<Keys> && key_form<T, std::remove_cv_t<Keys>>() == KeyForm::unfit;
  static_assert(is_range || is_unkeyed<T>,
                "tiercache: get_or_fetch_many wants a range of keys; for one key there is get_or_fetch");
  constexpr bool is_multi_pass = !is_range || MultiPass<Keys>;
  static_assert(is_multi_pass,
                "tiercache: these keys can be gone through only once: put them into a std::vector first");
  return !is_unkeyed<T> && is_range && is_multi_pass;
}

/// What stands for keys and a fetcher that have been refused, so that this stays the only error.
template <class T>
using AnyKeys = std::vector<typename T::key_type>;
template <class T>
struct AnyBulkFetcher {
  std::vector<typename T::value_type> operator()(const AnyKeys<T>& missing) const;
};

TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN

/// Awaits the fetch of a batch and lands its flights. `given` has both; it belongs to the coroutine once that is begun,
/// so that it is still there if there is no memory for one.
template <class OwnedRun, class Run>
Driver drive_bulk(Run* given) {
  const OwnedRun run(given);
  TIERCACHE_TRY {
    // Named first: GCC 12 awaits a copy of what a call inside a co_await expression returns by reference.
    auto&& called = run->call();
    auto&& awaitable = detail::awaitable_of(static_cast<decltype(called)>(called));
    run->batch.deliver(co_await static_cast<decltype(awaitable)>(awaitable));
  }
  TIERCACHE_CATCH_ALL {
    run->batch.fail(std::current_exception());
  }
  run->land();
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_END

}  // namespace tiercache::detail
