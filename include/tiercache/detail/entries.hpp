// Entries: everything that one tier holds, found by key, ordered by age and by the eviction policy. It takes no lock,
// counts no event and knows no clock; detail/store.hpp does.
#pragma once

#include <tiercache/detail/entry.hpp>
#include <tiercache/detail/index.hpp>
#include <tiercache/detail/key.hpp>

#include <cstddef>
#include <memory>

namespace tiercache::detail {

/// Owns the entries of tier `T`.
template <class T>
class Entries {
 public:
  using Entry = detail::Entry<T>;

  Entries() = default;
  Entries(const Entries&) = delete;
  Entries& operator=(const Entries&) = delete;
  ~Entries() {
    while (Entry* const entry = oldest_written()) delete unlink(*entry).release();
  }

  /// Finds the entry of `key`. Throws what the key's comparison throws.
  template <class K>
  [[nodiscard]] Entry* find(std::size_t hash, const K& key) const {
    return index_.find(hash, [&key](const Entry& entry) { return is_key<T>(entry.key, key); });
  }

  /// Makes room in the index, so that the next `link` cannot fail. Throws `std::bad_alloc` and has changed nothing.
  void reserve_one() { index_.reserve_one(); }

  /// Takes an entry whose key is not held yet. Wants a `reserve_one` before.
  void link(std::unique_ptr<Entry> entry) noexcept {
    Entry& linked = *entry.release();
    index_.link(linked);
    written_.push_newest(linked);
    eviction_.insert(linked);
    weight_ += linked.weight;
  }

  /// Gives an entry back.
  [[nodiscard]] std::unique_ptr<Entry> unlink(Entry& entry) noexcept {
    if (sweep_ == &entry) sweep_ = entry_of(as_written(entry).newer);
    index_.unlink(entry);
    written_.erase(entry);
    eviction_.erase(entry);
    weight_ -= entry.weight;
    return std::unique_ptr<Entry>(&entry);
  }

  /// Tells the eviction policy that the entry answered a lookup.
  void touch(Entry& entry) noexcept { eviction_.hit(entry); }

  /// Returns the entry that the eviction policy would drop next. Wants at least one.
  [[nodiscard]] Entry& victim() noexcept { return static_cast<Entry&>(eviction_.victim()); }

  [[nodiscard]] Entry* oldest_written() const noexcept { return entry_of(written_.oldest()); }
  [[nodiscard]] static Entry* written_after(Entry& entry) noexcept { return entry_of(as_written(entry).newer); }

  /// Returns one entry after the other, from the oldest written to the newest and then anew; null if there is none.
  [[nodiscard]] Entry* next_in_sweep() noexcept {
    Entry* const entry = sweep_ != nullptr ? sweep_ : oldest_written();
    if (entry != nullptr) sweep_ = written_after(*entry);
    return entry;
  }

  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }
  [[nodiscard]] std::size_t weight() const noexcept { return weight_; }

 private:
  using Written = OrderedList<WriteOrder>;

  static Written::Node& as_written(Entry& entry) noexcept { return entry; }
  static Entry* entry_of(Written::Node* node) noexcept { return static_cast<Entry*>(node); }

  Index<Entry> index_;
  Written written_;
  typename TierTraits<T>::Eviction eviction_;
  Entry* sweep_ = nullptr;
  std::size_t weight_ = 0;
};

}  // namespace tiercache::detail
