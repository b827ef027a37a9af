// ReferenceTier: a tier's Reference with its fetches: who leads, who waits for whom, and what becomes of the outcome.
// It goes through what happened in the order of the trace, and says where that should have been something else.
#pragma once

#include "caller.hpp"
#include "reference.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace model {

/// A fetch that is under way.
struct Flight {
  int key = 0;
  Wide started_at = 0;
  bool is_current = true;
  Caller* leader = nullptr;
  /// In the order in which they are woken.
  std::vector<Caller*> waiters;
};

class ReferenceTier : public Reference {
 public:
  using Reference::Reference;

  /// How a lookup must begin.
  struct Beginning {
    enum class Kind : unsigned char { answered, refreshing, joined, leading, recursive };
    Kind kind{};
    /// Of those that do not wait.
    Answer answer = {};
    /// Of those that do, and of a refresh.
    Flight* flight = nullptr;
  };

  /// Fetches whose first part the program is in the middle of.
  std::vector<const Flight*> within;

  [[nodiscard]] std::size_t in_flight() const noexcept { return flights_.size(); }
  [[nodiscard]] Flight* current(int key) const {
    for (const auto& flight : flights_) {
      if (flight->key == key && flight->is_current) return flight.get();
    }
    return nullptr;
  }
  /// Whether there is a fetch of the key, in this epoch or an earlier one.
  [[nodiscard]] bool is_being_fetched(int key) const {
    return std::any_of(flights_.begin(), flights_.end(), [key](const auto& flight) { return flight->key == key; });
  }
  /// The fetch that a caller leads.
  [[nodiscard]] Flight* flight_led_by(const Caller& caller) const {
    for (const auto& flight : flights_) {
      if (flight->leader == &caller) return flight.get();
    }
    return nullptr;
  }

  Beginning begin(Caller& caller, Wide now) {
    using enum Beginning::Kind;
    Flight* const running = current(caller.key);
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
      if (held->has_value() && use != Use::dead && (waits_to_retry || serves_stale)) {
        hit(*held, now);
        ++counted_.stale_hits;
        if (waits_to_retry || running != nullptr) return {answered, answer};
        return {refreshing, answer, &open(caller, now)};
      }
    }
    ++counted_.misses;
    if (running == nullptr) {
      ++counted_.fetches_led;
      return {leading, {}, &open(caller, now)};
    }
    if (std::find(within.begin(), within.end(), running) != within.end()) {
      ++counted_.lookups_without_fetch;
      return {recursive, {Answer::Kind::recursive}};
    }
    ++counted_.fetches_joined;
    return {joined, {}, running};
  }

  /// A fetch ends; all who wait have their answer, or ask anew. Returns what it came to, for a leader who does not
  /// wait.
  Answer land(Flight& landed, const Script& script, Wide now, Trace& trace) {
    const std::unique_ptr<Flight> flight = remove(landed);
    const Answer outcome = complete(*flight, script, now, trace.peek().seen);
    while (!flight->waiters.empty()) {
      Caller& next = *flight->waiters.front();
      flight->waiters.erase(flight->waiters.begin());
      if (can_take(next, outcome)) {
        expect_resumed(next, outcome, trace);
      } else {
        ask_again(next, now, trace);
      }
    }
    return outcome;
  }

  /// Who waits leaves; their fetch, if it is theirs, goes to the next one.
  void leave(Caller& caller, Wide now, Trace& trace) {
    for (const auto& flight : flights_) std::erase(flight->waiters, &caller);
    if (Flight* const led = flight_led_by(caller); led != nullptr && !caller.is_owned) pass_on(*led, now, trace);
  }

  void expect_resumed(Caller& caller, const Answer& answer, Trace& trace) {
    const Event& event = trace.next();
    expect(event.kind == Event::Kind::resumed && event.caller == &caller, "who should have an answer does");
    expect(event.answer == answer, "the answer is the right one");
  }

  // What ends epochs.

  void supersede(int key) {
    if (Flight* const flight = current(key)) flight->is_current = false;
  }
  void supersede_all() {
    for (const auto& flight : flights_) flight->is_current = false;
  }
  void close() {
    supersede_all();
    is_closed_ = true;
    Reference::close();
  }

 private:
  [[nodiscard]] static bool is_young(const Held& held, const Caller& caller, Wide now) {
    return !caller.max_age || is_within(now, held.stored_at, wide(*caller.max_age));
  }
  [[nodiscard]] static bool can_take(const Caller& caller, const Answer& outcome) {
    if (outcome.kind == Answer::Kind::none) return caller.takes_none;
    return outcome.kind != Answer::Kind::error || caller.takes_error;
  }

  Flight& open(Caller& leader, Wide now) {
    flights_.push_back(std::make_unique<Flight>());
    Flight& flight = *flights_.back();
    flight.key = leader.key;
    flight.started_at = now;
    flight.leader = &leader;
    return flight;
  }
  [[nodiscard]] std::unique_ptr<Flight> remove(const Flight& flight) {
    const auto found =
        std::find_if(flights_.begin(), flights_.end(), [&](const auto& one) { return one.get() == &flight; });
    std::unique_ptr<Flight> removed = std::move(*found);
    flights_.erase(found);
    return removed;
  }

  Answer complete(const Flight& flight, const Script& script, Wide now, const Seen& seen) {
    Answer outcome = script.outcome;
    if (outcome.is_failure()) {
      ++counted_.fetch_failures;
      Held* const held = flight.is_current ? find_held(flight.key) : nullptr;
      if (held != nullptr && held->has_value()) {
        const Use use = use_of(*held, now);
        const bool spares_fresh = policy().stale_for != Ttl{} || policy().stale_if_error != Ttl{};
        if (use != Use::dead && (use != Use::fresh || spares_fresh)) {
          held->read_at = now;
          if (policy().retry_after != Ttl{}) held->retry_at = after(now, wide(policy().retry_after));
          outcome = {Answer::Kind::value, held->value};
        }
      }
    } else if (!flight.is_current || is_closed_) {
      ++counted_.superseded;
    } else if (outcome.kind == Answer::Kind::none && policy().not_found_ttl == Ttl{}) {
      drop_if([&](const Held& held) { return held.key == flight.key; }, RemovalCause::Expired, seen);
      return outcome;
    } else {
      Held fresh{.key = flight.key};
      fresh.stored_at = flight.started_at;
      if (outcome.kind == Answer::Kind::value) {
        fresh.value = outcome.value;
        fresh.weight = script.weight;
        fresh.own_ttl = script.own_ttl;
        if (script.stored_at && *script.stored_at != 0) {
          fresh.stored_at = (std::min)(*script.stored_at, flight.started_at);
        }
      }
      admit(fresh, now, seen);
      return outcome;
    }
    if (!is_closed_) expect_unchanged(seen);
    return outcome;
  }

  void ask_again(Caller& caller, Wide now, Trace& trace) {
    const Beginning beginning = begin(caller, now);
    switch (beginning.kind) {
      case Beginning::Kind::joined:
        beginning.flight->waiters.push_back(&caller);
        return;
      case Beginning::Kind::leading:
        beginning.flight->waiters.push_back(&caller);
        return start(*beginning.flight, now, trace);
      case Beginning::Kind::refreshing:
        start(*beginning.flight, now, trace);
        break;
      default:
        break;
    }
    expect_resumed(caller, beginning.answer, trace);
  }

  /// Whoever leads now runs their fetcher.
  void start(Flight& flight, Wide now, Trace& trace) {
    const Event& event = trace.next();
    Caller& leader = *flight.leader;
    expect(event.kind == Event::Kind::started && (event.caller == &leader || event.caller == nullptr),
           "who should run their fetcher does");
    if (event.caller == nullptr) leader.script.outcome = event.answer;
    if (!leader.script.suspends) land(flight, leader.script, now, trace);
  }

  void pass_on(Flight& flight, Wide now, Trace& trace) {
    ++counted_.fetch_failures;
    if (flight.waiters.empty()) {
      static_cast<void>(remove(flight));
      return;
    }
    Caller& next = *flight.waiters.front();
    flight.waiters.erase(flight.waiters.begin());
    flight.waiters.push_back(&next);  // it waits for itself like everybody else
    flight.leader = &next;
    flight.started_at = now;
    start(flight, now, trace);
  }

  std::vector<std::unique_ptr<Flight>> flights_;
  bool is_closed_ = false;
};

}  // namespace model
