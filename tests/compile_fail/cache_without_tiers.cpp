// expect: tiercache: a cache needs at least one tier: TieredCache<Cards>
#include <tiercache/tiercache.hpp>

tiercache::TieredCache<> cache;
