// FetchingMany: plays get_or_fetch_many: which keys are asked for, what the fetcher answers with each time it is
// called, how that ends, and who leaves.
#pragma once

#include "asking_many.hpp"
#include "bulk.hpp"
#include "choices.hpp"
#include "clock.hpp"
#include "fetching.hpp"
#include "operations.hpp"
#include "reference_bulk.hpp"
#include "tiers.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <coroutine>
#include <cstddef>
#include <deque>
#include <memory>
#include <random>
#include <utility>
#include <vector>

namespace model {

template <class Config, class Eviction>
class FetchingMany : public Fetching<Config, Eviction> {
  using Base = Fetching<Config, Eviction>;

 public:
  // What happens while an operation runs.

  using Base::resumed;
  using Base::started;

  /// A bulk fetcher is called; returns what is to become of the call.
  BulkRun& started(BulkAsker& asker, std::vector<int> keys) {
    runs_.push_back(std::make_unique<BulkRun>());
    BulkRun& run = *runs_.back();
    run.bulk = &asker;
    run.keys = std::move(keys);
    script(asker, run);
    if (direct_ != &asker) {
      record({.kind = Event::Kind::started, .answer = {}, .seen = subject_.see(asker.tier), .run = &run});
      return run;
    }
    direct_ = nullptr;
    const auto led = std::move(led_);
    direct_run_ = &run;
    subject_.verdict.note(tier(asker).open(run, led, now()), "a bulk fetcher is given what is missing");
    if (asker.inner != 0) {
      subject_.fetches.within.push_back(led.front()->fetch);
      run_inner(asker.inner);
      subject_.fetches.within.pop_back();
      direct_run_ = &run;
    }
    return run;
  }
  /// The answers of a call are about to be taken, and stored.
  void delivers(const BulkRun& run) { this->watch(run.bulk->tier); }
  /// One of them was.
  void passed(const BulkRun& run) {
    record({.kind = Event::Kind::passed, .answer = {}, .seen = subject_.see(run.bulk->tier)});
  }
  /// Who asked has all answers, or a failure.
  void resumed(BulkAsker& asker, std::vector<Answer> answers) {
    asker.is_done = true;
    record({.kind = Event::Kind::resumed,
            .caller = &asker,
            .answer = {},
            .seen = subject_.see(asker.tier),
            .answers = std::move(answers)});
  }

 protected:
  using Base::depth_;
  using Base::direct_;
  using Base::events_;
  using Base::expect;
  using Base::follow;
  using Base::happen;
  using Base::is_large;
  using Base::next_value_;
  using Base::record;
  using Base::run_inner;
  using Base::some_weight;
  using Base::subject_;
  using Base::tier;
  using Base::writers_;
  template <std::size_t number>
  using TierAt = typename Base::template TierAt<number>;

  using Base::Base;
  ~FetchingMany() = default;

  /// Calls `function.operator()<kind, modified>()` for one of the kinds of bulk fetchers.
  template <std::size_t t, class Function>
  static void with_bulk_kind(unsigned number, const Function& function) {
    if constexpr (t == cards) {
      if (number % 8 == 0) return function.template operator()<BulkKind{.has_times = true}, Modified{}>();
      if (number % 8 == 1)
        return function.template operator()<BulkKind{.has_pairs = false}, Modified{.has_age = true}>();
      if (number % 8 <= 4) {
        return function.template operator()<BulkKind{.has_times = true, .awaits = true}, Modified{.posts = true}>();
      }
      constexpr BulkKind owned{.has_times = true, .awaits = true, .is_owned = true};
      return function.template operator()<owned, Modified{.has_age = true, .posts = true}>();
    } else {
      if (number % 8 < 2) return function.template operator()<BulkKind{.is_owned = true}, Modified{}>();
      if (number % 8 < 5) {
        return function.template operator()<BulkKind{.has_pairs = false, .awaits = true}, Modified{}>();
      }
      return function.template operator()<BulkKind{.awaits = true, .is_owned = true}, Modified{.posts = true}>();
    }
  }

  template <std::size_t t>
  void fetch_many(int key, const Operation& o) {
    bulk_askers_.push_back(std::make_unique<BulkAsker>());
    BulkAsker& asker = *bulk_askers_.back();
    asker.tier = t;
    asker.keys = some_keys(key, o);
    asker.seed = o.d + 256U * o.b;
    with_bulk_kind<t>(o.c, [&]<BulkKind kind, Modified modified>() {
      asker.is_owned = kind.is_owned;
      asker.has_pairs = kind.has_pairs;
      asker.has_times = kind.has_times;
      asker.suspends = kind.awaits && o.e % 4 != 0;
      if (!kind.awaits && depth_ < 4) asker.inner = o.e % 8 < 5 ? 0 : o.e % 8 - 4U;
      if (modified.has_age && o.e / 16U % 4 == 0) asker.max_age = some_ttl(o.d / 4U);
      if (modified.has_age && !asker.max_age) asker.max_age = tiercache::forever;
      if (modified.posts) asker.posts = this->some_posts(o.c / 8U);
      asker.is_queued = asker.posts == Posts::queue;
      ask_many<t, kind, modified>(asker, o, BulkFetcher<TierAt<t>, kind, FetchingMany>(*this, asker));
    });
  }

  template <std::size_t t, BulkKind kind, Modified modified, class F>
  void ask_many(BulkAsker& asker, const Operation& o, const F& fetcher) {
    ReferenceTier& reference = tier(t);
    const bool may_hang = Config::threading::can_block &&
                          (asker.suspends || std::any_of(asker.keys.begin(), asker.keys.end(),
                                                         [&](int key) { return reference.is_being_fetched(key); }));
    const bool blocks = o.e / 8U % 2 == 0 && !may_hang;
    led_ = reference.begin(asker, now());
    const bool runs = !led_.empty();
    const std::size_t first = events_.size();
    Caller* const outer = std::exchange(direct_, runs ? &asker : nullptr);
    direct_run_ = nullptr;
    if (blocks) {
      asker.is_queued = false;
      ask_many_blocking<TierAt<t>, kind, modified>(*this, subject_.cache(), asker, fetcher);
    } else {
      asker.coroutine = model::ask_many<TierAt<t>, kind, modified>(*this, subject_.cache(), asker, fetcher);
    }
    subject_.verdict.note(direct_ == nullptr, "who is to run their bulk fetcher does at once");
    direct_ = outer;
    follow(t, first, [&, run = direct_run_](Trace& trace) {
      if (run != nullptr && !run->suspends) reference.land(*run, now(), trace);
      reference.go_on(asker, now(), trace, blocks);
    });
    if (!asker.is_done) bulk_active_.push_back(&asker);
  }

  // How what was begun ends.

  /// A suspended fetch or operation ends; or it is dropped by whatever was to run it.
  void finish(unsigned number, bool is_dropped) {
    const std::vector<Asker*> single = this->fetching();
    std::vector<BulkRun*> many;
    for (const auto& run : runs_) {
      if (run->suspended) many.push_back(run.get());
    }
    const std::size_t all = single.size() + many.size() + writers_.size();
    if (all == 0) return;
    std::size_t chosen = number % all;
    if (chosen < single.size()) return this->finish_fetch(*single[chosen], is_dropped);
    chosen -= single.size();
    if (chosen < many.size()) return finish_run(*many[chosen], is_dropped);
    if (!is_dropped) this->finish_write(chosen - many.size());
  }
  void finish_run(BulkRun& run, bool is_dropped) {
    const std::coroutine_handle<> suspended = std::exchange(run.suspended, {});
    ReferenceTier& reference = tier(*run.bulk);
    happen(
        run.bulk->tier, [&] { is_dropped ? suspended.destroy() : suspended.resume(); },
        [&](Trace& trace) { is_dropped ? reference.abandon(run, now(), trace) : reference.land(run, now(), trace); });
  }

  void leave(unsigned number) {
    const std::vector<Asker*> single = this->waiting();
    const std::size_t all = single.size() + bulk_active_.size() + writers_.size();
    if (all == 0) return;
    std::size_t chosen = number % all;
    if (chosen < single.size()) return this->leave_fetch(*single[chosen]);
    chosen -= single.size();
    if (chosen >= bulk_active_.size()) return this->finish_write(chosen - bulk_active_.size(), true);
    BulkAsker& asker = *bulk_active_[chosen];
    asker.is_done = true;
    happen(asker.tier, [&] { asker.coroutine.leave(); }, [&](Trace& trace) { tier(asker).leave(asker, now(), trace); });
  }

  /// Whether anybody waits for an answer.
  [[nodiscard]] bool is_anybody_waiting() const { return !this->waiting().empty() || !bulk_active_.empty(); }
  /// Whether a fetch is suspended, or a job is yet to run.
  [[nodiscard]] bool is_under_way() const {
    const auto is_suspended = [](const auto& run) { return static_cast<bool>(run->suspended); };
    return Base::is_under_way() || std::any_of(runs_.begin(), runs_.end(), is_suspended);
  }
  [[nodiscard]] bool is_all_answered() const {
    const auto is_done = [](const auto& asker) { return asker->is_done; };
    return Base::is_all_answered() && std::all_of(bulk_askers_.begin(), bulk_askers_.end(), is_done);
  }

  void forget_done() override {
    Base::forget_done();
    std::erase_if(bulk_active_, [](const BulkAsker* asker) { return asker->is_done; });
  }

 private:
  /// Some keys, now and then one of them twice.
  [[nodiscard]] std::vector<int> some_keys(int first, const Operation& o) const {
    std::vector<int> keys;
    const int count = o.a % 16 == 15 ? 0 : 1 + o.a % 5;
    const int step = 1 + o.b % 3;
    for (int i = 0; i < count; ++i) keys.push_back((first + i * step) % (is_large() ? 150 : 8));
    if (count > 1 && o.b % 4 == 0) keys.back() = first;
    return keys;
  }

  /// Decides what comes of a call of a bulk fetcher: which keys it answers, and how, and which it adds.
  void script(BulkAsker& asker, BulkRun& run) {
    using Ending = BulkRun::Ending;
    static constexpr Ending endings[] = {Ending::answers, Ending::answers, Ending::answers,      Ending::fails,
                                         Ending::answers, Ending::answers, Ending::fails_midway, Ending::answers};
    std::minstd_rand random(asker.seed++ + 1);
    const auto below = [&random](unsigned count) { return static_cast<unsigned>(random() / 7 % count); };
    run.has_pairs = asker.has_pairs;
    run.suspends = asker.suspends;
    run.ending = choose(endings, below(8));
    const auto add = [&](int key) {
      BulkRun::Pair& pair = run.answers.emplace_back();
      pair.key = key;
      if (below(6) == 0) {
        pair.script.outcome = {Answer::Kind::none};
        return;
      }
      pair.script.outcome = {Answer::Kind::value, next_value_++};
      pair.script.weight = some_weight(below(16), asker.tier);
      if (asker.has_times && below(4) == 0) pair.script.own_ttl = some_ttl(below(12));
      if (asker.has_times) pair.script.stored_at = some_stored_at(below(16));
    };
    for (const int key : run.keys) {
      if (!asker.has_pairs || below(6) != 0) add(key);
    }
    if (asker.has_pairs) {
      const int range = is_large() ? 150 : 8;
      if (below(2) == 0) std::reverse(run.answers.begin(), run.answers.end());
      for (unsigned more = below(4); more != 0; --more) add(static_cast<int>(below(static_cast<unsigned>(range))));
    } else if (run.ending == Ending::answers && below(8) == 0) {
      run.ending = below(2) == 0 ? Ending::answers_too_few : Ending::answers_too_many;
      run.ending == Ending::answers_too_few ? run.answers.pop_back() : add(0);
    }
    if (run.ending == Ending::fails_midway) run.answers.resize(below(static_cast<unsigned>(run.answers.size() + 1)));
  }

  /// They outlive those who ask, who take what is suspended along.
  std::deque<std::unique_ptr<BulkRun>> runs_;
  std::deque<std::unique_ptr<BulkAsker>> bulk_askers_;
  /// Those who wait.
  std::vector<BulkAsker*> bulk_active_;
  /// What is to be fetched by who was just told to begin, and the call of their fetcher.
  ReferenceTier::Flights led_;
  BulkRun* direct_run_ = nullptr;
};

}  // namespace model
