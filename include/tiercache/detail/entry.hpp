// Entry: what one tier keeps under one key, with all that the index, the eviction policy and the deadlines need to know
// of it.
#pragma once

#include <tiercache/detail/key.hpp>
#include <tiercache/detail/plain_eviction.hpp>
#include <tiercache/detail/slab.hpp>
#include <tiercache/detail/tier_traits.hpp>
#include <tiercache/removal_cause.hpp>
#include <tiercache/ttl.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace tiercache::detail {

/// Whether an entry has a value, as opposed to the answer "there is none", and that a TTL of its own. In one, so that
/// who reads can tell the usual case by one look.
enum class Content : unsigned char { none, value, value_with_ttl };

/// What an entry weighs: 1, unless it has a value and the tier says otherwise.
template <class T>
struct EntryWeight {
  static constexpr std::size_t weight = 1;
  void weigh(const typename T::key_type&, const typename T::value_type&) const noexcept {}
  void forget_weight() const noexcept {}
};
template <class T>
  requires(TierTraits<T>::has_weigher)
struct EntryWeight<T> {
  std::size_t weight = 1;
  void weigh(const typename T::key_type& key, const typename T::value_type& value) {
    weight = TierTraits<T>::weigh(key, value);
  }
  void forget_weight() noexcept { weight = 1; }
};

/// The mixed hash of an entry's key: kept in it, unless the key is a number, whose hash is known at once.
template <class T>
struct EntryHash {
  std::uint32_t kept_hash = 0;
  void keep_hash(std::uint32_t hash) noexcept { kept_hash = hash; }
};
template <class T>
  requires(is_hashed_at_once<T>)
struct EntryHash<T> {
  void keep_hash(std::uint32_t) const noexcept {}
};

/// An element of a tier's slab. In use it has a key, and a value unless the answer was "there is none".
template <class T>
struct Entry final : FullEviction<T>::Node, EntryWeight<T>, EntryHash<T> {
  using Key = typename TierTraits<T>::Key;
  using Value = typename TierTraits<T>::Value;

  // The node of a policy may have members of any name: what the other bases have is always said to be theirs.
  using EntryWeight<T>::weight;

  // In the order, and of the size, that leave no gaps behind the node of a policy.
  bool has_key : 1 = false;
  Content content : 2 = Content::none;
  /// Whether the operation under way is to drop it.
  bool is_meant : 1 = false;
  /// Why it left.
  RemovalCause cause : 3 = RemovalCause::Replaced;
  /// Whether the index holds it. Apart from the others, which its owner changes without the lock while it is not held.
  bool is_held = false;
  union {
    /// Its number in the slab, while it is not held. Who finds it by the index knows it from there.
    Slot slot = no_slot;
    /// The number of the write that stored it, while it is held.
    std::uint32_t written;
  };
  union {
    /// While it is in use.
    TimePoint stored_at{};
    /// After that: the next one on the way out, or in the slab's list of unused ones.
    Entry* next;
  };
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
    ::new (detail::address_of(key)) Key(std::forward<K>(its_key));
    has_key = true;
    EntryHash<T>::keep_hash(its_hash);
  }

  /// Returns the hash that came with the key, where it is kept.
  [[nodiscard]] std::uint32_t hash() const noexcept
    requires(!is_hashed_at_once<T>)
  {
    return EntryHash<T>::kept_hash;
  }

  /// Puts a value into an entry that has a key and none yet.
  template <class V>
  void set_value(V&& its_value) {
    ::new (detail::address_of(value)) Value(std::forward<V>(its_value));
    content = Content::value;
    EntryWeight<T>::weigh(key, value);
  }
  [[nodiscard]] bool has_value() const noexcept { return content != Content::none; }

  /// Says whether its time to live is its own; else it is what the policy says. Only a value can have one.
  void set_own_ttl(bool is_own) noexcept {
    if (has_value()) content = is_own ? Content::value_with_ttl : Content::value;
  }
  [[nodiscard]] bool has_own_ttl() const noexcept { return content == Content::value_with_ttl; }

  /// Destroys key and value.
  void clear() noexcept {
    if (has_value()) value.~Value();
    if (has_key) key.~Key();
    has_key = false;
    content = Content::none;
    EntryWeight<T>::forget_weight();
  }
};

/// Owns an entry that is in use and that no index holds; at its end the key and the value are destroyed, and the entry
/// goes back to its slab. Not under the tier's lock.
// Not a std::unique_ptr: that takes longer to compile, for each tier, than all that is done with it.
template <class T, bool is_shared>
class OwnedEntry {
 public:
  using Slab = detail::Slab<Entry<T>, is_shared>;

  OwnedEntry() noexcept = default;
  OwnedEntry(Entry<T>* entry, Slab* slab) noexcept : entry_(entry), slab_(slab) {}
  OwnedEntry(OwnedEntry&& other) noexcept : entry_(other.release()), slab_(other.slab_) {}
  OwnedEntry& operator=(OwnedEntry&& other) noexcept {
    reset();
    slab_ = other.slab_;
    entry_ = other.release();
    return *this;
  }
  ~OwnedEntry() { reset(); }

  [[nodiscard]] Entry<T>& operator*() const noexcept { return *entry_; }
  [[nodiscard]] Entry<T>* operator->() const noexcept { return entry_; }
  [[nodiscard]] Entry<T>* get() const noexcept { return entry_; }
  /// Returns where the entry comes from.
  [[nodiscard]] Slab* slab() const noexcept { return slab_; }

  /// Leaves the entry to the caller.
  [[nodiscard]] Entry<T>* release() noexcept {
    Entry<T>* const entry = entry_;
    entry_ = nullptr;
    return entry;
  }
  void reset() noexcept {
    if (entry_ == nullptr) return;
    Entry<T>* const entry = release();
    entry->clear();
    slab_->give_back(*entry);
  }

 private:
  Entry<T>* entry_ = nullptr;
  Slab* slab_ = nullptr;
};

/// Points to an entry, with its number, or to none.
template <class T>
struct Found {
  Entry<T>* entry = nullptr;
  Slot slot = no_slot;

  [[nodiscard]] explicit operator bool() const noexcept { return entry != nullptr; }
  [[nodiscard]] Entry<T>& operator*() const noexcept { return *entry; }
  [[nodiscard]] Entry<T>* operator->() const noexcept { return entry; }
};

}  // namespace tiercache::detail
