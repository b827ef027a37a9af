// Caller: one get_or_fetch of a model test's program, as the reference sees it; and Trace, what was seen of the cache
// while an operation ran.
#pragma once

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace model {

using tiercache::RemovalCause;
using tiercache::Ttl;

/// A count of nanoseconds that no sum of two times or lengths overflows.
__extension__ using Wide = __int128;
inline constexpr Wide last_time = (std::chrono::nanoseconds::max)().count();

/// Thrown where a difference was noted that makes it pointless to go on.
struct Mismatch {};

/// Keeps the first difference between the cache and the reference.
class Verdict {
 public:
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

  /// Notes a difference. For where the library would catch what is thrown.
  void note(bool holds, const char* what) {
    if (!holds && fault_.empty()) fault_ = what;
  }
  void expect(bool holds, const char* what) {
    note(holds, what);
    if (!holds) throw Mismatch();
  }

 private:
  std::string fault_;
};

/// What a lookup yields, or a fetch comes to.
struct Answer {
  enum class Kind : unsigned char { value, none, error, failed, abandoned, recursive };
  Kind kind = Kind::value;
  int value = 0;

  [[nodiscard]] bool is_failure() const noexcept { return kind != Kind::value && kind != Kind::none; }
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// How a caller's fetcher answers, once it is asked.
struct Script {
  Answer outcome;
  std::size_t weight = 1;
  std::optional<Ttl> own_ttl;
  std::optional<Wide> stored_at;
  /// Whether it does not end before the program says so.
  bool suspends = false;
};

struct Caller {
  int key = 0;
  bool takes_none = false;
  bool takes_error = false;
  bool is_owned = false;
  std::optional<Ttl> max_age;
  Script script;
};

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
};

/// Something that was seen to happen: a fetcher was called, a caller had its answer, or the operation ended. `caller`
/// is null for a loader, which does not know who asks.
struct Event {
  enum class Kind : unsigned char { started, resumed, end };
  Kind kind{};
  Caller* caller = nullptr;
  /// Of `resumed`, the answer; of a loader's `started`, what it came to.
  Answer answer;
  Seen seen;
};

/// What was seen to happen during an operation, in turn.
class Trace {
 public:
  Trace(const std::vector<Event>& events, std::size_t first) noexcept : events_(events), next_(first) {}

  [[nodiscard]] const Event& peek() const { return events_.at(next_); }
  const Event& next() { return events_.at(next_++); }
  [[nodiscard]] bool is_at_end() const { return peek().kind == Event::Kind::end; }

 private:
  const std::vector<Event>& events_;
  std::size_t next_;
};

}  // namespace model
