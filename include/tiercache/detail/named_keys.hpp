// NamedKeys: the keys of one tier that a cascade has named, each once.
#pragma once

#include <tiercache/detail/compiler.hpp>
#include <tiercache/detail/key.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace tiercache::detail {

/// A set of keys of tier `T`, by hash and comparison, in the order in which they were added. The first one needs no
/// memory but what the key itself does.
template <class T>
class NamedKeys {
 public:
  using Key = typename T::key_type;

  class Named {
   public:
    template <class K>
    Named(std::uint32_t its_hash, const K& its_key) : key(detail::make_key<T>(its_key)), hash(its_hash) {}

    Key key;
    /// Whether there was an entry, which has been dropped.
    bool was_held = false;

   private:
    friend NamedKeys;
    std::uint32_t hash;
    Named* next = nullptr;
    Named* below[2] = {};
  };

  NamedKeys() = default;
  NamedKeys(const NamedKeys&) = delete;
  NamedKeys& operator=(const NamedKeys&) = delete;
  ~NamedKeys() {
    if (!first_) return;
    for (Named* named = first_->next; named != nullptr;) delete std::exchange(named, named->next);
  }

  /// Adds a key; returns null if it is there already. Throws what comparing and building keys throws, and
  /// `std::bad_alloc`, and has changed nothing.
  template <class K>
  Named* add(std::uint32_t hash, const K& key) {
    if (!first_) return last_ = &first_.emplace(hash, key);
    // A tree that the bits of the hash lead through; keys of one hash hang below each other.
    Named** place = nullptr;
    std::uint32_t bits = hash;
    for (Named* named = &*first_; named != nullptr; named = *place) {
      if (named->hash == hash && detail::is_key<T>(named->key, key)) return nullptr;
      place = &named->below[bits >> 31];
      bits <<= 1;
    }
    *place = new Named(hash, key);
    last_->next = *place;
    return last_ = *place;
  }

  /// Runs `visit(key)` on those that were not held.
  template <class Visit>
  void for_each_not_held(const Visit& visit) const {
    if (!first_) return;
    for (const Named* named = &*first_; named != nullptr; named = named->next) {
      if (!named->was_held) visit(named->key);
    }
  }

 private:
  std::optional<Named> first_;
  Named* last_ = nullptr;
};

}  // namespace tiercache::detail
