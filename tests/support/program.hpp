// Program and Acts: what may happen while some callers ask a cache, besides their asking. Who they are is not said
// here, how it is played in play.hpp.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace support {

/// What can happen. The first ones may always, the others once for each time that the program names them.
enum class Act {
  start,
  run_job,
  end_with_value,
  end_with_failure,
  end_with_none,
  drop_fetch,
  never_end,
  invalidate,
  invalidate_tier,
  invalidate_all_by_predicate,
  invalidate_none_by_predicate,
  clear,
  put,
  get,
  expire,
  close,
  leave,
  stop,
  drop_job,
  refuse_job,
  ask_again,
};
[[nodiscard]] constexpr std::string_view name_of(Act act) {
  constexpr std::string_view names[] = {
      "start",
      "run the job of",
      "end with a value",
      "end with a failure",
      "end with none",
      "drop",
      "never end",
      "invalidate",
      "invalidate the tier",
      "invalidate_if all",
      "invalidate_if none",
      "clear",
      "put",
      "get",
      "expire",
      "close the cache",
      "destroy",
      "stop",
      "drop the job of",
      "refuse the job of",
      "ask again",
  };
  return names[static_cast<std::size_t>(act)];
}

/// A program without its callers.
struct Program {
  /// What may happen at any time, from outside.
  std::vector<Act> acts;
  /// What a caller may do as soon as it has its answer; each once, whoever it is.
  std::vector<Act> reactions = {};
  /// What a fetcher may do in its first part; each once.
  std::vector<Act> in_fetches = {};
  /// How fetches end, but for a value.
  std::vector<Act> endings = {Act::end_with_failure};
  bool may_end_at_once = false;
  bool may_never_end = false;
};

/// A list of things that happen once each, and which of them have.
class Acts {
 public:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  explicit Acts(const std::vector<Act>& acts) : acts_(acts), is_used_(acts.size()) {}

  /// Calls `function(act, place)` for what has not happened; once, if the same is named twice.
  template <class Function>
  void for_each_left(const Function& function) const {
    for (std::size_t i = 0; i < acts_.size(); ++i) {
      if (find(acts_[i]) == i) function(acts_[i], i);
    }
  }
  /// Returns the first place of an act that has not happened.
  [[nodiscard]] std::size_t find(Act act) const {
    for (std::size_t i = 0; i < acts_.size(); ++i) {
      if (acts_[i] == act && !is_used_[i]) return i;
    }
    return none;
  }
  void use(std::size_t place) {
    if (place != none) is_used_[place] = true;
  }

 private:
  const std::vector<Act>& acts_;
  std::vector<bool> is_used_;
};

}  // namespace support
