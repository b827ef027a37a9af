// A working day in short: several users look at the workspace, open boards, read cards, now and then edit one.
// What they do depends on the seed and on the content only, so the same session can be run with and without a cache
// and sends the same questions. Whom they ask (a PlankaApi) and what the report looks like is not known here.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "planka_api.hpp"

namespace planka {

// How a card is edited. A real server's content is not ours to change: there, the name is written back as it was.
enum class Edits { none, same_name, new_name };

struct SessionPlan {
  std::size_t users = 1;
  std::size_t steps = 1;  // of each user
  std::uint64_t seed = 1;
  Edits edits = Edits::none;
};

struct SessionResult {
  std::chrono::steady_clock::duration took{};
  std::uint64_t edits = 0;
  std::uint64_t missing_cards = 0;  // on a board when asked for, but gone
  std::uint64_t stale_reads = 0;    // an editor who looked again right after the edit, and saw the card from before it
};

// Runs the io_context until all users are done. The first failure ends the session for all of them and is thrown.
SessionResult run_session(boost::asio::io_context& io, PlankaApi& planka, const SessionPlan& plan);

}  // namespace planka
