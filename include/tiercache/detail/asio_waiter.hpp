// AsioWaiter: an asio coroutine that waits for a flight. What it does once it is woken is in asio.hpp.
#pragma once

#include <tiercache/config.hpp>
#include <tiercache/detail/asio_context.hpp>
#include <tiercache/detail/asio_library.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/waiter.hpp>

#include <exception>
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
  /// Why it could not wait.
  std::exception_ptr failure;
};

/// A coroutine of executor `Executor` that waits for a flight, as one that waits for a timer which never expires:
/// whoever wakes it cancels that. So waking needs no memory and cannot fail, as posting could, and a context that is
/// destroyed destroys those who wait in it.
///
/// Shares in it have the timer's handler; the flight, until it was woken; and the handler of its cancellation slot.
template <class Control, class Executor>
class AsioWaiter final : public Waiter, public Counted<AsioWaiter<Control, Executor>, MultiThreaded::ReferenceCount> {
  using Token = net::use_awaitable_t<Executor>;
  using Wake = AsioWake<Control>;
  using Handler = typename net::async_result<Token, void(Wake)>::handler_type;

 public:
  AsioWaiter(Reference<Flight<Control>> flight, const Executor& executor)
      : flight_(std::move(flight)), timer_(std::in_place, executor, Timer::time_point::max()) {
    // Only now, when what the timer needs of the context is there: it is to outlive this service.
    context_ = AsioService::of(net::query(executor, net::execution::context));
  }

  /// Returns what suspends the coroutine. All that can fail comes first: Asio loses a coroutine whose operation cannot
  /// begin.
  [[nodiscard]] static net::awaitable<Wake, Executor> wait(Reference<Flight<Control>> flight,
                                                           const Executor& executor) {
    auto waiter = Reference<AsioWaiter>::adopt(new AsioWaiter(std::move(flight), executor));
    AsioWaiter& its = *waiter;
    auto begin = [](Handler handler, Begin beginning) { beginning.take()->suspend(std::move(handler)); };
    Token token;
    auto waiting = net::async_initiate<Token, void(Wake)>(begin, token, Begin(waiter));
    its.timer_->async_wait(Woken(std::move(waiter)));
    return waiting;
  }

  void settled() noexcept override { wake(Wake{}); }
  void lead() noexcept override { wake(Wake{Leadership<Control>(flight_), false, {}}); }
  void stopped() noexcept override { wake(Wake{{}, true, {}}); }

 private:
  friend Counted<AsioWaiter, MultiThreaded::ReferenceCount>;
  using Timer = typename net::steady_timer::template rebind_executor<Executor>::other;
  ~AsioWaiter() = default;

  /// Keeps a waiter until its wait has begun. If that does not happen, the timer goes without one to wake.
  class Begin {
   public:
    explicit Begin(Reference<AsioWaiter> waiter) noexcept : waiter_(std::move(waiter)) {}
    Begin(Begin&&) noexcept = default;
    Begin& operator=(Begin&&) = delete;
    ~Begin() {
      if (waiter_) waiter_->cancel();
    }
    [[nodiscard]] Reference<AsioWaiter> take() noexcept { return std::move(waiter_); }

   private:
    Reference<AsioWaiter> waiter_;
  };

  /// What the timer calls, on the coroutine's executor; or drops, with its context.
  class Woken {
   public:
    explicit Woken(Reference<AsioWaiter> waiter) noexcept : waiter_(std::move(waiter)) {}
    Woken(Woken&&) noexcept = default;
    Woken& operator=(Woken&&) = delete;
    ~Woken() {
      if (waiter_) waiter_->destroy();
    }
    template <class Error>
    void operator()(const Error&) {
      const Reference<AsioWaiter> waiter = std::move(waiter_);
      waiter->resume();
    }

   private:
    Reference<AsioWaiter> waiter_;
  };

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

  /// Begins to wait.
  void suspend(Handler&& handler) noexcept {
    handler_.emplace(std::move(handler));
    this->add_owner();  // the flight's share
    auto slot = net::get_associated_cancellation_slot(*handler_);
    try {
      if (slot.is_connected()) slot.template emplace<Cancel>(Reference<AsioWaiter>::share(*this));
    } catch (...) {
      return wake(Wake{{}, false, std::current_exception()});
    }
    // Not resumed at once, not even if the flight has landed meanwhile: a loop of such waits would grow the stack.
    if (!flight_->control->enqueue(*flight_, *this)) settled();
  }

  /// Has the coroutine resumed, unless its context destroys it; and gives up the flight's share.
  void wake(Wake woken) noexcept {
    const auto flights_share = Reference<AsioWaiter>::adopt(this);
    context_->use([this, &woken] {
      if (!timer_) return;
      woken_ = std::move(woken);
      timer_->cancel();
    });
  }
  void cancel() noexcept {
    context_->use([this] {
      if (timer_) timer_->cancel();
    });
  }

  void resume() {
    end_timer();
    if (!handler_) return;
    Handler handler = std::move(*handler_);
    handler_.reset();
    std::move(handler)(std::move(woken_));
  }
  void destroy() noexcept {
    end_timer();
    if (flight_->control->leave(*this)) this->remove_owner();
    handler_.reset();
    woken_ = Wake{};
  }
  /// Whoever has the last share may have it longer than there is a context.
  void end_timer() noexcept {
    context_->change([this] { timer_.reset(); });
  }

  Reference<Flight<Control>> flight_;
  std::optional<Timer> timer_;
  std::shared_ptr<AsioContext> context_;
  std::optional<Handler> handler_;
  Wake woken_;
};

}  // namespace tiercache::detail
