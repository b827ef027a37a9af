// The two configurations that most tests run with: both kinds of threading, on a clock that the test moves.
#pragma once

#include <tiercache/tiercache.hpp>

namespace support {

struct Shared {
  static constexpr const char* name = "shared";
  using clock = tiercache::ManualClock;
  using threading = tiercache::MultiThreaded;
};

struct Local {
  static constexpr const char* name = "local";
  using clock = tiercache::ManualClock;
  using threading = tiercache::SingleThreaded;
};

}  // namespace support
