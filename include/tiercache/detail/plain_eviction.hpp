// PlainEviction: an eviction policy of the user's in its plain form, made into one in its full form. What the two forms
// are is said in eviction.hpp.
#pragma once

#include <tiercache/detail/slab.hpp>
#include <tiercache/detail/tier_traits.hpp>
#include <tiercache/eviction.hpp>

#include <cstddef>
#include <type_traits>

namespace tiercache::detail {

/// A policy in its full form that leaves everything to `P`, which knows nodes and no numbers.
template <class P>
class PlainEviction {
 public:
  struct Node : P::Node {
    Slot slot = no_slot;
  };

  void resize(std::size_t) noexcept {}
  void insert(const auto& entries, Slot entry) noexcept {
    entries[entry].slot = entry;
    policy_.insert(entries[entry]);
  }
  void hit(Node& node) noexcept { policy_.hit(node); }
  void replace(const auto& entries, Slot old, Slot fresh) noexcept {
    policy_.erase(entries[old]);
    insert(entries, fresh);
  }
  void erase(const auto& entries, Slot entry) noexcept { policy_.erase(entries[entry]); }
  [[nodiscard]] Slot victim(const auto&) noexcept { return static_cast<Node&>(policy_.victim()).slot; }

 private:
  P policy_;
};

/// The eviction policy of tier `T`, in its full form.
template <class T, class P = typename TierTraits<T>::Eviction>
using FullEviction = std::conditional_t<FullEvictionPolicy<P>, P, PlainEviction<P>>;

}  // namespace tiercache::detail
