// Asking: a caller of the model test at work: the fetchers that they give, and the coroutine in which they wait.
// Whatever happens is told to `Host`, the player.
#pragma once

#include "caller.hpp"
#include "reference_entries.hpp"
#include "running.hpp"
#include "tiers.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace model {

/// What is done with a job that is to resume a caller.
enum class Posts : unsigned char { run, queue, refuse, drop };

/// A caller, and what of them is under way.
struct Asker : Caller {
  /// How many of the next operations come within the fetch, if it runs at once.
  unsigned inner = 0;
  /// Whether it says "not modified" of nothing, too.
  bool insists = false;
  Posts posts = Posts::run;
  bool can_stop = false;
  std::stop_source stopping{std::nostopstate};
  /// The fetch, while it is suspended.
  std::coroutine_handle<> suspended;
  support::Running<bool> coroutine;
};

/// The answer of a caller's fetcher.
template <FetcherKind kind>
[[nodiscard]] auto answer_of_kind(const Script& script) {
  if constexpr (kind.is_conditional) {
    return refetched_in_form<kind.form>(script);
  } else {
    return answer_in_form<kind.form>(script);
  }
}

/// Awaits the end of a caller's fetch.
template <FetcherKind kind>
class FetchEnd {
 public:
  explicit FetchEnd(Asker& asker) noexcept : asker_(asker) {}
  FetchEnd(const FetchEnd&) = delete;
  FetchEnd& operator=(const FetchEnd&) = delete;
  ~FetchEnd() { asker_.suspended = {}; }

  [[nodiscard]] bool await_ready() const noexcept { return !asker_.script.suspends; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { asker_.suspended = waiting; }
  [[nodiscard]] auto await_resume() const { return answer_of_kind<kind>(asker_.script); }

 private:
  Asker& asker_;
};

using OldEntry = const CacheEntry<Value>*;

[[nodiscard]] inline std::optional<Shown> shown(OldEntry old) {
  if (old == nullptr) return std::nullopt;
  return Shown{old->value.number, old->value.weight, wide(old->stored_at), wide(old->ttl)};
}

/// What a caller gives as a fetcher.
template <class T, FetcherKind kind, class Host>
class Fetcher {
 public:
  Fetcher(Host& host, Asker& asker) noexcept : host_(&host), asker_(&asker) {}

  auto operator()(const typename T::key_type& key) const
    requires(is_keyed<T> && !kind.is_conditional)
  {
    return answer(number_of(key), std::nullopt);
  }
  auto operator()(const typename T::key_type& key, OldEntry old) const
    requires(is_keyed<T> && kind.is_conditional)
  {
    return answer(number_of(key), shown(old));
  }
  auto operator()() const
    requires(!is_keyed<T> && !kind.is_conditional)
  {
    return answer(0, std::nullopt);
  }
  auto operator()(OldEntry old) const
    requires(!is_keyed<T> && kind.is_conditional)
  {
    return answer(0, shown(old));
  }

 private:
  auto answer(int key, const std::optional<Shown>& old) const {
    host_->started(*asker_, key, old);
    if constexpr (kind.awaits) {
      return FetchEnd<kind>(*asker_);
    } else {
      return answer_of_kind<kind>(asker_->script);
    }
  }

  Host* host_;
  Asker* asker_;
};

/// Stands for a lookup without a fetcher.
struct ByLoader {};

/// What a lookup came to that threw.
[[nodiscard]] inline Answer failure_from(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const FetchFailed&) {
    return {Answer::Kind::failed};
  } catch (const tiercache::recursive_fetch&) {
    return {Answer::Kind::recursive};
  } catch (const tiercache::fetch_abandoned&) {
    return {Answer::Kind::abandoned};
  } catch (const std::invalid_argument&) {
    return {Answer::Kind::refused};
  }
}

/// What a lookup is asked to do otherwise than others.
struct Modified {
  bool has_age = false;
  bool stops = false;
  bool posts = false;
};

/// What a lookup is given to resume its caller with.
template <class Host, class Asker>
class Post {
 public:
  Post(Host& host, Asker& asker) noexcept : host_(&host), asker_(&asker) {}
  template <class Job>
  void operator()(Job job) const {
    host_->posted(*asker_, std::move(job));
  }

 private:
  Host* host_;
  Asker* asker_;
};

template <class T, bool is_owned, class Cache, class F>
[[nodiscard]] auto look_up(Cache& cache, int key, F& fetcher) {
  if constexpr (std::is_same_v<F, ByLoader>) {
    if constexpr (is_keyed<T>) return cache.template get_or_fetch<T>(key_of<T>(key));
    if constexpr (!is_keyed<T>) return cache.template get_or_fetch<T>();
  } else if constexpr (is_owned) {
    if constexpr (is_keyed<T>) return cache.template get_or_fetch<T>(key_of<T>(key), tiercache::owned(fetcher));
    if constexpr (!is_keyed<T>) return cache.template get_or_fetch<T>(tiercache::owned(fetcher));
  } else {
    if constexpr (is_keyed<T>) return cache.template get_or_fetch<T>(key_of<T>(key), fetcher);
    if constexpr (!is_keyed<T>) return cache.template get_or_fetch<T>(fetcher);
  }
}
template <Modified modified, class Lookup, class Asker, class Post>
[[nodiscard]] auto modify(Lookup&& lookup, Asker& asker, const Post& post) {
  if constexpr (modified.has_age) {
    return modify<Modified{false, modified.stops, modified.posts}>(std::forward<Lookup>(lookup).max_age(*asker.max_age),
                                                                   asker, post);
  } else if constexpr (modified.stops) {
    return modify<Modified{false, false, modified.posts}>(
        std::forward<Lookup>(lookup).stop_on(asker.stopping.get_token()), asker, post);
  } else if constexpr (modified.posts) {
    return std::forward<Lookup>(lookup).resume_on(post);
  } else {
    return std::forward<Lookup>(lookup);
  }
}

/// Asks in a coroutine.
template <class T, bool is_owned, Modified modified, class Host, class Cache, class F>
support::Running<bool> ask(Host& host, Cache& cache, Asker& asker, F fetcher) {
  Answer answer;
  const Post<Host, Asker> post(host, asker);
  try {
    answer = answer_from(co_await modify<modified>(look_up<T, is_owned>(cache, asker.key, fetcher), asker, post));
  } catch (...) {
    answer = failure_from(std::current_exception());
  }
  host.resumed(asker, answer);
  co_return true;
}

/// Asks on this thread.
template <class T, bool is_owned, Modified modified, class Host, class Cache, class F>
void ask_blocking(Host& host, Cache& cache, Asker& asker, F fetcher) {
  Answer answer;
  try {
    constexpr Modified without_post{modified.has_age, modified.stops, false};
    answer = answer_from(modify<without_post>(look_up<T, is_owned>(cache, asker.key, fetcher), asker, 0).get());
  } catch (...) {
    answer = failure_from(std::current_exception());
  }
  host.resumed(asker, answer);
}

}  // namespace model
