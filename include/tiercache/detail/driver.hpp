// The driver: the coroutine that awaits an awaitable fetch and lands its flight; and how a fetch is begun, with one or
// without. To whom a fetch belongs is known to whoever begins it.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/fetch_runner.hpp>
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

TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN

/// Calls the fetcher of a flight.
template <class F, class Control>
decltype(auto) call_for(Flight<Control>& flight, std::remove_reference_t<F>& fetcher) {
  return detail::call_fetcher<typename Control::TierType, F>(fetcher, flight.entry->key,
                                                             [&flight] { return flight.control->recall(flight); });
}

/// Awaits the fetch and lands the flight. `holder` has the fetcher, of type `F`, and keeps it for as long as it is
/// needed; it may have a way of its own to land.
template <class F, class Control, class Holder>
Driver drive(Reference<Flight<Control>> flight, Holder holder) {
  using T = typename Control::TierType;
  Ticket<Control> ticket(std::move(flight));
  Outcome<typename T::value_type>& outcome = ticket.flight().outcome;
  TIERCACHE_TRY {
    // Named first: GCC 12 awaits a copy of what a call inside a co_await expression returns by reference.
    auto&& called = detail::call_for<F>(ticket.flight(), holder.fetcher());
    auto&& awaitable = detail::awaitable_of(static_cast<decltype(called)>(called));
    detail::deliver<typename T::value_type>(outcome, co_await static_cast<decltype(awaitable)>(awaitable));
  }
  TIERCACHE_CATCH_ALL {
    outcome.set_exception(std::current_exception());
  }
  if constexpr (requires { holder.land(ticket); }) {
    holder.land(ticket);
  } else {
    ticket.land();
  }
}

TIERCACHE_COROUTINE_KEEPS_CLOSURES_END

/// Makes the coroutine of a fetch, and does not start it yet. If that fails, the flight lands with what was thrown, and
/// there is none.
template <class F, class Control, class Holder>
[[nodiscard]] std::coroutine_handle<> make_driver(const Reference<Flight<Control>>& flight, Holder&& holder) noexcept {
  TIERCACHE_TRY {
    return detail::drive<F, Control, std::remove_cvref_t<Holder>>(flight, std::forward<Holder>(holder)).handle;
  }
  TIERCACHE_CATCH_ALL {
    flight->outcome.set_exception(std::current_exception());
  }
  flight->control->complete(*flight);
  return {};
}

/// Runs a fetch up to its first suspension. It may end in here, or on another thread in the meantime.
template <class Control>
void start_driver(const Reference<Flight<Control>>& flight, std::coroutine_handle<> driver) noexcept {
  const FetchScope scope(flight->id);
  driver.resume();
}

/// Runs a fetch that is no coroutine. The flight is to be landed by the caller.
template <class F, class Control>
void answer_at_once(Flight<Control>& flight, std::remove_reference_t<F>& fetcher) noexcept {
  using T = typename Control::TierType;
  const FetchScope scope(flight.id);
  TIERCACHE_TRY {
    detail::deliver<typename T::value_type>(flight.outcome, detail::call_for<F>(flight, fetcher));
  }
  TIERCACHE_CATCH_ALL {
    flight.outcome.set_exception(std::current_exception());
  }
}

}  // namespace tiercache::detail
