#include "catch.hpp"
#include "manual_time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

template <class Key>
struct By : tiercache::Tier<Key, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};

enum class Colour : unsigned char { red, green, blue };

struct Place {
  std::string board;
  int row;
  friend bool operator==(const Place&, const Place&) = default;
};
struct PlaceHash {
  std::size_t operator()(const Place& place) const {
    return std::hash<std::string>()(place.board) * 31 + static_cast<std::size_t>(place.row);
  }
};
struct ByPlace : tiercache::Tier<Place, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = PlaceHash;
};

using Pair = std::pair<std::string, std::string>;
struct PairHash {
  std::size_t operator()(const Pair& pair) const {
    return std::hash<std::string>()(pair.first + pair.second);  // equal for keys that are not
  }
};
struct ByPair : tiercache::Tier<Pair, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = PairHash;
};

// A comparison of the tier's own, for a type that has none.
struct Incomparable {
  int number;
};
struct NumberHash {
  std::size_t operator()(const Incomparable& key) const { return static_cast<std::size_t>(key.number); }
};
struct SameNumber {
  bool operator()(const Incomparable& left, const Incomparable& right) const { return left.number == right.number; }
};
struct ByIncomparable : tiercache::Tier<Incomparable, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = NumberHash;
  using equal = SameNumber;
};

struct FinalHash final {
  std::size_t operator()(int key) const { return static_cast<std::size_t>(key); }
};
struct ByFinal : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = FinalHash;
};

// A key that can only be moved serves for all but get_or_fetch.
struct PointerHash {
  std::size_t operator()(const std::unique_ptr<int>& key) const { return static_cast<std::size_t>(*key); }
};
struct PointerEqual {
  bool operator()(const std::unique_ptr<int>& left, const std::unique_ptr<int>& right) const { return *left == *right; }
};
struct ByPointer : tiercache::Tier<std::unique_ptr<int>, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = PointerHash;
  using equal = PointerEqual;
};

struct alignas(64) Aligned {
  int number;
  friend bool operator==(const Aligned&, const Aligned&) = default;
};
struct AlignedHash {
  std::size_t operator()(const Aligned& key) const {
    return reinterpret_cast<std::uintptr_t>(&key) % 64 == 0 ? static_cast<std::size_t>(key.number) : 0;
  }
};
struct ByAligned : tiercache::Tier<Aligned, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = AlignedHash;
};

template <class T, class K>
void stores_two(const K& first, const K& second) {
  ManualClock::reset();
  ManualCache<T> cache;
  cache.template put<T>(first, 1);
  CHECK(cache.template get<T>(first) == 1);
  CHECK_FALSE(cache.template get<T>(second));
  CHECK(cache.template get_or_fetch<T>(second, [](const typename T::key_type&) { return 2; }).get() == 2);
  CHECK(cache.template get<T>(first) == 1);
  CHECK(cache.template peek<T>(second)->value == 2);
  CHECK(cache.template invalidate<T>(first) == 1);
  CHECK_FALSE(cache.template get<T>(first));
  CHECK(cache.template get<T>(second) == 2);
}

}  // namespace

TEMPLATE_TEST_CASE("A key may be any integer", "", char, signed char, bool, unsigned short, int, long, std::uint64_t) {
  using Limits = std::numeric_limits<TestType>;
  stores_two<By<TestType>>((Limits::min)(), (Limits::max)());
}

TEST_CASE("A key may be an enumerator, a string of any kind, a pointer") {
  stores_two<By<Colour>>(Colour::red, Colour::blue);
  stores_two<By<std::string>>(std::string("a"), std::string(1000, 'b'));
  stores_two<By<std::wstring>>(std::wstring(L"a"), std::wstring(L"b"));
  stores_two<By<std::u16string>>(std::u16string(u"a"), std::u16string(u"b"));
  stores_two<By<std::string_view>>(std::string_view("a"), std::string_view("b"));
  const int numbers[] = {1, 2};
  stores_two<By<const int*>>(&numbers[0], &numbers[1]);
}

TEST_CASE("A key may be a struct with a hash and a comparison") {
  stores_two<ByPlace>(Place{"a", 1}, Place{"a", 2});
  stores_two<ByIncomparable>(Incomparable{1}, Incomparable{2});
  stores_two<ByFinal>(1, 2);
  stores_two<ByAligned>(Aligned{1}, Aligned{2});
}

TEST_CASE("Keys are told apart where a text made of them would not tell") {
  stores_two<ByPair>(Pair("a", "bc"), Pair("ab", "c"));
  stores_two<ByPair>(Pair("a:b", "c"), Pair("a", "b:c"));
  stores_two<ByPair>(Pair("", "a"), Pair("a", ""));
  using namespace std::string_literals;
  stores_two<By<std::string>>("a"s, "a\0"s);
  stores_two<By<std::string>>("a\0b"s, "a\0c"s);
  stores_two<By<std::string>>("a"s, "a\r\n"s);
  stores_two<By<std::string>>("a\r\nget b"s, "a\nget b"s);
  stores_two<By<std::string>>(std::string(10'000, 'x'), std::string(10'000, 'x') + "y");
}

TEST_CASE("A struct key may be given in braces") {
  ManualClock::reset();
  ManualCache<ByPlace> cache;
  cache.put<ByPlace>({"a", 1}, 7);
  CHECK(cache.get<ByPlace>({"a", 1}) == 7);
  CHECK(cache.peek<ByPlace>({"a", 1}).has_value());
  CHECK(cache.get_or_fetch<ByPlace>({"a", 2}, [](const Place& place) { return place.row; }).get() == 2);
  CHECK(cache.invalidate<ByPlace>({"a", 1}) == 1);
}

TEST_CASE("A key of one number may be given as another that holds it") {
  ManualClock::reset();
  ManualCache<By<std::uint64_t>> cache;
  cache.put<By<std::uint64_t>>(7U, 70);
  CHECK(cache.get<By<std::uint64_t>>(7) == 70);
  CHECK(cache.get<By<std::uint64_t>>(std::uint8_t{7}) == 70);
  CHECK_FALSE(cache.get<By<std::uint64_t>>((std::uint64_t{1} << 32) + 7));
}

TEST_CASE("A key that can only be moved is stored and found") {
  ManualClock::reset();
  ManualCache<ByPointer> cache;
  cache.put<ByPointer>(std::make_unique<int>(1), 10);
  CHECK(cache.get<ByPointer>(std::make_unique<int>(1)) == 10);
  CHECK(cache.invalidate_if<ByPointer>([](const std::unique_ptr<int>& key, int) { return *key == 1; }) == 1);
}
