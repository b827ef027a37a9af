// AsioWaiter: an Asio operation that waits for a flight. Who may have to destroy it is in detail/asio_registry.hpp;
// what the coroutine that waits does then, in asio.hpp.
#pragma once

#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/asio_registry.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/reference.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace tiercache::detail {

/// The duty to run the fetch of a flight; none for those who only wait. Dropped before it was done, it passes to the
/// next waiter: an asio coroutine that ends early takes its fetch with it, but not the others' answer.
template <class Control>
class Leadership {
 public:
  Leadership() noexcept = default;
  explicit Leadership(const Reference<Flight<Control>>& flight) noexcept : ticket_(flight) {}
  Leadership(Leadership&&) noexcept = default;
  Leadership& operator=(Leadership other) noexcept {
    std::swap(ticket_, other.ticket_);
    return *this;
  }
  ~Leadership() {
    if (ticket_) ticket_.pass_on();
  }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(ticket_); }
  void land() noexcept { ticket_.land(); }
  /// Leaves the duty to whoever is about to run the fetch of the flight.
  void hand_over() noexcept { ticket_.hand_over(); }
  /// Gives the duty to a fetch that belongs to nobody who could leave.
  [[nodiscard]] Ticket<Control> release() noexcept { return std::move(ticket_); }

 private:
  Ticket<Control> ticket_;
};

/// What a waiting asio coroutine is woken with.
template <class Control>
struct AsioWake {
  Leadership<Control> leadership;
  bool is_cancelled = false;
};

/// A completion handler that waits for a flight. Shares in it have the flight, until it was woken; the registry; and
/// the handler's cancellation slot.
template <class Control, class Handler>
class AsioWaiter final : public RegisteredWaiter {
 public:
  AsioWaiter(Reference<Flight<Control>> flight, Handler&& handler)
      : flight_(std::move(flight)), work_(tracked_executor(handler)), handler_(std::move(handler)) {
    auto& context = net::query(*work_, net::execution::context);
    registry_ = net::use_service<AsioService>(context).registry();
  }

  /// Begins to wait. The share of whoever made the waiter becomes the flight's.
  void start() noexcept {
    const auto share = Reference<AsioWaiter>::share(*this);
    if (!registry_->add(*this)) {
      post(AsioWake<Control>{});
      return remove_owner();
    }
    auto slot = net::get_associated_cancellation_slot(*handler_);
    if (slot.is_connected()) slot.template emplace<Cancel>(share);
    if (!flight_->control->enqueue(*flight_, *this)) settled();
  }

  void settled() noexcept override { wake(AsioWake<Control>{}); }
  void lead() noexcept override { wake(AsioWake<Control>{Leadership<Control>(flight_)}); }

  void stopped() noexcept override { wake(AsioWake<Control>{{}, true}); }

  void destroy_handler() noexcept override {
    const bool was_waiting = flight_->control->leave(*this);
    handler_.reset();
    work_.reset();
    if (was_waiting) remove_owner();
  }

 private:
  /// Has the waiter leave its flight when its operation is cancelled.
  class Cancel {
   public:
    explicit Cancel(Reference<AsioWaiter> waiter) noexcept : waiter_(std::move(waiter)) {}
    void operator()(net::cancellation_type) const noexcept {
      const Reference<AsioWaiter> waiter = waiter_;
      if (waiter->flight_->control->leave(*waiter)) waiter->stopped();
    }

   private:
    Reference<AsioWaiter> waiter_;
  };

  [[nodiscard]] static auto tracked_executor(const Handler& handler) {
    return net::prefer(net::get_associated_executor(handler), net::execution::outstanding_work.tracked);
  }

  /// Hands the handler to its executor, unless its context has it destroyed; and gives up the flight's share.
  void wake(AsioWake<Control> woken) noexcept {
    const auto flights_share = Reference<AsioWaiter>::adopt(this);
    registry_->remove(*this, [&] { post(std::move(woken)); });
  }

  // Never inline, not even for a flight that has landed meanwhile: a loop of such waits would grow the stack.
  void post(AsioWake<Control> woken) noexcept {
    net::post(*work_, [handler = std::move(*handler_), woken = std::move(woken)]() mutable {
      std::move(handler)(std::move(woken));
    });
    handler_.reset();
    work_.reset();
  }

  Reference<Flight<Control>> flight_;
  std::shared_ptr<AsioRegistry> registry_;
  std::optional<decltype(tracked_executor(std::declval<const Handler&>()))> work_;
  std::optional<Handler> handler_;
};

/// Suspends an asio coroutine until the flight has landed or passes to it.
template <class Control, class Executor>
auto wait_for(Reference<Flight<Control>> flight, net::use_awaitable_t<Executor> token) {
  auto start = [](auto handler, Reference<Flight<Control>> awaited) {
    using Handler = decltype(handler);
    (new AsioWaiter<Control, Handler>(std::move(awaited), std::move(handler)))->start();
  };
  return net::async_initiate<net::use_awaitable_t<Executor>, void(AsioWake<Control>)>(start, token, std::move(flight));
}

}  // namespace tiercache::detail
