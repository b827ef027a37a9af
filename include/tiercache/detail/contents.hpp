// Contents: what one tier holds, kept within its policy's bounds, with every event counted and every removal reported.
// It takes no lock and fetches nothing; detail/store.hpp does both.
#pragma once

#include <tiercache/detail/bounds.hpp>
#include <tiercache/detail/chain.hpp>
#include <tiercache/detail/entries.hpp>
#include <tiercache/detail/lifetimes.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/tier_stats.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace tiercache::detail {

/// The contents of tier `T`. What leaves goes to the `Removals` that the caller gives, to be destroyed later.
template <class T, class Threading>
class Contents {
 public:
  static constexpr bool is_shared = Threading::can_block;
  using Entry = detail::Entry<T>;
  using Entries = detail::Entries<T, is_shared>;
  using Found = detail::Found<T>;
  using OwnedEntry = detail::OwnedEntry<T, is_shared>;
  using Removals = detail::Removals<T, Threading>;
  using Listener = detail::Listener<T, Threading>;

  /// Makes an empty tier, with hashes of its own.
  Contents(const TierPolicy& policy, std::uint64_t seed) noexcept
      : policy_(policy), lifetimes_(policy), entries_(seed) {
    entries_.resize(told_room_);
  }

  /// Returns the hash of a key, or of what stands for one. Throws what the user's hash throws.
  template <class K>
  [[nodiscard]] std::uint32_t hash_of(const K& key) const {
    return entries_.hash_of(key);
  }

  /// Finds the entry of `key`, fresh or not. Throws what the key's comparison throws.
  template <class K>
  [[nodiscard]] Found find(std::uint32_t hash, const K& key) const {
    return entries_.find(hash, key);
  }

  /// Tells whether an entry is as most are: then it is fresh, and was read, by less.
  [[nodiscard]] bool is_usual(const Found& entry) const noexcept { return lifetimes_.is_usual(entry); }
  [[nodiscard]] bool is_usual_fresh(const Found& entry, TimePoint time) const noexcept {
    return lifetimes_.is_usual_fresh(entry, time);
  }
  [[nodiscard]] bool is_fresh(const Found& entry, TimePoint time) const noexcept {
    return lifetimes_.is_fresh(entry, time, hashes());
  }
  /// Tells what an entry is good for.
  [[nodiscard]] Use use_of(const Found& entry, TimePoint time) const noexcept {
    return lifetimes_.use_of(entry, time, hashes());
  }
  [[nodiscard]] std::optional<Ttl> own_ttl_of(const Found& entry) const noexcept {
    return lifetimes_.own_ttl_of(entry);
  }
  [[nodiscard]] Ttl ttl_of(const Found& entry) const noexcept { return lifetimes_.ttl_of(entry, hashes()); }

  /// Tells whether it is too early to try again to replace an entry, after a fetch that failed.
  [[nodiscard]] bool waits_to_retry(const Found& entry, TimePoint time) const noexcept {
    return lifetimes_.waits_to_retry(entry, time);
  }
  /// Notes that an entry was handed out after all.
  void note_read(const Found& entry, TimePoint time) noexcept { lifetimes_.note_read(entry, time); }
  /// Notes that a fetch failed which was to replace an entry. Throws `std::bad_alloc`.
  void note_failure(const Found& entry, TimePoint time) { lifetimes_.note_failure(entry, time); }

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

  /// Notes that an entry answered a lookup.
  void hit(const Found& entry, TimePoint time) noexcept {
    lifetimes_.note_read(entry, time);
    entries_.touch(entry);
  }
  void usual_hit(const Found& entry) noexcept { entries_.touch(entry); }

  /// Returns an entry to be filled and stored. Throws `std::bad_alloc`.
  [[nodiscard]] OwnedEntry take() { return entries_.take(); }

  /// Has the memory brought near that storing an entry with this hash will need.
  void prefetch(std::uint32_t hash) const noexcept { entries_.prefetch(hash); }

  /// Makes sure that an entry with this hash can be stored, with its own TTL or without. Throws `std::bad_alloc` and
  /// has changed nothing.
  void reserve(const Entry& entry, std::uint32_t hash, const std::optional<Ttl>& own_ttl) {
    entries_.reserve(hash);
    lifetimes_.reserve(entry.slot, own_ttl.has_value());
  }

  /// Stores an entry, as of `stored_at`, in place of the one held under its key, if any. Wants a `reserve` before. What
  /// cannot be stored is left with the caller; so is what is past its deadline already, if another one would have to go
  /// for it.
  void admit(OwnedEntry& owned, const Found& held, TimePoint stored_at, const std::optional<Ttl>& own_ttl,
             TimePoint time, Removals& removals) noexcept {
    const Found entry{owned.get(), owned->slot};
    lifetimes_.set(entry, stored_at, own_ttl, time);
    const bool is_dead = this->is_dead(entry, time);
    const auto is_light = [&] { return is_weight_left(entry->weight, held.entry); };
    const bool was_alive = held && !this->is_dead(held, time);
    if (policy_.capacity == 0 || entry->weight > policy_.max_weight || (is_dead && !is_light())) {
      ++counted.store_failures;
      if (held) drop(held, was_alive ? RemovalCause::Evicted : RemovalCause::Expired, removals);
      return;
    }
    const RemovalCause cause = was_alive ? RemovalCause::Replaced : RemovalCause::Expired;
    if (held && is_light()) {
      report(entries_.replace(held, std::move(owned)), cause, removals);
      sweep(time, entry.entry, removals);
    } else {
      if (held) drop(held, cause, removals);
      sweep(time, nullptr, removals);
      if (is_dead && entries_.size() >= policy_.capacity) {
        ++counted.store_failures;
        return;
      }
      if (!Entries::has_admission) make_room_for(entry->weight, removals);
      entries_.link(std::move(owned));
    }
    if (!was_alive) ++counted.inserts;
    if (Entries::has_admission) keep_bounds(entry.entry, removals);
  }

  /// Has an entry live on from `start`, for a TTL of its own or not. Throws `std::bad_alloc` and has changed nothing.
  void renew(const Found& entry, TimePoint start, const std::optional<Ttl>& own_ttl, TimePoint time) {
    lifetimes_.reserve(entry.slot, own_ttl.has_value());
    lifetimes_.set(entry, start, own_ttl, time);
    entries_.renew(entry);
    ++counted.updates;
  }

  /// Drops one entry.
  void drop(const Found& entry, RemovalCause cause, Removals& removals) noexcept {
    report(entries_.unlink(entry), cause, removals);
  }

  /// Drops the entries for which `is_meant(entry)` holds; returns how many. What the predicate throws changes nothing.
  template <class Predicate>
  std::size_t drop_if(const Predicate& is_meant, RemovalCause cause, Removals& removals) {
    entries_.for_each([&](const Found& entry) { entry->is_meant = is_meant(entry); });
    std::size_t dropped = 0;
    entries_.for_each([&](const Found& entry) {
      if (!entry->is_meant) return;
      drop(entry, cause, removals);
      ++dropped;
    });
    return dropped;
  }

  std::size_t drop_expired(TimePoint time, Removals& removals) noexcept {
    return drop_if([&](const Found& entry) { return is_dead(entry, time); }, RemovalCause::Expired, removals);
  }

  std::size_t drop_all(RemovalCause cause, Removals& removals) noexcept {
    return drop_if([](const Found&) { return true; }, cause, removals);
  }

  /// Drops the entries written longest ago, oldest first, until at most `count` are left; returns how many were
  /// dropped.
  std::size_t trim(std::size_t count, Removals& removals) noexcept {
    if (entries_.size() <= count) return 0;
    const std::uint32_t limit = age_of_oldest_but(count);
    Entry* leaving = nullptr;
    entries_.for_each([&](const Found& entry) {
      if (entries_.age(*entry) >= limit) entry->next = std::exchange(leaving, entry.entry);
    });
    leaving = detail::sorted_chain(
        leaving, [this](const Entry& left, const Entry& right) { return entries_.age(left) > entries_.age(right); });
    const std::size_t most = entries_.size() - count;  // there may be more: those too old to be told apart
    std::size_t dropped = 0;
    for (; dropped < most; ++dropped) {
      const Found oldest = entries_.at(*std::exchange(leaving, leaving->next));
      drop(oldest, RemovalCause::Trimmed, removals);
    }
    return dropped;
  }

  /// Follows another policy from now on, for what is held too.
  void set_policy(const TierPolicy& policy, TimePoint time, Removals& removals) noexcept {
    drop_expired(time, removals);  // before a longer TTL could bring them back
    policy_ = policy;
    lifetimes_.follow(policy);
    if (lifetimes_.is_idling()) note_reads(time);
    tell_room();
    keep_bounds(nullptr, removals);
  }

  /// Sets who is told of removals; gives back who was.
  [[nodiscard]] Reference<Listener> exchange_listener(Reference<Listener> listener) noexcept {
    return std::exchange(listener_, std::move(listener));
  }

 private:
  [[nodiscard]] auto hashes() const noexcept {
    return [this](const Entry& entry) noexcept { return entries_.hash_of(entry); };
  }

  [[nodiscard]] bool is_dead(const Found& entry, TimePoint time) const noexcept {
    return use_of(entry, time) == Use::dead;
  }

  /// Counts what is held as read now. Without memory for that it counts as read when it was stored.
  void note_reads(TimePoint time) noexcept {
    entries_.for_each([&](const Found& entry) {
      TIERCACHE_TRY {
        lifetimes_.reserve(entry.slot, false);
      }
      TIERCACHE_CATCH_ALL {}
      lifetimes_.note_read(entry, time);
    });
  }

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
      case RemovalCause::Cascaded:
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
      const Found entry = entries_.next_in_sweep();
      if (!entry || entry.entry == fresh || !is_dead(entry, time)) continue;
      drop(entry, RemovalCause::Expired, removals);
    }
  }

  /// Tells whether so much weight is left beside that of all but `held`. Wants no more than `max_weight`.
  [[nodiscard]] bool is_weight_left(std::size_t weight, const Entry* held) const noexcept {
    // Never the sum of two weights: it may be too large for a number.
    return entries_.weight() - (held != nullptr ? held->weight : 0) <= policy_.max_weight - weight;
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
    if (Entries::has_admission && !is_light()) learn_room(fresh);
    const std::size_t left = policy_.trim_to != 0 ? policy_.trim_to : policy_.capacity;
    while (entries_.size() > left || !holds()) {
      const Found victim = entries_.victim();
      if (victim.entry == fresh) fresh = nullptr;
      drop(victim, RemovalCause::Evicted, removals);
    }
  }

  /// Learns about how many entries fit into `max_weight`, now that there are too many, `fresh` included, which came
  /// last, if it is not null.
  void learn_room(const Entry* fresh) noexcept {
    const auto bound = static_cast<double>(policy_.max_weight);
    const auto size = static_cast<double>(entries_.size());
    if (fresh == nullptr) {
      if (mean_weight_ == 0.0) mean_weight_ = static_cast<double>(entries_.weight()) / size;
    } else {
      // Down at once and up slowly, so that it stays near the least that fitted lately. A policy may give away unseen
      // what is free below it, and should not do so whenever a heavy entry has left.
      const double fitted = size - 1.0;
      const double known = mean_weight_ != 0.0 ? bound / mean_weight_ : fitted;
      mean_weight_ = bound / (fitted < known ? fitted : known + (fitted - known) / (4.0 * fitted));
    }
    tell_room();
  }

  /// Tells the eviction policy for how many entries there is room, as far as that is known.
  void tell_room() noexcept {
    std::size_t room = policy_.capacity;
    if (policy_.max_weight != unbounded && mean_weight_ != 0.0) {
      const double fitting = static_cast<double>(policy_.max_weight) / mean_weight_ + 0.5;
      if (fitting < static_cast<double>(room)) room = larger(std::size_t{1}, static_cast<std::size_t>(fitting));
    }
    if (room != std::exchange(told_room_, room)) entries_.resize(room);
  }

  /// Returns the age of the newest entry that has to go so that `count` are left. Wants more than `count`.
  [[nodiscard]] std::uint32_t age_of_oldest_but(std::size_t count) noexcept {
    // A byte at a time, from the highest: how many entries there are with each value of it. No memory to ask for.
    std::uint32_t age = 0;
    std::size_t newer = 0;
    for (unsigned shift = 32; shift != 0;) {
      shift -= 8;
      std::size_t histogram[256] = {};
      entries_.for_each([&](const Found& entry) {
        const std::uint64_t above = entries_.age(*entry) ^ age;
        if (above >> shift >> 8 == 0) ++histogram[entries_.age(*entry) >> shift & 255];
      });
      std::uint32_t byte = 0;
      while (newer + histogram[byte] <= count) newer += histogram[byte++];
      age |= byte << shift;
    }
    return age;
  }

  TierPolicy policy_;
  Lifetimes<T> lifetimes_;
  Entries entries_;
  /// What the eviction policy knows of the bounds.
  std::size_t told_room_ = policy_.capacity;
  /// What an entry weighs, about, if the tier is full by weight; 0 if it was not yet.
  double mean_weight_ = 0.0;
  Reference<Listener> listener_;
};

}  // namespace tiercache::detail
