// ThreadedLedger: what several threads, which take turns, asked, fetched and forgot, and the first promise that the
// cache broke. It is told when things begin and end, never what is in between, so it expects only what must be so
// whatever their order was. Kept: the values.
#pragma once

#include "sums.hpp"
#include "thread_scheduler.hpp"
#include "threaded_program.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace support {

/// What is fetched or put: it knows for which key and by what. All are counted, and one that is read after its end, or
/// while it is written, is noticed.
class Kept {
 public:
  Kept(int key, int by) noexcept : key_(key), by_(by) { ++alive; }
  Kept(const Kept& other) noexcept : key_(other.key_) {
    ThreadScheduler::reach("copy", ThreadScheduler::Grain::fine);
    by_ = other.by_;
    if (other.life_ != living) ++read_when_dead;
    ++alive;
  }
  Kept& operator=(const Kept&) = delete;
  ~Kept() {
    life_ = 0;
    --alive;
  }

  [[nodiscard]] int key() const noexcept { return key_; }
  [[nodiscard]] int by() const noexcept { return by_; }

  static inline int alive = 0;
  static inline int read_when_dead = 0;

 private:
  static constexpr int living = 0x600d;

  int key_;
  int by_ = 0;
  volatile int life_ = living;  // volatile, or the end of it would not be written down
};

class ThreadedLedger {
 public:
  static constexpr int all_keys = -1;

  struct Call {
    int key = 0;
    int began = 0;
    /// Nothing from before may be seen.
    int oldest = 0;
    tiercache::TimePoint at;
  };
  struct Forgetting {
    int key = 0;
    int began = 0;
    bool forgets = true;
    int ended = never;
  };

  /// The first promise that was broken; empty as long as none was.
  [[nodiscard]] const std::string& broken() const noexcept { return broken_; }
  void expect(bool holds, const char* promise) {
    if (!holds && broken_.empty()) broken_ = promise;
  }

  // Calls.

  [[nodiscard]] Call call_begins(int key, bool counts = true) {
    lookups_ += counts ? 1 : 0;
    return {key, ++moment_, oldest_[index(key)], tiercache::ManualClock::now()};
  }
  void sees(const Call& call, const Kept& value) {
    expect(value.key() == call.key && origin(value.by()).key == call.key, "a call sees the value of another key");
    const Origin& its = origin(value.by());
    expect((its.is_put ? its.ended : its.began) >= call.oldest,
           "P4: a call sees a value whose fetch began before an invalidation");
  }
  /// The same, of what was in memory.
  void sees_held(const Call& call, const Kept& value) {
    sees(call, value);
    const Origin& its = origin(value.by());
    const bool is_older = its.ended < call.began;
    expect(!is_older || call.at - its.at < std::chrono::minutes(1), "P8: a call sees a value past its deadline");
  }
  /// It fails as these fetches did, of which one is for its key.
  void fails(const Call& call, const std::vector<int>& fetches) {
    for (const int fetch : fetches) {
      Origin& its = origin(fetch);
      if (its.key != call.key) continue;
      if (its.told == never) its.told = ++moment_;
      expect(call.began < its.told, "P2: a call gets a failure that another one had before it began");
    }
  }

  /// A fetch may be given up. Who was about to wait for it looks again, and counts again.
  void may_give_up() noexcept { may_look_again_ = true; }

  // Fetches. `call` is the one whose fetcher it is.

  [[nodiscard]] int fetch_begins(int key, const Call& call) {
    const int now = ++moment_;
    for (const Origin& other : origins_) {
      if (!other.is_running || other.key != key) continue;
      expect(was_forgotten(key, std::min(other.asked, call.began)),
             "P1: two fetches of a key run at the same time, and nothing came in between");
    }
    origins_.push_back({key, call.began, now, false, true, tiercache::ManualClock::now()});
    return static_cast<int>(origins_.size()) - 1;
  }
  /// What a fetch brings beside what it was asked for.
  [[nodiscard]] int is_brought(int key) {
    origins_.push_back({key, 0, ++moment_, false, false, tiercache::ManualClock::now()});
    return static_cast<int>(origins_.size()) - 1;
  }
  void fetch_ends(int fetch) {
    if (!std::exchange(origin(fetch).is_running, false)) return;
    origin(fetch).ended = ++moment_;
  }

  // Writing and forgetting.

  [[nodiscard]] int put_begins(int key) {
    origins_.push_back({key, 0, ++moment_, true, false, tiercache::ManualClock::now()});
    return static_cast<int>(origins_.size()) - 1;
  }
  void put_ends(int put) {
    origin(put).at = tiercache::ManualClock::now();
    origin(put).ended = ++moment_;
  }
  /// `forgets` says whether what is stored goes, and not only what is being fetched.
  [[nodiscard]] std::size_t forgetting_begins(int key, bool forgets = true) {
    forgettings_.push_back({key, ++moment_, forgets});
    return forgettings_.size() - 1;
  }
  void forgetting_ends(std::size_t number) {
    Forgetting& its = forgettings_[number];
    its.ended = ++moment_;
    for (int key = 0; its.forgets && key < ThreadedProgram::keys; ++key) {
      if (its.key == key || its.key == all_keys) oldest_[index(key)] = std::max(oldest_[index(key)], its.began);
    }
  }

  // What the cache says of itself.

  void shows(const tiercache::TierStats& stats, std::size_t capacity) {
    expect(stats.entries <= capacity, "P7: a tier holds more than it may");
  }
  void rests(const tiercache::TierStats& stats, std::size_t capacity) {
    shows(stats, capacity);
    expect(stats.in_flight == 0, "P3: a fetch is never over");
    expect(stats.lookups == lookups_ || (may_look_again_ && stats.lookups > lookups_),
           "P11: lookups are counted once each");
    if (const char* const wrong = wrong_sum(stats)) expect(false, wrong);
    const bool may_be_late = tiercache::ManualClock::now() != start_;  // what is past its deadline is not stored
    expect(stats.store_failures == 0 || may_be_late, "what is fetched is not stored");
  }
  [[nodiscard]] std::size_t fetches() const noexcept { return origins_.size(); }

 private:
  static constexpr int never = std::numeric_limits<int>::max();

  /// Where a value comes from: a fetch or a put.
  struct Origin {
    int key;
    /// When the call began that it belongs to.
    int asked;
    int began;
    bool is_put;
    bool is_running;
    /// From when its time to live counts, at the latest.
    tiercache::TimePoint at;
    int ended = never;
    /// When its failure was told to the first one.
    int told = never;
  };

  [[nodiscard]] static std::size_t index(int key) noexcept { return static_cast<std::size_t>(key); }
  [[nodiscard]] Origin& origin(int by) { return origins_.at(index(by)); }

  /// Tells whether something may have ended the epoch of a key since a moment.
  [[nodiscard]] bool was_forgotten(int key, int since) const {
    return std::any_of(forgettings_.begin(), forgettings_.end(), [&](const Forgetting& its) {
      return (its.key == key || its.key == all_keys) && its.ended > since;
    });
  }

  const tiercache::TimePoint start_ = tiercache::ManualClock::now();
  std::vector<Origin> origins_;
  std::vector<Forgetting> forgettings_;
  std::array<int, ThreadedProgram::keys> oldest_{};
  int moment_ = 0;
  std::uint64_t lookups_ = 0;
  bool may_look_again_ = false;
  std::string broken_;
};

}  // namespace support
