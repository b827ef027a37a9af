// Happened: what happened in all programs of a model test together. A test of what never happened proves nothing.
#pragma once

#include <tiercache/tiercache.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace model {

/// What no counter of the cache tells of.
enum class Fact : unsigned char {
  entry_renewed,
  lost_entry_renewed,
  job_queued,
  wait_stopped,
  lead_given_up,
  posted_lead_given_up,
  bulk_asked_again,
  bulk_passed_over,
  unasked_stored,
  unasked_refused,
  count
};

struct Happened {
  tiercache::TierStats stats;
  std::array<std::uint64_t, 7> reports{};
  std::array<std::uint64_t, static_cast<std::size_t>(Fact::count)> facts{};
  std::uint64_t operations = 0;

  void note(Fact fact) { ++facts[static_cast<std::size_t>(fact)]; }
};
inline Happened happened;

}  // namespace model
