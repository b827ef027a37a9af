// The caches of others that several threads can share, as far as they are installed.
#pragma once

#include "hand_written_cache.hpp"
#include "payload.hpp"
#ifdef BENCHMARKS_WITH_TBB
#include "tbb_caches.hpp"
#endif
#ifdef BENCHMARKS_WITH_ROCKSDB
#include "rocksdb_cache.hpp"
#endif

#include <cstddef>
#include <cstdint>
#include <memory>

namespace benchmarks {

inline constexpr const char* hand_written = "hand-written";

/// Calls `use(name, cache)`, with a shared pointer to an empty cache that holds `capacity` payloads, for each.
template <class F>
void for_each_shared_cache(std::size_t capacity, F&& use) {
  use(hand_written, std::make_shared<HandWrittenCache<std::uint64_t, Payload>>(capacity));
#ifdef BENCHMARKS_WITH_TBB
  use("tbb::concurrent_lru_cache", std::make_shared<TbbLruCache>(capacity));
#endif
#ifdef BENCHMARKS_WITH_ROCKSDB
  use("RocksDB LRUCache", std::make_shared<RocksDbCache>(RocksDbCache::lru(capacity)));
  use("RocksDB HyperClockCache", std::make_shared<RocksDbCache>(RocksDbCache::hyper_clock(capacity)));
#endif
}

/// Calls `use(name, map)` for each map of others that could stand for a cache that never has to evict.
template <class F>
void for_each_shared_map([[maybe_unused]] F&& use) {
#ifdef BENCHMARKS_WITH_TBB
  use("tbb::concurrent_hash_map", std::make_shared<TbbHashMap>());
#endif
}

}  // namespace benchmarks
