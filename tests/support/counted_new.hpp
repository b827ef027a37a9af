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

SUPPORT_NOINLINE void* operator new(std::size_t size) {
  using support::Allocations;
  ++Allocations::count;
  if (Allocations::until_failure >= 0 && Allocations::until_failure-- == 0) throw std::bad_alloc();
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  ++Allocations::live;
  return memory;
}
SUPPORT_NOINLINE void* operator new[](std::size_t size) {
  return operator new(size);
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
