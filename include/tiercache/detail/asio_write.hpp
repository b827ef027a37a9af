// A write in an asio::awaitable: the operation, and the coroutine that fences it. What a write means is said in
// write.hpp.
#pragma once

#include <tiercache/detail/asio_fetch.hpp>
#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/write.hpp>

#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// What an operation gives: its result and the executor, if it is one of Asio's awaitables.
template <class Called>
struct AsioWritten {
  static constexpr bool awaits = false;
  static_assert(!LooksAwaitable<Called>,
                "tiercache: in an asio::awaitable a write's operation returns an asio::awaitable, or its result at "
                "once");
  using Awaitable = net::awaitable<std::remove_cvref_t<Called>>;
};
template <class A, class E>
struct AsioWritten<net::awaitable<A, E>> {
  static constexpr bool awaits = true;
  using Awaitable = net::awaitable<A, E>;
};
// An awaitable that is given as an object, or returned by reference, is moved from where it is.
template <class A, class E>
struct AsioWritten<net::awaitable<A, E>&> : AsioWritten<net::awaitable<A, E>> {};
template <class A, class E>
struct AsioWritten<net::awaitable<A, E>&&> : AsioWritten<net::awaitable<A, E>> {};

TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN

/// Runs an operation between two invalidations. The second one comes before its result is handed over.
template <class Invalidate, class Operation>
typename AsioWritten<CalledOperation<Operation>>::Awaitable write_in_asio(Invalidate invalidate, Operation operation) {
  struct Again {
    explicit Again(const Invalidate& its_invalidate) noexcept : invalidate(its_invalidate) {}
    Again(const Again&) = delete;
    Again& operator=(const Again&) = delete;
    ~Again() { invalidate.again(); }
    const Invalidate& invalidate;
  };
  invalidate();
  const Again again(invalidate);
  if constexpr (AsioWritten<CalledOperation<Operation>>::awaits) {
    auto&& awaitable = detail::call_operation<Operation>(operation);
    co_return co_await std::move(awaitable);
  } else if constexpr (std::is_void_v<CalledOperation<Operation>>) {
    detail::call_operation<Operation>(operation);
    co_return;
  } else {
    co_return detail::call_operation<Operation>(operation);
  }
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_END

}  // namespace tiercache::detail
