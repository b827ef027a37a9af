// Fetching: plays get_or_fetch: who asks, with which fetcher, how fetches end, and who leaves.
#pragma once

#include "asking.hpp"
#include "choices.hpp"
#include "loading.hpp"
#include "operations.hpp"
#include "reference_bulk.hpp"
#include "tiers.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>
#include <vector>

namespace model {

template <class Config, class Eviction>
class Fetching : public Loading<Config, Eviction> {
  using Base = Loading<Config, Eviction>;

 public:
  // What happens while an operation runs.

  /// A caller's fetcher is called, and perhaps shown an entry.
  void started(Asker& asker, int key, const std::optional<Shown>& old) {
    Verdict& verdict = subject_.verdict;
    verdict.note(key == asker.key, "the fetcher is given its key");
    if (asker.script.outcome.kind == Answer::Kind::unmodified && !old && !asker.insists) {
      asker.script.outcome = {Answer::Kind::value, next_value_++};
      asker.script.own_ttl.reset();
    }
    if (direct_ != &asker) {
      Event event{.kind = Event::Kind::started, .caller = &asker, .answer = {}, .seen = subject_.see(asker.tier)};
      if (asker.is_conditional) event.shown = old;
      return record(std::move(event));
    }
    direct_ = nullptr;
    const SharedFlight flight = tier(asker).flight_led_by(asker);
    if (asker.is_conditional) {
      verdict.note(old == tier(asker).show(*flight), "a fetcher is shown what it is to replace");
    }
    if (asker.inner == 0) return;
    subject_.fetches.within.push_back(flight->fetch);
    run_inner(asker.inner);
    subject_.fetches.within.pop_back();
  }
  /// A caller is to be resumed by a job.
  template <class Asker>
  void posted(Asker& asker, std::function<void()> job) {
    switch (asker.posts) {
      case Posts::run:
        return job();
      case Posts::queue:
        return jobs_[asker.tier].push_back({&asker, std::move(job)});
      case Posts::refuse:
        throw std::runtime_error("full");
      case Posts::drop:
        return;
    }
  }
  /// A caller has an answer.
  void resumed(Asker& asker, const Answer& answer) {
    asker.is_done = true;
    record({.kind = Event::Kind::resumed, .caller = &asker, .answer = answer, .seen = subject_.see(asker.tier)});
  }

 protected:
  using Base::depth_;
  using Base::direct_;
  using Base::events_;
  using Base::expect;
  using Base::follow;
  using Base::next_value_;
  using Base::record;
  using Base::run_inner;
  using Base::some_weight;
  using Base::subject_;
  using Base::tier;
  template <std::size_t number>
  using TierAt = typename Base::template TierAt<number>;

  using Base::Base;
  ~Fetching() = default;

  /// Calls `function.operator()<kind>()` for one of the kinds of fetchers. Cards have all; the others have some, for
  /// each takes long to compile.
  template <std::size_t t, class Function>
  static void with_kind(unsigned number, const Function& function) {
    const auto call = [&function]<FetcherKind kind>() { function.template operator()<kind>(); };
    if constexpr (t == cards) {
      if (number % 16 == 1) return call.template operator()<{.form = Form::entry}>();
      if (number % 16 == 2) return call.template operator()<{.form = Form::optional}>();
      if (number % 16 == 3) return call.template operator()<{.form = Form::value, .awaits = true}>();
      if (number % 16 == 4) return call.template operator()<{.form = Form::expected}>();
      if (number % 16 == 5) return call.template operator()<{.form = Form::entry, .awaits = true, .is_owned = true}>();
      if (number % 16 == 6) return call.template operator()<{.form = Form::value, .awaits = true, .is_owned = true}>();
      if (number % 16 == 8) {
        return call.template operator()<{.form = Form::optional, .awaits = true, .is_conditional = true}>();
      }
    }
    if constexpr (t != motto) {
      if (number % 16 == 7) return call.template operator()<{.form = Form::optional_entry, .awaits = true}>();
      if (number % 16 == 9) {
        constexpr FetcherKind kind{.form = Form::entry, .awaits = true, .is_owned = true, .is_conditional = true};
        return call.template operator()<kind>();
      }
    }
    if (number % 16 == 11) return call.template operator()<{.form = Form::value, .is_conditional = true}>();
    if (number % 16 == 12) return call.template operator()<{.form = Form::expected, .awaits = true}>();
    if (number % 4 == 0) return call.template operator()<{.form = Form::value}>();
    if (number % 4 == 1) return call.template operator()<{.form = Form::expected, .awaits = true}>();
    return call.template operator()<{.form = Form::optional, .awaits = true, .is_owned = true}>();
  }

  template <std::size_t t>
  void fetch(int key, const Operation& o) {
    askers_.push_back(std::make_unique<Asker>());
    Asker& asker = *askers_.back();
    asker.tier = t;
    asker.key = key;
    asker.script.weight = some_weight(o.c, t);
    if (o.b % 16 == 15) {
      asker.is_loader = asker.is_owned = asker.lets_go = true;
      asker.script.weight = 1;
      constexpr bool may_be_modified = t == cards;
      return ask_modified<t, true, may_be_modified>(asker, o, ByLoader());
    }
    with_kind<t>(o.a, [&]<FetcherKind kind>() {
      constexpr Form form = kind.form;
      constexpr bool has_times = form == Form::entry || form == Form::optional_entry;
      asker.takes_none = form == Form::optional || form == Form::optional_entry;
      asker.takes_error = form == Form::expected;
      asker.is_owned = kind.is_owned;
      asker.is_conditional = kind.is_conditional;
      static constexpr Answer::Kind outcomes[] = {Answer::Kind::value, Answer::Kind::none, Answer::Kind::value,
                                                  Answer::Kind::failed};
      Answer::Kind outcome = choose(outcomes, o.b);
      if (outcome == Answer::Kind::none && asker.takes_error) outcome = Answer::Kind::error;
      if (outcome == Answer::Kind::none && !asker.takes_none) outcome = Answer::Kind::failed;
      if (kind.is_conditional && o.b % 2 == 0) outcome = Answer::Kind::unmodified;
      asker.insists = o.b % 16 == 8;
      asker.script.outcome = {outcome, outcome == Answer::Kind::value ? next_value_++ : 0};
      if (outcome == Answer::Kind::unmodified && o.d % 4 != 0) asker.script.own_ttl = some_ttl(o.d / 4U);
      if (has_times && o.d % 4 != 0) asker.script.own_ttl = some_ttl(o.d / 4U);
      if (has_times) asker.script.stored_at = some_stored_at(o.c / 16U);
      const std::size_t running = active_.size();
      asker.script.suspends = kind.awaits && o.e % 4 != 0 && running < 12;
      if (!kind.awaits && depth_ < 4) asker.inner = o.e % 8 < 5 ? 0 : o.e % 8 - 4U;
      asker.lets_go = kind.is_owned && kind.awaits;
      const Fetcher<TierAt<t>, kind, Fetching> fetcher(*this, asker);
      if constexpr (t == cards && (!kind.awaits || kind.is_conditional)) {
        if (o.d % 4 == 0 || (kind.is_conditional && o.d % 4 == 1)) {
          asker.max_age = some_ttl(o.d / 4U);
          return ask<t, kind.is_owned, Modified{.has_age = true}>(asker, o, fetcher);
        }
      }
      ask_modified<t, kind.is_owned, t == cards || kind.form == Form::optional>(asker, o, fetcher);
    });
  }

  /// Mostly what takes a while: then something may come in between.
  [[nodiscard]] static Posts some_posts(unsigned number) noexcept {
    static constexpr Posts all[] = {Posts::queue, Posts::run,  Posts::queue, Posts::refuse,
                                    Posts::queue, Posts::drop, Posts::queue, Posts::queue};
    return choose(all, number);
  }

  /// Asks, perhaps in a way that is stopped, or resumed elsewhere.
  template <std::size_t t, bool is_owned, bool may_be_modified, class F>
  void ask_modified(Asker& asker, const Operation& o, const F& fetcher) {
    if constexpr (may_be_modified) {
      const bool posts = o.e / 16U >= 8;
      asker.can_stop = o.e / 64U == 1 || o.e / 64U == 2;
      if (posts) asker.posts = some_posts(o.c / 4U);
      asker.is_queued = asker.posts == Posts::queue;
      if (asker.can_stop) asker.stopping = std::stop_source();
      if (asker.can_stop && o.c % 16 == 0) asker.is_stopped = asker.stopping.request_stop();
      if (asker.can_stop && posts) return ask<t, is_owned, Modified{.stops = true, .posts = true}>(asker, o, fetcher);
      if (asker.can_stop) return ask<t, is_owned, Modified{.stops = true}>(asker, o, fetcher);
      if (posts) return ask<t, is_owned, Modified{.posts = true}>(asker, o, fetcher);
    }
    ask<t, is_owned, Modified{}>(asker, o, fetcher);
  }

  template <std::size_t t, bool is_owned, Modified modified, class F>
  void ask(Asker& asker, const Operation& o, F fetcher) {
    using Beginning = ReferenceTier::Beginning::Kind;
    // Also where the cache does what it must not: a thread that blocks would tell nobody.
    const bool may_hang =
        Config::threading::can_block && (asker.script.suspends || tier(t).is_being_fetched(asker.key));
    const typename ReferenceTier::Beginning beginning = tier(t).begin(asker, now());
    const bool runs = beginning.kind == Beginning::leading || beginning.kind == Beginning::refreshing;
    const bool would_wait =
        beginning.kind == Beginning::joined || (beginning.kind == Beginning::leading && asker.script.suspends);
    const bool blocks = o.e / 8U % 2 == 0 && !may_hang;
    if (!tier(t).can_fetch(asker)) asker.script.outcome = {Answer::Kind::refused};
    const std::size_t first = events_.size();
    Caller* const outer = std::exchange(direct_, runs && tier(t).can_fetch(asker) ? &asker : nullptr);
    if (blocks) {
      ask_blocking<TierAt<t>, is_owned, modified>(*this, subject_.cache(), asker, fetcher);
    } else {
      asker.coroutine = model::ask<TierAt<t>, is_owned, modified>(*this, subject_.cache(), asker, fetcher);
    }
    subject_.verdict.note(direct_ == nullptr, "who is to run their fetcher does at once");
    direct_ = outer;
    follow(t, first, [&](Trace& trace) {
      ReferenceTier& reference = tier(t);
      if (runs && !asker.script.suspends) {
        const Answer outcome = reference.land(beginning.flight, asker.script, now(), trace);
        return reference.expect_resumed(asker, beginning.kind == Beginning::leading ? outcome : beginning.answer,
                                        trace);
      }
      if (!would_wait) return reference.expect_resumed(asker, beginning.answer, trace);
      if (blocks) {  // it can only wait for its own thread
        reference.leave(asker, now(), trace);
        return reference.expect_resumed(asker, {Answer::Kind::recursive}, trace);
      }
      beginning.flight->waiters.push_back(&asker);
    });
    if (!asker.is_done || asker.suspended) active_.push_back(&asker);
  }

  // How what was begun ends.

  /// Whose fetch is suspended.
  [[nodiscard]] std::vector<Asker*> fetching() const {
    std::vector<Asker*> fetching;
    for (Asker* const asker : active_) {
      if (asker->suspended) fetching.push_back(asker);
    }
    return fetching;
  }
  /// Who has no answer yet.
  [[nodiscard]] std::vector<Asker*> waiting() const {
    std::vector<Asker*> waiting;
    for (Asker* const asker : active_) {
      if (!asker->is_done) waiting.push_back(asker);
    }
    return waiting;
  }

  /// A suspended fetch ends; or it is dropped by whatever was to run it.
  void finish_fetch(Asker& asker, bool is_dropped) {
    ReferenceTier& reference = tier(asker);
    const SharedFlight flight = reference.flight_led_by(asker);
    expect(flight != nullptr, "only who leads fetches");
    if (is_dropped) asker.script.outcome = {Answer::Kind::abandoned};
    const std::coroutine_handle<> suspended = std::exchange(asker.suspended, {});
    happen(
        asker.tier, [&] { is_dropped ? suspended.destroy() : suspended.resume(); },
        [&](Trace& trace) { static_cast<void>(reference.land(flight, asker.script, now(), trace)); });
  }

  void leave_fetch(Asker& asker) {
    asker.is_done = true;
    happen(asker.tier, [&] { asker.coroutine.leave(); }, [&](Trace& trace) { tier(asker).leave(asker, now(), trace); });
  }

  /// A caller is told to stop waiting.
  void stop(unsigned number) {
    std::vector<Asker*> stoppable = waiting();
    std::erase_if(stoppable, [](const Asker* asker) { return !asker->can_stop || asker->is_stopped; });
    if (stoppable.empty()) return;
    Asker& asker = *stoppable[number % stoppable.size()];
    happen(
        asker.tier, [&] { asker.stopping.request_stop(); },
        [&](Trace& trace) { tier(asker).stop(asker, now(), trace); });
  }

  /// A job that is to resume a caller runs, or is dropped, which comes to the same.
  void run_job(unsigned number, bool is_dropped) {
    std::size_t all = 0;
    for (const auto& jobs : jobs_) all += jobs.size();
    if (all == 0) return;
    std::size_t chosen = number % all;
    std::size_t of = 0;
    while (chosen >= jobs_[of].size()) chosen -= jobs_[of++].size();
    auto& jobs = jobs_[of];
    std::function<void()> job = std::move(jobs[chosen].run);
    jobs.erase(jobs.begin() + static_cast<std::ptrdiff_t>(chosen));
    const auto run = [&] {
      if (!is_dropped) job();
      job = nullptr;
    };
    happen(of, run, [&](Trace& trace) { tier(of).run_job(chosen, now(), trace); });
  }

  /// Does something to the cache from outside, and has the reference go through what happened.
  template <class Do, class Check>
  void happen(std::size_t of, const Do& act, const Check& check) {
    const std::size_t first = events_.size();
    Caller* const outer = std::exchange(direct_, nullptr);
    act();
    direct_ = outer;
    follow(of, first, check);
    const auto posted = tier(of).posted();
    const auto is_same = [](const PostedJob& job, const Caller* caller) {
      return caller == nullptr ? job.caller->is_done : job.caller == caller;
    };
    expect(std::equal(jobs_[of].begin(), jobs_[of].end(), posted.begin(), posted.end(), is_same),
           "who is to be resumed by a job has one");
    forget_done();
  }

  /// Whether a fetch is suspended, or a job is yet to run.
  [[nodiscard]] bool is_under_way() const {
    const auto has_jobs = [](const auto& jobs) { return !jobs.empty(); };
    return !fetching().empty() || std::any_of(jobs_.begin(), jobs_.end(), has_jobs);
  }

  [[nodiscard]] bool is_all_answered() const {
    return std::all_of(askers_.begin(), askers_.end(), [](const auto& asker) { return asker->is_done; });
  }

  virtual void forget_done() {
    std::erase_if(active_, [](const Asker* asker) { return asker->is_done && !asker->suspended; });
  }

  struct PostedJob {
    const Caller* caller;
    std::function<void()> run;
  };

  /// Of each tier, in the order in which they were posted. They outlive those who ask: who leaves may have others
  /// posted.
  std::array<std::vector<PostedJob>, Program::tier_count> jobs_;
  std::deque<std::unique_ptr<Asker>> askers_;
  /// Those who wait, or whose fetch is suspended.
  std::vector<Asker*> active_;
};

}  // namespace model
