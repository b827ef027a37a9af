// ReferenceFetches: a tier's ReferenceOutcomes with its fetches: who leads, who waits for whom, who is stopped and who
// is woken. It goes through what happened in the order of the trace, and says where that should have been something
// else.
#pragma once

#include "caller.hpp"
#include "flight.hpp"
#include "happened.hpp"
#include "reference_entries.hpp"
#include "reference_outcomes.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace model {

class ReferenceFetches : public ReferenceOutcomes {
 public:
  template <class... Arguments>
  explicit ReferenceFetches(Fetches& fetches, Arguments&&... arguments)
      : ReferenceOutcomes(std::forward<Arguments>(arguments)...), fetches_(fetches) {}

  /// How a lookup must begin.
  struct Beginning {
    enum class Kind : unsigned char { answered, refreshing, joined, leading, refused };
    Kind kind{};
    /// Of those that do not wait.
    Answer answer = {};
    /// Of those that do, and of a refresh.
    SharedFlight flight = {};
  };

  void set_loader() noexcept { has_loader_ = true; }
  /// Whether a caller's fetch comes to anything: one without a fetcher is refused by a tier without a loader.
  [[nodiscard]] bool can_fetch(const Caller& caller) const noexcept { return !caller.is_loader || has_loader_; }

  [[nodiscard]] std::size_t in_flight() const noexcept { return flights_.size(); }
  [[nodiscard]] SharedFlight current(int key) const {
    for (const auto& flight : flights_) {
      if (flight->key == key && flight->is_current) return flight;
    }
    return nullptr;
  }
  /// Whether there is a fetch of the key, in this epoch or an earlier one.
  [[nodiscard]] bool is_being_fetched(int key) const {
    return std::any_of(flights_.begin(), flights_.end(), [key](const auto& flight) { return flight->key == key; });
  }
  /// The fetch that a caller leads.
  [[nodiscard]] SharedFlight flight_led_by(const Caller& caller) const {
    for (const auto& flight : flights_) {
      if (flight->leader == &caller) return flight;
    }
    return nullptr;
  }
  /// Who is to be resumed by each of the jobs that are posted, in order; null for who has left.
  [[nodiscard]] std::vector<const Caller*> posted() const {
    std::vector<const Caller*> callers;
    for (const Job& job : jobs_) callers.push_back(job.caller);
    return callers;
  }

  Beginning begin(Caller& caller, Wide now) {
    using enum Beginning::Kind;
    caller.asked_within = within();
    const SharedFlight running = current(caller.key);
    if (Held* const held = find_held(caller.key); held != nullptr && is_young(*held, caller, now)) {
      const Answer answer{held->has_value() ? Answer::Kind::value : Answer::Kind::none,
                          held->has_value() ? held->value : 0};
      const Use use = use_of(*held, now);
      if (use == Use::fresh && (held->has_value() || caller.takes_none)) {
        hit(*held, now);
        return {answered, answer};
      }
      const bool waits_to_retry = held->retry_at && now < *held->retry_at;
      const bool serves_stale = use == Use::stale && (running != nullptr || caller.is_owned);
      if (!caller.is_stopped && held->has_value() && use != Use::dead && (waits_to_retry || serves_stale)) {
        hit(*held, now);
        ++counted_.stale_hits;
        if (waits_to_retry || running != nullptr) return {answered, answer};
        return {refreshing, answer, open(caller, now)};
      }
    }
    ++counted_.misses;
    if (caller.is_stopped) {
      ++counted_.lookups_without_fetch;
      return {refused, {Answer::Kind::abandoned}};
    }
    if (running == nullptr) {
      ++counted_.fetches_led;
      return {leading, {}, open(caller, now)};
    }
    if (std::find(fetches_.within.begin(), fetches_.within.end(), running->fetch) != fetches_.within.end()) {
      ++counted_.lookups_without_fetch;
      return {refused, {Answer::Kind::recursive}};
    }
    ++counted_.fetches_joined;
    return {joined, {}, running};
  }

  /// A fetch ends; all who wait have their answer, or ask anew. Returns what it came to, for a leader who does not
  /// wait.
  Answer land(const SharedFlight& flight, const Script& script, Wide now, Trace& trace) {
    Caller* const leader = flight->leader;
    const bool is_dropped = script.outcome.kind == Answer::Kind::abandoned;
    if (leader != nullptr && leader->is_stopped && !leader->is_owned && script.outcome.is_failure() && !is_dropped) {
      happened.note(Fact::lead_given_up);
      std::erase(flight->waiters, leader);
      pass_on(flight, now, trace);
      tell(*leader, Message::stopped, flight, now, trace);  // last: then the key is somebody's, or nobody's
      return {Answer::Kind::abandoned};
    }
    std::erase(flights_, flight);
    const Answer outcome = complete(*flight, script, now, trace.seen_with(in_flight()));
    flight->outcome = outcome;
    wake(flight, now, trace);
    return outcome;
  }

  /// Who waits leaves; their fetch, if it is theirs, goes to the next one.
  void leave(Caller& caller, Wide now, Trace& trace) {
    for (const auto& flight : flights_) std::erase(flight->waiters, &caller);
    for (Job& job : jobs_) {
      if (job.caller == &caller) job.caller = nullptr;
    }
    const SharedFlight led = flight_led_by(caller);
    if (led != nullptr && !caller.is_owned) pass_on(led, now, trace);
  }

  /// Who waits is told to stop. Whoever runs a fetch of their own waits for that.
  void stop(Caller& caller, Wide now, Trace& trace) {
    caller.is_stopped = true;
    for (const auto& flight : flights_) {
      if (flight->leader == &caller && !caller.lets_go) return;
    }
    for (const auto& flight : flights_) {
      if (std::erase(flight->waiters, &caller) != 0) return tell(caller, Message::stopped, flight, now, trace);
    }
  }

  /// A job that was posted runs.
  void run_job(std::size_t number, Wide now, Trace& trace) {
    const Job job = std::move(jobs_.at(number));
    jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(number));
    if (job.caller != nullptr) return hear(*job.caller, job.message, job.flight, now, trace);
    if (job.message == Message::lead) pass_on(job.flight, now, trace);
  }

  void expect_resumed(Caller& caller, const Answer& answer, Trace& trace) {
    const Event& event = trace.next();
    expect(event.kind == Event::Kind::resumed && event.caller == &caller, "who should have an answer does");
    expect(event.answer == answer, "the answer is the right one");
  }

  // What ends epochs.

  void supersede(int key) {
    if (const SharedFlight flight = current(key)) flight->is_current = false;
  }
  void supersede_all() {
    for (const auto& flight : flights_) flight->is_current = false;
  }
  void close() {
    supersede_all();
    ReferenceOutcomes::close();
  }

 protected:
  /// What is said to who waits: the fetch has ended; it is theirs to run now; they were told to stop.
  enum class Message : unsigned char { settled, lead, stopped };

  /// Says it to one of the keys of a bulk lookup.
  virtual void tell_part(Caller& part, Message message, const SharedFlight& flight, Wide now, Trace& trace) = 0;
  /// Goes on for a bulk lookup.
  virtual void resume(Caller& bulk, Wide now, Trace& trace) = 0;
  ~ReferenceFetches() = default;

  [[nodiscard]] bool is_open(const SharedFlight& flight) const {
    return std::find(flights_.begin(), flights_.end(), flight) != flights_.end();
  }
  /// The fetch that the program is in the middle of, the innermost one.
  [[nodiscard]] unsigned within() const noexcept { return fetches_.within.empty() ? 0 : fetches_.within.back(); }

  void tell(Caller& caller, Message message, const SharedFlight& flight, Wide now, Trace& trace) {
    if (caller.is_part) return tell_part(caller, message, flight, now, trace);
    if (!caller.is_queued) return hear(caller, message, flight, now, trace);
    happened.note(Fact::job_queued);
    jobs_.push_back({&caller, message, flight});
  }
  /// Whoever runs a fetch leaves it to the next one who waits.
  void pass_on(const SharedFlight& flight, Wide now, Trace& trace) {
    flight->leader = nullptr;
    if (flight->waiters.empty()) return drop(flight);
    ++counted_.fetch_failures;
    Caller& next = *flight->waiters.front();
    flight->waiters.erase(flight->waiters.begin());
    flight->fetch = ++fetches_.named;
    flight->started_at = now;
    tell(next, Message::lead, flight, now, trace);
  }
  /// A fetch ends without an outcome, and nobody waits for it.
  void drop(const SharedFlight& flight) {
    ++counted_.fetch_failures;
    std::erase(flights_, flight);
  }

 private:
  /// What is to be said later, to who is resumed by a job.
  struct Job {
    Caller* caller;
    Message message;
    SharedFlight flight;
  };

  /// Whoever is woken goes on within what they asked in, and nothing else.
  class Afresh {
   public:
    Afresh(Fetches& fetches, const Caller& caller) : fetches_(fetches), outer_(std::move(fetches.within)) {
      fetches_.within = {caller.asked_within};
    }
    Afresh(const Afresh&) = delete;
    Afresh& operator=(const Afresh&) = delete;
    ~Afresh() { fetches_.within = std::move(outer_); }

   private:
    Fetches& fetches_;
    std::vector<unsigned> outer_;
  };

  [[nodiscard]] static bool is_young(const Held& held, const Caller& caller, Wide now) {
    return !caller.max_age || is_within(now, held.stored_at, wide(*caller.max_age));
  }
  [[nodiscard]] static bool can_take(const Caller& caller, const Answer& outcome) {
    if (outcome.kind == Answer::Kind::none) return caller.takes_none;
    return outcome.kind != Answer::Kind::error || caller.takes_error;
  }

  SharedFlight open(Caller& leader, Wide now) {
    const auto flight = std::make_shared<Flight>();
    flight->key = leader.key;
    flight->fetch = ++fetches_.named;
    flight->started_at = now;
    flight->leader = &leader;
    flights_.push_back(flight);
    return flight;
  }

  // Waking.

  void wake(const SharedFlight& flight, Wide now, Trace& trace) {
    while (!flight->waiters.empty()) {
      Caller& next = *flight->waiters.front();
      flight->waiters.erase(flight->waiters.begin());
      tell(next, Message::settled, flight, now, trace);
    }
  }
  void hear(Caller& caller, Message message, const SharedFlight& flight, Wide now, Trace& trace) {
    const Afresh afresh(fetches_, caller);
    if (flight == nullptr) return resume(caller, now, trace);
    const bool ends_wait = caller.is_stopped && (flight->leader != &caller || caller.lets_go);
    if (message == Message::lead) {
      if (!caller.is_stopped) return lead(caller, flight, now, trace);
      happened.note(Fact::posted_lead_given_up);
      pass_on(flight, now, trace);
    }
    if (message != Message::settled || ends_wait) {
      happened.note(Fact::wait_stopped);
      return expect_resumed(caller, {Answer::Kind::abandoned}, trace);
    }
    can_take(caller, *flight->outcome) ? expect_resumed(caller, *flight->outcome, trace)
                                       : ask_again(caller, now, trace);
  }

  void ask_again(Caller& caller, Wide now, Trace& trace) {
    const Beginning beginning = begin(caller, now);
    switch (beginning.kind) {
      case Beginning::Kind::joined:
        beginning.flight->waiters.push_back(&caller);
        return;
      case Beginning::Kind::leading:
        return lead(caller, beginning.flight, now, trace);
      case Beginning::Kind::refreshing:
        start(beginning.flight, now, trace);
        break;
      default:
        break;
    }
    expect_resumed(caller, beginning.answer, trace);
  }

  /// A caller runs their fetcher, and waits for that like everybody else.
  void lead(Caller& caller, const SharedFlight& flight, Wide now, Trace& trace) {
    flight->waiters.push_back(&caller);
    flight->leader = &caller;
    start(flight, now, trace);
  }
  void start(const SharedFlight& flight, Wide now, Trace& trace) {
    Caller& leader = *flight->leader;
    if (!can_fetch(leader)) {
      leader.script.outcome = {Answer::Kind::refused};
      return static_cast<void>(land(flight, leader.script, now, trace));
    }
    const Event& event = trace.next();
    expect(event.kind == Event::Kind::started && (event.caller == &leader || event.caller == nullptr),
           "who should run their fetcher does");
    if (event.caller == nullptr) leader.script.outcome = event.answer;
    if (event.shown) expect(*event.shown == show(*flight), "a fetcher is shown what it is to replace");
    if (!leader.script.suspends) land(flight, leader.script, now, trace);
  }

  Fetches& fetches_;
  std::vector<SharedFlight> flights_;
  std::vector<Job> jobs_;
  bool has_loader_ = false;
};

}  // namespace model
