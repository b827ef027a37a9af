#include "tiers.hpp"

std::string board_of_second_unit(Cache& cache) {
  const auto fetch = [](const std::string& id) { return "fetched again: " + id; };
  return cache.get_or_fetch<Boards>("7", fetch).get();
}
