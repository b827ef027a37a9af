// The shortest whole program. It needs a compiler and tiercache's include folder, nothing else:
// g++ -std=c++20 -Iinclude examples/quick_start.cpp
#include <tiercache/tiercache.hpp>

#include <iostream>
#include <string>

using namespace std::chrono_literals;

struct Workspaces : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 5min};
};
struct Boards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 3min, .capacity = 1000};
};
struct Cards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min, .capacity = 100, .trim_to = 50};
  using eviction = tiercache::OldestFirst;  // over a hundred: keep the fifty newest
};

std::string http_get(const std::string& path) {  // stands for something slow and remote
  std::cout << "GET " << path << '\n';
  return "<" + path + ">";
}

int main() {
  tiercache::TieredCache<Workspaces, Boards, Cards> cache;

  const auto fetch_workspace = [] { return http_get("/workspace"); };
  const auto fetch_board = [](const std::string& id) { return http_get("/boards/" + id); };
  const auto fetch_card = [](const std::string& id) { return http_get("/cards/" + id); };

  for (int visit = 1; visit <= 3; ++visit) {
    // In a coroutine, co_await cache.get_or_fetch<Workspaces>(fetch_workspace) instead of calling get().
    std::string workspace = cache.get_or_fetch<Workspaces>(fetch_workspace).get();
    std::string board = cache.get_or_fetch<Boards>("7", fetch_board).get();
    std::string card = cache.get_or_fetch<Cards>("42", fetch_card).get();
    std::cout << visit << ": " << workspace << ' ' << board << ' ' << card << '\n';
    if (visit == 2) cache.invalidate<Cards>("42");  // after a write
  }

  for (const tiercache::TierStats& tier : cache.stats()) {
    std::cout << tier.name << ": " << tier.hits << " hits, " << tier.misses << " misses\n";
  }
}
