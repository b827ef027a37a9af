// Entries: everything that one tier holds, found by key and ordered by the eviction policy. It takes no lock, counts no
// event and knows no clock; detail/contents.hpp and detail/store.hpp do.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/entry.hpp>
#include <tiercache/detail/index.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/plain_eviction.hpp>
#include <tiercache/detail/slab.hpp>
#include <tiercache/eviction.hpp>

#include <cstddef>
#include <cstdint>

namespace tiercache::detail {

/// Owns the entries of tier `T`. With `is_shared`, entries can be given back by any thread.
template <class T, bool is_shared>
class Entries {
 public:
  using Entry = detail::Entry<T>;
  using Found = detail::Found<T>;
  using Owned = OwnedEntry<T, is_shared>;

  /// Whether the eviction policy chooses between those who are there and the one who comes.
  static constexpr bool has_admission = requires { requires TierTraits<T>::Eviction::has_admission; };

  /// Whether a hit concerns nothing but the entry, so that hits of different entries can happen at once.
  static constexpr bool hits_alone =
      HitsAlone<typename TierTraits<T>::Eviction> && FullEvictionPolicy<typename TierTraits<T>::Eviction>;

  /// Makes an empty tier, with hashes of its own.
  explicit Entries(std::uint64_t seed) noexcept : mixer_(seed) {}
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;

  /// Returns the hash of a key, or of what stands for one. Throws what the user's hash throws.
  template <class K>
  [[nodiscard]] std::uint32_t hash_of(const K& key) const {
    return mixer_(detail::hash_key<T>(key));
  }
  /// Returns the hash of an entry's key.
  [[nodiscard]] std::uint32_t hash_of(const Entry& entry) const noexcept {
    if constexpr (is_hashed_at_once<T>) {
      return hash_of(entry.key);
    } else {
      return entry.hash();
    }
  }

  /// Finds the entry of `key`. Throws what the key's comparison throws.
  template <class K>
  [[nodiscard]] Found find(std::uint32_t hash, const K& key) const {
    return index_.find(hash, [&](Slot slot) -> Found {
      Entry& entry = slab_[slot];
      if constexpr (!is_hashed_at_once<T>) {
        if (entry.hash() != hash) return {};
      }
      return detail::is_key<T>(entry.key, key) ? Found{&entry, slot} : Found{};
    });
  }

  /// Returns the entry with a number.
  [[nodiscard]] Found at(Slot slot) const noexcept { return {&slab_[slot], slot}; }
  /// Returns an entry that is held with its number.
  [[nodiscard]] Found at(const Entry& held) const noexcept {
    return index_.find(hash_of(held), [&](Slot slot) { return &slab_[slot] == &held ? at(slot) : Found{}; });
  }

  /// Returns an entry to be filled. Throws `std::bad_alloc`.
  [[nodiscard]] Owned take() { return Owned(&slab_.take(), &slab_); }

  /// Has the memory brought near that storing an entry with this hash will need.
  void prefetch(std::uint32_t hash) const noexcept {
    index_.prefetch(hash);
    if (sweep_ < slab_.end()) TIERCACHE_PREFETCH(&slab_[sweep_]);
    if constexpr (requires { eviction_.prefetch(View(*this), hash); }) eviction_.prefetch(View(*this), hash);
  }

  /// Makes room in the index for an entry with this hash, so that the next `link` cannot fail. Throws `std::bad_alloc`
  /// and has changed nothing.
  void reserve(std::uint32_t hash) {
    constexpr auto at = [](const Entries& entries, Slot slot) noexcept -> const Entry& { return entries.slab_[slot]; };
    index_.reserve(hash, HashOf(*this, at, [](const Entries& entries, const Entry& entry) noexcept {
                     return entries.hash_of(entry);
                   }));
  }

  /// Takes an entry whose key is not held yet. Wants a `reserve` before.
  void link(Owned entry) noexcept {
    const Found linked = hold(entry);
    index_.link(hash_of(*linked), linked.slot);
    eviction_.insert(View(*this), linked.slot);
  }

  /// Takes an entry in place of the one that is held under its key, and gives that one back.
  [[nodiscard]] Owned replace(const Found& held, Owned entry) noexcept {
    const Found linked = hold(entry);
    index_.replace(hash_of(*held), held.slot, linked.slot);
    eviction_.replace(View(*this), held.slot, linked.slot);
    return let_go(held);
  }

  /// Counts an entry that is held as written now.
  void renew(const Found& held) noexcept {
    held->written = ++writes_;
    eviction_.replace(View(*this), held.slot, held.slot);
  }

  /// Gives an entry back.
  [[nodiscard]] Owned unlink(const Found& held) noexcept {
    index_.unlink(hash_of(*held), held.slot);
    eviction_.erase(View(*this), held.slot);
    return let_go(held);
  }

  /// Tells the eviction policy that the entry answered a lookup.
  void touch(const Found& held) noexcept {
    if constexpr (HitsAlone<Policy>) {
      eviction_.hit(*held);
    } else {
      eviction_.hit(View(*this), held.slot);
    }
  }

  /// Returns the entry that the eviction policy would drop next. Wants at least one.
  [[nodiscard]] Found victim() noexcept { return at(eviction_.victim(View(*this))); }

  /// Tells the eviction policy for how many entries there is to be room.
  void resize(std::size_t capacity) noexcept { eviction_.resize(capacity); }

  /// Runs `visit(entry)` on every entry, in no order. It may unlink the one that it is given.
  template <class Visit>
  void for_each(const Visit& visit) {
    for (Slot slot = 0; slot != slab_.end(); ++slot) {
      if (slab_[slot].is_held) visit(at(slot));
    }
  }

  /// Returns how many writes ago an entry was stored; `oldest_age` of what the sweep has come by since it was older.
  [[nodiscard]] std::uint32_t age(const Entry& held) const noexcept { return writes_ - held.written; }

  /// Returns how many places for entries there are, those where there is none included.
  [[nodiscard]] Slot places() const noexcept { return slab_.end(); }

  /// Returns one place after the other, and then the first anew: nothing where there is no entry. Wants at least one.
  [[nodiscard]] Found next_in_sweep() noexcept {
    if (sweep_ >= slab_.end()) sweep_ = 0;
    const Found place = at(sweep_++);
    if (!place->is_held) return {};
    // The count of writes wraps; the sweep comes by long before an age does.
    if (age(*place) > oldest_age) place->written = writes_ - oldest_age;
    return place;
  }

  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
  [[nodiscard]] std::size_t weight() const noexcept { return weight_; }

 private:
  using Policy = FullEviction<T>;
  static constexpr std::uint32_t oldest_age = 0x8000'0000;

  /// The entries as an eviction policy sees them.
  class View {
   public:
    explicit View(const Entries& entries) noexcept : entries_(&entries) {}

    [[nodiscard]] typename Policy::Node& operator[](Slot entry) const noexcept { return entries_->slab_[entry]; }
    [[nodiscard]] std::uint32_t hash(Slot entry) const noexcept { return entries_->hash_of(entries_->slab_[entry]); }
    void prefetch(Slot entry) const noexcept { entries_->index_.prefetch(hash(entry)); }

   private:
    const Entries* entries_;
  };

  [[nodiscard]] Found hold(Owned& owned) noexcept {
    Entry& entry = *owned.release();
    const Slot slot = entry.slot;
    entry.is_held = true;
    entry.written = ++writes_;
    weight_ += entry.weight;
    return {&entry, slot};
  }
  [[nodiscard]] Owned let_go(const Found& held) noexcept {
    held->is_held = false;
    held->slot = held.slot;
    weight_ -= held->weight;
    return Owned(held.entry, &slab_);
  }

  const HashMixer mixer_;
  Slab<Entry, is_shared> slab_;
  Index index_;
  Policy eviction_;
  std::size_t weight_ = 0;
  std::uint32_t writes_ = 0;
  Slot sweep_ = 0;
};

}  // namespace tiercache::detail
