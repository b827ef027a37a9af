// Play: one run of a program against a cache, by a schedule, on one thread: what can happen at each moment, and what
// does. Whether the cache did well is the business of ledger.hpp, the callers are in staged_callers.hpp.
#pragma once

#include "ledger.hpp"
#include "program.hpp"
#include "schedule.hpp"
#include "staged_callers.hpp"
#include "staged_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// One run of a program.
template <class Cache>
class Play final : private StagedCallers<Cache> {
  using Callers = StagedCallers<Cache>;
  using typename Callers::Caller;
  using typename Callers::State;

 public:
  using Callers::asks;
  using typename Callers::Asker;

  /// Returns what went wrong, if anything.
  [[nodiscard]] static std::string run(const std::vector<Asker>& askers, const Program& program, Schedule& schedule) {
    tiercache::ManualClock::reset();
    Fetched::alive = 0;
    std::string broken;
    {
      Play play(askers, program, schedule);
      play.go();
      broken = play.ledger().broken();
    }
    if (broken.empty() && Fetched::alive != 0) broken = "P3: a value is never destroyed";
    return broken;
  }

  ~Play() { leave_everything(); }

 private:
  /// When something happens.
  enum class In { between, answer, fetch };
  /// What can happen now, to whom, and as which of those that happen once.
  struct Step {
    Act act;
    std::size_t target = 0;
    std::size_t place = Acts::none;
  };

  using Callers::cache_;
  using Callers::callers_;
  using Callers::calls_under_way_;
  using Callers::jobs_;
  using Callers::ledger;
  using Callers::stage_;

  Play(const std::vector<Asker>& askers, const Program& program, Schedule& schedule)
      : Callers(with_last(askers), schedule),
        program_(program),
        acts_(program.acts),
        reactions_(program.reactions),
        in_fetches_(program.in_fetches) {
    stage_.may_end_at_once = program.may_end_at_once;
  }
  /// One more asks after the others.
  [[nodiscard]] static std::vector<Asker> with_last(std::vector<Asker> askers) {
    askers.push_back(Callers::template asks<By::event>());
    return askers;
  }

  void go() {
    for (int steps = 0; ledger().broken().empty(); ++steps) {
      ledger().expect(steps < 100, "P3: the program does not come to an end");
      const std::vector<Step> possible = possible_steps();
      // Nothing else matters once nobody asks or fetches.
      if (possible.empty()) break;
      const Step step = possible[stage_.schedule.choose(possible.size())];
      if (step.act == Act::never_end) break;
      perform(step, acts_);
      check();
    }
    if (!ledger().broken().empty()) return;
    if (stage_.suspended.empty() && jobs_.empty()) {
      for (const Caller& caller : callers_) {
        ledger().expect(caller.state != State::suspended, "P3: a caller is left suspended for ever");
      }
    }
    leave_everything();
    check();
    if (!cache_) return;
    ledger().expect(cache_->template stats<PlayedTier>().in_flight == 0, "P3: a fetch is never over");
    ask_twice();
  }

  /// The next call works, and the one after it is a hit.
  void ask_twice() {
    stage_.ends_all_at_once = true;
    const std::size_t last = callers_.size() - 1;
    std::size_t fetches = 0;
    for (int i = 0; i < 2; ++i) {
      fetches = ledger().fetches();
      this->start(last);
      ledger().expect(callers_[last].state == State::done, "P3: the key is locked after all is over");
    }
    ledger().expect(ledger().fetches() == fetches, "what is fetched after all is over is not stored");
    check();
  }

  void check() {
    std::uint64_t suspended = 0;
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      if (callers_[i].state == State::suspended) suspended |= std::uint64_t{1} << i;
    }
    std::uint64_t callers = 0;
    std::uint64_t epochs = 0;
    for (const auto& job : jobs_) {
      callers |= std::uint64_t{1} << job.caller;
      epochs |= std::uint64_t{1} << job.epoch;
    }
    ledger().rests(suspended, callers, epochs);
    if (!cache_) return;
    std::optional<int> held;
    if (const auto entry = cache_->template peek<PlayedTier>(PlayedTier::key)) held = entry->value.by();
    ledger().rests_in(cache_->template stats<PlayedTier>(), held, jobs_.size());
  }

  /// Has everybody leave and drops the fetches that remain.
  void leave_everything() {
    is_over_ = true;
    for (std::size_t i = 0; i < callers_.size(); ++i) {
      if (callers_[i].state == State::suspended) this->leave(i);
    }
    while (!stage_.suspended.empty() || !jobs_.empty()) {
      if (!jobs_.empty()) this->end_job(0, true);
      if (stage_.suspended.empty()) continue;
      SuspendedFetch& fetch = *stage_.suspended.front();
      fetch.end(fetch.can_end_with(Came::To::abandoned) ? Came::To::abandoned : Came::To::failure);
    }
  }

  void in_fetch() override {
    if (const auto step = choose_from(in_fetches_, In::fetch)) perform(*step, in_fetches_);
  }
  [[nodiscard]] bool reacts() override {
    const auto step = choose_from(reactions_, In::answer);
    if (step) perform(*step, reactions_);
    return step && step->act == Act::ask_again;
  }
  [[nodiscard]] bool refuses_job(std::size_t caller) override {
    const std::size_t place = is_over_ ? Acts::none : acts_.find(Act::refuse_job);
    if (place == Acts::none || stage_.schedule.choose(2) == 0) return false;
    perform({Act::refuse_job, caller, place}, acts_);
    return true;
  }

  // What can happen.

  [[nodiscard]] std::vector<Step> possible_steps() const {
    std::vector<Step> steps;
    add_starts(Acts::none, steps);
    for (std::size_t i = 0; i < stage_.suspended.size(); ++i) {
      steps.push_back({Act::end_with_value, i});
      for (const Act ending : program_.endings) {
        if (stage_.suspended[i]->can_end_with(came_by(ending))) steps.push_back({ending, i});
      }
    }
    for (std::size_t i = 0; i < jobs_.size(); ++i) steps.push_back({Act::run_job, i});
    if (program_.may_never_end && !stage_.suspended.empty()) steps.push_back({Act::never_end});
    if (!steps.empty()) add(acts_, In::between, steps);
    return steps;
  }
  [[nodiscard]] std::optional<Step> choose_from(const Acts& acts, In when) {
    if (is_over_) return std::nullopt;
    std::vector<Step> steps;
    add(acts, when, steps);
    const std::size_t chosen = stage_.schedule.choose(steps.size() + 1);
    return chosen == 0 ? std::nullopt : std::optional<Step>(steps[chosen - 1]);
  }
  void add(const Acts& acts, In when, std::vector<Step>& steps) const {
    acts.for_each_left([&](Act act, std::size_t place) { add(act, place, when, steps); });
  }
  void add(Act act, std::size_t place, In when, std::vector<Step>& steps) const {
    switch (act) {
      case Act::start:
        // What a fetch starts in its first part is taken for a part of it.
        return when == In::fetch ? void() : add_starts(place, steps);
      case Act::leave:
        for (std::size_t i = 0; i < callers_.size(); ++i) {
          if (callers_[i].state == State::suspended) steps.push_back({act, i, place});
        }
        return;
      case Act::stop:
        for (std::size_t i = 0; i < callers_.size(); ++i) {
          if (can_stop(callers_[i], when)) steps.push_back({act, i, place});
        }
        return;
      case Act::drop_job:
        for (std::size_t i = 0; i < jobs_.size(); ++i) steps.push_back({act, i, place});
        return;
      case Act::end_with_value:
        for (std::size_t i = 0; i < stage_.suspended.size(); ++i) steps.push_back({act, i, place});
        return;
      case Act::refuse_job:
        return;
      case Act::close:
        if (cache_ && calls_under_way_ == 0) steps.push_back({act, 0, place});
        return;
      default:
        if (cache_) steps.push_back({act, 0, place});
    }
  }
  void add_starts(std::size_t place, std::vector<Step>& steps) const {
    for (std::size_t i = 0; cache_ && i + 1 < callers_.size(); ++i) {
      const bool is_like_the_one_before =
          i > 0 && callers_[i - 1].state == State::idle && callers_[i - 1].asker.ask == callers_[i].asker.ask;
      if (callers_[i].state == State::idle && !is_like_the_one_before) steps.push_back({Act::start, i, place});
    }
  }
  /// Who runs an owned fetch may or may not wait for its first part; nobody knows what comes of being stopped in there.
  [[nodiscard]] static bool can_stop(const Caller& caller, In when) {
    if (!caller.asker.stops || caller.stopper.stop_requested()) return false;
    if (caller.state == State::idle) return when == In::between;
    return caller.state == State::suspended || (caller.state == State::active && when == In::fetch &&
                                                caller.asker.by != By::owned && caller.asker.by != By::loader);
  }
  [[nodiscard]] static Came::To came_by(Act ending) noexcept {
    if (ending == Act::end_with_value) return Came::To::value;
    if (ending == Act::end_with_failure) return Came::To::failure;
    return ending == Act::end_with_none ? Came::To::none : Came::To::abandoned;
  }

  // What happens.

  void perform(const Step& step, Acts& acts) {
    acts.use(step.place);
    if (stage_.schedule.tells()) tell(step);
    Ledger& book = ledger();
    switch (step.act) {
      case Act::start:
        return this->start(step.target);
      case Act::leave:
        return this->leave(step.target);
      case Act::stop:
        return this->stop(step.target);
      case Act::run_job:
        return this->end_job(step.target, true);
      case Act::drop_job:
        return this->end_job(step.target, false);
      case Act::end_with_value:
      case Act::end_with_failure:
      case Act::end_with_none:
      case Act::drop_fetch:
        return stage_.suspended[step.target]->end(came_by(step.act));
      case Act::invalidate:
        book.drops(cache_->template invalidate<PlayedTier>(PlayedTier::key), true);
        return;
      case Act::invalidate_tier:
        return book.drops(cache_->template invalidate<PlayedTier>(), true);
      case Act::invalidate_all_by_predicate:
      case Act::invalidate_none_by_predicate: {
        const bool all = step.act == Act::invalidate_all_by_predicate;
        const auto is_meant = [all](int, const Fetched&) { return all; };
        return book.drops(cache_->template invalidate_if<PlayedTier>(is_meant), all);
      }
      case Act::clear:
        return book.drops(cache_->clear(), true);
      case Act::put: {
        const Fetched value(book.put());
        return cache_->template put<PlayedTier>(PlayedTier::key, value);
      }
      case Act::get: {
        std::optional<int> by;
        if (const auto value = cache_->template get<PlayedTier>(PlayedTier::key)) by = value->by();
        return book.got(by);
      }
      case Act::expire:
        return tiercache::ManualClock::advance(PlayedTier::policy.ttl);
      case Act::close:
        book.closes();
        return cache_.reset();
      default:
        return;
    }
  }
  void tell(const Step& step) {
    std::string line(name_of(step.act));
    switch (step.act) {
      case Act::end_with_value:
      case Act::end_with_failure:
      case Act::end_with_none:
      case Act::drop_fetch:
        line += " fetch " + std::to_string(stage_.suspended[step.target]->id());
        break;
      case Act::run_job:
      case Act::drop_job:
        line += " caller " + std::to_string(jobs_[step.target].caller);
        break;
      case Act::start:
        line += " " + std::string(name_of(callers_[step.target].asker.by));
        [[fallthrough]];
      case Act::leave:
      case Act::stop:
      case Act::refuse_job:
        line += " caller " + std::to_string(step.target);
        break;
      default:
        break;
    }
    stage_.schedule.tell(line);
  }

  const Program& program_;
  Acts acts_;
  Acts reactions_;
  Acts in_fetches_;
  bool is_over_ = false;
};

/// Runs programs, by every schedule, against the cache of a configuration; each is named in what is printed of it.
template <class Config>
class Plays {
  using Played = Play<tiercache::BasicTieredCache<Config, PlayedTier>>;

 public:
  using Asker = typename Played::Asker;

  explicit Plays(std::string name) : name_(std::move(name)) {}

  template <By by, bool stops = false, bool posts = false>
  [[nodiscard]] static Asker asks() {
    return Played::template asks<by, stops, posts>();
  }

  void operator()(const std::string& program_name, const std::vector<Asker>& askers, const Program& program) {
    explore_(name_ + ": " + program_name, [&](Schedule& schedule) { return Played::run(askers, program, schedule); });
  }
  /// Runs a program by one schedule, which the seed stands for.
  void draw(const std::string& program_name, std::uint32_t seed, const std::vector<Asker>& askers,
            const Program& program) {
    explore_.draw(name_ + ": " + program_name, seed,
                  [&](Schedule& schedule) { return Played::run(askers, program, schedule); });
  }
  void expect_at_least(std::size_t schedules) const { explore_.expect_at_least(schedules); }

 private:
  std::string name_;
  Exploration explore_;
};

}  // namespace support
