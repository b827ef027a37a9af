// Flight: a fetch as the reference of a model test sees it. What becomes of it is in reference_fetches.hpp.
#pragma once

#include "caller.hpp"
#include "reference_entries.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace model {

/// Which fetches the program is in the middle of, by their numbers, in any tier.
struct Fetches {
  unsigned named = 0;
  std::vector<unsigned> within;
};

/// A fetch that is under way, or was.
struct Flight {
  int key = 0;
  /// Which fetch it is that runs: another one when it is passed on.
  unsigned fetch = 0;
  Wide started_at = 0;
  bool is_current = true;
  /// Who runs it; null while that is still to be posted.
  Caller* leader = nullptr;
  /// The entry that the fetcher was shown.
  std::optional<Held> shown = {};
  /// In the order in which they are woken.
  std::vector<Caller*> waiters;
  /// Once it has ended.
  std::optional<Answer> outcome = {};
};
using SharedFlight = std::shared_ptr<Flight>;

}  // namespace model
