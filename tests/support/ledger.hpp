// Ledger: what was asked, fetched and answered while a program ran against a cache of one key, what the cache must hold
// after that, and the first promise that it broke. It knows nothing of how a cache works; who plays the program, in
// play.hpp, tells it everything.
#pragma once

#include "sums.hpp"

#include <tiercache/tiercache.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// What a fetch, or a call, came to.
struct Came {
  enum class To { value, failure, none, abandoned, refused };
  To to = To::refused;
  /// Whose value or failure it is.
  int fetch = -1;

  friend bool operator==(const Came&, const Came&) = default;
};

/// How a call is made.
struct Asks {
  bool takes_none = false;
  bool is_told_to_stop = false;
};

/// An epoch ends with every invalidation and put. A fetch belongs to the epoch of the calls that wait for it, which
/// matters to who may share it; its value is as old as the epoch in which it began itself, which matters to who may see
/// it.
class Ledger {
 public:
  Ledger(std::size_t callers, tiercache::Ttl ttl) : calls_(callers), ttl_(ttl) {}

  /// The first promise that was broken; empty as long as none was.
  [[nodiscard]] const std::string& broken() const noexcept { return broken_; }
  void expect(bool holds, const char* promise) {
    if (!holds && broken_.empty()) broken_ = promise;
  }

  // Calls. A caller makes one after the other.

  void call_begins(std::size_t caller, Asks asks) {
    Call& call = calls_[caller];
    call = Call();
    call.is_waiting = true;
    call.asks = asks;
    call.oldest = oldest_;
    call.epoch = epoch_;
    call.began = ++moment_;
    ++lookups_;
    if (is_fresh() && is_certain_) {
      call.due = Came{Came::To::value, held_};
    } else if (is_fresh()) {
      call.perhaps = held_;
    } else if (asks.is_told_to_stop) {
      call.due = Came{Came::To::abandoned, -1};
    }
  }
  void call_answered(std::size_t caller, Came came) {
    Call& call = calls_[caller];
    expect(call.is_waiting, "P5: a call is answered whose caller has left, or was answered before");
    expect(came.to != Came::To::refused, "P10: a call is refused that is no part of a fetch");
    if (came.to == Came::To::value) {
      expect(of(came).oldest >= call.oldest, "P4: a call sees a value whose fetch began before an invalidation");
      const bool is_hit = of(came).ended < call.began;
      expect(!is_hit || call.began_at(of(came), ttl_), "P8: a call sees a value past its deadline");
    } else if (came.to == Came::To::failure) {
      expect(of(came).ended > call.began, "P2: a call gets the failure of a fetch that had ended before");
    }
    // One that is told to stop after its fetch has ended, and before it is resumed, may come to either.
    const bool may_stop = call.is_stopped_late || (call.asks.is_told_to_stop && call.perhaps >= 0);
    if (came.to == Came::To::abandoned && may_stop) {
    } else if (call.due) {
      expect(*call.due == came, "P2, P3: a call gets another answer than its fetch came to");
    } else {
      expect(came == Came{Came::To::value, call.perhaps}, "P3: a call is answered though its fetch has not ended");
    }
    call.is_waiting = false;
  }
  void call_stops(std::size_t caller) {
    Call& call = calls_[caller];
    call.asks.is_told_to_stop = true;
    if (call.due) call.is_stopped_late = true;
    if (call.asks_anew) ++lookups_left_out_;
    // Who runs a fetch that uses what is its own does not go before that has ended.
    if (call.is_waiting && !call.due && !runs_own(caller)) call.due = Came{Came::To::abandoned, -1};
  }
  /// An executor runs the job of one who may have waited for that to ask again, or drops it, which is as good.
  void job_ends(std::size_t caller) {
    Call& call = calls_[caller];
    if (!std::exchange(call.asks_later, false)) return;
    call.asks_anew = false;
    call.epoch = epoch_;
    if (!is_fresh()) return;
    if (is_certain_) call.due = Came{Came::To::value, held_};
    call.perhaps = held_;
  }
  void caller_leaves(std::size_t caller) {
    if (calls_[caller].asks_anew) ++lookups_left_out_;
    calls_[caller].has_left = true;
    calls_[caller].is_waiting = false;
  }
  void caller_has_left(std::size_t caller) {
    for (const Fetch& fetch : fetches_) {
      expect(fetch.is_starting || !fetch.is_running || fetch.is_owned || fetch.caller != caller,
             "P5: a fetch goes on after its caller has left");
    }
  }
  [[nodiscard]] int epoch_of(std::size_t caller) const noexcept { return calls_[caller].epoch; }
  [[nodiscard]] bool has_left(std::size_t caller) const noexcept { return calls_[caller].has_left; }

  /// Finds who it is that the cache has its loader fetch for: one of `askers` who waits where nobody fetches. If
  /// several do, `likely`, or else the one who asked first.
  [[nodiscard]] std::size_t caller_to_load_for(std::uint64_t askers, std::size_t likely) const noexcept {
    const std::uint64_t running = running_epochs();
    std::optional<std::size_t> first;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      const Call& call = calls_[i];
      if ((askers & bit(i)) == 0 || !call.is_waiting || call.due || (running & bit(call.epoch)) != 0) continue;
      if (i == likely) return i;
      if (!first || call.began < calls_[*first].began) first = i;
    }
    return first.value_or(likely);
  }

  // Fetches.

  [[nodiscard]] int fetch_begins(std::size_t caller, bool is_owned, bool may_count_from_earlier) {
    Call& call = calls_[caller];
    if (std::exchange(call.asks_anew, false)) call.epoch = epoch_;
    expect((running_epochs() & bit(call.epoch)) == 0, "P1: two fetches run at the same time in one epoch");
    expect(call.is_waiting && !call.due, "P1, P5: a fetch begins for a call that needs none");
    Fetch fetch;
    fetch.caller = caller;
    fetch.is_owned = is_owned;
    fetch.is_running = fetch.is_starting = true;
    fetch.is_certain = !may_count_from_earlier;
    fetch.epoch = call.epoch;
    return add(fetch);
  }
  void fetch_suspends(int id) { fetch(id).is_starting = false; }
  void fetch_goes_on(int id) {
    expect(fetch(id).is_owned || fetch(id).is_starting || !fetch(id).was_left,
           "P5: a fetch is resumed after its caller has left");
  }
  /// What the fetch came to is known; those who wait are about to be told.
  void fetch_ends(int id, Came::To to) {
    Fetch& fetch = this->fetch(id);
    const Call& leader = calls_[fetch.caller];
    fetch.was_left = leader.has_left;
    fetch.is_running = false;
    fetch.ended = ++moment_;
    const Came came{to, to == Came::To::value || to == Came::To::failure ? id : -1};
    const bool is_own_failure = leader.asks.is_told_to_stop || leader.has_left;
    if (to == Came::To::failure && !fetch.is_owned && is_own_failure) {
      calls_[fetch.caller].due = Came{Came::To::abandoned, -1};  // nobody else's failure: the next one fetches
      return;
    }
    for (Call& call : calls_) {
      if (!call.is_waiting || call.due || call.asks_later || call.epoch != fetch.epoch) continue;
      if (call.asks_anew && fetch.is_starting && &call != &leader) continue;  // it has not asked yet
      if (to == Came::To::none && !call.asks.takes_none) {
        call.asks_anew = true;
        call.epoch = epoch_;
        ++lookups_;
        if (is_fresh() && is_certain_) call.due = Came{Came::To::value, held_};
      } else {
        call.due = came;
      }
    }
    if (fetch.epoch != epoch_ || is_closed_) return;
    if (to != Came::To::value) return;
    hold(id, fetch.is_certain);
    for (Call& call : calls_) {
      if (call.asks_anew && !call.asks_later && call.is_waiting && !call.due && is_fresh()) call.due = came;
    }
  }
  void fetch_is_destroyed(int id) {
    expect(!fetch(id).is_owned, "P5: an owned fetch is destroyed");
    expect(calls_[fetch(id).caller].has_left, "P5: a fetch is destroyed though its caller stays");
    fetch(id).is_running = false;
  }
  [[nodiscard]] std::size_t fetches() const noexcept { return fetches_.size(); }

  // The cache.

  /// What came before an invalidation was dropped by it, or everything but what is stored.
  void drops(std::size_t count, bool forgets) {
    if (is_fresh() && is_certain_) expect(count == (forgets ? 1 : 0), "an invalidation drops what is held");
    if (held_ < 0) expect(count == 0, "an invalidation drops nothing where nothing is held");
    end_epoch(forgets);
  }
  [[nodiscard]] int put() {
    end_epoch(true);
    Fetch written;
    written.ended = ++moment_;
    const int id = add(written);
    hold(id, true);
    for (Call& call : calls_) {
      if (call.asks_anew && call.is_waiting) call.perhaps = id;  // unless it has asked before
    }
    return id;
  }
  void closes() {
    end_epoch(true);
    is_closed_ = true;
  }
  void got(std::optional<int> value) {
    ++lookups_;
    is_seen(value, true);
  }

  /// Nothing is going on. `suspended` are the callers that are; a job is one that an executor has not run yet.
  void rests(std::uint64_t suspended, std::uint64_t callers_with_job, std::uint64_t epochs_with_job) {
    const std::uint64_t running = running_epochs();
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      Call& call = calls_[i];
      call.asks_anew = call.asks_later = call.asks_anew && (callers_with_job & bit(i)) != 0;
      if (call.asks_later && !call.asks.is_told_to_stop) call.due.reset();
      if ((suspended & bit(i)) == 0) continue;
      if (calls_[i].due) {
        expect((callers_with_job & bit(i)) != 0, "P3: a call has an answer, and its caller is left suspended");
      } else {
        expect(((running | epochs_with_job) & bit(calls_[i].epoch)) != 0, "P3: a call waits, and nobody fetches");
      }
    }
  }
  /// The same, of a cache that lives.
  void rests_in(const tiercache::TierStats& stats, std::optional<int> peeked, std::size_t jobs) {
    std::uint64_t open = running_epochs();
    std::uint64_t lookups_to_come = lookups_left_out_;
    for (const Call& call : calls_) {
      if (call.asks_anew && call.is_waiting) ++lookups_to_come;
      if (call.is_waiting && !call.due && !call.asks_anew) open |= bit(call.epoch);
    }
    const auto flights = static_cast<std::size_t>(std::popcount(open));
    expect(stats.in_flight >= flights, "P3: a fetch is under way that the statistics do not show");
    expect(stats.in_flight <= flights + jobs, "P3: the statistics show a fetch, and none is under way");
    expect(stats.lookups <= lookups_ && stats.lookups + lookups_to_come >= lookups_,
           "P11: lookups are counted once each");
    if (const char* const wrong = wrong_sum(stats)) expect(false, wrong);
    is_seen(peeked, false);
  }

 private:
  struct Fetch {
    std::size_t caller = 0;
    bool is_owned = false;
    bool is_running = false;
    /// Whether it runs its first part, inside whoever began it.
    bool is_starting = false;
    bool was_left = false;
    /// Whether its TTL counts from its start. From earlier, where an executor had to start it.
    bool is_certain = true;
    int epoch = 0;
    int oldest = 0;
    int ended = 0;
    tiercache::TimePoint started_at;
  };
  struct Call {
    [[nodiscard]] bool began_at(const Fetch& fetch, tiercache::Ttl ttl) const noexcept {
      return at - fetch.started_at < ttl.duration();
    }

    bool is_waiting = false;
    bool has_left = false;
    Asks asks;
    bool is_stopped_late = false;
    /// Whether it could not express what its fetch came to, and has just asked again, or is about to.
    bool asks_anew = false;
    /// Whether it is about to, in a job that has not run.
    bool asks_later = false;
    int oldest = 0;
    int epoch = 0;
    int began = 0;
    tiercache::TimePoint at = tiercache::ManualClock::now();
    /// What it must come to, as soon as that is known.
    std::optional<Came> due;
    /// Whose value it may come to.
    int perhaps = -1;
  };

  template <class Number>
  [[nodiscard]] static std::uint64_t bit(Number number) noexcept {
    return std::uint64_t{1} << static_cast<unsigned>(number);
  }
  [[nodiscard]] Fetch& fetch(int id) noexcept { return fetches_[static_cast<std::size_t>(id)]; }
  [[nodiscard]] const Fetch& of(Came came) const noexcept { return fetches_[static_cast<std::size_t>(came.fetch)]; }

  void end_epoch(bool forgets) {
    ++epoch_;
    if (!forgets) return;
    oldest_ = epoch_;
    held_ = -1;
  }
  int add(Fetch fetch) {
    fetch.oldest = oldest_;
    fetch.started_at = tiercache::ManualClock::now();
    fetches_.push_back(fetch);
    return static_cast<int>(fetches_.size()) - 1;
  }
  void hold(int id, bool is_certain) {
    held_ = id;
    is_certain_ = is_certain;
  }

  [[nodiscard]] bool is_fresh() const noexcept {
    if (held_ < 0) return false;
    return tiercache::ManualClock::now() - fetches_[static_cast<std::size_t>(held_)].started_at < ttl_.duration();
  }
  [[nodiscard]] std::uint64_t running_epochs() const noexcept {
    std::uint64_t epochs = 0;
    for (const Fetch& fetch : fetches_) {
      if (fetch.is_running) epochs |= bit(fetch.epoch);
    }
    return epochs;
  }
  [[nodiscard]] bool runs_own(std::size_t caller) const noexcept {
    for (const Fetch& fetch : fetches_) {
      if (fetch.is_running && !fetch.is_owned && fetch.caller == caller) return true;
    }
    return false;
  }

  /// What is held is `value`, where only what is fresh is shown or also what is not.
  void is_seen(std::optional<int> value, bool only_fresh) {
    if (value) {
      expect(*value == held_, "P2, P4: what is held is not what came last");
      expect(!only_fresh || is_fresh(), "P8: what is past its deadline is shown");
    } else {
      expect(!is_fresh() || !is_certain_, "what was stored is gone");
    }
  }

  std::vector<Call> calls_;
  std::vector<Fetch> fetches_;
  tiercache::Ttl ttl_;
  int moment_ = 0;
  int epoch_ = 0;
  /// The epoch that ended last with everything forgotten: nothing older may be seen.
  int oldest_ = 0;
  /// Whose value is held.
  int held_ = -1;
  bool is_certain_ = true;
  bool is_closed_ = false;
  std::uint64_t lookups_ = 0;
  /// Those among them that may not have been made, since their callers left before.
  std::uint64_t lookups_left_out_ = 0;
  std::string broken_;
};

}  // namespace support
