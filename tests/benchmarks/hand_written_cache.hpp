// HandWrittenCache: what people write who need a cache and have no library: the reference for ours.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace benchmarks {

/// Holds the entries that were used last, each for an hour at most. Safe from many threads; each key belongs to one of
/// several shards, which have a lock each.
template <class Key, class Value>
class HandWrittenCache {
 public:
  explicit HandWrittenCache(std::size_t capacity) : shard_capacity_((capacity + shard_count - 1) / shard_count) {}

  std::optional<Value> get(const Key& key) {
    const Clock::time_point now = Clock::now();
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.index.find(key);
    if (found == shard.index.end()) return std::nullopt;
    const auto entry = found->second;
    if (entry->deadline <= now) {
      shard.index.erase(found);
      shard.entries.erase(entry);
      return std::nullopt;
    }
    shard.entries.splice(shard.entries.begin(), shard.entries, entry);
    return entry->value;
  }

  void put(const Key& key, const Value& value) {
    const Clock::time_point deadline = Clock::now() + std::chrono::hours(1);
    Shard& shard = shard_of(key);
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.index.find(key); found != shard.index.end()) {
      found->second->value = value;
      found->second->deadline = deadline;
      shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
      return;
    }
    if (shard.entries.size() >= shard_capacity_) {
      shard.index.erase(shard.entries.back().key);
      shard.entries.pop_back();
    }
    shard.entries.push_front({key, value, deadline});
    shard.index.emplace(key, shard.entries.begin());
  }

 private:
  using Clock = std::chrono::steady_clock;

  struct Entry {
    Key key;
    Value value;
    Clock::time_point deadline;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    std::list<Entry> entries;  // the one used last comes first
    std::unordered_map<Key, typename std::list<Entry>::iterator> index;
  };

  Shard& shard_of(const Key& key) { return shards_[std::hash<Key>()(key) % shard_count]; }

  static constexpr std::size_t shard_count = 16;
  const std::size_t shard_capacity_;
  std::array<Shard, shard_count> shards_;
};

}  // namespace benchmarks
