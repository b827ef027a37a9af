// ZeroedArray: an array of numbers that may be as large as a tier, for those who can do without if there is no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <type_traits>

namespace tiercache::detail {

/// Owns an array of zeros that begins with a cache line. A large one takes real memory only as it is written to, so
/// that making it takes no time.
template <class T>
class ZeroedArray {
  static_assert(std::is_arithmetic_v<T>);

 public:
  ZeroedArray() noexcept = default;
  ZeroedArray(const ZeroedArray&) = delete;
  ZeroedArray& operator=(const ZeroedArray&) = delete;
  ~ZeroedArray() { std::free(memory_); }

  /// Replaces the array by one of `size` zeros; by an empty one if there is no memory.
  void allocate(std::size_t size) noexcept {
    // Not std::aligned_alloc: what that returns would have to be written to.
    std::free(memory_);
    memory_ = size != 0 ? std::calloc(size + line_bytes / sizeof(T), sizeof(T)) : nullptr;
    size_ = memory_ != nullptr ? size : 0;
    const auto address = reinterpret_cast<std::uintptr_t>(memory_);
    numbers_ = reinterpret_cast<T*>((address + line_bytes - 1) & ~(line_bytes - 1));
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return numbers_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return numbers_[i]; }

 private:
  static constexpr std::uintptr_t line_bytes = 64;

  void* memory_ = nullptr;
  T* numbers_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tiercache::detail
