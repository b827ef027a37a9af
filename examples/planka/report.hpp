// What the program prints about a session: the cache's numbers, and what it saved against the run without it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "session.hpp"
#include "tiers.hpp"

namespace planka {

struct Run {
  SessionResult session;
  std::uint64_t requests = 0;
};

void print_report(const PlankaCache& cache, const Run& with_cache, const std::optional<Run>& without_cache);

}  // namespace planka
