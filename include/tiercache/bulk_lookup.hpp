// BulkLookup: what get_or_fetch_many returns, to be awaited or waited for. What it does once it missed is in
// detail/bulk_miss.hpp; what a single lookup does, in lookup.hpp.
#pragma once

#include <tiercache/detail/bulk_batch.hpp>
#include <tiercache/detail/bulk_fetching.hpp>
#include <tiercache/detail/bulk_miss.hpp>
#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/lookups.hpp>
#include <tiercache/detail/modifiers.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/error.hpp>
#include <tiercache/promise_post.hpp>
#include <tiercache/ttl.hpp>

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace tiercache {

/// One look-up of many keys, which fetches those that are not there by one call. `co_await` it in a coroutine, or call
/// `get()` on a plain thread; once. See `Lookup`, which is the same for one key, for all that is not said here.
///
/// The **fetcher** is called as `fetcher(missing)`, where `missing` converts to `std::span<const Key>` and lives as
/// long as the fetch: the keys that are neither fresh nor being fetched, each once, in the order asked. It returns, or
/// its awaitable yields,
/// - a range of pairs (a map is one), each a key and its answer, of which the first for a key counts: what is left out
///   is not found, what comes in addition is stored, unless its key was written or invalidated meanwhile; or
/// - a range of answers, one for each key, in their order; of any other length it is an error to all.
///
/// An answer is a `Value`, a `CacheEntry<Value>`, or a `std::optional` of either, where `nullopt` is "there is none". A
/// failure of some keys only cannot be told: the fetcher throws, which fails all.
///
/// Each key is a lookup of its own: it counts as one, single lookups and other bulk lookups join its fetch, and this
/// one joins theirs. If another's fetch is given up that this one waits for, it fetches that key itself: its fetcher
/// may then be called again, while its earlier fetch goes on, but never by two threads at a time.
///
/// It yields a `std::vector` with one `std::optional<Value>` per key in the order asked, empty where there is none, and
/// throws the first failure once nothing is left to wait for.
///
/// There is no loader for many keys, and no `stop_on`. The keys are any range that can be gone through more than once,
/// by its name or as a temporary; not a list in braces.
///
/// **Lifetime.** A range of keys given as an lvalue is referred to, a temporary one is kept inside. **Leaving** takes
/// the fetch along, unless it is `owned`; the next one who waits for a key of it runs their own. Allocates nothing but
/// its result if memory has all answers.
template <class Store, class Keys, class F, class Its = detail::Modifiers<>>
class [[nodiscard(
    "tiercache: a lookup does nothing until it is awaited: co_await it, or call get()")]] BulkLookup final {
  friend detail::BulkMiss<BulkLookup>;
  template <class, class, class, class>
  friend class BulkLookup;

  using T = typename Store::TierType;
  using Value = typename T::value_type;
  using StoreType = Store;
  using FetcherType = F;
  using Modifiers = Its;
  using Fetching = detail::BulkFetching<T, F>;
  static_assert(std::copy_constructible<Value> && std::copy_constructible<typename T::key_type>,
                "tiercache: get_or_fetch_many hands out copies, and this tier's Key or Value cannot be copied: make "
                "the Value std::shared_ptr<const T> (a fetcher may still return a T)");

 public:
  /// What the lookup yields.
  using result_type = std::vector<std::optional<Value>>;

  /// Made by the cache, and by the modifiers. Does nothing yet.
  BulkLookup(Store& store, Keys&& keys, F&& fetcher, Modifiers&& modifiers = {})
      : store_(&store),
        keys_(std::forward<Keys>(keys)),
        fetcher_(std::forward<F>(fetcher)),
        modifiers_(std::move(modifiers)) {}
  /// Moves a lookup that has not started.
  BulkLookup(BulkLookup&& other)
      : BulkLookup(*other.store_, std::forward<Keys>(other.keys_), std::forward<F>(other.fetcher_),
                   std::move(other.modifiers_)) {}
  BulkLookup& operator=(BulkLookup&&) = delete;
  /// Leaves.
  ~BulkLookup() {
    if (miss_) miss_->leave();
  }

  /// `Lookup::max_age`, for each key.
  [[nodiscard]] auto max_age(Ttl age) && { return modified(std::move(modifiers_).with_max_age(age)); }

  /// `Lookup::resume_on`. A fetcher that is called again is called there, too.
  template <class Post>
  [[nodiscard]] auto resume_on(Post&& post) && {
    using Job = typename detail::Relay<typename Store::Control>::Job;
    static_assert(std::is_copy_constructible_v<std::decay_t<Post>> && std::invocable<std::decay_t<Post>&, Job>,
                  "tiercache: resume_on wants a function that can be copied and takes a job, itself a function without "
                  "arguments that can be copied: [&executor](auto job) { executor.post(job); }");
    return modified(std::move(modifiers_).template with_post<Post>(std::forward<Post>(post)));
  }

  /// Looks the keys up and blocks until there is an answer to all. Throws what a fetch threw.
  result_type get() {
    if (!start()) miss_->block();
    return take();
  }

  /// What a coroutine does with the lookup that it awaits. It refers to the lookup.
  class Awaiter {
   public:
    /// Made by `operator co_await`.
    explicit Awaiter(BulkLookup& lookup) noexcept : lookup_(&lookup) {}

    /// Looks the keys up and, if need be, starts the fetch. Tells whether there are all answers already.
    [[nodiscard]] bool await_ready() { return lookup_->start(); }
    /// Waits for the fetches; tells whether there was anything to wait for. Throws what copying an executor throws.
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
    /// Returns the answers, or throws what a fetch threw.
    result_type await_resume() { return lookup_->take(); }

   private:
    BulkLookup* lookup_;
  };

  /// Makes the lookup awaitable as a temporary.
  [[nodiscard]] Awaiter operator co_await() && noexcept {
    static_assert(
        !detail::is_destroyed_twice<typename Fetching::Given>,
        "tiercache: GCC 12 destroys this fetcher twice inside co_await; name it first: auto fetch = [...]{...}; "
        "co_await cache.get_or_fetch_many<T>(keys, fetch);");
    static_assert(
        !detail::is_destroyed_twice<Keys>,
        "tiercache: GCC 12 destroys these keys twice inside co_await; name them first: const std::array keys{...}; "
        "co_await cache.get_or_fetch_many<T>(keys, fetch);");
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
        "tiercache::get_or_fetch_many<T>(cache, keys, fetcher);");
  }

 private:
  using Flight = typename Store::Flight;
  using Miss = detail::BulkMiss<BulkLookup>;
  using Missing = std::vector<detail::Missing<Flight>>;

  template <class Changed>
  [[nodiscard]] BulkLookup<Store, Keys, F, Changed> modified(Changed&& modifiers) {
    return BulkLookup<Store, Keys, F, Changed>(*store_, std::forward<Keys>(keys_), std::forward<F>(fetcher_),
                                               std::forward<Changed>(modifiers));
  }

  /// Looks one key up, and makes `flight` that of the key if memory has no answer.
  template <class K>
  [[nodiscard]] detail::Beginning ask(std::size_t position, const K& key, detail::Reference<Flight>& flight) {
    return store_->ask(key, modifiers_.age, Fetching::is_owned, results_[position], flight);
  }

  /// Tells whether there are all answers; else there is something to wait for. Whoever calls it is not suspended.
  bool start() {
    using Element = detail::ElementOf<std::remove_reference_t<Keys>>;
    if constexpr (std::is_lvalue_reference_v<Element>) {
      return start_with(keys_);
    } else {
      // Made first, and once: that may run code of the user's, which may look keys up as well.
      std::vector<detail::KeptKey<T, Element>> made;
      for (auto&& key : keys_) made.push_back(detail::keep_key<T, Element>(static_cast<decltype(key)>(key)));
      return start_with(made);
    }
  }
  template <class Range>
  bool start_with(Range& keys) {
    std::size_t count = 0;
    for (auto&& key : keys) {
      static_cast<void>(key);
      ++count;
    }
    results_ = result_type(count);
    Missing missing;
    detail::Missing<Flight> one;
    TIERCACHE_TRY {
      for (auto&& key : keys) {
        decltype(auto) kept = detail::keep_key<T, decltype(key)>(static_cast<decltype(key)>(key));
        one.beginning = ask(one.position, std::as_const(kept), one.flight);
        if (one.beginning != detail::Beginning::answered) missing.push_back(one);
        one = {.position = one.position + 1, .flight = {}, .beginning = detail::Beginning::answered};
      }
      if (missing.empty()) return true;
      miss_ = detail::Reference<Miss>::adopt(new Miss(*this, *store_, missing.size()));
    }
    TIERCACHE_CATCH_ALL {
      give_up(one);
      for (detail::Missing<Flight>& each : missing) give_up(each);
      detail::rethrow(std::current_exception());
    }
    return miss_->start(missing);
  }
  /// Passes on what was to be fetched.
  static void give_up(detail::Missing<Flight>& missing) noexcept {
    if (missing.beginning == detail::Beginning::answered || missing.beginning == detail::Beginning::joined) return;
    detail::Ticket<typename Store::Control>(std::move(missing.flight)).pass_on();
  }

  [[nodiscard]] result_type take() {
    if (miss_) {
      miss_->take([this](std::size_t position, const detail::Outcome<Value>& outcome) {
        if (outcome.kind() == detail::Outcome<Value>::Kind::value) results_[position].emplace(outcome.value());
      });
    }
    return std::move(results_);
  }

  Store* store_;
  Keys keys_;
  F fetcher_;
  [[no_unique_address]] Modifiers modifiers_;
  result_type results_;
  detail::Reference<Miss> miss_;
};

}  // namespace tiercache
