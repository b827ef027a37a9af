// ZeroedArray: an array of numbers that may be as large as a tier, for those who can do without if there is no memory.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

namespace tiercache::detail {

/// Owns an array of zeros. A large one takes real memory only as it is written to, so that making it takes no time.
template <class T>
class ZeroedArray {
  static_assert(std::is_arithmetic_v<T>);

 public:
  /// Replaces the array by one of `size` zeros; by an empty one if there is no memory.
  void allocate(std::size_t size) noexcept {
    numbers_.reset(size != 0 ? static_cast<T*>(std::calloc(size, sizeof(T))) : nullptr);
    size_ = numbers_ ? size : 0;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return numbers_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return numbers_[i]; }

 private:
  struct Free {
    void operator()(T* numbers) const noexcept { std::free(numbers); }
  };
  std::unique_ptr<T[], Free> numbers_;
  std::size_t size_ = 0;
};

}  // namespace tiercache::detail
