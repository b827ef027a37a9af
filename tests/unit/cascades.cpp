#include "ask.hpp"
#include "catch.hpp"
#include "configs.hpp"
#include "manual_fetch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace support;
using namespace std::chrono_literals;
using tiercache::RemovalCause;

namespace {

struct Card {
  std::string board;
  std::vector<std::string> labels;
};

struct Workspaces : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Boards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::whole<Workspaces>);
};
struct Labels : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Searches : tiercache::Tier<std::string, std::vector<std::string>> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Cards : tiercache::Tier<std::string, Card> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static inline bool throws = false;
  static constexpr auto also_invalidates = tiercache::cascade(
      tiercache::keys<Boards>([](const std::string&, const Card* cached) -> std::optional<std::string> {
        if (throws) throw std::runtime_error("no board");
        if (cached == nullptr) return std::nullopt;
        return cached->board;
      }),
      tiercache::keys<Labels>([](const std::string&, const Card* cached) {
        return cached != nullptr ? cached->labels : std::vector<std::string>();
      }),
      tiercache::where<Searches>([](const std::string& id, const std::string&, const std::vector<std::string>& found) {
        for (const std::string& one : found) {
          if (one == id) return true;
        }
        return false;
      }));
};
using Cache = tiercache::BasicTieredCache<Shared, Workspaces, Boards, Labels, Searches, Cards>;

void fill(Cache& cache) {
  cache.put<Workspaces>(1);
  for (const char* board : {"x", "y"}) cache.put<Boards>(board, "a board");
  for (const char* label : {"red", "green", "blue"}) cache.put<Labels>(label, 0);
  cache.put<Searches>("first", std::vector<std::string>{"1", "2"});
  cache.put<Searches>("second", std::vector<std::string>{"2"});
  cache.put<Cards>("1", Card{"x", {"red", "green"}});
  cache.put<Cards>("2", Card{"y", {}});
}

}  // namespace

TEST_CASE("a cascade invalidates what the tier declares, and on from there, and all of it counts") {
  Cache cache;
  fill(cache);
  std::vector<std::string> heard;
  cache.on_removal<Boards>([&](const std::string& id, const std::string&, RemovalCause cause) {
    if (cause == RemovalCause::Cascaded) heard.push_back(id);
  });
  cache.on_removal<Cards>([&](const std::string& id, const Card&, RemovalCause cause) {
    if (cause == RemovalCause::Invalidated) heard.push_back(id);
  });
  CHECK(cache.invalidate<Cards>("1") == 1 + 1 + 1 + 2 + 1);  // card, board, workspace, labels, search
  CHECK_FALSE(cache.get<Workspaces>());
  CHECK_FALSE(cache.get<Boards>("x"));
  CHECK(cache.get<Boards>("y"));
  CHECK_FALSE(cache.get<Labels>("red"));
  CHECK_FALSE(cache.get<Labels>("green"));
  CHECK(cache.get<Labels>("blue"));
  CHECK_FALSE(cache.get<Searches>("first"));
  CHECK(cache.get<Searches>("second"));
  CHECK(cache.get<Cards>("2"));
  CHECK(heard == std::vector<std::string>{"x", "1"});
  CHECK(cache.stats<Boards>().invalidations == 1);
  CHECK(cache.stats<Workspaces>().invalidations == 1);
}

TEST_CASE("a cascade follows every way to invalidate, and no other way to leave") {
  Cache cache;
  fill(cache);
  SECTION("a tier") {
    CHECK(cache.invalidate<Cards>() == 2 + 2 + 1 + 2 + 2);
  }
  SECTION("a predicate") {
    CHECK(cache.invalidate_if<Cards>([](const std::string& id, const Card&) { return id == "2"; }) == 1 + 1 + 1 + 2);
    CHECK(cache.get<Boards>("x"));
  }
  SECTION("a write") {
    cache.write<Cards>("2", [] {}).get();
    CHECK_FALSE(cache.get<Boards>("y"));
  }
  SECTION("a key that is not held cascades by what its key alone says") {
    cache.put<Searches>("third", std::vector<std::string>{"9"});
    CHECK(cache.invalidate<Cards>("9") == 1);
    CHECK_FALSE(cache.get<Searches>("third"));
  }
  SECTION("not a put, a trim or an eviction") {
    cache.put<Cards>("1", Card{"y", {}});
    CHECK(cache.trim<Cards>(0) == 2);
    CHECK(cache.size<Boards>() == 2);
    CHECK(cache.get<Workspaces>());
  }
  SECTION("clear clears") {
    CHECK(cache.clear() == 1 + 2 + 3 + 2 + 2);
  }
}

TEST_CASE("P4: a cascade is a fence in every tier that it reaches") {
  Cache cache;
  fill(cache);
  cache.invalidate<Workspaces>();
  cache.invalidate<Boards>("x");
  ManualFetch<std::string> board;
  ManualFetch<int> workspace;
  const auto asked_board = ask<Boards>(cache, "x", board);
  const auto ask_workspace = [&]() -> Running<int> { co_return co_await cache.get_or_fetch<Workspaces>(workspace); };
  const auto asked_workspace = ask_workspace();
  cache.invalidate<Cards>("1");
  board.complete("from before");
  workspace.complete(7);
  CHECK(asked_board.get() == "from before");
  CHECK(asked_workspace.get() == 7);
  CHECK_FALSE(cache.get<Boards>("x"));
  CHECK_FALSE(cache.get<Workspaces>());
}

TEST_CASE("a cascade whose function throws invalidates all that it was asked about, and the rest of the cascade") {
  Cache cache;
  fill(cache);
  Cards::throws = true;
  CHECK_THROWS_WITH(cache.invalidate<Cards>("1"), "no board");
  Cards::throws = false;
  CHECK(cache.size<Boards>() == 0);
  CHECK(cache.size<Workspaces>() == 0);
  CHECK_FALSE(cache.get<Labels>("red"));
  CHECK_FALSE(cache.get<Searches>("first"));
  CHECK(cache.get<Cards>("2"));
}
