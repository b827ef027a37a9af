// Slab: storage in chunks, whose elements have numbers, never move, and are used again. What an element is, and when it
// is in use, is known to its owner.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace tiercache::detail {

/// The number of an element of a slab.
using Slot = std::uint32_t;
inline constexpr Slot no_slot = 0xffff'ffff;

/// The elements of a slab that are not in use. Any thread may add one; only one at a time, which holds the lock of the
/// slab's owner, takes one. So an element cannot come back between the two steps of taking one (no ABA problem).
template <class T, bool is_shared>
class FreeList {
 public:
  void add(T& element) noexcept {
    if constexpr (is_shared) {
      void* first = first_.load(std::memory_order_relaxed);
      do {
        element.next_unused() = static_cast<T*>(first);
      } while (!first_.compare_exchange_weak(first, &element, std::memory_order_release, std::memory_order_relaxed));
    } else {
      element.next_unused() = static_cast<T*>(first_);
      first_ = &element;
    }
  }

  [[nodiscard]] T* take() noexcept {
    if constexpr (is_shared) {
      void* first = first_.load(std::memory_order_acquire);
      while (first != nullptr &&
             !first_.compare_exchange_weak(first, static_cast<T*>(first)->next_unused(), std::memory_order_acquire)) {}
      return static_cast<T*>(first);
    } else {
      T* const first = static_cast<T*>(first_);
      if (first != nullptr) first_ = first->next_unused();
      return first;
    }
  }

 private:
  // Not of a type for each tier: std::atomic and std::unique_ptr cost much to compile for every type they are made of.
  std::conditional_t<is_shared, std::atomic<void*>, void*> first_ = nullptr;
};

/// Owns elements of type `T`, which have a `slot` and, while not in use, a `next_unused()`. It grows by one chunk of a
/// few KiB at a time and gives nothing back before its end.
template <class T, bool is_shared>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (Slot i = 0; i < chunk_count_; ++i) delete[] chunks_[i];
    delete[] chunks_;
  }

  [[nodiscard]] T& operator[](Slot slot) const noexcept { return chunks_[slot / chunk_size][slot % chunk_size]; }

  /// Returns an element that is not in use. Wants the owner's lock. Throws `std::bad_alloc` and has changed nothing.
  [[nodiscard]] T& take() {
    if (T* const unused = unused_.take()) return *unused;
    if (end_ == chunk_count_ * chunk_size) grow();
    T& fresh = (*this)[end_];
    fresh.slot = end_++;
    return fresh;
  }

  /// Takes back an element that `take` returned. Any thread may, without the lock.
  void give_back(T& element) noexcept { unused_.add(element); }

  /// How many elements have ever been in use: all slots are below it.
  [[nodiscard]] Slot end() const noexcept { return end_; }

 private:
  static constexpr Slot chunk_size_for(std::size_t element_size) noexcept {
    constexpr std::size_t chunk_bytes = 8192;
    Slot size = 2;
    while (size < 256 && std::size_t{2} * size * element_size <= chunk_bytes) size *= 2;
    return size;
  }
  static constexpr Slot chunk_size = chunk_size_for(sizeof(T));

  void grow() {
    if (chunk_count_ == chunk_room_) {
      const Slot room = chunk_room_ == 0 ? 4 : 2 * chunk_room_;
      T** const chunks = new T*[room];
      for (Slot i = 0; i < chunk_count_; ++i) chunks[i] = chunks_[i];
      delete[] chunks_;
      chunks_ = chunks;
      chunk_room_ = room;
    }
    chunks_[chunk_count_] = new T[chunk_size];
    ++chunk_count_;
  }

  T** chunks_ = nullptr;
  Slot chunk_count_ = 0;
  Slot chunk_room_ = 0;
  Slot end_ = 0;
  FreeList<T, is_shared> unused_;
};

}  // namespace tiercache::detail
