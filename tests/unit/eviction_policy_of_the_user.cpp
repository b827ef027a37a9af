#include "catch.hpp"
#include "manual_time.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using support::ManualCache;
using tiercache::ManualClock;

// Evicts the newest, and watches that the cache keeps to the concept.
class NewestFirst {
 public:
  struct Node {
    int hits = 0;
    bool is_inserted = false;
  };

  void insert(Node& node) noexcept {
    broken = broken || node.is_inserted;
    node.is_inserted = true;
    nodes_.push_back(&node);
    ++live;
  }
  void hit(Node& node) noexcept {
    broken = broken || !node.is_inserted;
    ++node.hits;
    ++hits;
  }
  void erase(Node& node) noexcept {
    broken = broken || !node.is_inserted;
    node.is_inserted = false;
    nodes_.erase(std::remove(nodes_.begin(), nodes_.end(), &node), nodes_.end());
    --live;
  }
  Node& victim() noexcept {
    broken = broken || nodes_.empty();
    return *nodes_.back();
  }

  static inline bool broken = false;
  static inline int live = 0;
  static inline int hits = 0;

 private:
  std::vector<Node*> nodes_;
};

struct Cards : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 3};
  using eviction = NewestFirst;
};

// Evicts who was read least, and counts on a new node for each entry. One that can be neither copied nor assigned.
class LeastRead {
 public:
  struct Node {
    Node() noexcept { ++nodes; }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    ~Node() { --nodes; }
    std::atomic<int> reads = 0;
    const std::vector<int>* written_to = nullptr;
    std::vector<int> notes;
  };

  void insert(Node& node) noexcept {
    used = used || node.reads != 0 || node.written_to != nullptr || !node.notes.empty();
    nodes_.push_back(&node);
  }
  void hit(Node& node) noexcept {
    ++node.reads;
    node.notes.push_back(1);
    node.written_to = &node.notes;
  }
  void erase(Node& node) noexcept { nodes_.erase(std::find(nodes_.begin(), nodes_.end(), &node)); }
  Node& victim() noexcept {
    return **std::min_element(nodes_.begin(), nodes_.end(),
                              [](const Node* left, const Node* right) { return left->reads < right->reads; });
  }

  static inline bool used = false;
  static inline int nodes = 0;

 private:
  std::vector<Node*> nodes_;
};

struct Pages : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 3};
  using eviction = LeastRead;
};

// Evicts the one who was read last, in the full form: with nothing but what eviction.hpp says.
class ReadLastFirst {
 public:
  struct Node : tiercache::EvictionLinks {
    std::uint32_t hash = 0;
  };

  void resize(std::size_t) noexcept {}
  void insert(const auto& entries, tiercache::EntryNumber entry) noexcept {
    entries[entry].hash = entries.hash(entry);
    broken = broken || entries.hash(entry) != foreseen_;
    order_.push_newest(entries, entry);
  }
  void hit(const auto& entries, tiercache::EntryNumber entry) noexcept { order_.make_newest(entries, entry); }
  void replace(const auto& entries, tiercache::EntryNumber old, tiercache::EntryNumber fresh) noexcept {
    broken = broken || entries.hash(fresh) != entries[old].hash;
    entries[fresh].hash = entries[old].hash;
    order_.replace(entries, old, fresh);
  }
  void erase(const auto& entries, tiercache::EntryNumber entry) noexcept { order_.erase(entries, entry); }
  tiercache::EntryNumber victim(const auto& entries) noexcept {
    broken = broken || order_.size() == 0 || entries[order_.newest()].newer != tiercache::no_entry;
    return order_.newest();
  }
  void prefetch(const auto& entries, std::uint32_t hash) const noexcept {
    if (order_.oldest() != tiercache::no_entry) entries.prefetch(order_.oldest());
    foreseen_ = hash;
  }

  static inline bool broken = false;

 private:
  tiercache::EvictionQueue order_;
  mutable std::uint32_t foreseen_ = 0;
};

struct Notes : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 3};
  using eviction = ReadLastFirst;
};

// The same, asked when the new one is there.
struct NewestAmongAll : ReadLastFirst {
  static constexpr bool has_admission = true;
};
struct Parcels : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .max_weight = 100};
  using eviction = NewestAmongAll;
  static std::size_t weigh(const std::string&, int value) { return static_cast<std::size_t>(value); }
};

struct NotNoexcept {
  struct Node {};
  void insert(Node&) noexcept {}
  void hit(Node&) noexcept {}
  void erase(Node&) noexcept {}
  Node& victim() { return node; }
  Node node;
};

static_assert(tiercache::EvictionPolicy<NewestFirst>);
static_assert(tiercache::EvictionPolicy<LeastRead>);
static_assert(tiercache::FullEvictionPolicy<ReadLastFirst>);
static_assert(tiercache::EvictionPolicy<tiercache::Lru>);
static_assert(tiercache::EvictionPolicy<tiercache::OldestFirst>);
static_assert(!tiercache::EvictionPolicy<NotNoexcept>);
static_assert(!tiercache::EvictionPolicy<int>);

}  // namespace

TEST_CASE("A policy of the user's decides who goes") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  for (int key = 1; key <= 5; ++key) cache.put<Cards>(key, key);
  CHECK(cache.size<Cards>() == 3);
  CHECK(cache.get<Cards>(1) == 1);
  CHECK(cache.get<Cards>(2) == 2);
  CHECK_FALSE(cache.get<Cards>(3));
  CHECK_FALSE(cache.get<Cards>(4));
  CHECK(cache.get<Cards>(5) == 5);
}

TEST_CASE("A policy is told of each hit, and of nothing else as a hit") {
  ManualClock::reset();
  ManualCache<Cards> cache;
  cache.put<Cards>(1, 1);
  const int before = NewestFirst::hits;
  CHECK(cache.get<Cards>(1));
  CHECK(cache.visit<Cards>(1, [](int) {}));
  CHECK(cache.get_or_fetch<Cards>(1, [] { return 2; }).get() == 1);
  CHECK(NewestFirst::hits == before + 3);
  CHECK(cache.peek<Cards>(1));
  CHECK_FALSE(cache.get<Cards>(2));
  ManualClock::advance(1min);
  CHECK_FALSE(cache.get<Cards>(1));
  CHECK(NewestFirst::hits == before + 3);
}

TEST_CASE("A policy is told of each entry once when it comes and once when it goes") {
  ManualClock::reset();
  NewestFirst::broken = false;
  const int before = NewestFirst::live;
  {
    ManualCache<Cards> cache;
    std::mt19937 random(1);
    for (int step = 0; step < 5000; ++step) {
      const int key = static_cast<int>(random() % 6);
      switch (random() % 12) {
        case 0:
          cache.invalidate<Cards>(key);
          break;
        case 1:
          cache.trim<Cards>(random() % 3);
          break;
        case 2:
          cache.purge_expired();
          break;
        case 3:
          cache.set_policy<Cards>({.ttl = 1min, .capacity = random() % 5});
          break;
        case 4:
          cache.invalidate_if<Cards>([](int, int value) { return value % 2 == 0; });
          break;
        case 5:
          ManualClock::advance(20s);
          break;
        case 6:
          static_cast<void>(cache.get_or_fetch<Cards>(key, [step] { return step; }).get());
          break;
        case 7:
          if (random() % 8 == 0) cache.clear();
          break;
        case 8:
          static_cast<void>(cache.get<Cards>(key));
          break;
        default:
          cache.put<Cards>(key, step);
      }
      REQUIRE(NewestFirst::live - before == static_cast<int>(cache.size<Cards>()));
    }
  }
  CHECK(NewestFirst::live == before);
  CHECK_FALSE(NewestFirst::broken);
}

TEST_CASE("A policy in its plain form gets a new node with each entry") {
  ManualClock::reset();
  LeastRead::used = false;
  {
    ManualCache<Pages> cache;
    for (int key = 0; key < 100; ++key) {
      cache.put<Pages>(key, key);
      CHECK(cache.get<Pages>(key) == key);
      cache.put<Pages>(key, -key);  // in place of the one before, which was read
      CHECK(cache.get<Pages>(key) == -key);
      if (key % 7 == 0) cache.invalidate<Pages>(key);
    }
    CHECK_FALSE(LeastRead::used);
  }
  CHECK(LeastRead::nodes == 0);
}

TEST_CASE("A policy that chooses among all may turn away the newest, and the others stay") {
  ManualClock::reset();
  ManualCache<Parcels> cache;
  cache.put<Parcels>("light", 40);
  cache.put<Parcels>("heavy", 90);
  CHECK_FALSE(cache.get<Parcels>("heavy"));
  CHECK(cache.get<Parcels>("light") == 40);
}

TEST_CASE("A policy in its full form knows entries by number and by hash, and what may come") {
  ManualClock::reset();
  ReadLastFirst::broken = false;
  ManualCache<Notes> cache;
  for (const char* const key : {"a", "b", "c"}) cache.put<Notes>(key, 1);
  CHECK(cache.get<Notes>("a") == 1);
  cache.put<Notes>("d", 1);
  CHECK_FALSE(cache.get<Notes>("a"));
  cache.put<Notes>("c", 2);
  CHECK(cache.get<Notes>("b") == 1);
  CHECK(cache.get_or_fetch<Notes>("e", [] { return 3; }).get() == 3);
  CHECK_FALSE(cache.get<Notes>("b"));
  CHECK(cache.get<Notes>("c") == 2);
  CHECK(cache.get<Notes>("d") == 1);
  CHECK_FALSE(ReadLastFirst::broken);
}
