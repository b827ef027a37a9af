#include "allocations.hpp"
#include "asio_gate.hpp"
#include "ask.hpp"
#include "catch.hpp"
#include "manual_fetch.hpp"

#include <cstddef>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

using namespace support;

namespace {

/// Somebody who fetches and is no coroutine of Asio's, and those of a context who wait for it.
struct Fixture {
  Fixture() { tiercache::ManualClock::reset(); }

  void wait(Caller& caller) { asio::co_spawn(context, caller.ask(cache, gate, "home"), asio::detached); }

  AsioCache cache;
  asio::io_context context;
  Gate gate{context};
  ManualFetch<std::string> event;
};

/// Runs the context until nothing is left to do, though what it runs may throw `bad_alloc`.
void poll(asio::io_context& context) {
  for (;;) {
    try {
      context.poll();
      return;
    } catch (const std::bad_alloc&) {}
  }
}

}  // namespace

TEST_CASE("P3: waking asio coroutines allocates nothing") {
  std::size_t allocated[2] = {};
  for (const std::size_t waiters : {0U, 1U}) {
    Fixture test;
    const auto leader = ask<Pages>(test.cache, "home", test.event);
    Caller callers[5];
    if (waiters != 0) {
      for (Caller& caller : callers) test.wait(caller);
    }
    test.context.poll();
    const std::size_t before = Allocations::count;
    test.event.complete("value");
    allocated[waiters] = Allocations::count - before;
    test.context.poll();
    CHECK(leader.get() == "value");
    if (waiters != 0) CHECK(callers[4].answer == "value");
  }
  CHECK(allocated[1] == allocated[0]);
}

TEST_CASE("P3: whenever memory ends, all asio coroutines that wait get their answer") {
  bool has_failed = true;
  for (std::ptrdiff_t before = 0; has_failed; ++before) {
    CAPTURE(before);
    Fixture test;
    const auto leader = ask<Pages>(test.cache, "home", test.event);
    Caller callers[3];
    for (Caller& caller : callers) test.wait(caller);
    test.context.poll();
    REQUIRE(test.cache.stats<Pages>().fetches_joined == 3);
    {
      const FailingAllocation failing(before);
      test.event.complete("value");
      poll(test.context);
      has_failed = FailingAllocation::has_failed();
    }
    CHECK(leader.get() == "value");
    for (const Caller& caller : callers) CHECK(caller.answer == "value");
    CHECK(test.cache.stats<Pages>().in_flight == 0);
  }
}

TEST_CASE("P3: when memory ends while a strand takes an asio coroutine that was woken, nobody else goes without") {
  bool has_failed = true;
  for (std::ptrdiff_t before = 0; has_failed; ++before) {
    CAPTURE(before);
    Fixture test;
    const auto leader = ask<Pages>(test.cache, "home", test.event);
    Caller first, second;
    asio::co_spawn(asio::make_strand(test.context), first.ask(test.cache, test.gate, "home"), asio::detached);
    asio::co_spawn(asio::make_strand(test.context), second.ask(test.cache, test.gate, "home"), asio::detached);
    test.context.poll();
    REQUIRE(test.cache.stats<Pages>().fetches_joined == 2);
    {
      const FailingAllocation failing(before);
      test.event.complete("value");
      poll(test.context);
      has_failed = FailingAllocation::has_failed();
    }
    CHECK(leader.get() == "value");
    CHECK((first.answer == "value" || second.answer == "value"));
    CHECK(test.cache.stats<Pages>().in_flight == 0);
  }
}

TEST_CASE("P3: an asio coroutine that has no memory to wait with gets bad_alloc, and the others go on") {
  const bool can_be_cancelled = GENERATE(false, true);
  bool has_failed = true;
  for (std::ptrdiff_t before = 0; has_failed; ++before) {
    CAPTURE(can_be_cancelled, before);
    Fixture test;
    const auto leader = ask<Pages>(test.cache, "home", test.event);
    Caller other;
    test.wait(other);
    test.context.poll();

    Caller caller;
    asio::cancellation_signal cancel;
    const auto ask_without_memory = [&]() -> asio::awaitable<void> {
      Allocations::until_failure = before;
      co_await caller.ask(test.cache, test.gate, "home");
    };
    const auto has_ended = [](const std::exception_ptr&) {};
    if (can_be_cancelled) {
      asio::co_spawn(test.context, ask_without_memory, asio::bind_cancellation_slot(cancel.slot(), has_ended));
    } else {
      asio::co_spawn(test.context, ask_without_memory, has_ended);
    }
    test.context.poll();
    has_failed = FailingAllocation::has_failed();
    Allocations::until_failure = -1;

    test.event.complete("value");
    test.context.run();  // it ends: nothing is left in it
    CHECK(leader.get() == "value");
    CHECK(other.answer == "value");
    if (has_failed) CHECK((caller.error == "std::bad_alloc" || (before == 0 && caller.error.empty())));
    if (!has_failed) CHECK(caller.answer == "value");
    CHECK(test.cache.stats<Pages>().in_flight == 0);
  }
}
