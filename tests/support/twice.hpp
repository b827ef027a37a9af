// Twice: keys for a bulk lookup, of which one comes two times in a row; it is invalidated in between, so that it has
// two fetches.
#pragma once

#include <cstddef>
#include <vector>

namespace support {

template <class Cache, class Tier>
struct Twice {
  struct Iterator {
    using value_type = int;
    using difference_type = int;
    const int& operator*() const { return keys->all[at]; }
    Iterator& operator++() {
      const int key = keys->all[at++];
      if (at != keys->all.size() && keys->all[at] == key) keys->cache->template invalidate<Tier>(key);
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return at == other.at; }
    const Twice* keys = nullptr;
    std::size_t at = 0;
  };
  [[nodiscard]] Iterator begin() const { return {this, 0}; }
  [[nodiscard]] Iterator end() const { return {this, all.size()}; }
  Cache* cache;
  std::vector<int> all{7, 7};
};

}  // namespace support
