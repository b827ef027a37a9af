// Contents: what one tier holds, kept within its policy's bounds, with every event counted and every removal reported.
// It takes no lock and fetches nothing; detail/store.hpp does both.
#pragma once

#include <tiercache/detail/entries.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/tier_stats.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace tiercache::detail {

/// The contents of tier `T`. What leaves goes to the `Removals` that the caller gives, to be destroyed later.
template <class T, class Threading>
class Contents {
 public:
  using Entry = detail::Entry<T>;
  using Removals = detail::Removals<T, Threading>;
  using Listener = detail::Listener<T, Threading>;

  explicit Contents(const TierPolicy& policy) noexcept : policy_(policy) {}

  /// Finds the entry of `key`, fresh or not. Throws what the key's comparison throws.
  template <class K>
  [[nodiscard]] Entry* find(std::size_t hash, const K& key) const {
    return entries_.find(hash, key);
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const TierPolicy& policy() const noexcept { return policy_; }

  /// The counters, but for the levels: whoever sees an event counts it.
  TierStats counted;

  [[nodiscard]] TierStats stats() const noexcept {
    TierStats stats = counted;
    stats.name = TierTraits<T>::name();
    stats.entries = entries_.size();
    stats.weight = entries_.weight();
    stats.expected_hit_rate = policy_.expected_hit_rate;
    return stats;
  }

  /// Counts a lookup that the entry answered, and tells the eviction policy.
  void hit(Entry& entry) noexcept {
    entries_.touch(entry);
    ++counted.lookups;
    ++counted.hits;
    if (!entry.value) ++counted.not_found_hits;
  }

  /// Makes sure that one more entry can be stored. Throws `std::bad_alloc` and has changed nothing.
  void reserve_one() { entries_.reserve_one(); }

  /// Stores an entry in place of the one held under its key, if any. Wants a `reserve_one` before. What cannot be
  /// stored is left with the caller.
  void admit(std::unique_ptr<Entry>& entry, Entry* held, TimePoint time, Removals& removals) noexcept {
    const bool fits = policy_.capacity > 0 && entry->weight <= policy_.max_weight;
    const bool held_is_fresh = held != nullptr && held->is_fresh(time);
    if (held != nullptr) {
      const RemovalCause cause = fits ? RemovalCause::Replaced : RemovalCause::Evicted;
      drop(*held, held_is_fresh ? cause : RemovalCause::Expired, removals);
    }
    if (!fits) {
      ++counted.store_failures;
      return;
    }
    sweep(time, removals);
    make_room(1, entry->weight, removals);
    if (!held_is_fresh) ++counted.inserts;
    entries_.link(std::move(entry));
  }

  /// Drops one entry: the one way in which an entry leaves.
  void drop(Entry& entry, RemovalCause cause, Removals& removals) noexcept {
    switch (cause) {
      case RemovalCause::Replaced:
        ++counted.updates;
        break;
      case RemovalCause::Expired:
        ++counted.expirations;
        break;
      case RemovalCause::Evicted:
      case RemovalCause::Trimmed:
        ++counted.evictions;
        break;
      case RemovalCause::Invalidated:
      case RemovalCause::Cleared:
        ++counted.invalidations;
        break;
    }
    removals.add(entries_.unlink(entry), cause, listener_);
  }

  /// Drops the entries for which `is_meant(entry)` holds; returns how many. What the predicate throws changes nothing.
  template <class Predicate>
  std::size_t drop_if(const Predicate& is_meant, RemovalCause cause, Removals& removals) {
    Entry* meant = nullptr;
    for (Entry* entry = entries_.oldest_written(); entry != nullptr; entry = entries_.written_after(*entry)) {
      if (!is_meant(std::as_const(*entry))) continue;
      entry->next_removed = meant;
      meant = entry;
    }
    std::size_t dropped = 0;
    for (; meant != nullptr; ++dropped) {
      Entry& entry = *std::exchange(meant, meant->next_removed);
      drop(entry, cause, removals);
    }
    return dropped;
  }

  std::size_t drop_expired(TimePoint time, Removals& removals) noexcept {
    return drop_if([time](const Entry& entry) { return !entry.is_fresh(time); }, RemovalCause::Expired, removals);
  }

  /// Drops the entries written longest ago until at most `count` are left; returns how many were dropped.
  std::size_t drop_oldest_down_to(std::size_t count, RemovalCause cause, Removals& removals) noexcept {
    std::size_t dropped = 0;
    for (; entries_.size() > count; ++dropped) drop(*entries_.oldest_written(), cause, removals);
    return dropped;
  }

  /// Follows another policy from now on, for what is held too.
  void set_policy(const TierPolicy& policy, TimePoint time, Removals& removals) noexcept {
    drop_expired(time, removals);  // before a longer TTL could bring them back
    policy_ = policy;
    for (Entry* entry = entries_.oldest_written(); entry != nullptr; entry = entries_.written_after(*entry)) {
      if (entry->ttl_origin == TtlOrigin::policy) entry->live_from(entry->stored_at, entry->ttl_by(policy_));
    }
    make_room(0, 0, removals);
  }

  /// Sets who is told of removals; gives back who was.
  [[nodiscard]] Reference<Listener> exchange_listener(Reference<Listener> listener) noexcept {
    return std::exchange(listener_, std::move(listener));
  }

 private:
  /// Drops a few of the entries that are past their deadline, so that writing alone gets rid of all in time.
  void sweep(TimePoint time, Removals& removals) noexcept {
    for (int step = 0; step < 2; ++step) {
      Entry* const entry = entries_.next_in_sweep();
      if (entry != nullptr && !entry->is_fresh(time)) drop(*entry, RemovalCause::Expired, removals);
    }
  }

  [[nodiscard]] bool is_room_for(std::size_t count, std::size_t weight) const noexcept {
    return entries_.size() + count <= policy_.capacity && entries_.weight() <= policy_.max_weight - weight;
  }

  /// Evicts until `count` more entries of `weight` together fit; and down to `trim_to`, if any had to go.
  void make_room(std::size_t count, std::size_t weight, Removals& removals) noexcept {
    if (is_room_for(count, weight)) return;
    const std::size_t left = policy_.trim_to != 0 ? policy_.trim_to : policy_.capacity;
    while (entries_.size() != 0 && (entries_.size() + count > left || !is_room_for(count, weight))) {
      drop(entries_.victim(), RemovalCause::Evicted, removals);
    }
  }

  TierPolicy policy_;
  Entries<T> entries_;
  Reference<Listener> listener_;
};

}  // namespace tiercache::detail
