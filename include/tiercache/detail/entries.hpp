// Entries: everything that one tier holds, found by key and ordered by the eviction policy. It takes no lock, counts no
// event and knows no clock; detail/contents.hpp and detail/store.hpp do.
#pragma once

#include <tiercache/detail/entry.hpp>
#include <tiercache/detail/index.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/slab.hpp>
#include <tiercache/eviction.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tiercache::detail {

/// The entries of a tier as an eviction policy sees them.
template <class T, bool is_shared>
class EvictionView {
 public:
  using Node = typename TierTraits<T>::Eviction::Node;

  explicit EvictionView(const Slab<Entry<T>, is_shared>& slab) noexcept : slab_(&slab) {}

  [[nodiscard]] Node& operator[](Slot entry) const noexcept { return (*slab_)[entry]; }
  [[nodiscard]] std::uint32_t hash(Slot entry) const noexcept { return (*slab_)[entry].hash; }
  [[nodiscard]] Slot slot_of(Node& node) const noexcept { return static_cast<Entry<T>&>(node).slot; }

 private:
  const Slab<Entry<T>, is_shared>* slab_;
};

/// Makes of a policy in its plain form one in its full form.
template <class P>
class PlainEviction {
 public:
  using Node = typename P::Node;

  void resize(std::size_t) noexcept {}
  void insert(const auto& entries, Slot entry) noexcept { policy_.insert(entries[entry]); }
  void hit(Node& node) noexcept { policy_.hit(node); }
  void replace(const auto& entries, Slot old, Slot fresh) noexcept {
    policy_.erase(entries[old]);
    policy_.insert(entries[fresh]);
  }
  void erase(const auto& entries, Slot entry) noexcept { policy_.erase(entries[entry]); }
  [[nodiscard]] Slot victim(const auto& entries) noexcept { return entries.slot_of(policy_.victim()); }

 private:
  P policy_;
};

/// Owns the entries of tier `T`. With `is_shared`, entries can be given back by any thread.
template <class T, bool is_shared>
class Entries {
 public:
  using Entry = detail::Entry<T>;
  using Owned = OwnedEntry<T, is_shared>;

  /// Whether the eviction policy chooses between those who are there and the one who comes.
  static constexpr bool has_admission = requires { requires TierTraits<T>::Eviction::has_admission; };

  /// Whether a hit concerns nothing but the entry, so that hits of different entries can happen at once.
  static constexpr bool hits_alone =
      HitsAlone<typename TierTraits<T>::Eviction> && FullEvictionPolicy<typename TierTraits<T>::Eviction>;

  Entries() = default;
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;

  /// Finds the entry of `key`. Throws what the key's comparison throws.
  template <class K>
  [[nodiscard]] Entry* find(std::uint32_t hash, const K& key) const {
    return index_.find(hash, [&](Slot slot) -> Entry* {
      Entry& entry = slab_[slot];
      return entry.hash == hash && detail::is_key<T>(entry.key, key) ? &entry : nullptr;
    });
  }

  /// Returns an entry to be filled. Throws `std::bad_alloc`.
  [[nodiscard]] Owned take() { return Owned(&slab_.take(), {&slab_}); }

  /// Makes room in the index for an entry with this hash, so that the next `link` cannot fail. Throws `std::bad_alloc`
  /// and has changed nothing.
  void reserve(std::uint32_t hash) {
    index_.reserve(hash, [this](Slot slot) { return slab_[slot].hash; });
  }

  /// Takes an entry whose key is not held yet. Wants a `reserve` before.
  void link(Owned entry) noexcept {
    Entry& linked = hold(entry);
    index_.link(linked.hash, linked.slot);
    eviction_.insert(view(), linked.slot);
  }

  /// Takes an entry in place of the one that is held under its key, and gives that one back.
  [[nodiscard]] Owned replace(Entry& held, Owned entry) noexcept {
    Entry& linked = hold(entry);
    index_.replace(held.hash, held.slot, linked.slot);
    eviction_.replace(view(), held.slot, linked.slot);
    return let_go(held);
  }

  /// Gives an entry back.
  [[nodiscard]] Owned unlink(Entry& entry) noexcept {
    index_.unlink(entry.hash, entry.slot);
    eviction_.erase(view(), entry.slot);
    return let_go(entry);
  }

  /// Tells the eviction policy that the entry answered a lookup.
  void touch(Entry& entry) noexcept {
    if constexpr (HitsAlone<Policy>) {
      eviction_.hit(entry);
    } else {
      eviction_.hit(view(), entry.slot);
    }
  }

  /// Returns the entry that the eviction policy would drop next. Wants at least one.
  [[nodiscard]] Entry& victim() noexcept { return slab_[eviction_.victim(view())]; }

  /// Tells the eviction policy for how many entries there is to be room.
  void resize(std::size_t capacity) noexcept { eviction_.resize(capacity); }

  /// Runs `visit(entry)` on every entry, in no order. It may unlink the one that it is given.
  template <class Visit>
  void for_each(const Visit& visit) {
    for (Slot slot = 0; slot != slab_.end(); ++slot) {
      if (slab_[slot].is_held) visit(slab_[slot]);
    }
  }

  /// Returns how many writes ago an entry was stored.
  [[nodiscard]] std::uint32_t age(const Entry& entry) const noexcept { return writes_ - entry.written; }

  /// Returns how many places for entries there are, those where there is none included.
  [[nodiscard]] Slot places() const noexcept { return slab_.end(); }

  /// Returns one place after the other, and then the first anew: null where there is no entry. Wants at least one.
  [[nodiscard]] Entry* next_in_sweep() noexcept {
    if (sweep_ >= slab_.end()) sweep_ = 0;
    Entry& entry = slab_[sweep_++];
    return entry.is_held ? &entry : nullptr;
  }

  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
  [[nodiscard]] std::size_t weight() const noexcept { return weight_; }

 private:
  using Eviction = typename TierTraits<T>::Eviction;
  using Policy = std::conditional_t<FullEvictionPolicy<Eviction>, Eviction, PlainEviction<Eviction>>;

  [[nodiscard]] EvictionView<T, is_shared> view() const noexcept { return EvictionView<T, is_shared>(slab_); }

  [[nodiscard]] Entry& hold(Owned& entry) noexcept {
    Entry& held = *entry.release();
    held.is_held = true;
    held.written = ++writes_;
    weight_ += held.weight;
    return held;
  }
  [[nodiscard]] Owned let_go(Entry& entry) noexcept {
    entry.is_held = false;
    weight_ -= entry.weight;
    return Owned(&entry, {&slab_});
  }

  Slab<Entry, is_shared> slab_;
  Index index_;
  Policy eviction_;
  std::size_t weight_ = 0;
  std::uint32_t writes_ = 0;
  Slot sweep_ = 0;
};

}  // namespace tiercache::detail
