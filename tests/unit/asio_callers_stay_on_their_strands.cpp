#include "asio_gate.hpp"
#include "catch.hpp"
#include "watchdog.hpp"

#include <atomic>
#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace support;

namespace {

using Strand = asio::strand<asio::io_context::executor_type>;

struct Numbers : tiercache::Tier<int, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::hours(1), .capacity = 8};
};

/// Callers of one strand, which share what nothing guards.
struct Room {
  explicit Room(asio::io_context& context) : strand(asio::make_strand(context)) {}
  Strand strand;
  int visits = 0;
  int strays = 0;

  void visit() {
    ++visits;
    if (!strand.running_in_this_thread()) ++strays;
  }
};

struct House {
  static constexpr int rooms_count = 4;
  static constexpr int callers = 16;
  static constexpr int rounds = 40;

  House() {
    for (int i = 0; i < rooms_count; ++i) rooms.emplace_back(context);
  }

  asio::awaitable<std::string> fetch(Room& room, int key, int round) {
    room.visit();
    co_await asio::post(asio::use_awaitable);
    room.visit();
    if (round % 5 == 0) throw std::runtime_error("no");
    co_return std::to_string(key);
  }

  template <bool IsOwned>
  asio::awaitable<void> call(Room& room, int caller) {
    for (int round = 0; round < rounds; ++round) {
      const int key = (caller + round) % 12;
      const auto fetch_it = [this, &room, round](int asked) { return fetch(room, asked, round); };
      auto owned = tiercache::owned(fetch_it);
      try {
        std::string answer;
        if constexpr (IsOwned) {
          answer = co_await tiercache::get_or_fetch<Numbers>(cache, key, owned);
        } else {
          answer = co_await tiercache::get_or_fetch<Numbers>(cache, key, fetch_it);
        }
        if (answer != std::to_string(key)) ++wrong;
      } catch (const std::runtime_error&) {
        ++failed;
      }
      room.visit();
      if (round % 3 == 0) cache.invalidate<Numbers>(key);
    }
    ++ended;
  }

  template <bool IsOwned>
  void operate(Room& room, int caller, int round) {
    if (round == rounds) {
      ++ended;
      return;
    }
    const int key = (caller + round) % 12;
    const auto fetch_it = [this, &room, round](int asked) { return fetch(room, asked, round); };
    const auto next = [this, &room, caller, round, key](const std::exception_ptr& failure,
                                                        const std::optional<std::string>& answer) {
      room.visit();
      if (failure) ++failed;
      if (answer && *answer != std::to_string(key)) ++wrong;
      if (round % 3 == 0) cache.invalidate<Numbers>(key);
      operate<IsOwned>(room, caller, round + 1);
    };
    if constexpr (IsOwned) {
      tiercache::async_get_or_fetch<Numbers>(cache, room.strand, key, tiercache::owned(fetch_it), next);
    } else {
      tiercache::async_get_or_fetch<Numbers>(cache, room.strand, key, fetch_it, next);
    }
  }

  void run(int threads) {
    std::vector<std::thread> others;
    for (int i = 1; i < threads; ++i) others.emplace_back([this] { context.run(); });
    context.run();
    for (std::thread& other : others) other.join();
  }

  void check() const {
    CHECK(ended == callers);
    CHECK(wrong == 0);
    for (const Room& room : rooms) {
      CHECK(room.strays == 0);
      CHECK(room.visits >= callers / rooms_count * rounds);
    }
    const tiercache::TierStats stats = cache.stats<Numbers>();
    CHECK(stats.in_flight == 0);
    CHECK(stats.lookups == stats.hits + stats.misses);
    CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
  }

  asio::io_context context;
  std::deque<Room> rooms;
  tiercache::TieredCache<Numbers> cache;
  std::atomic<int> ended = 0;
  std::atomic<int> failed = 0;
  std::atomic<int> wrong = 0;
};

struct Borrowed {
  static constexpr bool is_owned = false;
};
struct Owned {
  static constexpr bool is_owned = true;
};

}  // namespace

TEMPLATE_TEST_CASE("asio coroutines go on on their strands, one thread or several running their context", "", Borrowed,
                   Owned) {
  const Watchdog watchdog("asio coroutines on strands hang");
  const int threads = GENERATE(1, 4);
  CAPTURE(threads);
  House house;
  for (int i = 0; i < House::callers; ++i) {
    Room& room = house.rooms[static_cast<std::size_t>(i % House::rooms_count)];
    asio::co_spawn(room.strand, house.call<TestType::is_owned>(room, i), asio::detached);
  }
  house.run(threads);
  house.check();
}

TEMPLATE_TEST_CASE("asio operations complete on their strands, one thread or several running their context", "",
                   Borrowed, Owned) {
  const Watchdog watchdog("asio operations on strands hang");
  const int threads = GENERATE(1, 4);
  CAPTURE(threads);
  House house;
  for (int i = 0; i < House::callers; ++i) {
    Room& room = house.rooms[static_cast<std::size_t>(i % House::rooms_count)];
    house.operate<TestType::is_owned>(room, i, 0);
  }
  house.run(threads);
  house.check();
}
