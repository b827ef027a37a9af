#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using tiercache::detail::Ghosts;

std::vector<std::uint32_t> hashes(std::size_t count) {
  std::mt19937 random(1);
  std::vector<std::uint32_t> hashes(count);
  for (std::uint32_t& hash : hashes) hash = static_cast<std::uint32_t>(random());
  return hashes;
}

}  // namespace

TEST_CASE("Of a few ghosts exactly the last ones are remembered, each once") {
  const auto all = hashes(1000);
  for (const std::size_t capacity : {1U, 2U, 5U, 10U}) {
    Ghosts ghosts;
    ghosts.start(capacity);
    for (const std::uint32_t hash : all) ghosts.add(hash);
    // From the oldest on: those that are forgotten make the others no younger.
    for (std::size_t i = 0; i < all.size(); ++i) {
      CAPTURE(capacity, i);
      REQUIRE(ghosts.erase(all[i]) == (i >= all.size() - capacity));
      REQUIRE_FALSE(ghosts.erase(all[i]));
    }
  }
}

TEST_CASE("A ghost that is forgotten leaves the others as they are, whichever it was") {
  const auto all = hashes(10);
  Ghosts ghosts;
  ghosts.start(10);
  for (const std::uint32_t hash : all) ghosts.add(hash);
  // One from the middle, and then from the newest on.
  CHECK(ghosts.erase(all[4]));
  for (std::size_t i = all.size(); i-- != 0;) {
    CAPTURE(i);
    CHECK(ghosts.erase(all[i]) == (i != 4));
  }
}

TEST_CASE("No hash looks like room that is free") {
  Ghosts ghosts;
  ghosts.start(10);
  CHECK_FALSE(ghosts.erase(0));
  CHECK_FALSE(ghosts.erase(0x1234'0000));
  ghosts.add(0x1234'0000);
  CHECK(ghosts.erase(0x1234'0000));
  CHECK_FALSE(ghosts.erase(0x1234'0000));
}

TEST_CASE("Room for no ghost is room for one") {
  Ghosts ghosts;
  ghosts.start(0);
  ghosts.add(1);
  CHECK(ghosts.erase(1));
}

TEST_CASE("Of many ghosts nearly all of the last ones are remembered, and hardly any other") {
  const auto all = hashes(200'000);
  for (const std::size_t capacity : {100U, 1000U, 40'000U}) {
    Ghosts ghosts;
    ghosts.start(capacity);
    for (const std::uint32_t hash : all) ghosts.add(hash);
    std::size_t old = 0;
    std::size_t recent = 0;
    const std::size_t first = all.size() - capacity;
    for (std::size_t i = 0; i < 1000; ++i) old += ghosts.erase(all[first - 1 - i * 50]) ? 1U : 0U;
    for (std::size_t i = first; i < all.size(); ++i) recent += ghosts.erase(all[i]) ? 1U : 0U;
    CAPTURE(capacity, old, recent);
    CHECK(recent >= capacity * 95 / 100);
    CHECK(old <= 5);
  }
}

TEST_CASE("Without a start, or after clear, no ghost is remembered") {
  Ghosts ghosts;
  ghosts.add(1);
  CHECK_FALSE(ghosts.erase(1));
  ghosts.start(10);
  ghosts.add(1);
  ghosts.clear();
  CHECK_FALSE(ghosts.erase(1));
}
