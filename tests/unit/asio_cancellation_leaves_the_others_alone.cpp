#include "asio_gate.hpp"
#include "catch.hpp"

using namespace support;

namespace {

struct CancellableCaller : Caller {
  asio::cancellation_signal cancel;

  void start(asio::io_context& context, AsioCache& cache, Gate& gate, const std::string& key) {
    asio::co_spawn(context, ask(cache, gate, key), asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  }
};

}  // namespace

TEST_CASE("P5: a cancelled asio waiter ends with operation_aborted, and the fetch goes on for the others") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  Gate gate(context);
  CancellableCaller leader, waiter, other;
  for (CancellableCaller* caller : {&leader, &waiter, &other}) caller->start(context, cache, gate, "home");
  context.poll();

  waiter.cancel.emit(asio::cancellation_type::terminal);
  context.poll();
  CHECK(waiter.error == "aborted");
  CHECK(leader.answer.empty());

  gate.open();
  context.poll();
  CHECK(leader.answer == "home #1");
  CHECK(other.answer == "home #1");
  CHECK(gate.begun == 1);
}

TEST_CASE("P5: a cancelled asio leader takes its fetch with it, and the next who waits runs its own") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  Gate gate(context);
  CancellableCaller leader, second, third;
  for (CancellableCaller* caller : {&leader, &second, &third}) caller->start(context, cache, gate, "home");
  context.poll();

  leader.cancel.emit(asio::cancellation_type::terminal);
  context.poll();
  CHECK(leader.error == "aborted");
  CHECK(gate.begun == 2);
  CHECK(gate.running == 1);

  gate.open();
  context.poll();
  CHECK(second.answer == "home #2");
  CHECK(third.answer == "home #2");
  CHECK(cache.get<Pages>("home") == "home #2");
  CHECK(cache.stats<Pages>().in_flight == 0);
}

TEST_CASE("P5: when all asio callers are cancelled, the key is free again") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  Gate gate(context);
  CancellableCaller leader, waiter;
  leader.start(context, cache, gate, "home");
  waiter.start(context, cache, gate, "home");
  context.poll();
  waiter.cancel.emit(asio::cancellation_type::terminal);
  leader.cancel.emit(asio::cancellation_type::terminal);
  context.poll();
  CHECK(waiter.error == "aborted");
  CHECK(leader.error == "aborted");
  CHECK(gate.running == 0);
  CHECK(cache.stats<Pages>().in_flight == 0);
  const auto at_once = [] { return std::string("new"); };
  CHECK(cache.get_or_fetch<Pages>("home", at_once).get() == "new");
}

TEST_CASE("P5: a cancellation that comes after the answer changes nothing") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  Gate gate(context);
  CancellableCaller leader, waiter;
  leader.start(context, cache, gate, "home");
  waiter.start(context, cache, gate, "home");
  context.poll();
  gate.open();
  context.poll();
  waiter.cancel.emit(asio::cancellation_type::terminal);
  context.poll();
  CHECK(waiter.answer == "home #1");
  CHECK(waiter.error.empty());
}
