// The cache that both translation units of a downstream project share.
#pragma once

#include <tiercache/tiercache.hpp>

#include <string>

struct Boards : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(3), .capacity = 10};
};
using Cache = tiercache::TieredCache<Boards>;

std::string board_of_second_unit(Cache& cache);
