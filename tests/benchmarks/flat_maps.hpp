// The flat hash maps of others, as far as they are installed: what a find in memory costs without a cache around it.
#pragma once

#ifdef BENCHMARKS_WITH_BOOST
#include <boost/unordered/unordered_flat_map.hpp>
#endif
#ifdef BENCHMARKS_WITH_ABSEIL
#include <absl/container/flat_hash_map.h>
#endif

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace benchmarks {

template <class Map>
class FlatMap {
 public:
  template <class K>
  [[nodiscard]] const typename Map::mapped_type* find(const K& key) const {
    const auto found = map_.find(key);
    return found != map_.end() ? &found->second : nullptr;
  }
  /// Returns a copy, as a cache does.
  template <class K>
  [[nodiscard]] std::optional<typename Map::mapped_type> get(const K& key) const {
    const auto* const value = find(key);
    return value != nullptr ? std::optional(*value) : std::nullopt;
  }
  void put(const typename Map::key_type& key, const typename Map::mapped_type& value) {
    map_.insert_or_assign(key, value);
  }

 private:
  Map map_;
};

// With a hash of their own, or one for strings that are looked up without building any.
#ifdef BENCHMARKS_WITH_BOOST
template <class Key>
struct BoostHash : boost::hash<Key> {};
template <>
struct BoostHash<std::string> : std::hash<std::string_view> {
  using is_transparent = void;
  using is_avalanching = void;  // as the standard library's is
};
#endif
#ifdef BENCHMARKS_WITH_ABSEIL
template <class Key>
struct AbseilHash : absl::Hash<Key> {};
template <>
struct AbseilHash<std::string> {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view text) const {
    return absl::HashOf(absl::string_view(text.data(), text.size()));
  }
};
#endif

/// Calls `use(name, map)`, with a shared pointer to an empty map, for each that is installed.
template <class Key, class Value, class F>
void for_each_flat_map([[maybe_unused]] F&& use) {
#ifdef BENCHMARKS_WITH_BOOST
  using BoostMap = boost::unordered_flat_map<Key, Value, BoostHash<Key>, std::equal_to<>>;
  use("boost::unordered_flat_map", std::make_shared<FlatMap<BoostMap>>());
#endif
#ifdef BENCHMARKS_WITH_ABSEIL
  using AbseilMap = absl::flat_hash_map<Key, Value, AbseilHash<Key>, std::equal_to<>>;
  use("absl::flat_hash_map", std::make_shared<FlatMap<AbseilMap>>());
#endif
}

}  // namespace benchmarks
