// Trace: what was seen of the cache while an operation of a model test's program ran.
#pragma once

#include "caller.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace model {

/// An entry that left, as the listener was told of it.
struct Report {
  int key = 0;
  int value = 0;
  RemovalCause cause{};
  friend bool operator==(const Report&, const Report&) = default;
  friend auto operator<=>(const Report&, const Report&) = default;
};

/// What could be seen of a tier at some moment.
struct Seen {
  static constexpr int none = -1;

  /// Which values were held, by key: `none` for the answer "there is none".
  std::vector<std::pair<int, int>> held;
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  /// How many places for entries the tier had.
  std::size_t places = 0;
  /// How many removals had been reported.
  std::size_t reports = 0;
  /// How many fetches were under way.
  std::size_t in_flight = 0;
};

/// An entry, as a fetcher was shown it.
struct Shown {
  int value = 0;
  std::size_t weight = 0;
  Wide stored_at = 0;
  Wide ttl = 0;
  friend bool operator==(const Shown&, const Shown&) = default;
};

struct BulkRun;

/// Something that was seen to happen: a fetcher was called; a caller had its answer; an answer of a bulk fetcher was
/// taken; the time was looked at while such answers were stored; or the operation ended.
struct Event {
  enum class Kind : unsigned char { started, resumed, passed, looked, end };
  Kind kind{};
  /// Null for a loader, which does not know who asks, and a bulk fetcher.
  Caller* caller = nullptr;
  /// Of `resumed`, the answer; of a loader's `started`, what it came to.
  Answer answer;
  Seen seen;
  /// Of a `started` one whose fetcher was shown the entry that is to be replaced; null inside if there was none.
  std::optional<std::optional<Shown>> shown = {};
  /// Of a bulk fetcher's `started`.
  BulkRun* run = nullptr;
  /// Of a bulk lookup's `resumed`, the answers; if it failed, that alone.
  std::vector<Answer> answers = {};
};

/// What was seen to happen during an operation, in turn.
class Trace {
 public:
  Trace(const std::vector<Event>& events, std::size_t first) noexcept : events_(events), next_(first) {}

  const Event& next() {
    while (events_.at(next_).kind == Event::Kind::looked) ++next_;
    return events_[next_++];
  }
  /// The time is looked at before something is stored; goes on to what was seen after that.
  void skip_look() noexcept {
    if (events_[next_].kind == Event::Kind::looked) ++next_;
  }
  /// What was seen when something happened next.
  [[nodiscard]] const Seen& seen_now() const { return events_.at(next_).seen; }
  [[nodiscard]] bool is_at_end() { return next().kind == Event::Kind::end; }

  /// What was seen after a fetch ended that left `in_flight` others under way. Where several end one after the other,
  /// the time is looked at before anything is stored.
  [[nodiscard]] const Seen& seen_with(std::size_t in_flight) const {
    std::size_t at = next_;
    while (events_.at(at).kind == Event::Kind::looked && events_[at].seen.in_flight > in_flight) ++at;
    return events_[at].seen;
  }

 private:
  const std::vector<Event>& events_;
  std::size_t next_;
};

}  // namespace model
