// An eviction policy of one's own: the oldest entry goes, but one that was read since it came is let off, once for
// every read. A policy only decides who goes next; the cache tells it who comes, who was read and who leaves.
#include <tiercache/tiercache.hpp>

#include <iostream>
#include <string>

using namespace std::chrono_literals;

class OldestUnread {
 public:
  struct Node {  // what the policy keeps in each entry, made anew with each
    Node* older = nullptr;
    Node* newer = nullptr;
    unsigned reads = 0;
  };

  void insert(Node& node) noexcept {  // needs no memory: there may be none, and it must not throw
    node.older = ends_.older;
    node.newer = &ends_;
    node.older->newer = ends_.older = &node;
  }
  void hit(Node& node) noexcept { ++node.reads; }
  void erase(Node& node) noexcept {
    node.older->newer = node.newer;
    node.newer->older = node.older;
  }
  Node& victim() noexcept {
    for (int steps = 0; steps < 16 && ends_.newer->reads != 0; ++steps) {  // not more: everybody waits for it
      Node& oldest = *ends_.newer;
      --oldest.reads;
      erase(oldest);
      insert(oldest);
    }
    return *ends_.newer;
  }

 private:
  Node ends_{&ends_, &ends_};  // next to it are the newest and the oldest entry
};
static_assert(tiercache::EvictionPolicy<OldestUnread>);

struct Pages : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1h, .capacity = 10};
  using eviction = OldestUnread;
};

int main() {
  tiercache::TieredCache<Pages> cache;
  const auto fetch = [](const std::string& path) { return "<" + path + ">"; };
  for (int i = 0; i < 1000; ++i) {
    const std::string path = i % 2 == 0 ? "/home" : "/page/" + std::to_string(i);
    static_cast<void>(cache.get_or_fetch<Pages>(path, fetch).get());
  }
  std::cout << cache.stats<Pages>().hits << " of " << cache.stats<Pages>().lookups << " look-ups were hits\n";
}
