// Store: one tier at work. It decides what every reading and writing operation means for the tier's contents and its
// flights; who would fetch is taken in by detail/lookups.hpp, and how a fetch goes is decided in
// detail/flight_control.hpp. The other tiers are not known here.
#pragma once

#include <tiercache/cache_entry.hpp>
#include <tiercache/detail/flight_control.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/lookups.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/tier_stats.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache::detail {

/// The store of tier `T`.
template <class Config, class T>
class Store final : public Lookups<Config, T> {
  using Lookups = detail::Lookups<Config, T>;

 public:
  using Control = FlightControl<Config, T>;

 private:
  using Control::contents_;
  using Control::fences_;
  using Control::flights_;
  using Control::hit;
  using Control::hit_none;
  using Control::is_closed_;
  using Control::lock_;
  using Control::now;
  using Control::usual_hit;
  using typename Control::Entry;
  using typename Control::Found;
  using typename Control::Lock;
  using typename Control::OwnedEntry;
  using typename Control::Reading;

 public:
  using typename Control::Flight;
  using typename Control::Removals;
  using typename Control::Threading;
  using typename Control::Value;

  explicit Store(const TierPolicy& policy) : Lookups(policy) {}

  /// Returns the hash of a key in this tier. Throws what the user's hash throws.
  template <class K>
  [[nodiscard]] std::uint32_t hash_of(const K& key) const {
    return contents_.hash_of(key);
  }

  // Reading.

  /// Runs `use(value)` under the lock if there is a fresh value. What it throws leaves everything as it was.
  template <class K, class Use>
  bool read(const K& key, const Use& use) {
    const std::uint32_t hash = contents_.hash_of(key);
    {
      const Reading lock(lock_);
      const Found entry = contents_.find(hash, key);
      const bool is_usual = !entry || contents_.is_usual(entry);
      if (is_usual && (!entry || !contents_.is_usual_fresh(entry, now()))) {
        ++lock.counts().misses;
        return false;
      }
      if (is_usual) [[likely]] {
        use(std::as_const(entry->value));
        usual_hit(entry, lock.counts());
        return true;
      }
    }
    return read_unusual<Passed<K>, Passed<Use>>(key, use);
  }

  template <class K>
  [[nodiscard]] std::optional<CacheEntry<Value>> peek(const K& key) const {
    const std::uint32_t hash = contents_.hash_of(key);
    std::optional<Value> value;
    TimePoint stored_at;
    Ttl ttl;
    {
      const Reading lock(lock_);
      const Found entry = contents_.find(hash, key);
      if (!entry || !entry->has_value()) return std::nullopt;
      value.emplace(entry->value);  // in place: not even the destructor of a temporary value runs under the lock
      stored_at = entry->stored_at;
      ttl = contents_.ttl_of(entry);
    }
    return CacheEntry<Value>{.value = std::move(*value), .stored_at = stored_at, .ttl = ttl};
  }

  // Writing.

  template <class K, class V>
  void put(K&& key, V&& value, std::optional<Ttl> own_ttl, TimePoint stored_at) {
    const std::uint32_t hash = contents_.hash_of(key);
    OwnedEntry entry = take_entry();
    entry->set_key(detail::make_key<T>(std::forward<K>(key)), hash);
    entry->set_value(std::forward<V>(value));

    Removals removals;
    const Lock lock(lock_);
    contents_.prefetch(hash);
    const TimePoint time = now();
    const Found held = contents_.find(hash, entry->key);
    Flight* const flight = flights_.find(hash, entry->key);
    contents_.reserve(*entry, hash, own_ttl);
    fences_.raise(hash);
    if (flight != nullptr) flights_.supersede(*flight);
    contents_.admit(entry, held, detail::stored_at_or(stored_at, time), own_ttl, time, removals);
  }

  // What these drop is left with the caller, in removals that were made before: it has to go when no lock is held.

  template <class K>
  std::size_t invalidate(const K& key, RemovalCause cause, Removals& removals) {
    const std::uint32_t hash = contents_.hash_of(key);
    const Lock lock(lock_);
    const Found entry = contents_.find(hash, key);
    Flight* const flight = flights_.find(hash, key);
    fences_.raise(hash);
    if (flight != nullptr) flights_.supersede(*flight);
    if (!entry) return 0;
    contents_.drop(entry, cause, removals);
    return 1;
  }

  std::size_t invalidate_all(RemovalCause cause, Removals& removals) noexcept {
    const Lock lock(lock_);
    supersede_all();
    return contents_.drop_all(cause, removals);
  }

  /// Drops what `is_meant(key, value)` holds for. What is being fetched, and what is known not to exist, may come under
  /// the predicate too, for all we know.
  template <class Predicate>
  std::size_t invalidate_if(const Predicate& is_meant, RemovalCause cause, Removals& removals) {
    const Lock lock(lock_);
    const auto is_entry_meant = [&is_meant](const Found& entry) -> bool {
      return !entry->has_value() || is_meant(std::as_const(entry->key), std::as_const(entry->value));
    };
    const std::size_t dropped = contents_.drop_if(is_entry_meant, cause, removals);
    supersede_all();
    return dropped;
  }

  std::size_t trim(std::size_t count) noexcept {
    Removals removals;
    const Lock lock(lock_);
    return contents_.trim(count, removals);
  }

  std::size_t purge_expired() noexcept {
    Removals removals;
    const Lock lock(lock_);
    return contents_.drop_expired(now(), removals);
  }

  /// Forgets everything and stores nothing from now on: the cache is gone. Listeners are not told.
  void close() noexcept {
    Reference<Listener<T, Threading>> listener;
    Removals removals;
    const Lock lock(lock_);
    is_closed_ = true;
    supersede_all();
    listener = contents_.exchange_listener({});
    static_cast<void>(contents_.drop_all(RemovalCause::Cleared, removals));
  }

  // Upkeep.

  [[nodiscard]] TierPolicy policy() const noexcept {
    const Lock lock(lock_);
    return contents_.policy();
  }

  void set_policy(const TierPolicy& policy) noexcept {
    Removals removals;
    const Lock lock(lock_);
    contents_.set_policy(policy, now(), removals);
  }

  [[nodiscard]] std::size_t size() const noexcept {
    const Lock lock(lock_);
    return contents_.size();
  }

  [[nodiscard]] TierStats stats() const noexcept {
    const Lock lock(lock_);
    TierStats stats = contents_.stats();
    ReadCounts reads;
    lock_.for_each_count([&reads](const ReadCounts& counts) { reads += counts; });
    stats.hits = reads.hits;
    stats.not_found_hits = reads.not_found_hits;
    stats.misses += reads.misses;
    stats.lookups_without_fetch += reads.misses;
    stats.lookups = stats.hits + stats.misses;
    stats.in_flight = flights_.size();
    return stats;
  }

  void reset_stats() noexcept {
    const Lock lock(lock_);
    contents_.counted = TierStats{};
    lock_.for_each_count([](ReadCounts& counts) { counts = ReadCounts{}; });
  }

  void set_listener(Reference<Listener<T, Threading>> listener) noexcept {
    const Lock lock(lock_);
    listener = contents_.exchange_listener(std::move(listener));
  }

 private:
  friend Control;
  ~Store() = default;

  /// How an argument is passed that need not have an address for it: a number on the stack costs the hit more than all
  /// that a deadline does.
  template <class A>
  using Passed = std::conditional_t<std::is_scalar_v<A> || (std::is_class_v<A> && std::is_trivially_copyable_v<A> &&
                                                            sizeof(A) <= 2 * sizeof(void*)),
                                    A, const A&>;

  // Apart, so that the usual hit has none of it. It looks again.
  template <class K, class Use>
  TIERCACHE_NOINLINE bool read_unusual(K key, Use use) {
    const std::uint32_t hash = contents_.hash_of(key);
    const Reading lock(lock_);
    const Found entry = contents_.find(hash, key);
    const TimePoint time = now();
    if (!entry || !contents_.is_fresh(entry, time)) {
      ++lock.counts().misses;
      return false;
    }
    if (!entry->has_value()) {
      hit_none(entry, time, lock.counts());
      return false;
    }
    use(std::as_const(entry->value));
    hit(entry, time, lock.counts());
    return true;
  }

  // Wants the lock held.
  void supersede_all() noexcept {
    flights_.supersede_all();
    fences_.raise_all();
  }

  [[nodiscard]] OwnedEntry take_entry() {
    const Lock lock(lock_);
    return contents_.take();
  }
};

}  // namespace tiercache::detail
