// EvictionQueue: entries of a tier in the order that an eviction policy gives them, linked by their numbers.
#pragma once

#include <tiercache/detail/slab.hpp>

#include <cstddef>

namespace tiercache::detail {

/// The links of an entry in an `EvictionQueue`.
struct EvictionLinks {
  Slot older = no_slot;
  Slot newer = no_slot;
};

/// A doubly linked list through the nodes of entries, from the oldest to the newest. What it promises to policies of
/// the user's is said in eviction.hpp.
class EvictionQueue {
 public:
  void push_newest(const auto& entries, Slot entry) noexcept {
    entries[entry].older = newest_;
    entries[entry].newer = no_slot;
    (newest_ != no_slot ? entries[newest_].newer : oldest_) = entry;
    newest_ = entry;
    ++size_;
  }

  void erase(const auto& entries, Slot entry) noexcept {
    const Slot older = entries[entry].older;
    const Slot newer = entries[entry].newer;
    (older != no_slot ? entries[older].newer : oldest_) = newer;
    (newer != no_slot ? entries[newer].older : newest_) = older;
    --size_;
  }

  void make_newest(const auto& entries, Slot entry) noexcept {
    erase(entries, entry);
    push_newest(entries, entry);
  }

  /// Puts `fresh` where `old` is.
  void replace(const auto& entries, Slot old, Slot fresh) noexcept {
    const Slot older = entries[old].older;
    const Slot newer = entries[old].newer;
    entries[fresh].older = older;
    entries[fresh].newer = newer;
    (older != no_slot ? entries[older].newer : oldest_) = fresh;
    (newer != no_slot ? entries[newer].older : newest_) = fresh;
  }

  /// `no_slot` if it is empty; so is `newest`.
  [[nodiscard]] Slot oldest() const noexcept { return oldest_; }
  [[nodiscard]] Slot newest() const noexcept { return newest_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  Slot oldest_ = no_slot;
  Slot newest_ = no_slot;
  std::size_t size_ = 0;
};

}  // namespace tiercache::detail
