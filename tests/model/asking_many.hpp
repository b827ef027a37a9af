// Asking for many keys: a bulk lookup of the model test at work: its fetcher, the range that answers it, and the
// coroutine in which it waits. Whatever happens is told to `Host`, the player.
#pragma once

#include "asking.hpp"
#include "bulk.hpp"
#include "caller.hpp"
#include "running.hpp"
#include "tiers.hpp"

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace model {

/// What a bulk fetcher is, as far as the cache can tell.
struct BulkKind {
  bool has_pairs = true;
  bool has_times = false;
  bool awaits = false;
  bool is_owned = false;
};

/// Who asks for many keys.
struct BulkAsker : Bulk {
  /// How many of the next operations come within the first fetch, if it runs at once.
  unsigned inner = 0;
  Posts posts = Posts::run;
  /// Whether the fetcher can be suspended, and is.
  bool suspends = false;
  bool has_pairs = true;
  bool has_times = false;
  /// What decides its fetchers' answers.
  unsigned seed = 0;
  support::Running<bool> coroutine;
};

/// The answers of a call, as a range.
template <class T, BulkKind kind, class Host>
class Answers {
 public:
  Answers(Host& host, BulkRun& run) noexcept : host_(&host), run_(&run) {}

  class Iterator {
   public:
    using difference_type = std::ptrdiff_t;

    explicit Iterator(const Answers& answers) noexcept : answers_(&answers) {}
    [[nodiscard]] auto operator*() const {
      if (at_ == answers_->run_->answers.size()) throw FetchFailed("in the middle of the answers");
      const auto& [key, script] = answers_->run_->answers[at_];
      if constexpr (kind.has_pairs) {
        return std::pair(key_of<T>(key), answer(script));
      } else {
        return answer(script);
      }
    }
    Iterator& operator++() {
      answers_->host_->passed(*answers_->run_);
      ++at_;
      return *this;
    }
    friend bool operator==(const Iterator& at, std::default_sentinel_t) noexcept {
      const BulkRun& run = *at.answers_->run_;
      return at.at_ == run.answers.size() + (run.ending == BulkRun::Ending::fails_midway ? 1 : 0);
    }

   private:
    [[nodiscard]] static auto answer(const Script& script) {
      if constexpr (kind.has_times) {
        return script.outcome.kind == Answer::Kind::none ? std::nullopt : std::optional(entry_of(script));
      } else {
        return answer_in_form<Form::optional>(script);
      }
    }

    const Answers* answers_;
    std::size_t at_ = 0;
  };

  [[nodiscard]] Iterator begin() const {
    host_->delivers(*run_);
    return Iterator(*this);
  }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  Host* host_;
  BulkRun* run_;
};

/// What a bulk lookup is given as a fetcher.
template <class T, BulkKind kind, class Host>
class BulkFetcher {
  using Answers = model::Answers<T, kind, Host>;

 public:
  BulkFetcher(Host& host, BulkAsker& asker) noexcept : host_(&host), asker_(&asker) {}

  auto operator()(std::span<const typename T::key_type> missing) const {
    std::vector<int> keys;
    for (const auto& key : missing) keys.push_back(number_of(key));
    BulkRun& run = host_->started(*asker_, std::move(keys));
    if constexpr (kind.awaits) {
      return End(*host_, run);
    } else {
      return answers(*host_, run);
    }
  }

 private:
  [[nodiscard]] static Answers answers(Host& host, BulkRun& run) {
    if (run.ending == BulkRun::Ending::fails) throw FetchFailed("as the program wants it");
    return Answers(host, run);
  }

  /// Awaits the end of a call.
  class End {
   public:
    End(Host& host, BulkRun& run) noexcept : host_(host), run_(run) {}
    End(const End&) = delete;
    End& operator=(const End&) = delete;
    ~End() { run_.suspended = {}; }

    [[nodiscard]] bool await_ready() const noexcept { return !run_.suspends; }
    void await_suspend(std::coroutine_handle<> waiting) noexcept { run_.suspended = waiting; }
    [[nodiscard]] Answers await_resume() const { return answers(host_, run_); }

   private:
    Host& host_;
    BulkRun& run_;
  };

  Host* host_;
  BulkAsker* asker_;
};

template <class T, bool is_owned, class Cache, class Keys, class F>
[[nodiscard]] auto look_up_many(Cache& cache, const Keys& keys, F& fetcher) {
  if constexpr (is_owned) {
    return cache.template get_or_fetch_many<T>(keys, tiercache::owned(fetcher));
  } else {
    return cache.template get_or_fetch_many<T>(keys, fetcher);
  }
}
template <class T>
[[nodiscard]] std::vector<typename T::key_type> keys_of(const std::vector<int>& numbers) {
  std::vector<typename T::key_type> keys;
  for (const int number : numbers) keys.push_back(key_of<T>(number));
  return keys;
}
[[nodiscard]] inline std::vector<Answer> answers_from(const std::vector<std::optional<Value>>& values) {
  std::vector<Answer> answers;
  for (const auto& value : values) answers.push_back(answer_from(value));
  return answers;
}

/// Asks in a coroutine.
template <class T, BulkKind kind, Modified modified, class Host, class Cache, class F>
support::Running<bool> ask_many(Host& host, Cache& cache, BulkAsker& asker, F fetcher) {
  std::vector<Answer> answers;
  const auto keys = keys_of<T>(asker.keys);
  const Post<Host, BulkAsker> post(host, asker);
  try {
    answers =
        answers_from(co_await modify<modified>(look_up_many<T, kind.is_owned>(cache, keys, fetcher), asker, post));
  } catch (...) {
    answers = {failure_from(std::current_exception())};
  }
  host.resumed(asker, std::move(answers));
  co_return true;
}

/// Asks on this thread.
template <class T, BulkKind kind, Modified modified, class Host, class Cache, class F>
void ask_many_blocking(Host& host, Cache& cache, BulkAsker& asker, F fetcher) {
  std::vector<Answer> answers;
  const auto keys = keys_of<T>(asker.keys);
  try {
    constexpr Modified without_post{.has_age = modified.has_age};
    answers = answers_from(modify<without_post>(look_up_many<T, kind.is_owned>(cache, keys, fetcher), asker, 0).get());
  } catch (...) {
    answers = {failure_from(std::current_exception())};
  }
  host.resumed(asker, std::move(answers));
}

}  // namespace model
