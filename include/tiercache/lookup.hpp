// Lookup: what get_or_fetch returns, to be awaited or waited for. What a fetcher's answer means lives in fetcher.hpp;
// what happens to the entry, in detail/store.hpp.
#pragma once

#include <tiercache/detail/awaitable.hpp>
#include <tiercache/detail/blocked_thread.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/driver.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/store.hpp>
#include <tiercache/error.hpp>
#include <tiercache/fetcher.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache {
namespace detail {

#if TIERCACHE_DESTROYS_TEMPORARIES_TWICE
/// Whether GCC 12 destroys a temporary of this type twice inside a co_await expression.
template <class X>
inline constexpr bool is_destroyed_twice = !std::is_reference_v<X> && !std::is_trivially_destructible_v<X> &&
                                           (std::is_aggregate_v<X> || type_name<X>().starts_with("<lambda("));
#else
template <class X>
inline constexpr bool is_destroyed_twice = false;
#endif

/// What a lookup with the fetcher `F` does and yields.
template <class T, class F>
struct Fetching {
  using Called = CalledFetcher<T, F>;
  static constexpr bool awaits = LooksAwaitable<Called>;
  static_assert(
      !awaits || AwaitableBy<Called, Driver::promise_type>,
      "tiercache: the fetcher returns something that only its own kind of coroutine can await: for "
      "asio::awaitable include <tiercache/asio.hpp> and call tiercache::get_or_fetch<T>(cache, key, fetcher); "
      "else return an awaitable that every coroutine can await");
  static auto answer() {
    if constexpr (!awaits) {
      return std::type_identity<Called>{};
    } else if constexpr (AwaitableBy<Called, Driver::promise_type>) {
      return std::type_identity<AwaitedBy<Called>>{};
    } else {
      return std::type_identity<typename T::value_type>{};  // refused above; this only keeps it at one sentence
    }
  }
  using Answer = typename decltype(answer())::type;
  using Result = ResultOf<typename T::value_type, Answer>;
};

}  // namespace detail

/// One look-up that fetches what is not there. `co_await` it in a coroutine, or call `get()` on a plain thread; once.
///
/// It is lazy: nothing is looked up before that. A hit is answered on the spot, with no suspension and no allocation;
/// so is a miss whose fetcher returns at once. It yields the tier's `Value`; a `std::optional` of it if the fetcher
/// answers with one; or the fetcher's own expected-like type.
///
/// **Lifetime.** Keys and fetchers given as lvalues are referred to and must live until the await has ended; those
/// given as temporaries are kept inside. It refers to the cache until it has started. It can be moved until then.
///
/// **Leaving.** Destroying it, or the coroutine that awaits it, is always possible where the coroutine may be
/// destroyed: it just leaves. If it ran the fetch, the fetch is destroyed with it, and the next one who waits runs
/// their own.
///
/// **Threads.** The first part of a fetch runs inside the await. The coroutine is resumed inline, by the thread on
/// which the fetch ended, with no lock held; or, if it came to lead in another's place, its fetcher is started by the
/// thread on which that other one left. A coroutine may be destroyed only where it could not be resumed at the same
/// time.
template <class Store, class K, class F>
class [[nodiscard("tiercache: a lookup does nothing until it is awaited: co_await it, or call get()")]] Lookup final {
  using T = typename Store::TierType;
  using Fetching = detail::Fetching<T, F>;
  using Result = typename Fetching::Result;

 public:
  /// What the lookup yields.
  using result_type = typename Result::type;

  /// Made by the cache. Does nothing yet.
  Lookup(Store& store, K&& key, F&& fetcher)
      : store_(&store), key_(std::forward<K>(key)), fetcher_(std::forward<F>(fetcher)) {}

  /// Moves a lookup that has not started.
  Lookup(Lookup&& other)
      : store_(other.store_), key_(std::forward<K>(other.key_)), fetcher_(std::forward<F>(other.fetcher_)) {}
  Lookup& operator=(Lookup&&) = delete;

  /// Leaves.
  ~Lookup() {
    if (miss_) leave();
  }

  /// Looks the key up and blocks until there is an answer. Throws what the fetch threw.
  ///
  /// The calling thread runs the fetch, or waits for whoever does. It must not be the only thread that could finish an
  /// awaitable fetch. In a `LocalTieredCache` it always would be: there a get() that had to wait throws
  /// `recursive_fetch`.
  result_type get() {
    return store_->answer_or(
        std::as_const(key_), Result::takes_not_found, [](const auto& entry) { return Result::from_entry(entry); },
        [this] { return get_by_fetch(); });
  }

  /// What a coroutine does with the lookup that it awaits. It refers to the lookup.
  class Awaiter {
   public:
    /// Made by `operator co_await`.
    explicit Awaiter(Lookup& lookup) noexcept : lookup_(&lookup) {}

    /// Looks the key up and, if nobody does yet, starts the fetch. Tells whether there is an answer already.
    [[nodiscard]] bool await_ready() { return lookup_->start(); }
    /// Waits for the fetch; tells whether there was anything to wait for.
    [[nodiscard]] TIERCACHE_AWAIT_SUSPEND bool await_suspend(std::coroutine_handle<> waiting) noexcept {
      return lookup_->wait(waiting);
    }
    /// Returns the answer, or throws what the fetch threw.
    result_type await_resume() { return lookup_->take(); }

   private:
    Lookup* lookup_;
  };

  /// Makes the lookup awaitable as a temporary.
  [[nodiscard]] Awaiter operator co_await() && noexcept {
    static_assert(
        !detail::is_destroyed_twice<F>,
        "tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; "
        "co_await cache.get_or_fetch<T>(key, fetch);");
    static_assert(
        !detail::is_destroyed_twice<K>,
        "tiercache: GCC 12 destroys this key twice inside co_await; name it first: const Key key{...}; co_await "
        "cache.get_or_fetch<T>(key, fetch);");
    return Awaiter(*this);
  }
  /// Makes the lookup awaitable by its name.
  [[nodiscard]] Awaiter operator co_await() & noexcept { return Awaiter(*this); }

  /// Tells who awaits a lookup in an `asio::awaitable` what to write instead.
  template <template <class> class Frame, class Executor>
  auto operator()(Frame<Executor>*) const {
    static_assert(
        !std::is_same_v<Executor, Executor>,
        "tiercache: asio::awaitable cannot co_await a lookup: include <tiercache/asio.hpp> and write co_await "
        "tiercache::get_or_fetch<T>(cache, key, fetcher);");
  }

 private:
  using Flight = typename Store::Flight;

  /// What a lookup is besides that was not answered from memory.
  struct Miss final : detail::Waiter {
    Miss(Lookup& its_lookup, detail::Reference<Flight> its_flight) noexcept
        : lookup(its_lookup), flight(std::move(its_flight)) {}

    void settled() noexcept override { lookup.settled(); }
    void lead() noexcept override { lookup.lead(); }

    Lookup& lookup;
    detail::Reference<Flight> flight;
    std::coroutine_handle<> waiting;
    std::coroutine_handle<> driver;
    std::exception_ptr failure;
  };

  /// Answers from memory, under the lock.
  auto answer() noexcept {
    return [this](const auto& entry) {
      Result::emplace(answer_, entry);
      return true;
    };
  }
  detail::Beginning begin(detail::Reference<Flight>& flight) {
    return store_->begin(std::as_const(key_), Result::takes_not_found, flight, answer());
  }

  /// Tells whether there is an answer; else there is a flight to wait for. Whoever calls it is not suspended.
  bool start() {
    return store_->answer_or(std::as_const(key_), Result::takes_not_found, answer(), [this] { return start_fetch(); });
  }

  TIERCACHE_NOINLINE bool start_fetch() {
    detail::Reference<Flight> flight;
    const detail::Beginning beginning = begin(flight);
    if (beginning == detail::Beginning::answered) return true;
    miss_.emplace(*this, std::move(flight));
    if (beginning == detail::Beginning::joined) return false;
    if constexpr (Fetching::awaits) {
      run_fetch();
      return store_->is_done(*miss_->flight);
    } else {
      run_fetch_at_once(*miss_->flight);
      return true;
    }
  }

  TIERCACHE_NOINLINE result_type get_by_fetch() {
    if constexpr (Store::Threading::can_block) {
      detail::Reference<Flight> earlier;  // keeps the tier, should the cache be destroyed meanwhile
      while (!start_fetch()) {
        if (detail::FetchScope::is_destroying(miss_->flight->id)) {
          leave();
          detail::throw_recursive_fetch();
        }
        block();
        if (has_acceptable_outcome()) break;
        earlier = std::move(miss_->flight);
        miss_.reset();
      }
    } else if (!start_fetch()) {
      leave();
      detail::throw_recursive_fetch();
    }
    return take();
  }

  /// Tells whether there is anything to wait for.
  bool wait(std::coroutine_handle<> waiting) noexcept {
    miss_->waiting = waiting;
    // As soon as it is on the list, another thread may resume the coroutine and destroy this lookup and its flight.
    const detail::Reference<Flight> flight = miss_->flight;
    if (flight->control->enqueue(*flight, *miss_)) return true;
    return !has_acceptable_outcome() && !ask_again();
  }

  /// Runs the fetch, up to its first suspension. The fetch may end in here or on another thread in the meantime, and a
  /// coroutine that was waiting may be gone: then nothing of this object may be touched any more.
  void run_fetch() noexcept {
    const detail::Reference<Flight> flight = miss_->flight;
    if constexpr (Fetching::awaits) {
      std::coroutine_handle<> driver;
      TIERCACHE_TRY {
        driver = miss_->driver = detail::drive<F>(flight, fetcher_).handle;
      }
      TIERCACHE_CATCH_ALL {
        flight->outcome.set_exception(std::current_exception());
        return flight->control->complete(*flight);
      }
      const std::uint32_t passed_on = flight->passed_on;
      {
        const detail::FetchScope scope(flight->id);
        driver.resume();
      }
      if (flight->control->has_left_while_starting(*flight, passed_on)) driver.destroy();
    } else {
      run_fetch_at_once(*flight);
    }
  }

  /// Runs a fetch that is no coroutine, and lands the flight.
  void run_fetch_at_once(Flight& flight) noexcept {
    {
      const detail::FetchScope scope(flight.id);
      TIERCACHE_TRY {
        detail::deliver<typename T::value_type>(flight.outcome,
                                                detail::call_fetcher<T, F>(fetcher_, flight.entry->key));
      }
      TIERCACHE_CATCH_ALL {
        flight.outcome.set_exception(std::current_exception());
      }
    }
    flight.control->complete(flight);
  }

  void block() noexcept {
    Flight& flight = *miss_->flight;
    using Thread = detail::BlockedThread<std::remove_reference_t<decltype(flight.control->lock())>>;
    Thread thread(flight.control->lock());
    while (flight.control->enqueue(flight, thread) && thread.wait() == Thread::Signal::lead) run_fetch();
  }

  TIERCACHE_NOINLINE void leave() noexcept {
    if (!miss_->flight) return;
    const detail::Reference<Flight> flight = std::move(miss_->flight);
    flight->control->leave(*flight, *miss_);
    const detail::FetchScope scope(detail::FetchScope::Destroying{}, flight->id);
    if (miss_->driver && flight->control->resign(*flight)) miss_->driver.destroy();
  }

  [[nodiscard]] bool has_acceptable_outcome() const noexcept { return Result::takes(miss_->flight->outcome); }

  void settled() noexcept {
    if (!has_acceptable_outcome() && !ask_again()) return;
    miss_->waiting.resume();
  }

  void lead() noexcept {
    // It waits for itself like everybody else: its own fetch may end on another thread.
    static_cast<void>(miss_->flight->control->enqueue(*miss_->flight, *miss_));
    run_fetch();
  }

  /// Starts anew after another's fetch ended with an answer that this one cannot express, or with none. Tells whether
  /// there is an answer; else the coroutine, which is suspended, is resumed by whoever ends the fetch, or was already:
  /// then nothing of this object may be touched any more.
  bool ask_again() noexcept {
    detail::Reference<Flight> earlier;  // keeps the tier, should the cache be gone
    TIERCACHE_TRY {
      do {
        earlier = std::exchange(miss_->flight, {});
        miss_->driver = nullptr;
        const detail::Beginning beginning = begin(miss_->flight);
        if (beginning == detail::Beginning::answered) return true;
        if (beginning == detail::Beginning::leading) {
          lead();
          return false;
        }
        const detail::Reference<Flight> flight = miss_->flight;
        if (flight->control->enqueue(*flight, *miss_)) return false;
      } while (!has_acceptable_outcome());
    }
    TIERCACHE_CATCH_ALL {
      miss_->failure = std::current_exception();
    }
    return true;
  }

  [[nodiscard]] result_type take() {
    if (answer_) return std::move(*answer_);
    if (miss_->failure) detail::rethrow(miss_->failure);
    return Result::from_outcome(miss_->flight->outcome);
  }

  Store* store_;
  K key_;
  F fetcher_;
  std::optional<result_type> answer_;
  std::optional<Miss> miss_;
};

}  // namespace tiercache
