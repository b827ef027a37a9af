#include "asio_gate.hpp"
#include "catch.hpp"

#include <chrono>
#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

using namespace support;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  Fixture() { tiercache::ManualClock::reset(); }

  AsioCache cache;
  asio::io_context context;
  Gate gate{context};
  int fetched = 0;
  std::string at_once(const std::string& key) { return key + " #" + std::to_string(++fetched); }
};

struct Workspace : tiercache::Tier<tiercache::Unkeyed, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = 1min};
};

std::string what(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const SystemError& error) {
    return error.code() == asio::error::operation_aborted ? "aborted" : error.what();
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE_METHOD(Fixture, "async_get_or_fetch calls back, on the executor and never at once") {
  const auto fetch = [this](const std::string& key) { return at_once(key); };
  std::vector<std::string> answers;
  const auto take = [&](const std::exception_ptr& failure, const std::optional<std::string>& answer) {
    CHECK(!failure);
    CHECK(context.get_executor().running_in_this_thread());
    answers.push_back(answer.value());
  };
  for (int i = 0; i < 3; ++i) {
    tiercache::async_get_or_fetch<Pages>(cache, context.get_executor(), "home", fetch, take);
    CHECK(answers.size() == static_cast<std::size_t>(i));
    context.run();
    context.restart();
  }
  CHECK(answers == std::vector<std::string>{"home #1", "home #1", "home #1"});
}

TEST_CASE_METHOD(Fixture, "async_get_or_fetch takes every completion token") {
  const auto fetch = [this](const std::string& key) { return at_once(key); };
  const auto executor = context.get_executor();
  SECTION("use_future") {
    auto future = tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fetch, asio::use_future);
    context.run();
    CHECK(future.get() == "home #1");
  }
  SECTION("use_future, of a fetch that fails") {
    const auto fail = []() -> std::string { throw std::runtime_error("no"); };
    auto future = tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fail, asio::use_future);
    context.run();
    CHECK_THROWS_WITH(future.get(), "no");
  }
  SECTION("deferred") {
    auto operation = tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fetch, asio::experimental::deferred);
    CHECK(fetched == 0);
    std::string answer;
    std::move(operation)([&](const std::exception_ptr&, std::optional<std::string> its) { answer = its.value(); });
    context.run();
    CHECK(answer == "home #1");
  }
  SECTION("use_awaitable") {
    std::string answer;
    const auto caller = [&]() -> asio::awaitable<void> {
      auto operation = tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fetch, asio::use_awaitable);
      const std::optional<std::string> its = co_await std::move(operation);
      answer = its.value();
    };
    asio::co_spawn(context, caller, asio::detached);
    context.run();
    CHECK(answer == "home #1");
  }
  SECTION("as_tuple") {
    std::string answer;
    const auto caller = [&]() -> asio::awaitable<void> {
      auto operation = tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fetch,
                                                            asio::experimental::as_tuple(asio::use_awaitable));
      const std::tuple<std::exception_ptr, std::optional<std::string>> its = co_await std::move(operation);
      CHECK(!std::get<0>(its));
      answer = std::get<1>(its).value();
    };
    asio::co_spawn(context, caller, asio::detached);
    context.run();
    CHECK(answer == "home #1");
  }
  SECTION("redirect_error has no error code to redirect, and lets the exception pass") {
    ErrorCode unused;
    auto future = tiercache::async_get_or_fetch<Pages>(cache, executor, "home", fetch,
                                                       asio::redirect_error(asio::use_future, unused));
    context.run();
    CHECK(future.get() == "home #1");
  }
}

TEST_CASE_METHOD(Fixture,
                 "async_get_or_fetch runs on the executor of the context or of the I/O object that it is given") {
  const auto fetch = [this](const std::string& key) { return at_once(key); };
  asio::steady_timer timer(context);
  auto by_context = tiercache::async_get_or_fetch<Pages>(cache, context, "home", fetch, asio::use_future);
  auto by_timer = tiercache::async_get_or_fetch<Pages>(cache, timer, "home", fetch, asio::use_future);
  context.run();
  CHECK(by_context.get() == "home #1");
  CHECK(by_timer.get() == "home #1");
}

TEST_CASE_METHOD(Fixture, "async_get_or_fetch without a fetcher has the tier's loader fetch") {
  cache.set_loader<Pages>([](const std::string& key) { return key + " loaded"; });
  const auto executor = context.get_executor();
  SECTION("use_future") {
    auto future = tiercache::async_get_or_fetch<Pages>(cache, executor, "home", asio::use_future);
    context.run();
    CHECK(future.get() == "home loaded");
  }
  SECTION("a callback") {
    std::string answer;
    tiercache::async_get_or_fetch<Pages>(
        cache, executor, std::string_view("home"),
        [&](const std::exception_ptr&, std::optional<std::string> its) { answer = its.value(); });
    context.run();
    CHECK(answer == "home loaded");
  }
  SECTION("use_awaitable") {
    std::string answer;
    const auto caller = [&]() -> asio::awaitable<void> {
      answer = (co_await tiercache::async_get_or_fetch<Pages>(cache, executor, "home", asio::use_awaitable)).value();
    };
    asio::co_spawn(context, caller, asio::detached);
    context.run();
    CHECK(answer == "home loaded");
  }
}

TEST_CASE_METHOD(Fixture, "async_get_or_fetch without a fetcher fails where there is no loader") {
  auto future = tiercache::async_get_or_fetch<Pages>(cache, context, "home", asio::use_future);
  context.run();
  CHECK_THROWS_AS(future.get(), std::invalid_argument);
}

TEST_CASE_METHOD(Fixture, "async_get_or_fetch leaves out the key of an Unkeyed tier") {
  tiercache::BasicTieredCache<AsioConfig, Workspace> one;
  const auto fetch = [this] { return at_once("workspace"); };
  auto fetched_one = tiercache::async_get_or_fetch<Workspace>(one, context, fetch, asio::use_future);
  context.run();
  context.restart();
  CHECK(fetched_one.get() == "workspace #1");
  one.clear();
  one.set_loader<Workspace>([] { return std::string("loaded"); });
  auto loaded = tiercache::async_get_or_fetch<Workspace>(one, context, asio::use_future);
  context.run();
  context.restart();
  CHECK(loaded.get() == "loaded");
  tiercache::ManualClock::advance(1s);
  auto younger =
      tiercache::async_get_or_fetch<Workspace>(one, context, fetch, tiercache::max_age(1s), asio::use_future);
  context.run();
  context.restart();
  CHECK(younger.get() == "workspace #2");
  auto youngest = tiercache::async_get_or_fetch<Workspace>(one, context, tiercache::max_age(0s), asio::use_future);
  context.run();
  CHECK(youngest.get() == "loaded");
}

TEST_CASE_METHOD(Fixture, "async_get_or_fetch keeps its key and its fetcher") {
  std::optional<std::string> answer;
  {
    std::string key = "a key that is too long for small strings";
    const std::string prefix = "an answer that is too long for small strings, to ";
    const auto fetch = [prefix](const std::string& asked) { return prefix + asked; };
    tiercache::async_get_or_fetch<Pages>(
        cache, context.get_executor(), std::string_view(key), fetch,
        [&](const std::exception_ptr&, std::optional<std::string> its) { answer = std::move(its); });
    key.assign(key.size(), '?');
  }
  context.run();
  CHECK(answer == "an answer that is too long for small strings, to a key that is too long for small strings");
}

TEST_CASE_METHOD(Fixture, "P5: an operation that waits is cancelled by its slot, and the others are not") {
  const auto fetch = [this](const std::string& key) { return gate.fetch(key); };
  asio::cancellation_signal cancel;
  std::string cancelled;
  std::string answer;
  tiercache::async_get_or_fetch<Pages>(
      cache, context.get_executor(), "home", fetch,
      [&](const std::exception_ptr&, std::optional<std::string> its) { answer = its.value(); });
  context.poll();
  tiercache::async_get_or_fetch<Pages>(
      cache, context.get_executor(), "home", fetch,
      asio::bind_cancellation_slot(cancel.slot(), [&](const std::exception_ptr& failure, std::optional<std::string>) {
        cancelled = what(failure);
      }));
  context.poll();
  cancel.emit(asio::cancellation_type::terminal);
  context.poll();
  CHECK(cancelled == "aborted");
  CHECK(answer.empty());
  gate.open();
  context.poll();
  CHECK(answer == "home #1");
}

TEST_CASE_METHOD(Fixture,
                 "P5: the leader of an alternative that times out takes its fetch with it; who waits goes on") {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(context, asio::steady_timer::time_point::max());
  const auto fetch = [this](const std::string& key) { return gate.fetch(key); };
  std::size_t which = 7;
  const auto impatient = [&]() -> asio::awaitable<void> {
    ErrorCode fired;
    auto lookup = tiercache::get_or_fetch<Pages>(cache, "home", fetch);
    auto wait = timer.async_wait(asio::redirect_error(asio::use_awaitable, fired));
    auto either = std::move(lookup) || std::move(wait);
    const auto first = co_await std::move(either);
    which = first.index();
  };
  asio::co_spawn(context, impatient, asio::detached);
  context.poll();
  Caller waiter;
  asio::co_spawn(context, waiter.ask(cache, gate, "home"), asio::detached);
  context.poll();
  CHECK(gate.begun == 1);
  timer.cancel();
  context.poll();
  CHECK(which == 1);
  CHECK(gate.begun == 2);
  CHECK(gate.running == 1);
  gate.open();
  context.poll();
  CHECK(waiter.answer == "home #2");
}

TEST_CASE_METHOD(Fixture, "P5: an owned fetch of an asio coroutine runs to its end, whoever leaves") {
  asio::cancellation_signal cancel;
  std::string error;
  const auto caller = [&]() -> asio::awaitable<void> {
    const auto fetch = [this](const std::string& key) { return gate.fetch(key); };
    try {
      static_cast<void>(co_await tiercache::get_or_fetch<Pages>(cache, "home", tiercache::owned(fetch)));
    } catch (...) {
      error = what(std::current_exception());
    }
  };
  asio::co_spawn(context, caller, asio::bind_cancellation_slot(cancel.slot(), asio::detached));
  context.poll();
  CHECK(gate.running == 1);
  cancel.emit(asio::cancellation_type::terminal);
  context.poll();
  CHECK(error == "aborted");
  CHECK(gate.running == 1);
  gate.open();
  context.poll();
  CHECK(gate.running == 0);
  CHECK(cache.get<Pages>("home") == "home #1");
}

TEST_CASE_METHOD(Fixture, "an asio coroutine has the tier's loader fetch") {
  cache.set_loader<Pages>([](const std::string& key) { return key + " loaded"; });
  std::string answer;
  const auto caller = [&]() -> asio::awaitable<void> {
    answer = co_await tiercache::get_or_fetch<Pages>(cache, "home");
  };
  asio::co_spawn(context, caller, asio::detached);
  context.run();
  CHECK(answer == "home loaded");
  CHECK(cache.stats<Pages>().fetch_failures == 0);
  CHECK(cache.stats<Pages>().in_flight == 0);
}

TEST_CASE_METHOD(Fixture, "an owned fetcher of an asio coroutine may return an awaitable that is none of Asio's") {
  std::coroutine_handle<> waiting;
  struct Foreign {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> handle) noexcept { *waiting = handle; }
    std::string await_resume() const { return "foreign"; }
    std::coroutine_handle<>* waiting;
  };
  std::string answer;
  const auto caller = [&]() -> asio::awaitable<void> {
    const auto fetch = [&waiting] { return Foreign{&waiting}; };
    answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", tiercache::owned(fetch));
  };
  asio::co_spawn(context, caller, asio::detached);
  asio::co_spawn(context, caller, asio::detached);
  context.poll();
  CHECK(answer.empty());
  CHECK(cache.stats<Pages>().in_flight == 1);
  waiting.resume();
  CHECK(answer.empty());
  context.run();
  CHECK(answer == "foreign");
  CHECK(cache.stats<Pages>().fetch_failures == 0);
  CHECK(cache.stats<Pages>().in_flight == 0);
}

TEST_CASE_METHOD(Fixture, "many hits by callbacks need no more stack than one") {
  cache.put<Pages>("home", "value");
  const auto fetch = [this](const std::string& key) { return at_once(key); };
  int left = 20'000;
  const std::function<void(std::exception_ptr, std::optional<std::string>)> next = [&](const std::exception_ptr&,
                                                                                       const auto&) {
    if (--left > 0) tiercache::async_get_or_fetch<Pages>(cache, context.get_executor(), "home", fetch, next);
  };
  next({}, {});
  context.run();
  CHECK(left == 0);
  CHECK(fetched == 0);
}
