// StagedFetch: a fetch that ends when and how a schedule says. Stage: those that are suspended, and what they and
// whoever plays a program share. How a program is played is in play.hpp.
#pragma once

#include "ledger.hpp"
#include "schedule.hpp"

#include <coroutine>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace support {

/// What is fetched: it knows by which fetch. All of them are counted, so that none is lost.
class Fetched {
 public:
  explicit Fetched(int by) noexcept : by_(by) { ++alive; }
  Fetched(const Fetched& other) noexcept : by_(other.by_) { ++alive; }
  Fetched& operator=(const Fetched&) noexcept = default;
  ~Fetched() { --alive; }

  [[nodiscard]] int by() const noexcept { return by_; }

  static inline int alive = 0;

 private:
  int by_;
};

/// The exception with which a fetch fails.
struct FetchFailed {
  int fetch;
};

class SuspendedFetch;

/// What the fetches of one run have in common.
struct Stage {
  Schedule& schedule;
  Ledger ledger;
  std::vector<SuspendedFetch*> suspended = {};
  /// Whether a fetch may end before it is suspended.
  bool may_end_at_once = false;
  /// Whether all do so, with a value.
  bool ends_all_at_once = false;
};

/// One fetch, as something that waits in the stage until it is told how it ends.
class SuspendedFetch {
 public:
  /// What else than a value it may end with.
  struct Ways {
    bool none;
    bool drop;
  };

  SuspendedFetch(Stage& stage, int id, Ways ways) noexcept : stage_(stage), id_(id), ways_(ways) {}
  SuspendedFetch(const SuspendedFetch&) = delete;
  SuspendedFetch& operator=(const SuspendedFetch&) = delete;

  [[nodiscard]] int id() const noexcept { return id_; }
  [[nodiscard]] bool can_end_with(Came::To to) const noexcept {
    if (to == Came::To::none) return ways_.none;
    if (to == Came::To::abandoned) return ways_.drop;
    return true;
  }

  /// Goes on with it; or, if it is `abandoned`, destroys who waits for it, as an executor that shuts down does.
  void end(Came::To to) {
    std::erase(stage_.suspended, this);
    stage_.ledger.fetch_ends(id_, to);
    ended_ = to;
    to == Came::To::abandoned ? waiting_.destroy() : waiting_.resume();
  }

  [[nodiscard]] bool await_ready() {
    if (stage_.ends_all_at_once) {
      ended_ = Came::To::value;
    } else if (stage_.may_end_at_once) {
      const std::size_t chosen = stage_.schedule.choose(3);
      if (chosen != 0) ended_ = chosen == 1 ? Came::To::value : Came::To::failure;
    }
    if (ended_) stage_.ledger.fetch_ends(id_, *ended_);
    return ended_.has_value();
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    waiting_ = waiting;
    stage_.suspended.push_back(this);
    stage_.ledger.fetch_suspends(id_);
  }

 protected:
  ~SuspendedFetch() {
    if (!waiting_ || ended_) return;
    std::erase(stage_.suspended, this);
    stage_.ledger.fetch_is_destroyed(id_);
  }

  /// Returns how it ended.
  [[nodiscard]] Came::To result() {
    stage_.ledger.fetch_goes_on(id_);
    if (ended_ == Came::To::failure) throw FetchFailed{id_};
    return ended_.value();
  }

 private:
  Stage& stage_;
  int id_;
  Ways ways_;
  std::coroutine_handle<> waiting_;
  std::optional<Came::To> ended_;
};

/// The same with an answer: a `Fetched`, or a `std::optional` of it.
template <class Answer>
class StagedFetch final : public SuspendedFetch {
 public:
  static constexpr bool may_be_none = !std::is_same_v<Answer, Fetched>;

  /// What awaits one that may be dropped is a coroutine that nobody else destroys.
  StagedFetch(Stage& stage, int id, bool may_be_dropped = true) noexcept
      : SuspendedFetch(stage, id, {may_be_none, may_be_dropped}) {}

  [[nodiscard]] Answer await_resume() {
    [[maybe_unused]] const Came::To to = result();
    if constexpr (may_be_none) {
      if (to == Came::To::none) return std::nullopt;
    }
    return Answer(Fetched(id()));
  }
};

}  // namespace support
