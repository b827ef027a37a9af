// Twice: keys for a bulk lookup, which are one key two times; it is invalidated in between, so that it has two fetches.
#pragma once

namespace support {

template <class Cache, class Tier>
struct Twice {
  struct Iterator {
    using value_type = int;
    using difference_type = int;
    const int& operator*() const { return keys->key; }
    Iterator& operator++() {
      if (times++ == 0) keys->cache->template invalidate<Tier>(keys->key);
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return times == other.times; }
    const Twice* keys = nullptr;
    int times = 0;
  };
  [[nodiscard]] Iterator begin() const { return {this, 0}; }
  [[nodiscard]] Iterator end() const { return {this, 2}; }
  Cache* cache;
  int key = 7;
};

}  // namespace support
