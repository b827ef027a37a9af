// The three tiers of the cache: what is remembered, for how long, how many, and how often that should help.
// Who fills and empties them is CachedPlanka's business.
#pragma once

#include <chrono>
#include <string>
#include <tiercache/tiercache.hpp>

#include "model.hpp"

namespace planka {

using namespace std::chrono_literals;

struct Workspaces : tiercache::Tier<tiercache::Unkeyed, Workspace> {
  static constexpr tiercache::TierPolicy policy{.ttl = 300s, .expected_hit_rate = 0.9};
};
struct Boards : tiercache::Tier<std::string, Board> {
  static constexpr tiercache::TierPolicy policy{.ttl = 180s, .expected_hit_rate = 0.7};
};
struct Cards : tiercache::Tier<std::string, Card> {
  static constexpr tiercache::TierPolicy policy{.ttl = 60s, .capacity = 100, .trim_to = 50, .expected_hit_rate = 0.4};
  using eviction = tiercache::OldestFirst;
};

using PlankaCache = tiercache::TieredCache<Workspaces, Boards, Cards>;

}  // namespace planka
