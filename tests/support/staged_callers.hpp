// StagedCallers: those who ask a cache, as coroutines that belong to this object; their fetchers, and the executor that
// resumes some of them. What happens when is decided in play.hpp, how a fetch ends in staged_fetch.hpp.
#pragma once

#include "ledger.hpp"
#include "running.hpp"
#include "staged_fetch.hpp"
#include "task.hpp"

#include <tiercache/tiercache.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// The tier of all programs, and the one key that they use.
struct PlayedTier : tiercache::Tier<int, Fetched> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 2};
  static constexpr int key = 7;
};

/// What a caller's fetcher is. It belongs to the caller and returns an event, a coroutine that awaits one, the value,
/// or an event that may come to "there is none"; or it belongs to the cache, given with the call or bound to the tier.
/// The last two are fetchers of bulk lookups, which have the one key.
enum class By { event, task, plain, maybe, owned, loader, many, owned_many };
[[nodiscard]] constexpr std::string_view name_of(By by) {
  constexpr std::string_view names[] = {"event", "task", "plain", "maybe", "owned", "loader", "many", "owned many"};
  return names[static_cast<std::size_t>(by)];
}

[[nodiscard]] constexpr bool is_of_many(By by) noexcept {
  return by == By::many || by == By::owned_many;
}

/// Who asks: as which coroutine.
template <class Callers>
struct Asker {
  Running<bool> (*ask)(Callers&, std::size_t);
  By by;
  bool stops;
};

template <class Cache>
class StagedCallers {
 public:
  using Asker = support::Asker<StagedCallers>;

  template <By by, bool stops = false, bool posts = false>
  [[nodiscard]] static Asker asks() {
    return {&StagedCallers::ask<by, stops, posts>, by, stops};
  }

  StagedCallers(const StagedCallers&) = delete;
  StagedCallers& operator=(const StagedCallers&) = delete;

 protected:
  enum class State { idle, active, suspended, done, left };
  struct Caller {
    Asker asker;
    State state = State::idle;
    std::stop_source stopper = std::stop_source();
    Running<bool> coroutine = Running<bool>();
  };
  struct Job {
    std::function<void()> run;
    std::size_t caller;
    int epoch;
  };

  StagedCallers(const std::vector<Asker>& askers, Schedule& schedule)
      : stage_{schedule, Ledger(askers.size(), PlayedTier::policy.ttl)}, cache_(std::make_unique<Cache>()) {
    for (const Asker& asker : askers) {
      if (asker.by == By::loader) loading_callers_ |= std::uint64_t{1} << callers_.size();
      callers_.push_back({asker});
    }
    if constexpr (requires { cache_->template set_loader<PlayedTier>(Loader{this}); }) {
      cache_->template set_loader<PlayedTier>(Loader{this});
    }
  }
  ~StagedCallers() = default;

  /// Something may happen in the first part of a fetch.
  virtual void in_fetch() = 0;
  /// Something may happen as soon as a caller has its answer. Tells whether the caller asks again.
  [[nodiscard]] virtual bool reacts() = 0;
  /// Tells whether the executor takes no job now.
  [[nodiscard]] virtual bool refuses_job(std::size_t caller) = 0;

  [[nodiscard]] Ledger& ledger() noexcept { return stage_.ledger; }

  void start(std::size_t id) {
    callers_[id].state = State::active;
    callers_[id].coroutine = callers_[id].asker.ask(*this, id);
  }
  void leave(std::size_t id) {
    callers_[id].state = State::left;
    ledger().caller_leaves(id);
    callers_[id].coroutine.leave();
    ledger().caller_has_left(id);
  }
  void stop(std::size_t id) {
    ledger().call_stops(id);
    callers_[id].stopper.request_stop();
  }

  /// Takes a job from the executor, and runs it or drops it.
  void end_job(std::size_t place, bool runs) {
    const std::size_t before = std::exchange(acting_, jobs_[place].caller);
    ++jobs_under_way_;
    {
      const Job job = std::move(jobs_[place]);
      jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(place));
      ledger().job_ends(job.caller);
      if (runs) job.run();
    }
    --jobs_under_way_;
    acting_ = before;
  }

  Stage stage_;
  std::unique_ptr<Cache> cache_;
  std::vector<Caller> callers_;
  std::vector<Job> jobs_;
  /// How many callers are in the part of a call that may use the cache itself.
  int calls_under_way_ = 0;

 private:
  /// A caller's fetcher. It lives where its caller keeps it.
  template <By by>
  struct Fetcher {
    StagedCallers* callers;
    std::size_t caller;

    auto operator()() const
      requires(!is_of_many(by))
    {
      // Taken out first: what happens in a fetch may destroy its caller, and this.
      StagedCallers& all = *callers;
      if constexpr (by == By::plain) {
        const int fetch = all.begin_fetch(caller, false);
        const bool fails = !all.stage_.ends_all_at_once && all.stage_.schedule.choose(2) == 1;
        all.ledger().fetch_ends(fetch, fails ? Came::To::failure : Came::To::value);
        if (fails) throw FetchFailed{fetch};
        return Fetched(fetch);
      } else if constexpr (by == By::task) {
        return as_task();
      } else if constexpr (by == By::maybe) {
        return StagedFetch<std::optional<Fetched>>(all.stage_, all.begin_fetch(caller, false));
      } else {
        return StagedFetch<Fetched>(all.stage_, all.begin_fetch(caller, by == By::owned));
      }
    }
    Task<std::vector<Fetched>> operator()(const std::vector<int>& missing) const
      requires(is_of_many(by))
    {
      StagedCallers& all = *callers;
      const std::size_t id = caller;
      all.ledger().expect(missing == std::vector<int>{PlayedTier::key}, "a bulk fetch is asked for other keys");
      StagedFetch<Fetched> fetch(all.stage_, all.begin_fetch(id, by == By::owned_many), false);
      const bool is_left = all.ledger().has_left(id);
      const Fetched fetched = co_await fetch;
      if (by == By::many && !is_left) {
        all.ledger().expect(caller == id, "P5: a fetch goes on without what it refers to");
      }
      all.ledger().expect(missing == std::vector<int>{PlayedTier::key}, "a bulk fetch loses its keys");
      co_return std::vector<Fetched>(1, fetched);
    }

   private:
    Task<Fetched> as_task() const {
      StagedCallers& all = *callers;
      const std::size_t id = caller;
      StagedFetch<Fetched> fetch(all.stage_, all.begin_fetch(id, false), false);
      const bool is_left = all.ledger().has_left(id);
      Fetched fetched = co_await fetch;
      // What is the caller's is used again, so that a sanitizer sees it if that is gone.
      if (!is_left) all.ledger().expect(caller == id, "P5: a fetch goes on without what it refers to");
      co_return fetched;
    }
  };
  struct Loader {
    StagedCallers* callers;
    StagedFetch<Fetched> operator()() const {
      StagedCallers& all = *callers;
      const std::size_t caller = all.ledger().caller_to_load_for(all.loading_callers_, all.acting_);
      return StagedFetch<Fetched>(all.stage_, all.begin_fetch(caller, true));
    }
  };
  struct Post {
    StagedCallers* callers;
    std::size_t caller;
    template <class J>
    void operator()(J job) const {
      StagedCallers& all = *callers;
      const std::size_t id = caller;
      if (all.refuses_job(id)) throw std::runtime_error("the executor takes no more");
      all.jobs_.push_back({std::move(job), id, all.ledger().epoch_of(id)});
    }
  };

  /// Awaits a lookup, and notes when its coroutine is suspended: then it may be destroyed.
  template <class Awaiter>
  struct Watched {
    StagedCallers& callers;
    Caller& caller;
    Awaiter awaiter;

    bool await_ready() {
      ++callers.calls_under_way_;
      const bool is_ready = awaiter.await_ready();
      --callers.calls_under_way_;
      return is_ready;
    }
    template <class Promise>
    [[gnu::noinline]] bool await_suspend(std::coroutine_handle<Promise> waiting) {
      Caller& its = caller;
      its.state = State::suspended;
      if (awaiter.await_suspend(waiting)) return true;  // this may be gone
      its.state = State::active;
      return false;
    }
    auto await_resume() {
      caller.state = State::active;
      return awaiter.await_resume();
    }
  };

  template <By by, bool stops, bool posts>
  static Running<bool> ask(StagedCallers& callers, std::size_t id) {
    Caller& me = callers.callers_[id];
    const Fetcher<by> fetcher{&callers, id};
    const Post post{&callers, id};
    do {
      Came came;
      const std::size_t before = std::exchange(callers.acting_, id);
      callers.ledger().call_begins(id, {by == By::maybe || is_of_many(by), me.stopper.stop_requested()});
      try {
        auto lookup = callers.look_up<by, stops, posts>(fetcher, post, me);
        using Awaiter = decltype(std::move(lookup).operator co_await());
        Watched<Awaiter> watched{callers, me, std::move(lookup).operator co_await()};
        came = came_to(co_await watched);
      } catch (const FetchFailed& failed) {
        came = {Came::To::failure, failed.fetch};
      } catch (const tiercache::fetch_abandoned&) {
        came = {Came::To::abandoned, -1};
      } catch (const std::exception&) {
        came = {Came::To::refused, -1};
      }
      callers.acting_ = before;
      callers.ledger().call_answered(id, came);
    } while (callers.reacts());
    me.state = State::done;
    co_return true;
  }
  [[nodiscard]] static Came came_to(const Fetched& fetched) { return {Came::To::value, fetched.by()}; }
  [[nodiscard]] static Came came_to(const std::optional<Fetched>& fetched) {
    return fetched ? came_to(*fetched) : Came{Came::To::none, -1};
  }
  [[nodiscard]] static Came came_to(const std::vector<std::optional<Fetched>>& fetched) {
    return came_to(fetched.at(0));
  }

  template <By by, bool stops, bool posts>
  auto look_up(const Fetcher<by>& fetcher, const Post& post, const Caller& me) {
    if constexpr (stops) {
      return look_up<by, false, posts>(fetcher, post, me).stop_on(me.stopper.get_token());
    } else if constexpr (posts) {
      return look_up<by, false, false>(fetcher, post, me).resume_on(post);
    } else if constexpr (by == By::loader) {
      return cache_->template get_or_fetch<PlayedTier>(PlayedTier::key);
    } else if constexpr (by == By::many) {
      return cache_->template get_or_fetch_many<PlayedTier>(std::vector<int>{PlayedTier::key}, fetcher);
    } else if constexpr (by == By::owned_many) {
      return cache_->template get_or_fetch_many<PlayedTier>(std::vector<int>{PlayedTier::key},
                                                            tiercache::owned(fetcher));
    } else if constexpr (by == By::owned) {
      return cache_->template get_or_fetch<PlayedTier>(PlayedTier::key, tiercache::owned(fetcher));
    } else {
      return cache_->template get_or_fetch<PlayedTier>(PlayedTier::key, fetcher);
    }
  }

  [[nodiscard]] int begin_fetch(std::size_t caller, bool is_owned) {
    const int fetch = ledger().fetch_begins(caller, is_owned, jobs_under_way_ > 0);
    in_fetch();
    return fetch;
  }

  std::uint64_t loading_callers_ = 0;
  int jobs_under_way_ = 0;
  /// Who asks now, or whose job runs.
  std::size_t acting_ = 0;
};

}  // namespace support
