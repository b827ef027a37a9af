// Contents: what one tier holds, kept within its policy's bounds, with every event counted and every removal reported.
// It takes no lock and fetches nothing; detail/store.hpp does both.
#pragma once

#include <tiercache/detail/bounds.hpp>
#include <tiercache/detail/entries.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/tier_stats.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace tiercache::detail {

/// The contents of tier `T`. What leaves goes to the `Removals` that the caller gives, to be destroyed later.
template <class T, class Threading>
class Contents {
 public:
  static constexpr bool is_shared = Threading::can_block;
  using Entry = detail::Entry<T>;
  using Entries = detail::Entries<T, is_shared>;
  using OwnedEntry = detail::OwnedEntry<T, is_shared>;
  using Removals = detail::Removals<T, Threading>;
  using Listener = detail::Listener<T, Threading>;

  explicit Contents(const TierPolicy& policy) noexcept : policy_(policy) { entries_.resize(policy.capacity); }

  /// Finds the entry of `key`, fresh or not. Throws what the key's comparison throws.
  template <class K>
  [[nodiscard]] Entry* find(std::uint32_t hash, const K& key) const {
    return entries_.find(hash, key);
  }

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] const TierPolicy& policy() const noexcept { return policy_; }

  /// The counters, but for the levels and what readers count: whoever sees an event counts it.
  TierStats counted;

  [[nodiscard]] TierStats stats() const noexcept {
    TierStats stats = counted;
    stats.name = TierTraits<T>::name();
    stats.entries = entries_.size();
    stats.weight = entries_.weight();
    stats.expected_hit_rate = policy_.expected_hit_rate;
    return stats;
  }

  /// Tells the eviction policy that the entry answered a lookup.
  void hit(Entry& entry) noexcept { entries_.touch(entry); }

  /// Returns an entry to be filled and stored. Throws `std::bad_alloc`.
  [[nodiscard]] OwnedEntry take() { return entries_.take(); }

  /// Makes sure that an entry with this hash can be stored. Throws `std::bad_alloc` and has changed nothing.
  void reserve(std::uint32_t hash) { entries_.reserve(hash); }

  /// Stores an entry in place of the one held under its key, if any. Wants a `reserve` before. What cannot be stored is
  /// left with the caller; so is what is past its deadline already, if another one would have to go for it.
  void admit(OwnedEntry& entry, Entry* held, TimePoint time, Removals& removals) noexcept {
    const bool is_dead = !entry->is_fresh(time);
    const bool is_light = is_weight_left(entry->weight, held);
    const bool was_fresh = held != nullptr && held->is_fresh(time);
    if (policy_.capacity == 0 || entry->weight > policy_.max_weight || (is_dead && !is_light)) {
      ++counted.store_failures;
      if (held != nullptr) drop(*held, was_fresh ? RemovalCause::Evicted : RemovalCause::Expired, removals);
      return;
    }
    const RemovalCause cause = was_fresh ? RemovalCause::Replaced : RemovalCause::Expired;
    Entry* const fresh = entry.get();
    if (held != nullptr && is_light) {
      report(entries_.replace(*held, std::move(entry)), cause, removals);
      sweep(time, fresh, removals);
    } else {
      if (held != nullptr) drop(*held, cause, removals);
      sweep(time, nullptr, removals);
      if (is_dead && entries_.size() >= policy_.capacity) {
        ++counted.store_failures;
        return;
      }
      if (!Entries::has_admission) make_room_for(entry->weight, removals);
      entries_.link(std::move(entry));
    }
    if (!was_fresh) ++counted.inserts;
    if (Entries::has_admission) keep_bounds(fresh, removals);
  }

  /// Drops one entry.
  void drop(Entry& entry, RemovalCause cause, Removals& removals) noexcept {
    report(entries_.unlink(entry), cause, removals);
  }

  /// Drops the entries for which `is_meant(entry)` holds; returns how many. What the predicate throws changes nothing.
  template <class Predicate>
  std::size_t drop_if(const Predicate& is_meant, RemovalCause cause, Removals& removals) {
    entries_.for_each([&](Entry& entry) { entry.is_meant = is_meant(std::as_const(entry)); });
    std::size_t dropped = 0;
    entries_.for_each([&](Entry& entry) {
      if (!entry.is_meant) return;
      drop(entry, cause, removals);
      ++dropped;
    });
    return dropped;
  }

  std::size_t drop_expired(TimePoint time, Removals& removals) noexcept {
    return drop_if([time](const Entry& entry) { return !entry.is_fresh(time); }, RemovalCause::Expired, removals);
  }

  std::size_t drop_all(RemovalCause cause, Removals& removals) noexcept {
    return drop_if([](const Entry&) { return true; }, cause, removals);
  }

  /// Drops the entries written longest ago, oldest first, until at most `count` are left; returns how many were
  /// dropped.
  std::size_t trim(std::size_t count, Removals& removals) noexcept {
    if (entries_.size() <= count) return 0;
    const std::uint32_t limit = age_of_oldest_but(count);
    const auto is_older = [&](const Entry& entry) { return entries_.age(entry) >= limit; };
    const std::size_t dropped = drop_if(is_older, RemovalCause::Trimmed, removals);
    removals.sort([this](const Entry& left, const Entry& right) { return entries_.age(left) > entries_.age(right); });
    return dropped;
  }

  /// Follows another policy from now on, for what is held too.
  void set_policy(const TierPolicy& policy, TimePoint time, Removals& removals) noexcept {
    drop_expired(time, removals);  // before a longer TTL could bring them back
    policy_ = policy;
    entries_.for_each([this](Entry& entry) { entry.follow(policy_); });
    entries_.resize(policy.capacity);
    keep_bounds(nullptr, removals);
  }

  /// Sets who is told of removals; gives back who was.
  [[nodiscard]] Reference<Listener> exchange_listener(Reference<Listener> listener) noexcept {
    return std::exchange(listener_, std::move(listener));
  }

 private:
  /// Counts why an entry left, and sends it on its way: the one way in which an entry leaves.
  void report(OwnedEntry entry, RemovalCause cause, Removals& removals) noexcept {
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
    removals.add(std::move(entry), cause, listener_);
  }

  /// Drops a few of the entries that are past their deadline, so that writing alone gets rid of all in time. A small
  /// tier is looked over whole: no live entry goes there before a dead one.
  void sweep(TimePoint time, const Entry* fresh, Removals& removals) noexcept {
    const Slot steps = entries_.places() <= 16 ? entries_.places() : 2;
    for (Slot step = 0; step < steps; ++step) {
      Entry* const entry = entries_.next_in_sweep();
      if (entry == nullptr || entry == fresh || entry->is_fresh(time)) continue;
      drop(*entry, RemovalCause::Expired, removals);
    }
  }

  /// Tells whether so much weight is left beside that of all but `held`.
  [[nodiscard]] bool is_weight_left(std::size_t weight, const Entry* held) const noexcept {
    // Never the sum of two weights: it may be too large for a number.
    return weight <= policy_.max_weight &&
           entries_.weight() - (held != nullptr ? held->weight : 0) <= policy_.max_weight - weight;
  }

  /// Evicts until one more entry of `weight` fits; and down to `trim_to`, if any had to go.
  void make_room_for(std::size_t weight, Removals& removals) noexcept {
    const auto fits = [&] { return is_weight_left(weight, nullptr) && entries_.size() < policy_.capacity; };
    if (fits()) return;
    while (!fits() || (policy_.trim_to != 0 && entries_.size() >= policy_.trim_to)) {
      drop(entries_.victim(), RemovalCause::Evicted, removals);
    }
  }

  /// Evicts until the bounds hold, `fresh` included, which came last, if it is not null; and down to `trim_to`, if any
  /// had to go.
  void keep_bounds(const Entry* fresh, Removals& removals) noexcept {
    const auto is_light = [&] {
      return fresh == nullptr ? entries_.weight() <= policy_.max_weight : is_weight_left(fresh->weight, fresh);
    };
    const auto holds = [&] { return entries_.size() <= policy_.capacity && is_light(); };
    if (holds()) return;
    if (!is_light()) entries_.resize(smaller(entries_.size() - 1, policy_.capacity));
    const std::size_t left = policy_.trim_to != 0 ? policy_.trim_to : policy_.capacity;
    while (entries_.size() > left || !holds()) {
      Entry& victim = entries_.victim();
      if (&victim == fresh) fresh = nullptr;
      drop(victim, RemovalCause::Evicted, removals);
    }
  }

  /// Returns the age of the newest entry that has to go so that `count` are left. Wants more than `count`.
  [[nodiscard]] std::uint32_t age_of_oldest_but(std::size_t count) noexcept {
    // A byte at a time, from the highest: how many entries there are with each value of it. No memory to ask for.
    std::uint32_t age = 0;
    std::size_t newer = 0;
    for (unsigned shift = 32; shift != 0;) {
      shift -= 8;
      std::size_t histogram[256] = {};
      entries_.for_each([&](const Entry& entry) {
        const std::uint64_t above = entries_.age(entry) ^ age;
        if (above >> shift >> 8 == 0) ++histogram[entries_.age(entry) >> shift & 255];
      });
      std::uint32_t byte = 0;
      while (newer + histogram[byte] <= count) newer += histogram[byte++];
      age |= byte << shift;
    }
    return age;
  }

  TierPolicy policy_;
  Entries entries_;
  Reference<Listener> listener_;
};

}  // namespace tiercache::detail
