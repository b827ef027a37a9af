// Answer: what a test's coroutine came to, as the base of its promise.
#pragma once

#include <tiercache/testing.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace support {

template <class T>
class Answer : public tiercache::testing::CallerResult<T> {
 public:
  // Not by the global operator: tests count what that gives out, and make it fail, to see what the cache does.
  static void* operator new(std::size_t size) {
    if (void* const memory = std::malloc(size)) return memory;
    throw std::bad_alloc();
  }
  static void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
};

}  // namespace support
