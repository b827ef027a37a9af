#include "catch.hpp"
#include "manual_time.hpp"

#include <cctype>
#include <chrono>
#include <compare>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

// Counts what keys allocate; everything else goes elsewhere.
int allocations = 0;

template <class T>
struct CountingAllocator {
  using value_type = T;
  CountingAllocator() = default;
  template <class U>
  CountingAllocator(const CountingAllocator<U>&) noexcept {}
  T* allocate(std::size_t count) {
    ++allocations;
    return std::allocator<T>().allocate(count);
  }
  void deallocate(T* memory, std::size_t count) noexcept { std::allocator<T>().deallocate(memory, count); }
  friend bool operator==(CountingAllocator, CountingAllocator) noexcept { return true; }
};
using CountedString = std::basic_string<char, std::char_traits<char>, CountingAllocator<char>>;

struct Cards : tiercache::Tier<CountedString, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 2};
  using eviction = tiercache::Lru;
};

// Converts to a string_view and is no string.
struct Label {
  std::string_view text;
  operator std::string_view() const { return text; }
};

constexpr char text[] = "a key that is too long for the small string optimisation";
constexpr char other_text[] = "a key that is as long, and that is not held in the tier";

// A key that counts how often one is made, and a number that stands for it.
int keys_made = 0;

struct Id {
  explicit Id(int its_number) : number(its_number) { ++keys_made; }
  Id(const Id& other) : number(other.number) { ++keys_made; }
  Id(Id&& other) noexcept : number(other.number) {}
  Id& operator=(const Id&) = delete;
  int number;
  friend bool operator==(const Id& left, const Id& right) { return left.number == right.number; }
  friend bool operator==(const Id& left, int right) { return left.number == right; }
};
struct IdHash {
  using is_transparent = void;
  std::size_t operator()(const Id& id) const { return static_cast<std::size_t>(id.number); }
  std::size_t operator()(int number) const { return static_cast<std::size_t>(number); }
};
struct Transparent : tiercache::Tier<Id, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = IdHash;
};

// Without is_transparent nothing may stand for the key.
struct OpaqueHash {
  std::size_t operator()(const std::string& key) const { return key.size(); }
};
struct Opaque : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = OpaqueHash;
};

char lower(char c) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
}

struct CaselessHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view key) const {
    std::size_t hash = 0;
    for (const char c : key) hash = 31 * hash + static_cast<std::size_t>(lower(c));
    return hash;
  }
};
struct CaselessEqual {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const {
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (lower(left[i]) != lower(right[i])) return false;
    }
    return true;
  }
};
struct Headers : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = CaselessHash;
  using equal = CaselessEqual;
};

template <class K>
void expect_no_allocation(ManualCache<Cards>& cache, const K& held, const K& missing) {
  const int before = allocations;
  CHECK(cache.get<Cards>(held) == 7);
  CHECK_FALSE(cache.get<Cards>(missing));
  CHECK(cache.visit<Cards>(held, [](int) {}));
  CHECK(cache.get_or_fetch<Cards>(held, [] { return 0; }).get() == 7);
  CHECK(cache.invalidate<Cards>(missing) == 0);
  CHECK(allocations == before);
  // peek hands out no key either.
  CHECK(cache.peek<Cards>(held).has_value());
  CHECK(cache.invalidate<Cards>(held) == 1);
  CHECK(allocations == before);
  cache.put<Cards>(held, 7);
  CHECK(allocations == before + 1);
  CHECK(cache.get_or_fetch<Cards>(missing, [] { return 8; }).get() == 8);
  CHECK(allocations == before + 2);
}

}  // namespace

TEST_CASE("A string key is looked up by whatever views a string, and built only to be stored") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(text, 7);
  SECTION("a string_view") {
    expect_no_allocation<std::string_view>(cache, text, other_text);
  }
  SECTION("a const char*") {
    expect_no_allocation<const char*>(cache, text, other_text);
  }
  SECTION("a string") {
    expect_no_allocation<CountedString>(cache, text, other_text);
  }
  SECTION("a string of another kind") {
    expect_no_allocation<std::string>(cache, text, other_text);
  }
  SECTION("what converts to a string_view") {
    expect_no_allocation<Label>(cache, {text}, {other_text});
  }
  SECTION("a literal") {
    const int before = allocations;
    CHECK(cache.get<Cards>("a key that is too long for the small string optimisation") == 7);
    CHECK(allocations == before);
  }
}

TEST_CASE("A temporary string of another kind is kept as it is, and looked up by its view") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(text, 7);
  const int before = allocations;
  CHECK(cache.get_or_fetch<Cards>(std::string(text), [] { return 0; }).get() == 7);
  CHECK(allocations == before);
  CHECK(cache.get_or_fetch<Cards>(std::string(other_text), [] { return 8; }).get() == 8);
  CHECK(allocations == before + 1);
}

TEST_CASE("A view of a part of a string is looked up as that part") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  const std::string_view whole = "cards/17/comments";
  cache.put<Cards>(whole.substr(6, 2), 7);
  CHECK(cache.get<Cards>("17") == 7);
  CHECK_FALSE(cache.get<Cards>(whole.substr(6)));
  CHECK_FALSE(cache.get<Cards>(std::string_view("17\0", 3)));
  cache.put<Cards>(std::string_view("17\0", 3), 8);
  cache.put<Cards>("", 9);
  CHECK(cache.get<Cards>("17") == std::nullopt);  // the oldest of three in a tier of two
  CHECK(cache.get<Cards>(std::string_view("17\0", 3)) == 8);
  CHECK(cache.get<Cards>(std::string_view()) == 9);
}

TEST_CASE("A key given as a temporary is moved into the tier") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  CountedString key(text);
  const int before = allocations;
  cache.put<Cards>(std::move(key), 7);
  CHECK(allocations == before);
  CHECK(cache.get<Cards>(text) == 7);
}

TEST_CASE("A transparent hash has what it accepts looked up without a key") {
  ManualClock::reset();
  ManualCache<Transparent> cache;
  const int before = keys_made;
  cache.put<Transparent>(1, 10);
  CHECK(keys_made == before + 1);
  CHECK(cache.get<Transparent>(1) == 10);
  CHECK_FALSE(cache.get<Transparent>(2));
  CHECK(cache.peek<Transparent>(1).has_value());
  CHECK(cache.visit<Transparent>(1, [](int) {}));
  CHECK(cache.get_or_fetch<Transparent>(1, [] { return 0; }).get() == 10);
  CHECK(cache.invalidate<Transparent>(2) == 0);
  CHECK(keys_made == before + 1);
  CHECK(cache.get_or_fetch<Transparent>(2, [] { return 20; }).get() == 20);
  CHECK(keys_made == before + 2);
  CHECK(cache.get<Transparent>(Id(2)) == 20);
}

TEST_CASE("A hash that is not transparent gets a key") {
  ManualClock::reset();
  ManualCache<Opaque> cache;
  cache.put<Opaque>("one", 1);
  CHECK(cache.get<Opaque>("one") == 1);
  CHECK(cache.get<Opaque>(std::string("one")) == 1);
  CHECK_FALSE(cache.get<Opaque>("two"));
  CHECK(cache.get_or_fetch<Opaque>("two", [](const std::string& key) { return static_cast<int>(key.size()); }).get() ==
        3);
}

TEST_CASE("A hash and a comparison of the tier's own decide which keys are one") {
  ManualClock::reset();
  ManualCache<Headers> cache;
  cache.put<Headers>("Content-Length", 1);
  CHECK(cache.get<Headers>("content-length") == 1);
  CHECK(cache.get<Headers>(std::string("CONTENT-LENGTH")) == 1);
  CHECK(cache.get<Headers>(std::string_view("content-LENGTH")) == 1);
  CHECK_FALSE(cache.get<Headers>("content-type"));
  cache.put<Headers>("CONTENT-length", 2);
  CHECK(cache.size<Headers>() == 1);
  CHECK(cache.get<Headers>("Content-Length") == 2);
}
