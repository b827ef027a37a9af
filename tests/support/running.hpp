// Running: a coroutine that starts at once and belongs to the object that it returns, that of the kit for users. What
// it came to does not count as an allocation of the cache's.
#pragma once

#include "answer.hpp"

#include <tiercache/testing.hpp>

#include <coroutine>
#include <exception>

namespace support {

/// `Base` is what its promise has of its own: an `Answer<T>`, and more.
template <class T, class Base = Answer<T>>
using Running = tiercache::testing::Caller<T, Base>;

/// A coroutine that starts at once and belongs to nobody.
struct Detached {
  struct promise_type {
    Detached get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
  };
};

}  // namespace support
