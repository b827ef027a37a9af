// CheckedThreading: the threading of a cache whose locks say whether they are held, and count, instead of hanging, when
// they are taken twice. For one thread.
#pragma once

#include <tiercache/tiercache.hpp>

namespace support {

struct CheckedThreading {
  class Mutex {
   public:
    void lock() noexcept {
      if (depth_++ != 0) ++taken_twice;
      ++held;
    }
    void unlock() noexcept {
      --depth_;
      --held;
    }

    /// How many locks are held now.
    static inline int held = 0;
    /// How often one was taken that was held: where a real one would hang.
    static inline int taken_twice = 0;

   private:
    int depth_ = 0;
  };

  using ReferenceCount = tiercache::SingleThreaded::ReferenceCount;
  static constexpr bool can_block = true;
};

}  // namespace support
