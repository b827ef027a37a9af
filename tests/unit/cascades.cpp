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

namespace {

// One document, and what is made of it.
struct Pages : tiercache::Tier<std::string, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Index : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Document : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .not_found_ttl = 1min};
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Pages>([](const int* cached) {
                           return cached != nullptr ? std::to_string(*cached) : std::string("first");
                         }),
                         tiercache::where<Pages>([](const std::string& id, int) { return id == "last"; }),
                         tiercache::keys<Index>([](const int*) { return std::optional(tiercache::Unkeyed()); }));
};
struct Shelves : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::whole<Document>);
};
using Library = tiercache::BasicTieredCache<Shared, Pages, Index, Document, Shelves>;

std::vector<std::string> pages_left(const Library& library) {
  std::vector<std::string> left;
  for (const char* const id : {"7", "first", "last", "other"}) {
    if (library.peek<Pages>(id)) left.push_back(id);
  }
  return left;
}

}  // namespace

TEST_CASE("an Unkeyed tier cascades by its one key however it is invalidated, and whether or not it holds anything") {
  Library library;
  for (const char* const id : {"7", "first", "last", "other"}) library.put<Pages>(id, 1);
  library.put<Index>(1);
  const auto all = [](int) { return true; };
  const auto none = [](int) { return false; };
  SECTION("with its value, if that is dropped") {
    library.put<Document>(7);
    SECTION("by its tier") {
      CHECK(library.invalidate<Document>() == 4);
    }
    SECTION("by a predicate") {
      CHECK(library.invalidate_if<Document>(all) == 4);
    }
    SECTION("by another tier") {
      CHECK(library.invalidate<Shelves>(1) == 4);
    }
    CHECK(pages_left(library) == std::vector<std::string>{"first", "other"});
  }
  SECTION("with null, otherwise") {
    ManualFetch<int> fetch;
    std::optional<Running<int>> asked;
    SECTION("when nothing was ever there") {
      CHECK(library.invalidate<Document>() == 3);
    }
    SECTION("when it is being fetched") {
      const auto ask_document = [&]() -> Running<int> { co_return co_await library.get_or_fetch<Document>(fetch); };
      asked.emplace(ask_document());
      CHECK(library.invalidate<Document>() == 3);
      fetch.complete(7);
    }
    SECTION("when there is known to be none") {
      const auto none_there = [] { return std::optional<int>(); };
      CHECK_FALSE(library.get_or_fetch<Document>(none_there).get());
      CHECK(library.invalidate<Document>() == 4);
    }
    SECTION("by a write") {
      library.write<Document>([] {}).get();
    }
    SECTION("by a predicate") {
      CHECK(library.invalidate_if<Document>(all) == 3);
    }
    SECTION("by a predicate that what is held does not match, but what is being fetched might") {
      library.put<Document>(7);
      CHECK(library.invalidate_if<Document>(none) == 3);
      CHECK(library.get<Document>() == 7);
    }
    SECTION("by another tier") {
      CHECK(library.invalidate<Shelves>(1) == 3);
    }
    CHECK(pages_left(library) == std::vector<std::string>{"7", "other"});
  }
  CHECK_FALSE(library.get<Index>());
}

TEST_CASE("a tier in which nothing is dropped still takes with it what goes whole, and nothing else") {
  Cache cache;
  cache.put<Workspaces>(1);
  SECTION("since it is empty") {
    CHECK(cache.invalidate<Boards>() == 1);
  }
  SECTION("since the predicate holds for nothing") {
    cache.put<Boards>("x", "a board");
    CHECK(cache.invalidate_if<Boards>([](const std::string&, const std::string&) { return false; }) == 1);
    CHECK(cache.get<Boards>("x"));
  }
  CHECK_FALSE(cache.get<Workspaces>());
}

namespace {

struct Totals : tiercache::Tier<tiercache::Unkeyed, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};
struct Orders : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr auto also_invalidates = tiercache::cascade(tiercache::whole<Totals>);
};
struct Carts : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Orders>([](int cart, const int*) { return cart; }));
};
struct Customers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::where<Orders>([](int customer, int, int its) { return its == customer; }));
};

}  // namespace

TEST_CASE("so does a tier that a cascade gets to, though nothing of it is held") {
  tiercache::BasicTieredCache<Shared, Totals, Orders, Carts, Customers> cache;
  cache.put<Totals>(100);
  SECTION("by a key") {
    CHECK(cache.invalidate<Carts>(1) == 1);
  }
  SECTION("by a predicate") {
    cache.put<Customers>(1, 1);
    CHECK(cache.invalidate<Customers>(1) == 2);
  }
  CHECK_FALSE(cache.get<Totals>());
}

namespace {

struct HashThatMayThrow {
  static inline bool throws = false;
  std::size_t operator()(int key) const {
    if (throws) throw std::runtime_error("no hash");
    return static_cast<std::size_t>(key);
  }
};
struct Users : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
  using hash = HashThatMayThrow;
  static constexpr auto also_invalidates =
      tiercache::cascade(tiercache::keys<Labels>([](int id, const int*) { return std::to_string(id); }));
};

}  // namespace

TEST_CASE("P4: a write whose key cannot be looked for when it ends takes with it all that might cascade from there") {
  tiercache::BasicTieredCache<Shared, Labels, Users> cache;
  cache
      .write<Users>(7,
                    [&] {
                      cache.put<Users>(7, 1);
                      cache.put<Labels>("7", 1);
                      HashThatMayThrow::throws = true;
                    })
      .get();
  HashThatMayThrow::throws = false;
  CHECK_FALSE(cache.get<Users>(7));
  CHECK_FALSE(cache.get<Labels>("7"));
}

TEST_CASE("an invalidation whose key cannot be looked for has changed nothing") {
  tiercache::BasicTieredCache<Shared, Labels, Users> cache;
  cache.put<Users>(7, 1);
  cache.put<Labels>("7", 1);
  HashThatMayThrow::throws = true;
  CHECK_THROWS_WITH(cache.invalidate<Users>(7), "no hash");
  HashThatMayThrow::throws = false;
  CHECK(cache.get<Users>(7));
  CHECK(cache.get<Labels>("7"));
}
