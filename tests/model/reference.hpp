// Reference: what one tier must do when it is read and written. It is told of each operation after the cache ran it,
// and of what could be seen meanwhile. What is held is in reference_entries.hpp; fetches are in reference_fetches.hpp.
#pragma once

#include "caller.hpp"
#include "reference_entries.hpp"
#include "trace.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace model {

class Reference : public ReferenceEntries {
 public:
  using ReferenceEntries::ReferenceEntries;

  // Reading.

  /// What `get` and `visit` return: nothing for "there is none", too.
  std::optional<int> read(int key, Wide now) {
    Held* const held = find_held(key);
    if (held == nullptr || use_of(*held, now) != Use::fresh) {
      ++counted_.misses;
      ++counted_.lookups_without_fetch;
      return std::nullopt;
    }
    hit(*held, now);
    return held->has_value() ? std::optional(held->value) : std::nullopt;
  }

  // Writing.

  /// Stores an entry as of `fresh.stored_at`, if that is allowed.
  void admit(Held fresh, Wide now, const Seen& seen) {
    fresh.read_at = now;
    fresh.written = fresh.used = ++events_;
    const std::optional<Held> old = copy_of(fresh.key);
    const std::size_t old_weight = old ? old->weight : 0;
    const bool was_alive = old && use_of(*old, now) != Use::dead;
    const bool is_dead = use_of(fresh, now) == Use::dead;
    const bool is_light = fits(fresh.weight, weight() - old_weight);
    const bool is_fit = policy_.capacity != 0 && fresh.weight <= policy_.max_weight && (!is_dead || is_light);
    std::vector<Leaving> leaving = leaving_by(seen, &fresh);
    if (old) {
      const RemovalCause cause = !was_alive ? RemovalCause::Expired
                                 : is_fit   ? RemovalCause::Replaced
                                            : RemovalCause::Evicted;
      take(leaving, *old, cause);
    }
    const auto has_stayed = [&] {
      return std::binary_search(seen.held.begin(), seen.held.end(), std::pair(fresh.key, fresh.value));
    };
    expect(!is_turned_away_ || is_fit, "what was never stored is not reported");
    if (!is_fit) {
      ++counted_.store_failures;
      expect(leaving.empty(), "nothing goes for what cannot be stored");
      return expect(!has_stayed(), "what cannot be stored is not");
    }
    take_expired(leaving, seen, now);
    if (seen.places <= 16) {
      const bool has_dead = std::any_of(held_.begin(), held_.end(), [&](const auto& entry) {
        return use_of(entry.second, now) == Use::dead && !is_among(leaving, entry.second);
      });
      expect(!has_dead, "a write to a small tier drops all that is dead");
    }
    if (is_dead && held_.size() >= policy_.capacity) {
      ++counted_.store_failures;
      expect(!is_turned_away_, "what was never stored is not reported");
      expect(leaving.empty(), "nothing goes for what is dead on arrival");
      return expect(!has_stayed(), "what is dead on arrival takes no place that another one has");
    }
    expect(leaving.empty() || !is_dead, "nothing goes for what is dead on arrival");
    const bool is_turned_away = !has_stayed();
    expect(!is_turned_away || order_ == Order::unknown, "what fits is stored");
    expect(is_turned_away_ == (is_turned_away && listens_ && fresh.has_value()), "who is turned away is reported");
    evict(leaving, is_turned_away ? nullptr : &fresh, is_turned_away);
    if (!was_alive) ++counted_.inserts;
    if (is_turned_away) {
      ++counted_.evictions;
      expect(!fits_beside(fresh) || is_trimming(1), "who comes is turned away only if someone must go");
    } else {
      held_.emplace(fresh.key, fresh);
    }
    expect_bounds(!leaving.empty() || is_turned_away);
  }

  /// Has an entry live anew from `start` on.
  void renew(Held& held, Wide start, const std::optional<Ttl>& own_ttl, Wide now) {
    held.stored_at = start;
    held.own_ttl = own_ttl;
    held.read_at = now;
    held.retry_at.reset();
    held.written = held.used = ++events_;
    ++counted_.updates;
  }

  /// Drops those for which `is_meant(held)` holds, for one reason; returns them.
  template <class Predicate>
  std::vector<Held> drop_if(const Predicate& is_meant, RemovalCause cause, const Seen& seen) {
    std::vector<Held> dropped;
    for (const auto& [key, held] : held_) {
      if (is_meant(held)) dropped.push_back(held);
    }
    drop(dropped, cause, seen, false);
    return dropped;
  }
  std::size_t drop_dead(Wide now, const Seen& seen) {
    const auto is_dead = [&](const Held& held) { return use_of(held, now) == Use::dead; };
    return drop_if(is_dead, RemovalCause::Expired, seen).size();
  }
  /// Drops those written longest ago.
  std::size_t trim(std::size_t count, const Seen& seen) {
    std::vector<Held> oldest;
    for (const auto& [key, held] : held_) oldest.push_back(held);
    std::sort(oldest.begin(), oldest.end(), [](const Held& a, const Held& b) { return a.written < b.written; });
    oldest.resize(oldest.size() > count ? oldest.size() - count : 0);
    drop(oldest, RemovalCause::Trimmed, seen, true);
    return oldest.size();
  }

  void set_policy(const TierPolicy& policy, Wide now, const Seen& seen) {
    std::vector<Leaving> leaving = leaving_by(seen, nullptr);
    std::vector<Held> dead;
    for (const auto& [key, held] : held_) {
      if (use_of(held, now) == Use::dead) dead.push_back(held);
    }
    for (const Held& held : dead) take(leaving, held, RemovalCause::Expired);
    policy_ = policy;
    for (auto& [key, held] : held_) held.read_at = now;
    evict(leaving, nullptr, false);
    expect_bounds(!leaving.empty());
  }

  /// The cache is gone, and nobody was told.
  void close() { held_.clear(); }

  /// Checks that nothing has left and nobody was told so.
  void expect_unchanged(const Seen& seen) { drop({}, {}, seen, false); }
};

}  // namespace model
