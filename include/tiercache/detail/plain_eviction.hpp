// PlainEviction: an eviction policy of the user's in its plain form, made into one in its full form. What the two forms
// are is said in eviction.hpp.
#pragma once

#include <tiercache/detail/slab.hpp>
#include <tiercache/detail/tier_traits.hpp>
#include <tiercache/eviction.hpp>

#include <cstddef>
#include <new>
#include <type_traits>

namespace tiercache::detail {

/// Returns where an object lies, whatever its & says.
[[nodiscard]] void* address_of(auto& object) noexcept {
  return &reinterpret_cast<unsigned char&>(object);
}

/// A policy in its full form that leaves everything to `P`, which knows nodes and no numbers.
template <class P>
class PlainEviction {
  struct Numbered : P::Node {
    Slot slot = no_slot;
  };

 public:
  // A member, where the entry has it as a base: so it can be made anew without a care for what lies in its padding.
  struct Node {
    Numbered numbered;
  };

  void resize(std::size_t) noexcept {}
  void insert(const auto& entries, Slot entry) noexcept {
    Numbered& node = entries[entry].numbered;
    void* const place = detail::address_of(node);
    node.~Numbered();
    policy_.insert(*::new (place) Numbered{{}, entry});
  }
  void hit(Node& node) noexcept { policy_.hit(node.numbered); }
  void replace(const auto& entries, Slot old, Slot fresh) noexcept {
    erase(entries, old);
    insert(entries, fresh);
  }
  void erase(const auto& entries, Slot entry) noexcept { policy_.erase(entries[entry].numbered); }
  [[nodiscard]] Slot victim(const auto&) noexcept { return static_cast<Numbered&>(policy_.victim()).slot; }

 private:
  P policy_;
};

/// The eviction policy of tier `T`, in its full form.
template <class T, class P = typename TierTraits<T>::Eviction>
using FullEviction = std::conditional_t<FullEvictionPolicy<P>, P, PlainEviction<P>>;

}  // namespace tiercache::detail
