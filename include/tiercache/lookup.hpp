// Lookup: what get_or_fetch returns, to be awaited or waited for. What a fetcher's answer means lives in fetcher.hpp;
// what a lookup does once it missed, in detail/miss.hpp.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetch_scope.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/lookups.hpp>
#include <tiercache/detail/miss.hpp>
#include <tiercache/detail/modifiers.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/error.hpp>
#include <tiercache/promise_post.hpp>
#include <tiercache/ttl.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace tiercache {

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
/// **Where it resumes.** A coroutine that waited is resumed inline, by the thread on which the fetch ended, with no
/// lock held and none resumed from within another; or through what `resume_on` was given, or, without that, through the
/// executor of its promise if that has one (`promise_post`). One that did not have to wait goes on where it is: on a
/// hit, and after a fetch of its own that ended before it was suspended.
///
/// **Threads.** The first part of a fetch runs inside the await. If this came to lead in another's place, its fetcher
/// is started where it would be resumed. A coroutine may be destroyed only where it could not be resumed at the same
/// time; with an executor, that is there.
template <class Store, class K, class F, class Its = detail::Modifiers<>>
class [[nodiscard("tiercache: a lookup does nothing until it is awaited: co_await it, or call get()")]] Lookup final {
  friend detail::Miss<Lookup>;
  template <class, class, class, class>
  friend class Lookup;

  using T = typename Store::TierType;
  using StoreType = Store;
  using FetcherType = F;
  using Modifiers = Its;
  using Fetching = detail::Fetching<T, F>;
  using Result = typename Fetching::Result;

 public:
  /// What the lookup yields.
  using result_type = typename Result::type;

  /// Made by the cache, and by the modifiers. Does nothing yet.
  Lookup(Store& store, K&& key, F&& fetcher, Modifiers&& modifiers = {})
      : store_(&store),
        key_(std::forward<K>(key)),
        fetcher_(std::forward<F>(fetcher)),
        modifiers_(std::move(modifiers)) {}

  /// Moves a lookup that has not started.
  Lookup(Lookup&& other)
      : Lookup(*other.store_, std::forward<K>(other.key_), std::forward<F>(other.fetcher_),
               std::move(other.modifiers_)) {}
  Lookup& operator=(Lookup&&) = delete;

  // Modifiers. Each moves the lookup into one with one thing changed, before it starts:
  // co_await cache.get_or_fetch<Cards>(id, fetch).max_age(5s).stop_on(token);

  /// Takes nothing for a hit that was stored `age` ago or longer: for this call it counts as a miss, and what is
  /// fetched replaces it. A fetch that is under way is joined. With a zero or negative `age` it always fetches. Where
  /// the policy has old values take the place of a failure, one that was too old is handed out then, too.
  [[nodiscard]] auto max_age(Ttl age) && { return modified(std::move(modifiers_).with_max_age(age)); }

  /// Stops waiting as soon as `token` says so: the lookup throws `fetch_abandoned`, and the fetch goes on for the
  /// others.
  ///
  /// It is resumed by the thread that requests the stop, or where `resume_on` says. If it runs the fetch itself, and
  /// that is not `owned`, it does not go before the fetch has ended, for that uses what is its: have the fetcher look
  /// at the token too. A fetch that fails after that is nobody else's failure: the next one who waits runs their own.
  [[nodiscard]] auto stop_on(std::stop_token token) && {
    return modified(std::move(modifiers_).with_stop(std::move(token)));
  }

  /// Has the coroutine resumed by `post(job)`, should it have to wait: `job()` goes on with it, on whichever thread
  /// runs it; `job` can be copied and does nothing when called again.
  ///
  /// `post` is called with no lock held, by the thread on which the fetch ended, or, if this is to run the fetch in
  /// another's place, by the one on which that other left. If it throws, or drops the job, the coroutine is resumed
  /// there and then. If the coroutine was destroyed in the meantime, the job does nothing. Allocates once, when it
  /// begins to wait. A blocking `get()` has no use for it. As a temporary it is kept inside, as an lvalue copied when
  /// the wait begins.
  template <class Post>
  [[nodiscard]] auto resume_on(Post&& post) && {
    using Job = typename detail::Relay<typename Store::Control>::Job;
    static_assert(std::is_copy_constructible_v<std::decay_t<Post>> && std::invocable<std::decay_t<Post>&, Job>,
                  "tiercache: resume_on wants a function that can be copied and takes a job, itself a function without "
                  "arguments that can be copied: [&executor](auto job) { executor.post(job); }");
    return modified(std::move(modifiers_).template with_post<Post>(std::forward<Post>(post)));
  }

  /// Looks the key up and blocks until there is an answer. Throws what the fetch threw.
  ///
  /// The calling thread runs the fetch, or waits for whoever does. It must not be the only thread that could finish an
  /// awaitable fetch. In a `LocalTieredCache` it always would be: there a get() that had to wait throws
  /// `recursive_fetch`. Two threads, each of which waits in its fetch for the other's key, wait for ever.
  result_type get() {
    return store_->answer_or(
        std::as_const(key_), Result::takes_not_found, modifiers_.age,
        [](const auto& entry) { return Result::from_entry(entry); }, [this] { return get_by_fetch(); });
  }

  /// What a coroutine does with the lookup that it awaits. It refers to the lookup.
  class Awaiter {
   public:
    /// Made by `operator co_await`.
    explicit Awaiter(Lookup& lookup) noexcept : lookup_(&lookup) {}

    /// Looks the key up and, if nobody does yet, starts the fetch. Tells whether there is an answer already.
    [[nodiscard]] bool await_ready() { return lookup_->start(); }
    /// Waits for the fetch; tells whether there was anything to wait for. Throws what copying an executor throws.
    template <class Promise>
    [[nodiscard]] TIERCACHE_AWAIT_SUSPEND bool await_suspend(std::coroutine_handle<Promise> waiting) {
      if constexpr (Modifiers::posts) {
        return lookup_->miss_->wait(waiting, std::forward<typename Modifiers::PostType>(lookup_->modifiers_.post));
      } else if constexpr (detail::HasPost<Promise>) {
        return lookup_->miss_->wait(waiting, detail::post_of(waiting.promise()));
      } else {
        return lookup_->miss_->wait(waiting);
      }
    }
    /// Returns the answer, or throws what the fetch threw.
    result_type await_resume() { return lookup_->take(); }

   private:
    Lookup* lookup_;
  };

  /// Makes the lookup awaitable as a temporary.
  [[nodiscard]] Awaiter operator co_await() && noexcept {
    refuse_what_is_destroyed_twice();
    return Awaiter(*this);
  }
  /// Makes the lookup awaitable by its name.
  [[nodiscard]] Awaiter operator co_await() & noexcept { return Awaiter(*this); }

  // What coroutine libraries that wrap a foreign awaiter ask for instead: with these a hit costs them nothing extra,
  // and who had to wait is resumed on the coroutine's executor. None is to be called by users.

  /// What such a coroutine does with the lookup, which it keeps: who asks may do so by a temporary. `Post` takes the
  /// job that resumes it, unless the lookup or the promise says how.
  template <class Post = detail::Inline>
  class KeepingAwaiter {
   public:
    /// Made by the functions below.
    explicit KeepingAwaiter(Lookup&& lookup, Post&& post = {}) : lookup_(std::move(lookup)), post_(std::move(post)) {}

    /// Looks the key up and, if nobody does yet, starts the fetch. Tells whether there is an answer already.
    [[nodiscard]] bool await_ready() { return lookup_.start(); }
    /// Waits for the fetch; tells whether there was anything to wait for.
    template <class Promise>
    [[nodiscard]] TIERCACHE_AWAIT_SUSPEND bool await_suspend(std::coroutine_handle<Promise> waiting) {
      if constexpr (Modifiers::posts || std::is_same_v<Post, detail::Inline>) {
        return Awaiter(lookup_).await_suspend(waiting);
      } else {
        return lookup_.miss_->wait(waiting, std::move(post_));
      }
    }
    /// Returns the answer, or throws what the fetch threw.
    result_type await_resume() { return lookup_.take(); }

   private:
    Lookup lookup_;
    [[no_unique_address]] Post post_;
  };

  /// Asked for by async_simple's `Lazy`, with its executor or none.
  template <class Executor>
  [[nodiscard]] auto coAwait(Executor* executor) && {
    refuse_what_is_destroyed_twice();
    return keeping([executor, context = detail::context_of(executor)](auto job) {
      if (executor == nullptr) return job();
      if constexpr (detail::HasContexts<Executor>) {
        executor->checkin(std::move(job), context);
      } else {
        executor->schedule(std::move(job));
      }
    });
  }
  /// Asked for by async_simple when it looks for the former.
  [[nodiscard]] Awaiter coAwait(std::nullptr_t) && noexcept { return std::move(*this).operator co_await(); }
  /// Asked for by folly's `coro::Task`, with its executor.
  template <class Executor>
  [[nodiscard]] auto viaIfAsync(Executor executor) && {
    refuse_what_is_destroyed_twice();
    return keeping([executor = std::move(executor)](auto job) mutable { executor->add(std::move(job)); });
  }
  /// Asked for by tasks with scheduler affinity (P3941): the lookup has it if it says where to resume.
  template <class Self = Lookup>
    requires(Self::Modifiers::posts)
  [[nodiscard]] Self affine() && {
    refuse_what_is_destroyed_twice();
    return std::move(*this);
  }
  /// Asked for by tasks of senders (P2300): the lookup is no sender where it or the promise says where to resume.
  template <class Promise>
    requires(Modifiers::posts || detail::HasPost<Promise>)
  [[nodiscard]] auto as_awaitable(Promise&) && {
    refuse_what_is_destroyed_twice();
    return KeepingAwaiter<>(std::move(*this));
  }

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
  using Miss = detail::Miss<Lookup>;

  /// Every way to await a lookup that is a temporary begins with this.
  static constexpr void refuse_what_is_destroyed_twice() noexcept {
    static_assert(
        !detail::is_destroyed_twice<typename Fetching::Given>,
        "tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; "
        "co_await cache.get_or_fetch<T>(key, fetch);");
    static_assert(
        !detail::is_destroyed_twice<K>,
        "tiercache: GCC 12 destroys this key twice inside co_await; name it first: const Key key{...}; co_await "
        "cache.get_or_fetch<T>(key, fetch);");
    static_assert(
        !detail::is_destroyed_twice<typename Modifiers::PostType>,
        "tiercache: GCC 12 destroys this function twice inside co_await; name it first: auto post = [...]{...}; "
        "co_await cache.get_or_fetch<T>(key, fetch).resume_on(post);");
  }

  template <class Changed>
  [[nodiscard]] Lookup<Store, K, F, Changed> modified(Changed&& modifiers) {
    return Lookup<Store, K, F, Changed>(*store_, std::forward<K>(key_), std::forward<F>(fetcher_),
                                        std::forward<Changed>(modifiers));
  }

  template <class Post>
  [[nodiscard]] KeepingAwaiter<Post> keeping(Post post) {
    return KeepingAwaiter<Post>(std::move(*this), std::move(post));
  }

  /// Answers from memory, under the lock.
  auto answer() noexcept {
    return [this](const auto& entry) {
      Result::emplace(answer_, entry);
      return true;
    };
  }
  detail::Beginning begin(detail::Reference<Flight>& flight) {
    return store_->begin(std::as_const(key_), Result::takes_not_found, modifiers_.age, Fetching::is_owned, flight,
                         answer());
  }

  /// Tells whether there is an answer; else there is a flight to wait for. Whoever calls it is not suspended.
  bool start() {
    return store_->answer_or(std::as_const(key_), Result::takes_not_found, modifiers_.age, answer(),
                             [this] { return start_fetch(); });
  }

  TIERCACHE_NOINLINE bool start_fetch() {
    if constexpr (Modifiers::can_stop) {
      if (modifiers_.stop.token.stop_requested()) {
        store_->miss_without_fetch();
        detail::throw_fetch_abandoned();
      }
    }
    detail::Reference<Flight> flight;
    const detail::Beginning beginning = begin(flight);
    if (beginning == detail::Beginning::answered) return true;
    miss_.emplace(*this, std::move(flight));
    if (beginning == detail::Beginning::joined) return false;
    const bool is_done = miss_->fetch();
    return is_done || beginning == detail::Beginning::refreshing;
  }

  TIERCACHE_NOINLINE result_type get_by_fetch() {
    if constexpr (Store::Threading::can_block) {
      detail::Reference<Flight> earlier;  // keeps the tier, should the cache be destroyed meanwhile
      while (!start_fetch()) {
        if (detail::FetchScope::is_destroying(store_->id_of(*miss_->flight()))) detail::throw_recursive_fetch();
        if (miss_->block()) break;
        earlier = miss_->flight();
        miss_.reset();
      }
    } else if (!start_fetch()) {
      miss_->leave();
      detail::throw_recursive_fetch();
    }
    return take();
  }

  [[nodiscard]] result_type take() {
    if (answer_) return std::move(*answer_);
    return miss_->take();
  }

  Store* store_;
  K key_;
  F fetcher_;
  [[no_unique_address]] Modifiers modifiers_;
  std::optional<result_type> answer_;
  std::optional<Miss> miss_;
};

}  // namespace tiercache
