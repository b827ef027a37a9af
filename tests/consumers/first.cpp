#include <iostream>

#include "tiers.hpp"

int main() {
  Cache cache;
  const auto fetch = [](const std::string& id) { return "board " + id; };
  const std::string here = cache.get_or_fetch<Boards>("7", fetch).get();
  const std::string there = board_of_second_unit(cache);
  std::cout << here << ", " << there << '\n';
  return here == "board 7" && there == here && cache.stats<Boards>().hits == 1 ? 0 : 1;
}
