// Miss: a lookup that memory has no answer for. It runs the fetch, or waits for whoever does, on behalf of its lookup.
// What happens to the entry is decided in detail/flight_control.hpp.
#pragma once

#include <tiercache/detail/blocked_thread.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/flight.hpp>
#include <tiercache/detail/loader.hpp>
#include <tiercache/detail/lookups.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/relay.hpp>
#include <tiercache/detail/waiter.hpp>
#include <tiercache/error.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// The part of a lookup that exists only once it missed. It lives in the lookup.
template <class Lookup>
class Miss final : public Waiter {
  using Store = typename Lookup::StoreType;
  using T = typename Store::TierType;
  using Control = typename Store::Control;
  using Flight = typename Store::Flight;
  using Fetching = typename Lookup::Fetching;
  using Result = typename Fetching::Result;
  static constexpr bool can_stop = Lookup::Modifiers::can_stop;

 public:
  Miss(Lookup& lookup, Reference<Flight> flight) noexcept : lookup_(lookup), flight_(std::move(flight)) {}

  /// Leaves.
  ~Miss() {
    end_stopping();
    leave();
  }

  [[nodiscard]] const Reference<Flight>& flight() const noexcept { return flight_; }

  /// Runs the fetch as the one who leads, and is not suspended. Tells whether there is an answer.
  [[nodiscard]] bool fetch() {
    const Reference<Flight> flight = flight_;
    run_fetch();
    if constexpr (Fetching::awaits) return flight->control->is_done(*flight);
    return true;
  }

  /// Begins to wait, as a coroutine. Tells whether there is anything to wait for.
  [[nodiscard]] bool wait(std::coroutine_handle<> waiting) noexcept {
    waiting_ = waiting;
    const Reference<Flight> flight = flight_;
    // As soon as it is on the list, another thread may resume the coroutine and destroy this, and its share in the
    // flight.
    if (enqueue(*flight)) return true;
    end_stopping();
    return !has_answer() && !ask_again();
  }
  /// The same, for a coroutine that is resumed by a job which `post` takes.
  template <class Post>
  [[nodiscard]] bool wait(std::coroutine_handle<> waiting, Post&& post) {
    using Posting = PostingRelay<Control, std::remove_cvref_t<Post>>;
    relay_ = Reference<Relay>::adopt(new Posting(*this, flight_, std::forward<Post>(post)));
    return wait(waiting);
  }

  /// Blocks until there is an answer. Tells whether that is one; else the lookup is to begin anew.
  [[nodiscard]] bool block() noexcept {
    using Thread = BlockedThread<std::remove_reference_t<decltype(flight_->control->lock())>>;
    Thread thread(flight_->control->lock());
    for (;;) {
      if (!enqueue_as(*flight_, thread)) break;
      const typename Thread::Signal signal = thread.wait();
      end_stopping();
      if (signal != Thread::Signal::lead) break;
      if constexpr (can_stop) {
        if (wait_.is_stopped) {
          give_up(Ticket<Control>(flight_));
          break;
        }
      }
      run_fetch();
    }
    end_stopping();
    return has_answer();
  }

  /// Takes itself off the flight, and takes the fetch along if it is its own.
  TIERCACHE_NOINLINE void leave() noexcept {
    if (!flight_) return;
    const Reference<Flight> flight = std::move(flight_);
    if (relay_) {
      relay_->detach();
      if (flight->control->leave(*relay_)) relay_->remove_owner();
    } else {
      flight->control->leave(*this);
    }
    if (!is_leading_ || has_given_up()) return;
    const FetchScope scope(FetchScope::Destroying{}, flight->control->id_of(*flight));
    if (flight->control->resign(*flight) && driver_) driver_.destroy();
  }

  /// Returns the answer, or throws.
  [[nodiscard]] typename Result::type take() {
    if (failure_) detail::rethrow(failure_);
    return Result::from_outcome(flight_->outcome);
  }

  void settled() noexcept override {
    end_stopping();
    if (has_answer() || ask_again()) waiting_.resume();
  }

  void lead() noexcept override {
    end_stopping();
    if constexpr (can_stop) {
      if (wait_.is_stopped) {
        relay_ = {};  // this runs where it is resumed, and may leave from the list by itself
        wait_.waiter = this;
        static_cast<void>(flight_->control->enqueue(*flight_, *this));
        return give_up(Ticket<Control>(flight_));
      }
    }
    renew_relay();
    // It waits for itself like everybody else: its own fetch may end on another thread. No stop ends the wait while the
    // fetch uses what is its.
    is_leading_ = !Fetching::is_owned;
    static_cast<void>(enqueue(*flight_, Fetching::is_owned));
    run_fetch();
  }

  void stopped() noexcept override {
    if (!failure_) failure_ = std::make_exception_ptr(fetch_abandoned());
    waiting_.resume();
  }

 private:
  using Relay = detail::Relay<Control>;

  /// Calls `stop` when the lookup's token says so.
  class Stopper {
   public:
    explicit Stopper(Miss& miss) noexcept : miss_(miss) {}
    void operator()() const noexcept { miss_.stop(); }

   private:
    Miss& miss_;
  };
  struct Unstopped {};

  /// The fetcher of whoever leads. It outlives the fetch: who leaves destroys that first.
  class Borrowed {
   public:
    explicit Borrowed(Miss& miss) noexcept : miss_(miss) {}
    [[nodiscard]] auto& fetcher() const noexcept { return miss_.lookup_.fetcher_; }
    void land(Ticket<Control>& ticket) const noexcept
      requires can_stop
    {
      land_for(miss_, ticket);
    }

   private:
    Miss& miss_;
  };

  /// Runs the fetch, up to its first suspension. The fetch may end in here or on another thread in the meantime, and a
  /// coroutine that was waiting may be gone: then nothing of this object may be touched any more.
  void run_fetch() noexcept {
    const Reference<Flight> flight = flight_;
    if constexpr (std::is_same_v<typename Lookup::FetcherType, FromLoader>) {
      begin_away([&] { flight->control->load(flight); });
    } else if constexpr (!Fetching::awaits) {
      using F = typename Lookup::FetcherType;
      if constexpr (Fetching::is_owned) {
        detail::answer_at_once<typename Fetching::Fetcher>(*flight, lookup_.fetcher_.fetcher());
      } else {
        detail::answer_at_once<F>(*flight, lookup_.fetcher_);
      }
      if constexpr (can_stop && !Fetching::is_owned) {
        Ticket<Control> ticket(flight);
        land_for(*this, ticket);
      } else {
        flight->control->complete(*flight);
      }
    } else if constexpr (Fetching::is_owned) {
      using F = typename Lookup::FetcherType;
      const auto driver = detail::make_driver<typename Fetching::Fetcher>(flight, std::forward<F>(lookup_.fetcher_));
      if (driver) begin_away([&] { detail::start_driver(flight, driver); });
    } else {
      is_leading_ = true;
      const auto driver = detail::make_driver<typename Lookup::FetcherType>(flight, Borrowed(*this));
      if (!driver) return;
      driver_ = driver;
      const std::uint32_t passed_on = flight->passed_on;
      detail::start_driver(flight, driver);
      if (flight->control->has_left_while_starting(*flight, passed_on)) driver.destroy();
    }
  }

  /// Begins a fetch that uses nothing of this: from here on a stop ends the wait, and may destroy this.
  template <class Begin>
  void begin_away(const Begin& begin) noexcept {
    if constexpr (can_stop) {
      const Reference<Flight> flight = flight_;
      WaiterList aside;
      flight->control->let_go(wait_, aside);
      begin();
      flight->control->end_stopped(aside);
    } else {
      begin();
    }
  }

  /// Lands the flight for one whose fetch it was. A fetch can destroy its caller in its first part, if that is
  /// suspended, and end in there: then `miss` is gone.
  static void land_for(Miss& miss, Ticket<Control>& ticket) noexcept
    requires can_stop
  {
    Flight& flight = ticket.flight();
    return flight.control->is_leader_leaving(flight) ? ticket.land() : miss.land(ticket);
  }

  /// Lands the flight, unless its fetch failed after this was told to stop: that is nobody else's failure.
  void land(Ticket<Control>& ticket) noexcept
    requires can_stop
  {
    Outcome<typename T::value_type>& outcome = ticket.flight().outcome;
    if (!outcome.is_failure() || !lookup_.modifiers_.stop.token.stop_requested()) return ticket.land();
    outcome.reset();
    give_up(std::move(ticket));
  }

  /// Has the next one who waits run their fetch, and ends this wait, or has it not begin. This may be destroyed
  /// meanwhile.
  void give_up(Ticket<Control> ticket) noexcept
    requires can_stop
  {
    failure_ = std::make_exception_ptr(fetch_abandoned());
    ticket.give_up(wait_);
  }

  void stop() noexcept
    requires can_stop
  {
    const Reference<Flight> flight = flight_;
    WaiterList aside;
    flight->control->stop(wait_, aside);
    flight->control->end_stopped(aside);
  }

  /// Tells whether one who led has given that up. A leader is stopped in no other way.
  [[nodiscard]] bool has_given_up() const noexcept {
    if constexpr (can_stop) return wait_.is_stopped;
    return false;
  }

  /// Lines up; `is_held` says that a stop is to wait until `let_go`.
  [[nodiscard]] bool enqueue(Flight& flight, bool is_held = false) noexcept {
    if (!relay_) return enqueue_as(flight, *this, is_held);
    relay_->add_owner();
    if (enqueue_as(flight, *relay_, is_held)) return true;
    relay_->remove_owner();
    return false;
  }
  [[nodiscard]] bool enqueue_as(Flight& flight, Waiter& waiter, [[maybe_unused]] bool is_held = false) noexcept {
    if constexpr (can_stop) {
      wait_.is_held = is_held;
      // Who runs a borrowed fetch does not go before it has ended.
      if (!is_leading_) {
        wait_.waiter = nullptr;
        stopping_.emplace(lookup_.modifiers_.stop.token, Stopper(*this));
      }
      return flight.control->enqueue(flight, waiter, wait_);
    } else {
      return flight.control->enqueue(flight, waiter);
    }
  }

  /// What was told something is used up.
  void renew_relay() noexcept {
    if (relay_) relay_ = relay_->again(flight_);
  }

  /// From here on nobody tells it to stop.
  void end_stopping() noexcept {
    if constexpr (can_stop) stopping_.reset();
  }

  /// Tells whether there is an answer: an outcome that can be expressed, or a failure of its own.
  [[nodiscard]] bool has_answer() noexcept {
    if constexpr (can_stop) {
      // If the stop was held, the fetch has ended with what it came to.
      if (wait_.is_stopped && !wait_.is_held && !failure_) failure_ = std::make_exception_ptr(fetch_abandoned());
    }
    return failure_ || Result::takes(flight_->outcome);
  }

  /// Starts anew after another's fetch ended with an answer that this one cannot express, or with none. Tells whether
  /// there is an answer; else the coroutine, which is suspended, is resumed by whoever ends the fetch, or was already:
  /// then nothing of this object may be touched any more.
  [[nodiscard]] bool ask_again() noexcept {
    Reference<Flight> earlier;  // keeps the tier, should the cache be gone
    TIERCACHE_TRY {
      do {
        earlier = std::exchange(flight_, {});
        const Beginning beginning = lookup_.begin(flight_);
        if (beginning == Beginning::answered) return true;
        if (beginning == Beginning::refreshing) {
          run_fetch();
          return true;
        }
        if (beginning == Beginning::leading) {
          lead();
          return false;
        }
        renew_relay();
        const Reference<Flight> flight = flight_;
        if (enqueue(*flight)) return false;
        end_stopping();
      } while (!has_answer());
    }
    TIERCACHE_CATCH_ALL {
      failure_ = std::current_exception();
    }
    return true;
  }

  Lookup& lookup_;
  Reference<Flight> flight_;
  Reference<Relay> relay_;
  std::coroutine_handle<> waiting_;
  std::coroutine_handle<> driver_;
  std::exception_ptr failure_;
  /// Whether the fetch that runs is this one's own, and borrowed. Not known of one that leads from the start, is not
  /// suspended yet, and whose fetch cannot be awaited.
  bool is_leading_ = false;
  [[no_unique_address]] std::conditional_t<can_stop, StoppableWait, Unstopped> wait_;
  [[no_unique_address]] std::conditional_t<can_stop, std::optional<std::stop_callback<Stopper>>, Unstopped> stopping_;
};

}  // namespace tiercache::detail
