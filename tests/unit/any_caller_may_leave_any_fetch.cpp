#include "ask.hpp"
#include "catch.hpp"
#include "matrix.hpp"

#include <stdexcept>
#include <stop_token>
#include <string>

using namespace support;
using namespace support::matrix;

namespace {

template <class Test>
void try_all(const Test& test) {
  matrix::try_each(matrix::table<true>(Callers(), Fetchers()), test);
}

/// Every fetch that is under way ends.
void complete_all(Bench& bench) {
  while (bench.event.running() != 0) bench.event.complete("value");
  bench.queue.run();
}

}  // namespace

TEST_CASE("P5: a leader that is destroyed takes its fetch along, unless that is owned; the next one is answered") {
  try_all([](const Cell& cell, Bench& bench) {
    auto leader = cell.ask(bench);
    const auto waiter = cell.ask(bench);
    const auto stranger = ask<Cards>(*bench.cache, "a", bench.event);
    leader.reset();
    bench.queue.run();
    CHECK(bench.event.destroyed() == (cell.is_owned ? 0 : 1));
    CHECK(bench.event.started() == (cell.is_owned ? 1 : 2));
    CHECK(bench.event.running() == 1);
    CHECK(!waiter->is_done());
    complete_all(bench);
    CHECK(waiter->get() == "value");
    CHECK(stranger.get() == "value");
    CHECK(bench.cache->stats<Cards>().in_flight == 0);
  });
}

TEST_CASE("P5: where all have left, the key is free; an owned fetch is stored when it ends") {
  try_all([](const Cell& cell, Bench& bench) {
    auto leader = cell.ask(bench);
    auto waiter = cell.ask(bench);
    waiter.reset();
    leader.reset();
    CHECK(bench.event.running() == (cell.is_owned ? 1 : 0));
    CHECK(bench.cache->stats<Cards>().in_flight == (cell.is_owned ? 1 : 0));
    complete_all(bench);
    CHECK(bench.cache->get<Cards>("a").has_value() == cell.is_owned);
    CHECK(bench.cache->stats<Cards>().in_flight == 0);
  });
}

TEST_CASE("P5: a waiter that is destroyed leaves the others alone") {
  try_all([](const Cell& cell, Bench& bench) {
    const auto leader = cell.ask(bench);
    auto waiter = cell.ask(bench);
    const auto stranger = ask<Cards>(*bench.cache, "a", bench.event);
    waiter.reset();
    CHECK(bench.event.destroyed() == 0);
    complete_all(bench);
    CHECK(leader->get() == "value");
    CHECK(stranger.get() == "value");
    CHECK(bench.event.started() == 1);
  });
}

TEST_CASE("P5: one that is destroyed while its executor is about to resume it is not touched") {
  try_all([](const Cell& cell, Bench& bench) {
    if (!cell.leaves_queued) return;  // the job is its own library's
    const auto stranger = ask<Cards>(*bench.cache, "a", bench.event);
    auto waiter = cell.ask(bench);
    auto other = cell.ask(bench);
    bench.event.complete("value");
    CHECK(waiter->is_done() == !cell.comes_back);
    waiter.reset();
    other.reset();
    bench.queue.run();
    CHECK(stranger.get() == "value");
  });
}

TEST_CASE("P5: a waiter that is told to stop leaves at once, and leaves the others alone") {
  try_all([](const Cell& cell, Bench& bench) {
    std::stop_source stop;
    const auto leader = cell.ask(bench);
    const auto waiter = cell.ask_until(bench, stop.get_token());
    const auto stranger = ask<Cards>(*bench.cache, "a", bench.event);
    stop.request_stop();
    bench.queue.run();
    REQUIRE(waiter->is_done());
    CHECK_THROWS_AS(waiter->get(), tiercache::fetch_abandoned);
    CHECK(!leader->is_done());
    complete_all(bench);
    CHECK(leader->get() == "value");
    CHECK(stranger.get() == "value");
    CHECK(bench.event.started() == 1);
  });
}

TEST_CASE("P5: a leader that is told to stop waits for its own fetch, and leaves one that is owned at once") {
  try_all([](const Cell& cell, Bench& bench) {
    std::stop_source stop;
    const auto leader = cell.ask_until(bench, stop.get_token());
    const auto stranger = ask<Cards>(*bench.cache, "a", bench.event);
    stop.request_stop();
    bench.queue.run();
    CHECK(leader->is_done() == cell.is_owned);
    bench.event.fail(std::runtime_error("cancelled"));
    bench.queue.run();
    REQUIRE(leader->is_done());
    CHECK_THROWS_AS(leader->get(), tiercache::fetch_abandoned);
    if (cell.is_owned) {
      CHECK_THROWS_WITH(stranger.get(), "cancelled");
    } else {
      CHECK(!stranger.is_done());
      complete_all(bench);
      CHECK(stranger.get() == "value");
    }
    CHECK(bench.cache->stats<Cards>().in_flight == 0);
  });
}

TEST_CASE("P5: one who was told to stop before it asks neither waits nor fetches; a hit is a hit") {
  try_all([](const Cell& cell, Bench& bench) {
    std::stop_source stop;
    stop.request_stop();
    const auto caller = cell.ask_until(bench, stop.get_token());
    REQUIRE(caller->is_done());
    CHECK_THROWS_AS(caller->get(), tiercache::fetch_abandoned);
    CHECK(bench.event.started() == 0);
    bench.cache->put<Cards>("a", "stored");
    CHECK(cell.ask_until(bench, stop.get_token())->get() == "stored");
  });
}

TEST_CASE("P12: whoever waits when the cache is destroyed is answered, and may leave") {
  try_all([](const Cell& cell, Bench& bench) {
    auto leader = cell.ask(bench);
    const auto waiter = cell.ask(bench);
    bench.cache.reset();
    leader.reset();
    bench.queue.run();
    CHECK(bench.event.running() == 1);
    complete_all(bench);
    CHECK(waiter->get() == "value");
  });
}
