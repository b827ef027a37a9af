// The driver: the coroutine that awaits an awaitable fetch and lands its flight. Fetches that are no coroutines need
// none (lookup.hpp).
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/fetcher.hpp>

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// A coroutine that starts when it is resumed for the first time and frees itself when it ends. It has no
/// `await_transform`, so it awaits whatever an ordinary coroutine can.
struct Driver {
  struct promise_type {
    [[nodiscard]] Driver get_return_object() noexcept {
      return Driver{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    // Not at once: who leads must know the handle before the fetch can end on another thread.
    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };

  std::coroutine_handle<> handle;
};

/// Awaits the fetch and lands the flight. The fetcher belongs to whoever leads: it outlives this coroutine, since it
/// destroys it first if it leaves.
template <class F, class Control>
Driver drive(Reference<Flight<Control>> flight, std::remove_reference_t<F>& fetcher) {
  using T = typename Control::TierType;
  Ticket<Control> ticket(std::move(flight));
  Outcome<typename T::value_type>& outcome = ticket.flight().outcome;
  TIERCACHE_TRY {
    // Named first: GCC 12 awaits a copy of what a call inside a co_await expression returns by reference.
    auto&& awaitable = detail::call_fetcher<T, F>(fetcher, ticket.flight().entry->key);
    detail::deliver<typename T::value_type>(outcome, co_await static_cast<decltype(awaitable)>(awaitable));
  }
  TIERCACHE_CATCH_ALL {
    outcome.set_exception(std::current_exception());
  }
  ticket.land();
}

}  // namespace tiercache::detail
