// SlotArray: something about the elements of a slab that few of them have, kept apart from them.
#pragma once

#include <tiercache/detail/array.hpp>
#include <tiercache/detail/slab.hpp>

#include <cstddef>
#include <utility>

namespace tiercache::detail {

/// Maps slots to values, with memory only for the neighbourhood of slots that have one.
template <class T>
class SlotArray {
 public:
  /// Makes sure that there is a value for `slot`. Throws `std::bad_alloc` and has changed nothing that shows.
  void reserve(Slot slot) {
    const Slot number = slot / chunk_size;
    if (number >= chunk_count_) {
      const Slot count = number + number / 2 + 1;
      Array<Chunk> chunks(count);
      for (Slot i = 0; i < chunk_count_; ++i) chunks[i] = std::move(chunks_[i]);
      chunks_ = std::move(chunks);
      chunk_count_ = count;
    }
    if (!chunks_[number]) chunks_[number] = Chunk(chunk_size);
  }

  /// Returns the value for a slot; null if there is none.
  [[nodiscard]] T* find(Slot slot) const noexcept {
    const Slot number = slot / chunk_size;
    return number < chunk_count_ && chunks_[number] ? &chunks_[number][slot % chunk_size] : nullptr;
  }

  /// Returns the value for a slot for which there is one.
  [[nodiscard]] T& operator[](Slot slot) const noexcept { return chunks_[slot / chunk_size][slot % chunk_size]; }

 private:
  using Chunk = Array<T>;

  static constexpr Slot chunk_size = 256;

  Array<Chunk> chunks_;
  Slot chunk_count_ = 0;
};

}  // namespace tiercache::detail
