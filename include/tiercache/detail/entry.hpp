// Entry: what one tier keeps under one key, with all that the index, the eviction policy and the deadlines need to know
// of it.
#pragma once

#include <tiercache/detail/slab.hpp>
#include <tiercache/detail/tier_traits.hpp>
#include <tiercache/removal_cause.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/ttl.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace tiercache::detail {

/// Whose time to live an entry has: it decides what a change of the policy means to it.
enum class TtlOrigin : unsigned char { policy, own };

/// What an entry weighs: 1, unless the tier says otherwise.
template <class T>
struct EntryWeight {
  static constexpr std::size_t weight = 1;
  void weigh(const typename T::key_type&, const typename T::value_type&) const noexcept {}
};
template <class T>
  requires(TierTraits<T>::has_weigher)
struct EntryWeight<T> {
  std::size_t weight = 1;
  void weigh(const typename T::key_type& key, const typename T::value_type& value) {
    weight = TierTraits<T>::weigh(key, value);
  }
};

/// An element of a tier's slab. In use it has a key, and a value unless the answer was "there is none".
template <class T>
struct Entry final : TierTraits<T>::Eviction::Node, EntryWeight<T> {
  using Key = typename TierTraits<T>::Key;
  using Value = typename TierTraits<T>::Value;

  // In the order, and of the size, that leave no gaps behind the node of a policy.
  TtlOrigin ttl_origin : 1 = TtlOrigin::policy;
  bool has_key : 1 = false;
  bool has_value : 1 = false;
  /// Whether the operation under way is to drop it.
  bool is_meant : 1 = false;
  bool is_forever : 1 = false;
  /// Why it left.
  RemovalCause cause : 3 = RemovalCause::Replaced;
  /// Whether the index holds it. Apart from the others, which its owner changes without the lock while it is not held.
  bool is_held = false;
  /// Of the key, mixed.
  std::uint32_t hash = 0;
  Slot slot = no_slot;
  /// The number of the write that stored it.
  std::uint32_t written = 0;
  union {
    /// While it is in use.
    TimePoint stored_at{};
    /// After that: the next one on the way out, or in the slab's list of unused ones.
    Entry* next;
  };
  TimePoint deadline{};
  union {
    Key key;
  };
  union {
    Value value;
  };

  Entry() noexcept {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() { clear(); }

  [[nodiscard]] Entry*& next_unused() noexcept { return next; }

  /// Puts a key into an unused entry.
  template <class K>
  void set_key(K&& its_key, std::uint32_t its_hash) {
    std::construct_at(std::addressof(key), std::forward<K>(its_key));
    has_key = true;
    hash = its_hash;
  }

  /// Puts a value into an entry that has a key and none yet.
  template <class V>
  void set_value(V&& its_value) {
    std::construct_at(std::addressof(value), std::forward<V>(its_value));
    has_value = true;
    this->weigh(key, value);
  }

  /// Destroys key and value.
  void clear() noexcept {
    if (has_value) std::destroy_at(std::addressof(value));
    if (has_key) std::destroy_at(std::addressof(key));
    has_key = has_value = false;
  }

  [[nodiscard]] bool is_fresh(TimePoint now) const noexcept { return is_alive(now, deadline, is_forever); }

  /// Sets the times: `own`, or what `policy` says of such an answer, from `start` on.
  void live_from(TimePoint start, const std::optional<Ttl>& own, const TierPolicy& policy) noexcept {
    std::construct_at(&stored_at, start);
    ttl_origin = own ? TtlOrigin::own : TtlOrigin::policy;
    set_ttl(own ? *own : ttl_by(policy));
  }
  /// Follows another policy, if the time to live is the policy's.
  void follow(const TierPolicy& policy) noexcept {
    if (ttl_origin == TtlOrigin::policy) set_ttl(ttl_by(policy));
  }

  /// Returns the time to live: the one that was set, unless that is longer than time goes on.
  [[nodiscard]] Ttl ttl() const noexcept { return is_forever ? forever : Ttl(deadline - stored_at); }

 private:
  void set_ttl(Ttl ttl) noexcept {
    deadline = deadline_of(stored_at, ttl);
    is_forever = ttl == forever;
  }
  [[nodiscard]] Ttl ttl_by(const TierPolicy& policy) const noexcept {
    return has_value ? policy.ttl : policy.not_found_ttl;
  }
};

/// Returns from when an entry counts as stored: `claimed`, unless it is not set or later than `latest`.
[[nodiscard]] inline TimePoint stored_at_or(TimePoint claimed, TimePoint latest) noexcept {
  return claimed == TimePoint{} || claimed > latest ? latest : claimed;
}

/// Destroys an entry's key and value, and gives the entry back to its slab. Not under the tier's lock.
template <class T, bool is_shared>
struct GiveBack {
  Slab<Entry<T>, is_shared>* slab = nullptr;
  void operator()(Entry<T>* entry) const noexcept {
    entry->clear();
    slab->give_back(*entry);
  }
};

/// Owns an entry that is in use and that no index holds.
template <class T, bool is_shared>
using OwnedEntry = std::unique_ptr<Entry<T>, GiveBack<T, is_shared>>;

}  // namespace tiercache::detail
