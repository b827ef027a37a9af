// Stage: what playing a program needs whatever the operation is: the cache and the reference, what the bytes of an
// operation choose, and how the reference goes through what was seen.
#pragma once

#include "asking.hpp"
#include "choices.hpp"
#include "clock.hpp"
#include "happened.hpp"
#include "operations.hpp"
#include "reference_bulk.hpp"
#include "subject.hpp"
#include "tiers.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace model {

template <class Config, class Eviction>
class Stage : private WatchedClock::Watcher {
 protected:
  using Subject = model::Subject<Watched<Config>, Eviction>;
  template <std::size_t number>
  using TierAt = typename Subject::template Tier<number>;
  template <std::size_t number>
  using Number = std::integral_constant<std::size_t, number>;

  explicit Stage(const Program& program) : program_(program), subject_(program) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage() { WatchedClock::watcher = nullptr; }

  /// Plays one operation.
  virtual void play(const Operation& operation) = 0;

  [[nodiscard]] ReferenceTier& tier(std::size_t number) noexcept { return subject_.tier(number); }
  [[nodiscard]] ReferenceTier& tier(const Caller& caller) noexcept { return subject_.tier(caller.tier); }
  void expect(bool holds, const char* what) { subject_.verdict.expect(holds, what); }
  void record(Event event) { events_.push_back(std::move(event)); }

  // Choices.

  [[nodiscard]] bool is_large() const noexcept { return program_.policies[0][0] % capacity_count == capacity_100; }
  [[nodiscard]] int some_key(const Operation& o, std::size_t number) const noexcept {
    return number == motto ? 0 : is_large() ? (o.key + o.a) % 150 : o.key % 8;
  }
  [[nodiscard]] std::size_t some_weight(unsigned number, std::size_t of) const noexcept {
    static constexpr std::size_t weights[] = {1, 0, std::size_t{1} << 32, (std::numeric_limits<std::size_t>::max)()};
    if (of != cards) return 1;
    return program_.weights % 5 == 4 ? choose(weights, number) : choose(weights, program_.weights % 5);
  }

  // Going through what happened.

  /// From here on until the operation ends, what can be seen of a tier is recorded whenever the cache looks at the
  /// time.
  void watch(std::size_t number) {
    watched_ = number;
    WatchedClock::watcher = this;
  }
  void look() final { record({.kind = Event::Kind::looked, .answer = {}, .seen = subject_.see(watched_)}); }

  /// Has the reference go through what happened since `first`.
  template <class Check>
  void follow(std::size_t number, std::size_t first, const Check& check) {
    WatchedClock::watcher = nullptr;
    if (!subject_.verdict.fault().empty()) throw Mismatch();
    record({.kind = Event::Kind::end, .answer = {}, .seen = subject_.see(number)});
    Trace trace(events_, first);
    check(trace);
    expect(trace.is_at_end(), "nothing else happened");
    events_.resize(first);
  }

  /// Runs the next operations while another one is under way.
  void run_inner(unsigned count) {
    Caller* const outer = std::exchange(direct_, nullptr);
    try {
      for (; count != 0 && next_ < program_.operations.size(); --count) play(program_.operations[next_++]);
    } catch (const Mismatch&) {}  // noted; the library is not to catch it
    direct_ = outer;
  }

  const Program& program_;
  Subject subject_;
  std::size_t next_ = 0;
  unsigned depth_ = 0;
  int next_value_ = 1;
  std::vector<Event> events_;
  /// Who was just told to begin with their own fetch.
  Caller* direct_ = nullptr;
  std::size_t watched_ = 0;
};

}  // namespace model
