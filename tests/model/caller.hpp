// Caller: one get_or_fetch of a model test's program, as the reference sees it: what is asked, and how its fetcher
// answers. What was seen of the cache meanwhile is in trace.hpp.
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
  /// `refused` is std::invalid_argument. A fetch can come to `unmodified`; a lookup cannot.
  enum class Kind : unsigned char { value, none, error, failed, abandoned, recursive, refused, unmodified };
  Kind kind = Kind::value;
  int value = 0;

  [[nodiscard]] bool is_failure() const noexcept {
    return kind != Kind::value && kind != Kind::none && kind != Kind::unmodified;
  }
  friend bool operator==(const Answer&, const Answer&) = default;
};

/// How a caller's fetcher answers, once it is asked.
struct Script {
  Answer outcome;
  std::size_t weight = 1;
  /// Of a value, or of "not modified".
  std::optional<Ttl> own_ttl;
  std::optional<Wide> stored_at;
  /// Whether it does not end before the program says so.
  bool suspends = false;
};

struct Caller {
  std::size_t tier = 0;
  int key = 0;
  /// Whether it leaves the fetching to the tier's loader.
  bool is_loader = false;
  bool takes_none = false;
  bool takes_error = false;
  bool is_owned = false;
  /// Whether its fetcher is shown the entry that is to be replaced.
  bool is_conditional = false;
  std::optional<Ttl> max_age;
  /// Whether it was told to stop waiting.
  bool is_stopped = false;
  /// Whether its fetcher, once it has begun, does without it.
  bool lets_go = false;
  /// Whether it is resumed by a job that runs when the program says so.
  bool is_queued = false;
  /// Whether it stands for one of the keys of a bulk lookup.
  bool is_part = false;
  /// Whether it has its answer, or has left.
  bool is_done = false;
  /// The fetch that it asked in the first part of; 0 for none.
  unsigned asked_within = 0;
  Script script;
};

}  // namespace model
