// Opt-in: get_or_fetch for coroutines of type asio::awaitable, which take no awaitable that Asio does not know. Works
// with Boost.Asio and with standalone Asio: with the one that was included before this, else with the one that is
// found, Boost.Asio first. What is looked up and stored, and when, is the same as for TieredCache::get_or_fetch.
#pragma once

#include <tiercache/tiercache.hpp>

#if !defined(BOOST_ASIO_VERSION) && (defined(ASIO_VERSION) || !__has_include(<boost/asio/awaitable.hpp>))
#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/execution_context.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
namespace tiercache::detail {
namespace net = ::asio;
using AsioError = ::asio::system_error;
}  // namespace tiercache::detail
#else
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
namespace tiercache::detail {
namespace net = ::boost::asio;
using AsioError = ::boost::system::system_error;
}  // namespace tiercache::detail
#endif

#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// What a fetcher for an `asio::awaitable` gives: the awaited type and the executor, if it is one of Asio's awaitables.
template <class Called>
struct AsioCalled {
  static_assert(
      !LooksAwaitable<Called>,
      "tiercache: in an asio::awaitable a fetcher returns an asio::awaitable, or its result at once; what other "
      "awaitables give is fetched with co_await cache.get_or_fetch<T>(key, fetcher) in their own coroutines");
  using Answer = Called;
  using Executor = net::any_io_executor;
  static constexpr bool awaits = false;
};
template <class A, class E>
struct AsioCalled<net::awaitable<A, E>> {
  using Answer = A;
  using Executor = E;
  static constexpr bool awaits = true;
};
// An awaitable that is given as an object, or returned by reference, is moved from where it is.
template <class A, class E>
struct AsioCalled<net::awaitable<A, E>&> : AsioCalled<net::awaitable<A, E>> {};
template <class A, class E>
struct AsioCalled<net::awaitable<A, E>&&> : AsioCalled<net::awaitable<A, E>> {};

/// The duty to run the fetch of a flight; none for those who only wait. Dropped before it was done, it passes to the
/// next waiter: an asio coroutine that ends early takes its fetch with it, but not the others' answer.
template <class Store>
class Leadership {
 public:
  Leadership() noexcept = default;
  explicit Leadership(const Reference<Flight<Store>>& flight) noexcept : ticket_(flight) {}
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

 private:
  Ticket<Store> ticket_;
};

/// What a waiting asio coroutine is woken with.
template <class Store>
struct AsioWake {
  Leadership<Store> leadership;
  bool is_cancelled = false;
};

/// A waiter whose handler the execution context may have to destroy before anybody wakes it.
///
/// Whoever takes it off its registry, under the registry's mutex, owns its handler: the one who wakes it, or the
/// context that shuts down.
class RegisteredWaiter : public Waiter, public Counted<RegisteredWaiter, MultiThreaded::ReferenceCount> {
 public:
  /// Leaves its flight and destroys its handler, and with it the coroutine that waits.
  virtual void destroy_handler() noexcept = 0;

 protected:
  friend Counted<RegisteredWaiter, MultiThreaded::ReferenceCount>;
  virtual ~RegisteredWaiter() = default;

 private:
  friend class AsioRegistry;
  RegisteredWaiter* previous_ = nullptr;
  RegisteredWaiter* next_ = nullptr;
  bool is_registered_ = false;
};

/// The waiters of one execution context. It outlives the context while there are waiters.
class AsioRegistry {
 public:
  /// Adds a waiter, with a share in it. Tells whether the context still lives.
  [[nodiscard]] bool add(RegisteredWaiter& waiter) noexcept {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (is_shut_down_) return false;
    waiter.add_owner();
    waiter.next_ = first_;
    if (first_ != nullptr) first_->previous_ = &waiter;
    first_ = &waiter;
    waiter.is_registered_ = true;
    return true;
  }

  /// Takes a waiter off and, if it was there still, runs `post()` while the context cannot go away.
  template <class Post>
  void remove(RegisteredWaiter& waiter, const Post& post) noexcept {
    Reference<RegisteredWaiter> share;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!waiter.is_registered_) return;
      share = take(waiter);
      ++posting_;
    }
    // Not under the mutex: an executor may run or destroy the handler at once, and that may wake the next waiter.
    post();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (--posting_ == 0) has_posted_.notify_all();
  }

  /// Destroys the handlers of all waiters, and waits until nobody else is posting one.
  void shut_down() noexcept {
    for (;;) {
      Reference<RegisteredWaiter> waiter;
      {
        std::unique_lock<std::mutex> lock(mutex_);
        is_shut_down_ = true;
        if (first_ == nullptr) return has_posted_.wait(lock, [this] { return posting_ == 0; });
        waiter = take(*first_);
      }
      waiter->destroy_handler();
    }
  }

 private:
  [[nodiscard]] Reference<RegisteredWaiter> take(RegisteredWaiter& waiter) noexcept {
    (waiter.previous_ != nullptr ? waiter.previous_->next_ : first_) = waiter.next_;
    if (waiter.next_ != nullptr) waiter.next_->previous_ = waiter.previous_;
    waiter.is_registered_ = false;
    return Reference<RegisteredWaiter>::adopt(&waiter);
  }

  std::mutex mutex_;
  std::condition_variable has_posted_;
  RegisteredWaiter* first_ = nullptr;
  int posting_ = 0;
  bool is_shut_down_ = false;
};

/// Gives an execution context its registry, and has it shut down with the context.
class AsioService final : public net::execution_context::service {
 public:
  inline static net::execution_context::id id;

  explicit AsioService(net::execution_context& context)
      : net::execution_context::service(context), registry_(std::make_shared<AsioRegistry>()) {}

  [[nodiscard]] const std::shared_ptr<AsioRegistry>& registry() const noexcept { return registry_; }

 private:
  void shutdown() override { registry_->shut_down(); }

  std::shared_ptr<AsioRegistry> registry_;
};

/// A completion handler that waits for a flight. Shares in it have the flight, until it was woken; the registry; and
/// the handler's cancellation slot.
template <class Store, class Handler>
class AsioWaiter final : public RegisteredWaiter {
 public:
  AsioWaiter(Reference<Flight<Store>> flight, Handler&& handler)
      : flight_(std::move(flight)), work_(tracked_executor(handler)), handler_(std::move(handler)) {
    auto& context = net::query(*work_, net::execution::context);
    registry_ = net::use_service<AsioService>(context).registry();
  }

  /// Begins to wait. The share of whoever made the waiter becomes the flight's.
  void start() noexcept {
    const auto share = Reference<AsioWaiter>::share(*this);
    if (!registry_->add(*this)) {
      post(AsioWake<Store>{});
      return remove_owner();
    }
    auto slot = net::get_associated_cancellation_slot(*handler_);
    if (slot.is_connected()) slot.template emplace<Cancel>(share);
    if (!flight_->store->enqueue(*flight_, *this)) settled();
  }

  void settled() noexcept override { wake(AsioWake<Store>{}); }
  void lead() noexcept override { wake(AsioWake<Store>{Leadership<Store>(flight_)}); }

  void destroy_handler() noexcept override {
    const bool was_waiting = flight_->store->leave(*flight_, *this);
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
      if (waiter->flight_->store->leave(*waiter->flight_, *waiter)) waiter->wake(AsioWake<Store>{{}, true});
    }

   private:
    Reference<AsioWaiter> waiter_;
  };

  [[nodiscard]] static auto tracked_executor(const Handler& handler) {
    return net::prefer(net::get_associated_executor(handler), net::execution::outstanding_work.tracked);
  }

  /// Hands the handler to its executor, unless its context has it destroyed; and gives up the flight's share.
  void wake(AsioWake<Store> woken) noexcept {
    const auto flights_share = Reference<AsioWaiter>::adopt(this);
    registry_->remove(*this, [&] { post(std::move(woken)); });
  }

  // Never inline, not even for a flight that has landed meanwhile: a loop of such waits would grow the stack.
  void post(AsioWake<Store> woken) noexcept {
    net::post(*work_, [handler = std::move(*handler_), woken = std::move(woken)]() mutable {
      std::move(handler)(std::move(woken));
    });
    handler_.reset();
    work_.reset();
  }

  Reference<Flight<Store>> flight_;
  std::shared_ptr<AsioRegistry> registry_;
  std::optional<decltype(tracked_executor(std::declval<const Handler&>()))> work_;
  std::optional<Handler> handler_;
};

/// Suspends an asio coroutine until the flight has landed or passes to it.
template <class Store, class Executor>
auto wait_for(Reference<Flight<Store>> flight, net::use_awaitable_t<Executor> token) {
  auto start = [](auto handler, Reference<Flight<Store>> awaited) {
    using Handler = decltype(handler);
    (new AsioWaiter<Store, Handler>(std::move(awaited), std::move(handler)))->start();
  };
  return net::async_initiate<net::use_awaitable_t<Executor>, void(AsioWake<Store>)>(start, token, std::move(flight));
}

/// What a lookup in an `asio::awaitable` does and yields.
template <class T, class F>
struct AsioFetching {
  using Called = AsioCalled<CalledFetcher<T, F>>;
  using Result = ResultOf<typename T::value_type, typename Called::Answer>;
  using Awaitable = net::awaitable<typename Result::type, typename Called::Executor>;
};

/// Looks up, and fetches as a part of the calling coroutine: a fetch that is borrowed from its caller runs on the
/// caller's executor, is cancelled with it, and ends with it.
template <class T, class K, class F, class Store>
typename AsioFetching<T, F>::Awaitable get_or_fetch_in_asio(Store& store, K key, F fetcher) {
  using Result = typename AsioFetching<T, F>::Result;
  using Called = typename AsioFetching<T, F>::Called;
  using Value = typename T::value_type;
  std::optional<typename Result::type> answer;
  const auto answer_with = [&answer](const auto& entry) {
    Result::emplace(answer, entry);
    return Beginning::answered;
  };
  Reference<Flight<Store>> flight;
  Reference<Flight<Store>> earlier;  // keeps the tier, should the cache be gone when it is asked again
  for (;;) {
    earlier = std::exchange(flight, {});
    const Beginning beginning = store.answer_or(std::as_const(key), Result::takes_not_found, answer_with, [&] {
      return store.begin(std::as_const(key), Result::takes_not_found, flight, answer_with);
    });
    if (beginning == Beginning::answered) co_return std::move(*answer);

    AsioWake<Store> woken;
    if (beginning == Beginning::leading) {
      woken.leadership = Leadership<Store>(flight);
    } else {
      woken = co_await detail::wait_for<Store>(flight, net::use_awaitable_t<typename Called::Executor>());
    }
    if (woken.is_cancelled) throw AsioError(net::error::operation_aborted);
    if (woken.leadership) {
      Outcome<Value>& outcome = flight->outcome;
      try {
        if constexpr (Called::awaits) {
          auto&& awaitable = detail::call_fetcher<T, F>(fetcher, flight->entry->key);
          detail::deliver<Value>(outcome, co_await std::move(awaitable));
        } else {
          const FetchScope scope(flight->id);
          detail::deliver<Value>(outcome, detail::call_fetcher<T, F>(fetcher, flight->entry->key));
        }
      } catch (...) {
        outcome.set_exception(std::current_exception());
      }
      if (outcome.is_failure()) {
        const auto cancellation = co_await net::this_coro::cancellation_state;
        // Whoever was cancelled leaves; that its fetch broke off is nobody else's error.
        if (cancellation.cancelled() != net::cancellation_type::none) {
          outcome.reset();
          throw AsioError(net::error::operation_aborted);
        }
      }
      woken.leadership.land();
    }
    if (Result::takes(flight->outcome)) co_return Result::from_outcome(flight->outcome);
  }
}

}  // namespace tiercache::detail

namespace tiercache {

/// Returns an `asio::awaitable` of what `cache.get_or_fetch<T>(key, fetcher)` would yield, to be awaited in an
/// `asio::awaitable`: `Card card = co_await tiercache::get_or_fetch<Cards>(cache, id, fetch_card);`
///
/// The fetcher returns an `asio::awaitable`, or its result at once; or it is an `asio::awaitable` itself, moved from by
/// the call that leads. It is run inside the calling coroutine: on its executor, cancelled with it, destroyed with it;
/// then the next one who waits runs their own.
///
/// **Resumes** on the calling coroutine's executor, posted; at once on a hit and after its own fetch. **Cancellation**
/// of one who waits ends its wait with `operation_aborted` and leaves the others alone. **Lifetime**: keys and fetchers
/// given as lvalues are referred to and must live until the awaitable has ended; so must the cache until it was begun.
/// Destroying the `io_context` destroys those who wait in it.
///
/// Allocates nothing on a hit, but for the frame that Asio recycles. Unlike that of a plain coroutine, a fetch that
/// asks for the key that it is fetching cannot be recognised here: it waits for itself.
template <class T, class Config, class... Tiers, class K, class F>
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, K&& key, F&& fetcher) {
  using Kept = detail::KeptKey<T, K>;
  static_assert(
      !detail::is_destroyed_twice<F>,
      "tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; "
      "co_await tiercache::get_or_fetch<T>(cache, key, fetch);");
  static_assert(
      !detail::is_destroyed_twice<Kept>,
      "tiercache: GCC 12 destroys this key twice inside co_await; name it first: const Key key{...}; co_await "
      "tiercache::get_or_fetch<T>(cache, key, fetcher);");
  return detail::get_or_fetch_in_asio<T, Kept, F>(
      detail::StoreOf<T>::in(cache), detail::keep_key<T, K>(std::forward<K>(key)), std::forward<F>(fetcher));
}
/// `get_or_fetch` for an `Unkeyed` tier.
template <class T, class Config, class... Tiers, class F>
[[nodiscard("tiercache: nothing is looked up until this is awaited: co_await it")]] auto get_or_fetch(
    BasicTieredCache<Config, Tiers...>& cache, F&& fetcher) {
  static_assert(detail::is_unkeyed<T>, "tiercache: this tier has keys: get_or_fetch<T>(cache, key, fetcher)");
  using Key = typename detail::TypesOf<T>::key_type;
  if constexpr (detail::is_unkeyed<T>) {
    return get_or_fetch<T>(cache, Unkeyed{}, std::forward<F>(fetcher));
  } else {
    return get_or_fetch<T>(cache, detail::refused<Key>(), std::forward<F>(fetcher));
  }
}

}  // namespace tiercache
