// ThreadedCallers: those who ask a cache from several threads, as coroutines; their fetches, which any of the threads
// may end, and the jobs that resume some of them. What each thread does when is decided in threaded_callers.hpp.
#pragma once

#include "running.hpp"
#include "task.hpp"
#include "thread_scheduler.hpp"
#include "threaded_ledger.hpp"
#include "threaded_program.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

namespace support {

/// Its policy of eviction does not depend on the hashes, which differ from run to run.
struct ThreadedTier : tiercache::Tier<int, Kept> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 2};
  using eviction = tiercache::OldestFirst;
};

/// A thread that waits for an answer does what there is to do for the others meanwhile: it ends the fetches that are
/// suspended, and runs the jobs that are posted to it. So nobody waits for ever, unless the cache forgets somebody.
template <class Config>
class ThreadedCallers {
  using Cache = tiercache::BasicTieredCache<Config, ThreadedTier>;
  using Call = ThreadedLedger::Call;
  class Fetch;

 public:
  ThreadedCallers(const ThreadedCallers&) = delete;
  ThreadedCallers& operator=(const ThreadedCallers&) = delete;

 protected:
  /// Marks that a call uses the cache: it must not be closed.
  class Use {
   public:
    explicit Use(ThreadedCallers& callers) noexcept : callers_(callers) { ++callers_.uses_; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { --callers_.uses_; }

   private:
    ThreadedCallers& callers_;
  };

  explicit ThreadedCallers(std::size_t threads) : stoppers_(threads), jobs_(threads) {}
  ~ThreadedCallers() = default;

  /// Asks, as a coroutine that starts here.
  [[nodiscard]] Running<bool> start(std::size_t thread, const Deed& deed) {
    switch (deed.what) {
      case Do::ask_plainly:
        return ask<By::plain>(*this, deed, thread);
      case Do::ask_owned:
        return ask<By::owned>(*this, deed, thread);
      case Do::ask_posted:
      case Do::ask_and_leave:
        return ask<By::event, false, true>(*this, deed, thread);
      case Do::ask_stoppable:
        return ask<By::event, true>(*this, deed, thread);
      case Do::ask_owned_stoppable:
        return ask<By::owned, true, true>(*this, deed, thread);
      case Do::ask_many:
        return ask<By::many>(*this, deed, thread);
      case Do::ask_many_owned:
        return ask<By::owned_many>(*this, deed, thread);
      case Do::ask_many_and_leave:
        return ask<By::many, false, true>(*this, deed, thread);
      default:
        return ask<By::event>(*this, deed, thread);
    }
  }

  template <class IsDone>
  void help_until(std::size_t thread, const IsDone& is_done) {
    for (;;) {
      ThreadScheduler::wait("rest", [&] { return is_done() || has_work(thread); });
      if (is_done()) return;
      do_work(thread);
    }
  }
  [[nodiscard]] bool has_work(std::size_t thread) const {
    const auto may_end = [thread](const Fetch* fetch) { return fetch->may_end_on(thread); };
    return !jobs_[thread].empty() || std::any_of(suspended_.begin(), suspended_.end(), may_end);
  }
  void do_work(std::size_t thread) {
    std::vector<Fetch*> fetches;
    for (Fetch* const fetch : suspended_) {
      if (fetch->may_end_on(thread)) fetches.push_back(fetch);
    }
    const std::size_t jobs = jobs_[thread].empty() ? 0 : 1;
    const std::size_t chosen = ThreadScheduler::choose(jobs + fetches.size());
    if (chosen >= jobs) return fetches[chosen - jobs]->end();
    const std::function<void()> job = std::move(jobs_[thread].front());
    jobs_[thread].pop_front();
    job();
  }

  ThreadedLedger ledger_;
  std::unique_ptr<Cache> cache_ = std::make_unique<Cache>();
  /// By which each thread's callers are stopped.
  std::vector<std::stop_source> stoppers_;
  /// How many calls use the cache.
  int uses_ = 0;
  bool is_closed_ = false;

 private:
  /// What a caller's fetcher is.
  enum class By { plain, event, owned, many, owned_many };

  /// A fetch that is ended by whichever thread comes to it, unless it has a home: then by the one that may destroy it.
  class Fetch {
   public:
    Fetch(ThreadedCallers& callers, std::vector<int> ids, int key, const Deed& deed, std::optional<std::size_t> home)
        : callers_(callers), ids_(std::move(ids)), key_(key), deed_(deed), home_(home) {
      ThreadScheduler::reach("fetch");
    }
    Fetch(const Fetch&) = delete;
    Fetch& operator=(const Fetch&) = delete;
    ~Fetch() {
      std::erase(callers_.suspended_, this);
      has_ended();
    }

    [[nodiscard]] bool await_ready() {
      if (!deed_.takes_time()) has_ended();
      return !deed_.takes_time();
    }
    void await_suspend(std::coroutine_handle<> waiting) {
      waiting_ = waiting;
      callers_.suspended_.push_back(this);
    }
    Kept await_resume() const {
      if (deed_.fails()) throw Failure{ids_};
      return Kept(key_, ids_.front());
    }

    [[nodiscard]] bool may_end_on(std::size_t thread) const noexcept { return home_.value_or(thread) == thread; }
    void end() {
      std::erase(callers_.suspended_, this);
      has_ended();
      waiting_.resume();
    }

   private:
    void has_ended() {
      for (const int id : ids_) callers_.ledger_.fetch_ends(id);
    }

    ThreadedCallers& callers_;
    std::vector<int> ids_;
    int key_;
    Deed deed_;
    std::optional<std::size_t> home_;
    std::coroutine_handle<> waiting_;
  };
  struct Failure {
    std::vector<int> fetches;
  };

  template <By by>
  struct Fetcher {
    ThreadedCallers* callers;
    Call call;
    Deed deed;
    std::optional<std::size_t> home;

    auto operator()(int key) const {
      const int id = callers->ledger_.fetch_begins(key, call);
      if constexpr (by == By::plain) {
        Fetch fetch(*callers, {id}, key, {deed.what, key, deed.fails() ? Ending::failure_at_once : Ending::at_once},
                    home);
        static_cast<void>(fetch.await_ready());
        return fetch.await_resume();
      } else {
        return Fetch(*callers, {id}, key, deed, home);
      }
    }
  };
  template <By by>
  struct ManyFetcher {
    ThreadedCallers* callers;
    Call call;
    Deed deed;
    std::optional<std::size_t> home;

    Task<std::vector<std::pair<int, Kept>>> operator()(const std::vector<int>& missing) const {
      const std::vector<int> keys(missing);
      std::vector<int> ids;
      for (const int key : keys) ids.push_back(callers->ledger_.fetch_begins(key, call));
      // It brings one more than it was asked for, if there is one.
      int other = 0;
      while (std::find(keys.begin(), keys.end(), other) != keys.end()) ++other;
      const bool brings_more = other < ThreadedProgram::keys;
      const int brought = brings_more ? callers->ledger_.is_brought(other) : 0;
      Fetch fetch(*callers, ids, keys.front(), deed, home);
      const Kept first = co_await fetch;
      std::vector<std::pair<int, Kept>> answers;
      answers.reserve(keys.size() + 1);
      answers.emplace_back(keys.front(), first);
      for (std::size_t i = 1; i < keys.size(); ++i) answers.emplace_back(keys[i], Kept(keys[i], ids[i]));
      if (brings_more) answers.emplace_back(other, Kept(other, brought));
      co_return answers;
    }
  };
  struct Post {
    ThreadedCallers* callers;
    std::size_t thread;
    template <class Job>
    void operator()(Job job) const {
      callers->jobs_[thread].emplace_back(std::move(job));
    }
  };

  /// Awaits a lookup; once that waits it uses the cache no more.
  template <class Awaiter>
  struct Watched {
    ThreadedCallers& callers;
    Awaiter awaiter;

    bool await_ready() {
      const Use use(callers);
      return awaiter.await_ready();
    }
    template <class Promise>
    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<Promise> waiting) {
      return awaiter.await_suspend(waiting);
    }
    auto await_resume() { return awaiter.await_resume(); }
  };

  template <By by, bool stops = false, bool posts = false>
  static Running<bool> ask(ThreadedCallers& callers, Deed deed, std::size_t thread) {
    const std::stop_token token = callers.stoppers_[thread].get_token();
    // Whoever gets a failure asks once more.
    for (bool is_first = true; !callers.is_closed_; is_first = false) {
      bool fails = false;
      std::vector<Call> calls{callers.ledger_.call_begins(deed.key)};
      if (by == By::many || by == By::owned_many) {
        calls.push_back(callers.ledger_.call_begins((deed.key + 1) % ThreadedProgram::keys));
      }
      try {
        auto lookup = callers.look_up<by, stops, posts>(calls.front(), deed, thread, token);
        using Awaiter = decltype(std::move(lookup).operator co_await());
        Watched<Awaiter> watched{callers, std::move(lookup).operator co_await()};
        const auto answer = co_await watched;
        callers.answered(calls, answer);
      } catch (const Failure& failure) {
        fails = true;
        if (calls.size() == 1) callers.ledger_.fails(calls.front(), failure.fetches);
      } catch (const tiercache::fetch_abandoned&) {
        callers.ledger_.expect(stops && token.stop_requested(), "P3: a call is abandoned that nobody stopped");
      } catch (const std::exception&) {
        callers.ledger_.expect(false, "P10: a call is refused that is no part of a fetch");
      }
      callers.ledger_.expect(!posts || ThreadScheduler::number() == thread, "a caller is resumed on another thread");
      if (!fails || !is_first) break;
      deed.ending = deed.takes_time() ? Ending::later : Ending::at_once;
    }
    co_return true;
  }

  template <By by, bool stops, bool posts>
  auto look_up(const Call& call, const Deed& deed, std::size_t thread, const std::stop_token& token) {
    if constexpr (stops) {
      return look_up<by, false, posts>(call, deed, thread, token).stop_on(token);
    } else if constexpr (posts) {
      return look_up<by, false, false>(call, deed, thread, token).resume_on(Post{this, thread});
    } else {
      return look_up<by>(call, deed, thread);
    }
  }
  template <By by>
  auto look_up(const Call& call, const Deed& deed, std::size_t thread) {
    const bool may_leave = deed.what == Do::ask_and_leave || deed.what == Do::ask_many_and_leave;
    const std::optional<std::size_t> home = may_leave ? std::optional(thread) : std::nullopt;
    const int key = deed.key;
    if constexpr (by == By::many || by == By::owned_many) {
      std::vector<int> keys{key, (key + 1) % ThreadedProgram::keys};
      ManyFetcher<by> fetch{this, call, deed, home};
      if constexpr (by == By::many) {
        return cache_->template get_or_fetch_many<ThreadedTier>(std::move(keys), std::move(fetch));
      } else {
        return cache_->template get_or_fetch_many<ThreadedTier>(std::move(keys), tiercache::owned(std::move(fetch)));
      }
    } else {
      Fetcher<by> fetch{this, call, deed, home};
      if constexpr (by == By::owned) {
        return cache_->template get_or_fetch<ThreadedTier>(int{key}, tiercache::owned(std::move(fetch)));
      } else {
        return cache_->template get_or_fetch<ThreadedTier>(int{key}, std::move(fetch));
      }
    }
  }
  void answered(const std::vector<Call>& calls, const Kept& value) { ledger_.sees(calls.front(), value); }
  void answered(const std::vector<Call>& calls, const std::vector<std::optional<Kept>>& values) {
    ledger_.expect(values.size() == calls.size(), "a bulk lookup has an answer for each key");
    for (std::size_t i = 0; i < values.size() && i < calls.size(); ++i) {
      ledger_.expect(values[i].has_value(), "a bulk lookup has an answer for each key");
      if (values[i]) ledger_.sees(calls[i], *values[i]);
    }
  }

  std::vector<Fetch*> suspended_;
  std::vector<std::deque<std::function<void()>>> jobs_;
};

}  // namespace support
