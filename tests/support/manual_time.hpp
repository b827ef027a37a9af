// A cache for one thread whose time stands still until the test moves it with tiercache::ManualClock.
#pragma once

#include "configs.hpp"

#include <tiercache/tiercache.hpp>

namespace support {

template <class... Tiers>
using ManualCache = tiercache::BasicTieredCache<Local, Tiers...>;

}  // namespace support
