// WatchedClock: ManualClock for a cache of the model test, which tells when the cache looks at it: then something is
// about to be stored.
#pragma once

#include <tiercache/tiercache.hpp>

namespace model {

class WatchedClock {
 public:
  /// Must not call the cache, which may be in the middle of something.
  class Watcher {
   public:
    virtual void look() = 0;

   protected:
    ~Watcher() = default;
  };

  [[nodiscard]] static tiercache::TimePoint now() noexcept {
    if (watcher != nullptr) watcher->look();
    return tiercache::ManualClock::now();
  }

  static inline Watcher* watcher = nullptr;
};

/// A configuration on this clock.
template <class Config>
struct Watched {
  using clock = WatchedClock;
  using threading = typename Config::threading;
};

}  // namespace model
