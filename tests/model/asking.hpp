// Asking: a caller of the model test at work: the fetchers that they give, and the coroutine in which they wait.
// Whatever happens is told to `Host`, the player.
#pragma once

#include "caller.hpp"
#include "running.hpp"
#include "tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <cstddef>

namespace model {

/// A caller, and what of them is under way.
struct Asker : Caller {
  std::size_t tier = 0;
  bool is_loader = false;
  /// How many of the next operations come within the fetch, if it runs at once.
  unsigned inner = 0;
  bool is_done = false;
  /// The fetch, while it is suspended.
  std::coroutine_handle<> suspended;
  support::Running<bool> coroutine;
};

/// Awaits the end of a caller's fetch.
template <Form form>
class FetchEnd {
 public:
  explicit FetchEnd(Asker& asker) noexcept : asker_(asker) {}
  FetchEnd(const FetchEnd&) = delete;
  FetchEnd& operator=(const FetchEnd&) = delete;
  ~FetchEnd() { asker_.suspended = {}; }

  [[nodiscard]] bool await_ready() const noexcept { return !asker_.script.suspends; }
  void await_suspend(std::coroutine_handle<> waiting) noexcept { asker_.suspended = waiting; }
  [[nodiscard]] auto await_resume() const { return answer_in_form<form>(asker_.script); }

 private:
  Asker& asker_;
};

/// What a caller gives as a fetcher.
template <class T, Form form, bool awaits, class Host>
class Fetcher {
 public:
  Fetcher(Host& host, Asker& asker) noexcept : host_(&host), asker_(&asker) {}

  auto operator()(const typename T::key_type& key) const
    requires(is_keyed<T>)
  {
    return answer(number_of(key));
  }
  auto operator()() const
    requires(!is_keyed<T>)
  {
    return answer(0);
  }

 private:
  auto answer(int key) const {
    host_->started(*asker_, key);
    if constexpr (awaits) {
      return FetchEnd<form>(*asker_);
    } else {
      return answer_in_form<form>(asker_->script);
    }
  }

  Host* host_;
  Asker* asker_;
};

/// Stands for a lookup without a fetcher.
struct ByLoader {};

/// Runs `ask` and returns how that ended.
template <class Ask>
[[nodiscard]] Answer answer_of(const Ask& ask) {
  try {
    return answer_from(ask());
  } catch (const FetchFailed&) {
    return {Answer::Kind::failed};
  } catch (const tiercache::recursive_fetch&) {
    return {Answer::Kind::recursive};
  } catch (const tiercache::fetch_abandoned&) {
    return {Answer::Kind::abandoned};
  }
}

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

/// Asks in a coroutine.
template <class T, bool is_owned, bool has_age, class Host, class Cache, class F>
support::Running<bool> ask(Host& host, Cache& cache, Asker& asker, F fetcher) {
  Answer answer;
  try {
    if constexpr (has_age) {
      answer = answer_from(co_await look_up<T, is_owned>(cache, asker.key, fetcher).max_age(*asker.max_age));
    } else {
      answer = answer_from(co_await look_up<T, is_owned>(cache, asker.key, fetcher));
    }
  } catch (const FetchFailed&) {
    answer = {Answer::Kind::failed};
  } catch (const tiercache::recursive_fetch&) {
    answer = {Answer::Kind::recursive};
  } catch (const tiercache::fetch_abandoned&) {
    answer = {Answer::Kind::abandoned};
  }
  host.resumed(asker, answer);
  co_return true;
}

/// Asks on this thread.
template <class T, bool is_owned, bool has_age, class Host, class Cache, class F>
void ask_blocking(Host& host, Cache& cache, Asker& asker, F fetcher) {
  host.resumed(asker, answer_of([&] {
                 if constexpr (has_age) {
                   return look_up<T, is_owned>(cache, asker.key, fetcher).max_age(*asker.max_age).get();
                 } else {
                   return look_up<T, is_owned>(cache, asker.key, fetcher).get();
                 }
               }));
}

}  // namespace model
