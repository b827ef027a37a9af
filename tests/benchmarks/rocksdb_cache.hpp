// RocksDbCache: a cache of RocksDB's, of which there are two kinds, for payloads.
#pragma once

#include "payload.hpp"

#include <rocksdb/cache.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace benchmarks {

class RocksDbCache {
 public:
  /// Takes a cache whose capacity is in bytes of payloads.
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

}  // namespace benchmarks
