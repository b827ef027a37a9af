// An eviction policy of one's own: of a few entries picked at random, the one that was read least goes. A policy only
// decides who goes next; the cache tells it who comes, who was read and who leaves.
#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <random>
#include <string>
#include <vector>

using namespace std::chrono_literals;

class LeastReadOfThree {
 public:
  struct Node {  // what the policy keeps in each entry
    std::size_t place = 0;
    unsigned reads = 0;
  };

  void insert(Node& node) noexcept {
    node.place = nodes_.size();
    nodes_.push_back(&node);
  }
  void hit(Node& node) noexcept { ++node.reads; }
  void erase(Node& node) noexcept {
    nodes_.back()->place = node.place;
    nodes_[node.place] = nodes_.back();
    nodes_.pop_back();
    node.reads = 0;
  }
  Node& victim() noexcept {
    const auto fewer_reads = [](const Node* left, const Node* right) { return left->reads < right->reads; };
    return *std::min({pick(), pick(), pick()}, fewer_reads);
  }

 private:
  Node* pick() noexcept { return nodes_[random_() % nodes_.size()]; }

  std::vector<Node*> nodes_;
  std::minstd_rand random_;
};
static_assert(tiercache::EvictionPolicy<LeastReadOfThree>);

struct Pages : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1h, .capacity = 10};
  using eviction = LeastReadOfThree;
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
