// The shortest whole program: three tiers, one look-up of each kind, an invalidation, the statistics. It needs nothing
// but a compiler and tiercache's include folder: g++ -std=c++20 -Iinclude examples/quick_start.cpp
#include <tiercache/tiercache.hpp>

#include <iostream>
#include <string>

using namespace std::chrono_literals;

struct Workspace {
  std::string name;
};
struct Board {
  std::string title;
};
struct Card {
  std::string text;
};

// What stands for the slow, remote thing.
Workspace get_workspace() {
  return std::cout << "GET /workspace\n", Workspace{"Home"};
}
Board get_board(const std::string& id) {
  return std::cout << "GET /boards/" << id << '\n', Board{"Board " + id};
}
Card get_card(const std::string& id) {
  return std::cout << "GET /cards/" << id << '\n', Card{"Card " + id};
}

struct Workspaces : tiercache::Tier<tiercache::Unkeyed, Workspace> {
  static constexpr tiercache::TierPolicy policy{.ttl = 5min};
};
struct Boards : tiercache::Tier<std::string, Board> {
  static constexpr tiercache::TierPolicy policy{.ttl = 3min, .capacity = 1000};
};
struct Cards : tiercache::Tier<std::string, Card> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 100, .trim_to = 50};
  using eviction = tiercache::OldestFirst;
};

int main() {
  tiercache::TieredCache<Workspaces, Boards, Cards> cache;

  for (int i = 0; i < 3; ++i) {
    // In a coroutine: Workspace workspace = co_await cache.get_or_fetch<Workspaces>(get_workspace);
    Workspace workspace = cache.get_or_fetch<Workspaces>(get_workspace).get();
    Board board = cache.get_or_fetch<Boards>("7", get_board).get();
    Card card = cache.get_or_fetch<Cards>("42", get_card).get();
    std::cout << workspace.name << " / " << board.title << " / " << card.text << '\n';
    if (i == 1) cache.invalidate<Cards>("42");  // after a write
  }

  for (const tiercache::TierStats& tier : cache.stats()) {
    std::cout << tier.name << ": " << tier.hits << " hits, " << tier.misses << " misses\n";
  }
}
