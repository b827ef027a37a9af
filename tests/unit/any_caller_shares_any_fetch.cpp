#include "ask.hpp"
#include "catch.hpp"
#include "matrix.hpp"

#include <stdexcept>
#include <string>

using namespace support;
using namespace support::matrix;

namespace {

/// Tries every caller with every fetcher.
template <class Test>
void try_all(const Test& test) {
  matrix::try_each(matrix::table<false>(Callers(), Fetchers()), test);
}

}  // namespace

TEST_CASE("P9: a hit does not suspend, nor call the fetcher, whoever asks with whatever") {
  try_all([](const Cell& cell, Bench& bench) {
    bench.cache->put<Cards>("a", "stored");
    const auto caller = cell.ask(bench);
    REQUIRE(caller->is_done());
    CHECK(caller->get() == "stored");
    CHECK(bench.event.started() == 0);
    CHECK(bench.queue.size() == 0);
  });
}

TEST_CASE("P1: a miss fetches once, whoever asks with whatever, and those who join get the same answer") {
  try_all([](const Cell& cell, Bench& bench) {
    const auto leader = cell.ask(bench);
    const auto waiter = cell.ask(bench);
    const auto stranger = ask<Cards>(*bench.cache, "a", bench.event);
    CHECK(bench.event.started() == 1);
    CHECK(!leader->is_done());
    CHECK(!waiter->is_done());
    bench.event.complete("value");
    bench.queue.run();
    REQUIRE(leader->is_done());
    REQUIRE(waiter->is_done());
    CHECK(leader->get() == "value");
    CHECK(waiter->get() == "value");
    CHECK(stranger.get() == "value");
    CHECK(bench.cache->get<Cards>("a") == "value");
    CHECK(bench.cache->stats<Cards>().in_flight == 0);
  });
}

TEST_CASE("P1: whoever asks with whatever joins the fetch of somebody of another kind") {
  try_all([](const Cell& cell, Bench& bench) {
    const auto leader = ask<Cards>(*bench.cache, "a", bench.event);
    const auto waiter = cell.ask(bench);
    bench.event.complete("value");
    bench.queue.run();
    CHECK(bench.event.started() == 1);
    CHECK(leader.get() == "value");
    CHECK(waiter->get() == "value");
  });
}

TEST_CASE("P2: an exception reaches all who wait, is not stored, and the next one fetches anew") {
  try_all([](const Cell& cell, Bench& bench) {
    const auto leader = cell.ask(bench);
    const auto waiter = cell.ask(bench);
    const auto stranger = ask<Cards>(*bench.cache, "a", bench.event);
    bench.event.fail(std::runtime_error("no"));
    bench.queue.run();
    CHECK_THROWS_WITH(leader->get(), "no");
    CHECK_THROWS_WITH(waiter->get(), "no");
    CHECK_THROWS_WITH(stranger.get(), "no");
    CHECK(bench.cache->size<Cards>() == 0);
    const auto next = cell.ask(bench);
    CHECK(bench.event.started() == 2);
    bench.event.complete("value");
    bench.queue.run();
    CHECK(next->get() == "value");
  });
}

TEST_CASE("P4: an invalidation beats any fetch, and whoever waited gets its answer") {
  try_all([](const Cell& cell, Bench& bench) {
    const auto before = cell.ask(bench);
    bench.cache->invalidate<Cards>("a");
    const auto after = cell.ask(bench);
    CHECK(bench.event.started() == 2);
    bench.event.complete("old");
    bench.queue.run();
    CHECK(before->get() == "old");
    CHECK(!after->is_done());
    bench.event.complete("new");
    bench.queue.run();
    CHECK(after->get() == "new");
    CHECK(bench.cache->get<Cards>("a") == "new");
  });
}
