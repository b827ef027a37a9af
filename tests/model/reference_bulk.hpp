// ReferenceTier: a tier's ReferenceFetches with its bulk lookups: which keys their fetcher is called with, and whom its
// answers go to.
#pragma once

#include "bulk.hpp"
#include "caller.hpp"
#include "flight.hpp"
#include "happened.hpp"
#include "reference_fetches.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace model {

class ReferenceTier final : public ReferenceFetches {
 public:
  /// Says which keys the cache cannot tell apart when it looks whether one was written lately: its secret, too.
  using Fence = std::function<unsigned(int)>;

  template <class... Arguments>
  explicit ReferenceTier(Fence fence_of, Arguments&&... arguments)
      : ReferenceFetches(std::forward<Arguments>(arguments)...), fence_of_(std::move(fence_of)) {}

  using ReferenceFetches::begin;
  using ReferenceFetches::land;
  using ReferenceFetches::leave;
  using Flights = std::vector<SharedFlight>;

  /// Looks all keys up; returns what is to be fetched at once.
  Flights begin(Bulk& bulk, Wide now) {
    bulk.asked_within = within();
    Flights led;
    for (const int key : bulk.keys) {
      Part& part = bulk.parts.emplace_back();
      part.key = key;
      part.bulk = &bulk;
      part.takes_none = part.is_part = true;
      part.is_owned = bulk.is_owned;
      part.max_age = bulk.max_age;
      const Beginning beginning = ReferenceFetches::begin(part, now);
      part.flight = beginning.flight;
      part.answer = beginning.answer;
      if (beginning.kind == Beginning::Kind::leading || beginning.kind == Beginning::Kind::refreshing) {
        led.push_back(beginning.flight);
      }
      if (beginning.kind == Beginning::Kind::leading || beginning.kind == Beginning::Kind::joined) part.answer.reset();
      if (beginning.kind == Beginning::Kind::refused) {
        bulk.failure = beginning.answer;
        break;
      }
    }
    if (bulk.failure) {
      for (const SharedFlight& flight : std::exchange(led, {})) drop(flight);
    } else {
      for (Part& part : bulk.parts) {
        if (!part.answer) wait(part);
      }
    }
    return led;
  }

  /// The fetcher is called for some flights. Tells whether with the right keys: each once, in the order asked.
  [[nodiscard]] bool open(BulkRun& run, const Flights& flights, Wide now) {
    std::vector<int> keys;
    for (const SharedFlight& flight : flights) {
      flight->fetch = flights.front()->fetch;
      const auto same = std::find(keys.begin(), keys.end(), flight->key);
      if (same != keys.end()) {
        run.again.emplace_back(flight, static_cast<std::size_t>(same - keys.begin()));
        continue;
      }
      keys.push_back(flight->key);
      run.flights.push_back(flight);
    }
    run.started_at = now;
    run.moment = touched_.size();
    if (run.suspends && !run.bulk->is_owned) run.bulk->runs.insert(run.bulk->runs.begin(), &run);
    return run.keys == keys;
  }

  /// A call of the fetcher has come to its end.
  void land(BulkRun& run, Wide now, Trace& trace) {
    std::erase(run.bulk->runs, &run);
    const std::vector<Script> outcomes = deliver(run, now, trace);
    for (std::size_t i = 0; i < run.flights.size(); ++i) {
      ReferenceFetches::land(run.flights[i], outcomes[i], now, trace);
    }
    for (const auto& [flight, number] : run.again) {
      Script outcome = outcomes[number];
      if (run.ending == BulkRun::Ending::fails_midway) outcome.outcome = {Answer::Kind::failed};
      ReferenceFetches::land(flight, outcome, now, trace);
    }
  }
  /// It was dropped by whatever was to run it.
  void abandon(BulkRun& run, Wide now, Trace& trace) {
    std::erase(run.bulk->runs, &run);
    const Script abandoned{.outcome = {Answer::Kind::abandoned}, .own_ttl = {}, .stored_at = {}};
    for (const auto& [flight, number] : run.again) ReferenceFetches::land(flight, abandoned, now, trace);
    for (const SharedFlight& flight : run.flights) ReferenceFetches::land(flight, abandoned, now, trace);
  }

  /// Does what there is to be done, and resumes who has all answers; else the next one who knows of something goes on.
  /// One that `blocks` cannot wait.
  void go_on(Bulk& bulk, Wide now, Trace& trace, bool blocks = false) {
    while (has_todo(bulk)) {
      Flights led;
      for (Part& part : bulk.parts) do_next(part, led, now);
      if (!led.empty()) run(bulk, led, now, trace);
    }
    if (is_waiting(bulk)) {
      bulk.is_busy = false;
      if (!blocks) return;
      leave(bulk, now, trace);
      bulk.failure = {Answer::Kind::recursive};
    }
    const Event& event = trace.next();
    expect(event.kind == Event::Kind::resumed && event.caller == &bulk, "who should have all answers does");
    expect(event.answers == answers_of(bulk), "the answers are the right ones");
  }

  /// Who asked leaves, with their fetches.
  void leave(Bulk& bulk, Wide now, Trace& trace) {
    ReferenceFetches::leave(bulk, now, trace);  // no job goes on for it
    for (Part& part : bulk.parts) {
      if (part.is_waiting) std::erase(part.flight->waiters, &part);
    }
    for (BulkRun* const run : std::exchange(bulk.runs, {})) {
      for (const auto& [flight, number] : run->again) pass_on(flight, now, trace);
      for (const SharedFlight& flight : run->flights) pass_on(flight, now, trace);
    }
    for (Part& part : bulk.parts) {
      if (part.todo == Part::Todo::lead) pass_on(part.flight, now, trace);
    }
  }

  // What ends epochs.

  void supersede(int key) {
    touched_.emplace_back(key);
    ReferenceFetches::supersede(key);
  }
  void supersede_all() {
    touched_.emplace_back(std::nullopt);
    ReferenceFetches::supersede_all();
  }

 private:
  [[nodiscard]] static bool is_waiting(const Bulk& bulk) {
    return std::any_of(bulk.parts.begin(), bulk.parts.end(), [](const Part& part) { return part.is_waiting; });
  }
  [[nodiscard]] static bool has_todo(const Bulk& bulk) {
    return std::any_of(bulk.parts.begin(), bulk.parts.end(),
                       [](const Part& part) { return part.todo != Part::Todo::nothing; });
  }
  static void wait(Part& part) {
    part.is_waiting = true;
    part.flight->waiters.push_back(&part);
  }

  /// A part is told something: whoever goes on for the lookup does something about it, or this does.
  void tell_part(Caller& caller, Message message, const SharedFlight& flight, Wide now, Trace& trace) override {
    auto& part = static_cast<Part&>(caller);
    Bulk& bulk = *part.bulk;
    part.is_waiting = false;
    if (message == Message::settled) {
      settle(part);
    } else if (bulk.is_busy) {
      // It may be in the middle of its fetcher, which may wait for this key: then it is for the next one.
      happened.note(Fact::bulk_passed_over);
      part.todo = Part::Todo::wait;
      pass_on(flight, now, trace);
    } else {
      part.todo = Part::Todo::lead;
    }
    if (bulk.is_busy || (is_waiting(bulk) && !has_todo(bulk))) return;
    bulk.is_busy = true;
    tell(bulk, Message::settled, nullptr, now, trace);
  }
  void resume(Caller& bulk, Wide now, Trace& trace) override { go_on(static_cast<Bulk&>(bulk), now, trace); }

  /// A part's fetch has ended; if that was with no answer to it, it looks for its key again.
  static void settle(Part& part) {
    const std::optional<Answer>& outcome = part.flight->outcome;
    if (outcome && outcome->kind != Answer::Kind::error) {
      part.answer = outcome;
    } else {
      part.todo = Part::Todo::ask;
    }
  }

  void do_next(Part& part, Flights& led, Wide now) {
    switch (std::exchange(part.todo, Part::Todo::nothing)) {
      case Part::Todo::nothing:
        return;
      case Part::Todo::wait:
        return is_open(part.flight) ? wait(part) : settle(part);
      case Part::Todo::ask:
        break;
      case Part::Todo::lead:
        part.flight->leader = &part;
        led.push_back(part.flight);
        return wait(part);
    }
    happened.note(Fact::bulk_asked_again);
    const Beginning beginning = ReferenceFetches::begin(part, now);
    switch (beginning.kind) {
      case Beginning::Kind::refused:
        if (!part.bulk->failure) part.bulk->failure = beginning.answer;
        part.answer = beginning.answer;
        return;
      case Beginning::Kind::refreshing:
        led.push_back(beginning.flight);
        [[fallthrough]];
      case Beginning::Kind::answered:
        part.answer = beginning.answer;
        return;
      case Beginning::Kind::leading:
        led.push_back(beginning.flight);
        [[fallthrough]];
      case Beginning::Kind::joined:
        part.flight = beginning.flight;
        return wait(part);
    }
  }

  /// The fetcher is called again.
  void run(Bulk& bulk, const Flights& led, Wide now, Trace& trace) {
    const Event& event = trace.next();
    expect(event.kind == Event::Kind::started && event.run != nullptr && event.run->bulk == &bulk,
           "who should run their bulk fetcher does");
    BulkRun& its = *event.run;
    expect(open(its, led, now), "a bulk fetcher is given what is missing, in the order asked");
    if (!its.suspends) land(its, now, trace);
  }

  [[nodiscard]] static std::vector<Answer> answers_of(const Bulk& bulk) {
    if (bulk.failure) return {*bulk.failure};
    std::vector<Answer> answers;
    for (const Part& part : bulk.parts) {
      if (part.answer->is_failure()) return {*part.answer};
      answers.push_back(*part.answer);
    }
    return answers;
  }

  /// Returns what each key came to, once what nobody asked for is stored.
  std::vector<Script> deliver(const BulkRun& run, Wide now, Trace& trace) {
    using Ending = BulkRun::Ending;
    const auto all = [&run](Answer::Kind kind) {
      return std::vector<Script>(run.keys.size(), Script{.outcome = {kind}, .own_ttl = {}, .stored_at = {}});
    };
    if (run.ending == Ending::fails) return all(Answer::Kind::failed);
    std::vector<Script> outcomes = all(run.ending == Ending::fails_midway ? Answer::Kind::failed : Answer::Kind::none);
    std::set<std::size_t> answered;
    std::vector<std::pair<int, Script>> unasked;
    for (std::size_t i = 0; i < run.answers.size(); ++i) {
      const auto& [key, script] = run.answers[i];
      expect(trace.next().kind == Event::Kind::passed, "all answers are taken");
      const auto found = std::find(run.keys.begin(), run.keys.end(), key);
      const std::size_t number =
          run.has_pairs ? static_cast<std::size_t>(found - run.keys.begin()) : (std::min)(i, run.keys.size());
      if (number == run.keys.size()) {
        if (run.has_pairs) unasked.emplace_back(key, script);
      } else if (answered.insert(number).second) {
        outcomes[number] = script;
      }
    }
    for (const auto& [key, script] : unasked) store_unasked(run, key, script, now, trace);
    const bool is_refused = run.ending == Ending::answers_too_few || run.ending == Ending::answers_too_many;
    return is_refused ? all(Answer::Kind::refused) : outcomes;
  }

  /// Stores what nobody asked for, unless its key was written or invalidated since, is being fetched, or has something
  /// newer.
  void store_unasked(const BulkRun& run, int key, const Script& script, Wide now, Trace& trace) {
    const auto was_meant = [&](const std::optional<int>& touched) {
      return !touched || *touched == key || fence_of_(*touched) == fence_of_(key);
    };
    const auto since = touched_.begin() + static_cast<std::ptrdiff_t>(run.moment);
    const Held* const held = find(key);
    if (is_closed()) return;
    if (std::any_of(since, touched_.end(), was_meant) || current(key) != nullptr ||
        (held != nullptr && held->stored_at > run.started_at)) {
      happened.note(Fact::unasked_refused);
      return expect_unchanged(trace.seen_now());
    }
    happened.note(Fact::unasked_stored);
    trace.skip_look();
    Flight flight{.key = key, .started_at = run.started_at, .waiters = {}};
    static_cast<void>(complete(flight, script, now, trace.seen_now()));
  }

  Fence fence_of_;
  /// The keys that were written or invalidated, in order; none for all of them.
  std::vector<std::optional<int>> touched_;
};

}  // namespace model
