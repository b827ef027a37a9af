// Bulk: one get_or_fetch_many of a model test's program, and each call of its fetcher, as the reference sees them. What
// must come of them is in reference_bulk.hpp.
#pragma once

#include "caller.hpp"
#include "flight.hpp"

#include <coroutine>
#include <cstddef>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace model {

struct Bulk;
struct BulkRun;

/// One of the keys: a caller that is no coroutine of its own.
struct Part : Caller {
  Bulk* bulk = nullptr;
  /// What there is to be done about it, if anything: wait again; look for the key again; lead.
  enum class Todo : unsigned char { nothing, wait, ask, lead };
  Todo todo = Todo::nothing;
  /// What it waits for, or waited for last.
  SharedFlight flight = {};
  bool is_waiting = false;
  std::optional<Answer> answer = {};
};

struct Bulk : Caller {
  std::vector<int> keys;
  std::deque<Part> parts;
  /// Whether somebody goes on for it: then others only note what there is to be done.
  bool is_busy = true;
  /// What it came to, if that is no failure of a fetch.
  std::optional<Answer> failure = {};
  /// Its own fetches that are suspended, the newest one first, unless they do without it.
  std::vector<BulkRun*> runs;
};

/// One call of the fetcher of a bulk lookup.
struct BulkRun {
  enum class Ending : unsigned char { answers, fails, fails_midway, answers_too_few, answers_too_many };
  struct Pair {
    int key = 0;
    Script script = {};
  };

  Bulk* bulk = nullptr;
  /// Which keys it was given.
  std::vector<int> keys;
  Ending ending = Ending::answers;
  /// Whether the answers come with their keys; else in the order of those.
  bool has_pairs = true;
  std::vector<Pair> answers;
  bool suspends = false;
  std::coroutine_handle<> suspended = {};

  // What the reference knows of it.

  /// One flight for each key.
  std::vector<SharedFlight> flights;
  /// More flights of a key, by its number.
  std::vector<std::pair<SharedFlight, std::size_t>> again;
  Wide started_at = 0;
  /// How many writes and invalidations had been when it began.
  std::size_t moment = 0;
};

}  // namespace model
