// TBB's cache and its concurrent hash map, for payloads.
#pragma once

#include "payload.hpp"

#define TBB_PREVIEW_CONCURRENT_LRU_CACHE 1
#include <tbb/concurrent_hash_map.h>
#include <tbb/concurrent_lru_cache.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace benchmarks {

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

}  // namespace benchmarks
