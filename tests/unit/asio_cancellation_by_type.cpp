#include "asio_gate.hpp"
#include "catch.hpp"

#include <coroutine>
#include <exception>
#include <optional>
#include <string>
#include <utility>

using namespace support;

namespace {

struct CancellableCaller : Caller {
  asio::cancellation_signal cancel;

  asio::awaitable<void> ask_to_be_cancelled_by_all(AsioCache& cache, Gate& gate) {
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
    co_await ask(cache, gate, "home");
  }
  void operate(asio::io_context& context, AsioCache& cache, Gate& gate) {
    const auto fetch = [&gate](const std::string& key) { return gate.fetch(key); };
    const auto take = [this](const std::exception_ptr& failure, std::optional<std::string> its) {
      if (its) answer = std::move(*its);
      try {
        if (failure) std::rethrow_exception(failure);
      } catch (const SystemError& thrown) {
        error = thrown.code() == asio::error::operation_aborted ? "aborted" : thrown.what();
      }
    };
    tiercache::async_get_or_fetch<Pages>(cache, context, "home", fetch,
                                         asio::bind_cancellation_slot(cancel.slot(), take));
  }
};

struct Fixture {
  Fixture() { tiercache::ManualClock::reset(); }

  template <class Start>
  void start(const Start& start) {
    for (CancellableCaller* caller : {&leader, &waiter, &other}) {
      start(*caller);
      context.poll();
    }
    REQUIRE(cache.stats<Pages>().fetches_joined == 2);
  }
  void cancel(CancellableCaller& caller, asio::cancellation_type type) {
    caller.cancel.emit(type);
    context.poll();
  }
  void open() {
    gate.open();
    context.poll();
    CHECK(cache.stats<Pages>().in_flight == 0);
  }
  /// Whoever waits, and whoever fetches, is cancelled; the third one is not.
  void check_that_it_cancels(asio::cancellation_type type) {
    cancel(waiter, type);
    CHECK(waiter.error == "aborted");
    CHECK(gate.running == 1);
    cancel(leader, type);
    CHECK(leader.error == "aborted");
    CHECK(gate.begun == 2);
    CHECK(gate.running == 1);
    open();
    CHECK(other.answer == "home #2");
  }

  AsioCache cache;
  asio::io_context context;
  Gate gate{context};
  CancellableCaller leader, waiter, other;
};

}  // namespace

TEST_CASE_METHOD(Fixture,
                 "P5: an asio coroutine is cancelled by no type of cancellation that it does not let through") {
  const auto type = GENERATE(asio::cancellation_type::partial, asio::cancellation_type::total);
  start([this](CancellableCaller& caller) {
    asio::co_spawn(context, caller.ask(cache, gate, "home"),
                   asio::bind_cancellation_slot(caller.cancel.slot(), asio::detached));
  });
  cancel(waiter, type);
  cancel(leader, type);
  CHECK(waiter.error.empty());
  CHECK(leader.error.empty());
  CHECK(gate.running == 1);
  open();
  for (const CancellableCaller* caller : {&leader, &waiter, &other}) CHECK(caller->answer == "home #1");
}

TEST_CASE_METHOD(Fixture, "P5: an asio coroutine is cancelled by every type of cancellation that it lets through") {
  start([this](CancellableCaller& caller) {
    asio::co_spawn(context, caller.ask_to_be_cancelled_by_all(cache, gate),
                   asio::bind_cancellation_slot(caller.cancel.slot(), asio::detached));
  });
  check_that_it_cancels(GENERATE(asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                 asio::cancellation_type::total, asio::cancellation_type::all));
}

TEST_CASE_METHOD(Fixture, "P5: an asynchronous operation is cancelled by every type of cancellation") {
  start([this](CancellableCaller& caller) { caller.operate(context, cache, gate); });
  check_that_it_cancels(GENERATE(asio::cancellation_type::terminal, asio::cancellation_type::partial,
                                 asio::cancellation_type::total, asio::cancellation_type::all));
}

TEST_CASE_METHOD(Fixture, "P5: a fetch that ends well although its asio caller was cancelled is everybody's") {
  const auto fetch = [this](const std::string& key) -> asio::awaitable<std::string> {
    try {
      co_return co_await gate.fetch(key);
    } catch (const SystemError&) {}
    co_return "what there was so far";
  };
  const auto ask = [&]() -> asio::awaitable<void> {
    leader.answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", fetch);
  };
  asio::co_spawn(context, ask(), asio::bind_cancellation_slot(leader.cancel.slot(), asio::detached));
  context.poll();
  asio::co_spawn(context, waiter.ask(cache, gate, "home"), asio::detached);
  context.poll();
  cancel(leader, asio::cancellation_type::terminal);
  CHECK(leader.answer == "what there was so far");
  CHECK(waiter.answer == "what there was so far");
  CHECK(gate.begun == 1);
  CHECK(cache.get<Pages>("home") == "what there was so far");
}

TEST_CASE_METHOD(Fixture, "P5: an asio coroutine that waits for the loader is cancelled, and the loading goes on") {
  std::coroutine_handle<> loading;
  struct Loading {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { *waiting = handle; }
    std::string await_resume() const { return "loaded"; }
    std::coroutine_handle<>* waiting;
  };
  cache.set_loader<Pages>([&loading] { return Loading{&loading}; });
  std::string error;
  const auto ask = [&]() -> asio::awaitable<void> {
    try {
      static_cast<void>(co_await tiercache::get_or_fetch<Pages>(cache, "home"));
    } catch (const SystemError& failure) {
      error = failure.code() == asio::error::operation_aborted ? "aborted" : failure.what();
    }
  };
  asio::co_spawn(context, ask(), asio::bind_cancellation_slot(leader.cancel.slot(), asio::detached));
  context.poll();
  cancel(leader, asio::cancellation_type::terminal);
  CHECK(error == "aborted");
  loading.resume();
  CHECK(cache.get<Pages>("home") == "loaded");
}
