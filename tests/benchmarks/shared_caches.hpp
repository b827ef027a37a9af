// The caches of others that several threads can share, as far as they are installed, for payloads.
#pragma once

#include "hand_written_cache.hpp"
#include "payloads.hpp"

#ifdef BENCHMARKS_WITH_TBB
#define TBB_PREVIEW_CONCURRENT_LRU_CACHE 1
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_lru_cache.h>
#endif
#ifdef BENCHMARKS_WITH_ROCKSDB
#include <rocksdb/cache.h>
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace benchmarks {

#ifdef BENCHMARKS_WITH_TBB
class TbbLruCache {
 public:
  explicit TbbLruCache(std::size_t capacity) : cache_(&compute, capacity) {}

  /// Never fails: it computes what is missing.
  [[nodiscard]] std::optional<Payload> get(std::uint64_t key) { return cache_[key].value(); }
  void put(std::uint64_t key, const Payload&) { static_cast<void>(cache_[key]); }

 private:
  tbb::concurrent_lru_cache<std::uint64_t, Payload> cache_;
};

class TbbHashMap {
 public:
  [[nodiscard]] std::optional<Payload> get(std::uint64_t key) const {
    decltype(map_)::const_accessor found;
    if (!map_.find(found, key)) return std::nullopt;
    return found->second;
  }
  void put(std::uint64_t key, const Payload& payload) { map_.insert({key, payload}); }

 private:
  tbb::concurrent_hash_map<std::uint64_t, Payload> map_;
};
#endif

#ifdef BENCHMARKS_WITH_ROCKSDB
/// Either of RocksDB's two kinds of cache, in sixteen shards; the capacity is in bytes of payloads.
class RocksDbCache {
 public:
  explicit RocksDbCache(std::shared_ptr<rocksdb::Cache> cache) : cache_(std::move(cache)) {}

  [[nodiscard]] static RocksDbCache lru(std::size_t capacity) {
    rocksdb::LRUCacheOptions options;
    options.capacity = capacity * sizeof(Payload);
    options.num_shard_bits = shard_bits;
    options.metadata_charge_policy = rocksdb::kDontChargeCacheMetadata;
    return RocksDbCache(rocksdb::NewLRUCache(options));
  }
  [[nodiscard]] static RocksDbCache hyper_clock(std::size_t capacity) {
    const rocksdb::HyperClockCacheOptions options(capacity * sizeof(Payload), sizeof(Payload), shard_bits, false,
                                                  nullptr, rocksdb::kDontChargeCacheMetadata);
    return RocksDbCache(options.MakeSharedCache());
  }

  [[nodiscard]] std::optional<Payload> get(std::uint64_t key) {
    const Key bytes{key, 0};
    rocksdb::Cache::Handle* const handle = cache_->Lookup(slice_of(bytes));
    if (handle == nullptr) return std::nullopt;
    const std::optional<Payload> payload = *static_cast<const Payload*>(cache_->Value(handle));
    cache_->Release(handle);
    return payload;
  }
  void put(std::uint64_t key, const Payload& payload) {
    const Key bytes{key, 0};
    const auto destroy = [](const rocksdb::Slice&, void* value) { delete static_cast<Payload*>(value); };
    cache_->Insert(slice_of(bytes), new Payload(payload), sizeof(Payload), destroy).PermitUncheckedError();
  }

 private:
  using Key = std::array<std::uint64_t, 2>;  // the clock cache takes no keys but of 16 bytes

  [[nodiscard]] static rocksdb::Slice slice_of(const Key& key) {
    return {reinterpret_cast<const char*>(key.data()), sizeof(Key)};
  }

  static constexpr int shard_bits = 4;
  std::shared_ptr<rocksdb::Cache> cache_;
};
#endif

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
