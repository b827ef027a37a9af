// expect: tiercache: two copies are included, such as the single header and include/tiercache: use one of them only
#include "../../include/single/tiercache/tiercache.hpp"

// Not the same file.
#include <tiercache/tier_stats.hpp>
