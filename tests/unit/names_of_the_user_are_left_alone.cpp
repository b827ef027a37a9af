// Functions of the user's with the names of ours: the library must not call them instead of its own.
#include "catch.hpp"
#include "manual_time.hpp"

#include <any>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>

namespace app {

struct Id {
  int number;
  friend bool operator==(const Id&, const Id&) = default;
};
struct Card {
  int number = 0;
};
struct HashOfId {
  std::size_t operator()(const Id& id) const { return std::hash<int>{}(id.number); }
};

struct Cards : tiercache::Tier<Id, Card> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever};
  using hash = HashOfId;
};

// Better matches, all of them, for what the library calls its own with.
template <class T>
Id make_key(const Id& id) {
  return Id{id.number + 1000};
}
template <class T>
std::size_t hash_key(const Id&) {
  return 1;
}
template <class T>
bool is_key(const Id&, const Id&) {
  return true;
}
template <class To, class From>
To to_value(From&&) {
  return To{-1};
}
template <class Value, class Outcome, class Answer>
void deliver(Outcome&, Answer&&) {}
template <class Value, class Outcome, class Given>
void deliver_payload(Outcome&, Given&&) {}
template <class T, class F>
Card call_fetcher(F&, const Id&) {
  return Card{-1};
}
template <class A>
A&& awaiter_of(A&& awaitable) {
  return std::forward<A>(awaitable);
}
template <class A>
void swap(A&, A&) = delete;

}  // namespace app

namespace {

struct Anything : tiercache::Tier<int, std::any> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(5)};
};

// Evicts who was read least, and calls what it keeps in an entry as the library calls what it keeps there itself.
class LeastRead {
 public:
  struct Node {
    int weight = 0, kept_hash = 0, slot = 0, next = 0, written = 0, content = 0, cause = 0, is_held = 0, key = 0,
        value = 0;
    Node* entry = nullptr;
    void weigh() noexcept { ++weight; }
    void keep_hash() noexcept { ++kept_hash; }
    void forget_weight() noexcept { weight = 0; }
    void clear() noexcept { *this = Node{}; }
    [[nodiscard]] int hash() const noexcept { return kept_hash; }
  };

  void insert(Node& node) noexcept {
    node.clear();
    node.entry = newest_;
    newest_ = &node;
  }
  void hit(Node& node) noexcept {
    node.weigh();
    node.keep_hash();
  }
  void erase(Node& node) noexcept {
    Node** at = &newest_;
    while (*at != &node) at = &(*at)->entry;
    *at = node.entry;
  }
  Node& victim() noexcept {
    Node* least = newest_;
    for (Node* node = newest_; node != nullptr; node = node->entry) {
      if (node->hash() < least->hash()) least = node;
    }
    return *least;
  }

 private:
  Node* newest_ = nullptr;
};

template <class KeyType>
struct Words : tiercache::Tier<KeyType, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 2};
  using eviction = LeastRead;
};
template <class KeyType>
struct WeighedWords : Words<KeyType> {
  static std::size_t weigh(const KeyType&, const std::string& word) { return word.size(); }
};

}  // namespace

TEST_CASE("Functions of the user's with the library's names are not called by it") {
  support::ManualCache<app::Cards> cache;
  const app::Id one{1};
  const auto fetch = [](const app::Id& id) { return app::Card{id.number * 10}; };
  CHECK(cache.get_or_fetch<app::Cards>(one, fetch).get().number == 10);
  CHECK(cache.get<app::Cards>(one)->number == 10);
  CHECK_FALSE(cache.get<app::Cards>(app::Id{2}));
  cache.put<app::Cards>(app::Id{2}, app::Card{7});
  CHECK(cache.get<app::Cards>(app::Id{2})->number == 7);
}

TEST_CASE("An entry for a tier that can hold anything gives its value and its TTL, not itself") {
  tiercache::ManualClock::reset();
  support::ManualCache<Anything> cache;
  using Entry = tiercache::CacheEntry<std::any>;
  const auto fetch = [] { return Entry{.value = 7, .ttl = std::chrono::seconds(1)}; };
  CHECK(std::any_cast<int>(cache.get_or_fetch<Anything>(1, fetch).get()) == 7);
  cache.put<Anything>(2, Entry{.value = 8, .ttl = std::chrono::seconds(1)});
  CHECK(std::any_cast<int>(*cache.get<Anything>(2)) == 8);
  tiercache::ManualClock::advance(std::chrono::seconds(1));
  CHECK_FALSE(cache.get<Anything>(1));
  CHECK_FALSE(cache.get<Anything>(2));
}

TEMPLATE_TEST_CASE("What a policy keeps in an entry may have the names of what the library keeps there", "", Words<int>,
                   Words<std::string>, WeighedWords<int>, WeighedWords<std::string>) {
  support::ManualCache<TestType> cache;
  using Key = typename TestType::key_type;
  const Key keys[] = {Key{'a'}, Key{'b'}, Key{'c'}};
  cache.template put<TestType>(keys[0], "one");
  cache.template put<TestType>(keys[1], "two");
  CHECK(cache.template get<TestType>(keys[0]) == "one");
  cache.template put<TestType>(keys[2], "three");
  CHECK(cache.template get<TestType>(keys[0]) == "one");
  CHECK_FALSE(cache.template get<TestType>(keys[1]));
  CHECK(cache.template get<TestType>(keys[2]) == "three");
}
