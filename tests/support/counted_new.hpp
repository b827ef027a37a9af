// Replaces the global operator new by one that counts and fails on demand. To be included in one source file of a
// program: a replacement cannot be inline.
#pragma once

#include "allocations.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__GNUC__)
#define SUPPORT_NOINLINE __attribute__((noinline))
#else
#define SUPPORT_NOINLINE
#endif

namespace support {

/// Counts one more, or throws if it is to fail.
inline void count_allocation() {
  ++Allocations::count;
  if (Allocations::until_failure >= 0 && Allocations::until_failure-- == 0) throw std::bad_alloc();
}
inline void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  ++Allocations::live;
  return memory;
}

}  // namespace support

SUPPORT_NOINLINE void* operator new(std::size_t size) {
  support::count_allocation();
  return support::counted(std::malloc(size != 0 ? size : 1));
}
SUPPORT_NOINLINE void* operator new[](std::size_t size) {
  return operator new(size);
}
// What is aligned as cache lines are.
SUPPORT_NOINLINE void* operator new(std::size_t size, std::align_val_t alignment) {
  support::count_allocation();
  const auto unit = static_cast<std::size_t>(alignment);
  return support::counted(std::aligned_alloc(unit, (size + unit) / unit * unit));
}
SUPPORT_NOINLINE void* operator new[](std::size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
// The standard library sorts with memory from these; a sanitizer's own would not go with the operator delete below.
SUPPORT_NOINLINE void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  try {
    return operator new(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
SUPPORT_NOINLINE void* operator new[](std::size_t size, const std::nothrow_t& nothrow) noexcept {
  return operator new(size, nothrow);
}

SUPPORT_NOINLINE void operator delete(void* memory) noexcept {
  if (memory != nullptr) --support::Allocations::live;
  std::free(memory);
}
SUPPORT_NOINLINE void operator delete(void* memory, std::size_t) noexcept {
  operator delete(memory);
}
SUPPORT_NOINLINE void operator delete[](void* memory) noexcept {
  operator delete(memory);
}
SUPPORT_NOINLINE void operator delete[](void* memory, std::size_t) noexcept {
  operator delete(memory);
}
SUPPORT_NOINLINE void operator delete(void* memory, std::align_val_t) noexcept {
  operator delete(memory);
}
SUPPORT_NOINLINE void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  operator delete(memory);
}
SUPPORT_NOINLINE void operator delete[](void* memory, std::align_val_t) noexcept {
  operator delete(memory);
}
SUPPORT_NOINLINE void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  operator delete(memory);
}
