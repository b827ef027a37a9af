// ReferenceEntries: what one tier holds, by a std::map and plain loops: how long entries live, and why they leave. What
// the cache is free to choose (which dead entries a write reclaims; whom a policy without a documented order evicts) is
// learnt from what was seen, and checked to be allowed. What an operation does is in reference.hpp.
#pragma once

#include "caller.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace model {

using tiercache::TierPolicy;
using tiercache::TierStats;

/// In which order entries are evicted, where that is documented.
enum class Order : unsigned char { unknown, by_write, by_use };

[[nodiscard]] inline Wide wide(tiercache::TimePoint time) noexcept {
  return time.time_since_epoch().count();
}
[[nodiscard]] inline Wide wide(Ttl ttl) noexcept {
  return ttl.duration().count();
}
[[nodiscard]] inline Wide after(Wide start, Wide length) noexcept {
  return length == last_time ? last_time : (std::min)(start + length, last_time);
}
/// Before the end of a length of time, and not at it; for ever has none.
[[nodiscard]] inline bool is_within(Wide now, Wide start, Wide length) noexcept {
  return length == last_time || now < after(start, length);
}

struct Held {
  int key = 0;
  int value = Seen::none;
  std::size_t weight = 1;
  Wide stored_at = 0;
  std::optional<Ttl> own_ttl = {};
  Wide read_at = 0;
  std::optional<Wide> retry_at = {};
  std::uint64_t written = 0;
  std::uint64_t used = 0;

  [[nodiscard]] bool has_value() const noexcept { return value != Seen::none; }
};

class ReferenceEntries {
 public:
  /// Says by how much the jitter shortens a length of time for a key: that alone is the cache's secret.
  using Shorten = std::function<std::chrono::nanoseconds(std::chrono::nanoseconds, double, int)>;

  ReferenceEntries(Verdict& verdict, Order order, const TierPolicy& policy, Shorten shorten,
                   const std::vector<Report>& reports)
      : verdict_(verdict), order_(order), policy_(policy), shorten_(std::move(shorten)), reports_(reports) {}
  ReferenceEntries(const ReferenceEntries&) = delete;
  ReferenceEntries& operator=(const ReferenceEntries&) = delete;

  [[nodiscard]] const TierPolicy& policy() const noexcept { return policy_; }
  [[nodiscard]] const std::map<int, Held>& held() const noexcept { return held_; }
  [[nodiscard]] const Held* find(int key) const {
    const auto found = held_.find(key);
    return found == held_.end() ? nullptr : &found->second;
  }
  void listen(bool listens) noexcept { listens_ = listens; }
  void reset_stats() noexcept { counted_ = {}; }

  [[nodiscard]] TierStats stats() const {
    TierStats stats = counted_;
    stats.lookups = stats.hits + stats.misses;
    stats.entries = held_.size();
    stats.weight = weight();
    stats.expected_hit_rate = policy_.expected_hit_rate;
    return stats;
  }

  // Lifetimes.

  enum class Use : unsigned char { fresh, stale, on_failure, dead };

  [[nodiscard]] Wide ttl_of(const Held& held) const {
    const Wide whole = wide(held.own_ttl ? *held.own_ttl : held.has_value() ? policy_.ttl : policy_.not_found_ttl);
    if (policy_.jitter == 0.0 || whole == last_time) return whole;
    const auto length = std::chrono::nanoseconds(static_cast<std::int64_t>(whole));
    const Wide shortened = shorten_(length, policy_.jitter, held.key).count();
    const auto least = static_cast<long double>(whole) * (1.0L - static_cast<long double>(policy_.jitter));
    verdict_.note(shortened <= whole && static_cast<long double>(shortened) >= least - 1024.0L,
                  "jitter takes off at most its share");
    return shortened;
  }
  [[nodiscard]] Use use_of(const Held& held, Wide now) const {
    const Wide idle_for = wide(policy_.idle_for);
    if (idle_for != 0 && held.has_value() && !is_within(now, held.read_at, idle_for)) return Use::dead;
    if (is_within(now, held.stored_at, ttl_of(held))) return Use::fresh;
    if (!held.has_value()) return Use::dead;
    const Wide expires_at = after(held.stored_at, ttl_of(held));
    if (is_within(now, expires_at, wide(policy_.stale_for))) return Use::stale;
    const Wide useless_at = after(expires_at, wide(policy_.stale_for));
    return is_within(now, useless_at, wide(policy_.stale_if_error)) ? Use::on_failure : Use::dead;
  }

 protected:
  struct Leaving {
    Held held;
    std::optional<RemovalCause> cause;
  };

  void expect(bool holds, const char* what) const { verdict_.expect(holds, what); }

  [[nodiscard]] Held* find_held(int key) {
    const auto found = held_.find(key);
    return found == held_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::optional<Held> copy_of(int key) const {
    const Held* const held = find(key);
    return held != nullptr ? std::optional(*held) : std::nullopt;
  }

  void hit(Held& held, Wide now) {
    ++counted_.hits;
    if (!held.has_value()) ++counted_.not_found_hits;
    held.read_at = now;
    held.used = ++events_;
  }

  [[nodiscard]] std::size_t weight() const {
    std::size_t sum = 0;
    for (const auto& [key, held] : held_) sum += held.weight;
    return sum;
  }
  [[nodiscard]] bool fits(std::size_t weight, std::size_t others) const {
    return weight <= policy_.max_weight && others <= policy_.max_weight - weight;
  }
  [[nodiscard]] bool fits_beside(const Held& another) const {
    return held_.size() < policy_.capacity && fits(another.weight, weight());
  }
  [[nodiscard]] bool is_trimming(std::size_t more) const {
    return policy_.trim_to != 0 && held_.size() + more > policy_.trim_to;
  }
  void expect_bounds(bool has_evicted) const {
    expect(held_.size() <= policy_.capacity, "P7: the capacity holds");
    expect(weight() <= policy_.max_weight, "P7: the weight holds");
    expect(!has_evicted || !is_trimming(0), "P7: trim_to holds");
  }

  [[nodiscard]] std::uint64_t rank(const Held& held) const noexcept {
    return order_ == Order::by_use ? held.used : held.written;
  }
  [[nodiscard]] static bool is_among(const std::vector<Leaving>& leaving, const Held& held) {
    return std::any_of(leaving.begin(), leaving.end(), [&](const Leaving& one) { return one.held.key == held.key; });
  }

  /// What is held no more, with what was reported of it. What is held for the first time can only be `fresh`; if that
  /// was turned away, its report is heard as well.
  [[nodiscard]] std::vector<Leaving> leaving_by(const Seen& seen, const Held* fresh) {
    std::vector<Report> heard(reports_.begin() + static_cast<std::ptrdiff_t>(heard_),
                              reports_.begin() + static_cast<std::ptrdiff_t>(seen.reports));
    heard_ = seen.reports;
    const auto reported = [&](int key, int value) -> std::optional<RemovalCause> {
      const auto report = std::find_if(heard.begin(), heard.end(),
                                       [&](const Report& one) { return one.key == key && one.value == value; });
      if (report == heard.end()) return std::nullopt;
      const RemovalCause cause = report->cause;
      heard.erase(report);
      return cause;
    };
    std::vector<Leaving> leaving;
    is_turned_away_ = false;
    std::size_t kept = 0;
    for (const auto& [key, held] : held_) {
      // A new "there is none" in the place of another cannot be told from it by what is held.
      const bool is_replaced = fresh != nullptr && fresh->key == key;
      if (!is_replaced && std::binary_search(seen.held.begin(), seen.held.end(), std::pair(key, held.value))) {
        ++kept;
        continue;
      }
      leaving.push_back({held, reported(key, held.value)});
      expect(leaving.back().cause.has_value() == (listens_ && held.has_value()),
             "each entry with a value that left is reported");
    }
    if (fresh != nullptr) {
      if (std::binary_search(seen.held.begin(), seen.held.end(), std::pair(fresh->key, fresh->value))) {
        ++kept;
      } else if (const auto cause = reported(fresh->key, fresh->value)) {
        is_turned_away_ = true;
        expect(cause == RemovalCause::Evicted, "who is turned away was evicted");
      }
    }
    expect(kept == seen.held.size(), "nothing is held that was not stored");
    expect(heard.empty(), "each entry that left is reported once, and no other one");
    return leaving;
  }

  /// One that leaves, for a reason that is known.
  void take(std::vector<Leaving>& leaving, const Held& held, RemovalCause cause) {
    const auto found =
        std::find_if(leaving.begin(), leaving.end(), [&](const Leaving& one) { return one.held.key == held.key; });
    expect(found != leaving.end(), "what must leave does");
    expect(!found->cause || *found->cause == cause, "the cause is the right one");
    leaving.erase(found);
    held_.erase(held.key);
    count(cause);
  }

  /// Those that a write found dead; the others are left, and were evicted.
  void take_expired(std::vector<Leaving>& leaving, const Seen& seen, Wide now) {
    // Of what nobody is told of, and what is dead, only the numbers say why it left: the first ones in order, then.
    std::vector<Held> dead;
    std::uint64_t expired = counted_.expirations;
    for (const Leaving& one : leaving) {
      const bool is_dead = use_of(one.held, now) == Use::dead;
      expect(is_dead || one.cause.value_or(RemovalCause::Evicted) == RemovalCause::Evicted,
             "what lives goes only to make room");
      if (!is_dead) continue;
      if (one.cause == RemovalCause::Expired || !one.cause) dead.push_back(one.held);
      expect(one.cause.value_or(RemovalCause::Expired) == RemovalCause::Expired || one.cause == RemovalCause::Evicted,
             "what is dead expires, or goes to make room");
      if (one.cause == RemovalCause::Expired) ++expired;
    }
    std::sort(dead.begin(), dead.end(), [this](const Held& a, const Held& b) { return rank(a) > rank(b); });
    expect(seen.expirations >= expired, "what expired is counted");
    std::uint64_t unheard = seen.expirations - expired;
    for (const Held& held : dead) {
      const auto one =
          std::find_if(leaving.begin(), leaving.end(), [&](const Leaving& any) { return any.held.key == held.key; });
      if (!one->cause && unheard == 0) continue;
      if (!one->cause) --unheard;
      take(leaving, held, RemovalCause::Expired);
    }
    expect(unheard == 0, "what is counted as expired was dead");
  }

  /// Evicts all of `leaving`: as many as must go, in order. `fresh` will be held; or it went itself, as the last one.
  void evict(const std::vector<Leaving>& leaving, const Held* fresh, bool is_turned_away) {
    if (order_ != Order::unknown) {
      std::vector<Held> all;
      for (const auto& [key, held] : held_) all.push_back(held);
      std::sort(all.begin(), all.end(), [this](const Held& a, const Held& b) { return rank(a) < rank(b); });
      for (std::size_t i = 0; i < leaving.size(); ++i) {
        expect(is_among(leaving, all[i]), "the right entries are evicted");
      }
    }
    for (const Leaving& one : leaving) {
      expect(one.cause.value_or(RemovalCause::Evicted) == RemovalCause::Evicted, "the cause is Evicted");
      held_.erase(one.held.key);
      ++counted_.evictions;
    }
    if (leaving.empty() || is_turned_away) return;
    const std::size_t more = fresh != nullptr ? 1 : 0;
    const std::size_t others = weight() + (fresh != nullptr ? fresh->weight : 0);
    const bool had_to = std::any_of(leaving.begin(), leaving.end(), [&](const Leaving& one) {
      const bool is_last = order_ == Order::unknown ||
                           std::none_of(leaving.begin(), leaving.end(),
                                        [&](const Leaving& other) { return rank(other.held) > rank(one.held); });
      return is_last &&
             (held_.size() + more + 1 > policy_.capacity || !fits(one.held.weight, others) || is_trimming(more + 1));
    });
    expect(had_to, "only as many are evicted as must be");
  }

  /// Drops just these, for one reason, and checks that the cache did.
  void drop(const std::vector<Held>& dropped, RemovalCause cause, const Seen& seen, bool is_in_order) {
    std::vector<Report> expected;
    for (const Held& held : dropped) {
      if (listens_ && held.has_value()) expected.push_back({held.key, held.value, cause});
      held_.erase(held.key);
      count(cause);
    }
    std::vector<Report> heard(reports_.begin() + static_cast<std::ptrdiff_t>(heard_),
                              reports_.begin() + static_cast<std::ptrdiff_t>(seen.reports));
    heard_ = seen.reports;
    if (!is_in_order) {
      std::sort(expected.begin(), expected.end());
      std::sort(heard.begin(), heard.end());
    }
    expect(heard == expected, "each entry that was dropped is reported once, with its cause");
    expect(seen.held.size() == held_.size(), "as many entries are left as should be");
    for (const auto& [key, value] : seen.held) {
      const Held* const held = find(key);
      expect(held != nullptr && held->value == value, "the right entries are left");
    }
  }

  void count(RemovalCause cause) noexcept {
    switch (cause) {
      case RemovalCause::Replaced:
        ++counted_.updates;
        break;
      case RemovalCause::Expired:
        ++counted_.expirations;
        break;
      case RemovalCause::Evicted:
      case RemovalCause::Trimmed:
        ++counted_.evictions;
        break;
      default:
        ++counted_.invalidations;
    }
  }

  Verdict& verdict_;
  TierStats counted_;
  Order order_;
  TierPolicy policy_;
  Shorten shorten_;
  const std::vector<Report>& reports_;
  std::size_t heard_ = 0;
  bool listens_ = true;
  /// Whether what came last was reported at once.
  bool is_turned_away_ = false;
  std::map<int, Held> held_;
  std::uint64_t events_ = 0;
};

}  // namespace model
