#include "asio_gate.hpp"
#include "catch.hpp"

#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace support;

namespace {

using Keys = std::vector<std::string>;
using Results = std::vector<std::optional<std::string>>;
using Map = std::map<std::string, std::string>;

/// A server that answers once it is let, and notes what it was asked for.
class Server {
 public:
  explicit Server(asio::io_context& context) : timer_(context, asio::steady_timer::time_point::max()) {}

  asio::awaitable<Map> fetch(std::span<const std::string> missing) {
    asked.emplace_back(missing.begin(), missing.end());
    ErrorCode opened;
    if (!is_open_) co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, opened));
    if (!is_open_) throw SystemError(opened);
    if (fails) throw std::runtime_error("no");
    Map found{{"extra", "more"}};
    for (const std::string& key : missing) {
      if (key != "none") found[key] = "value of " + key;
    }
    co_return found;
  }
  void open() {
    is_open_ = true;
    timer_.cancel();
  }

  std::vector<Keys> asked;
  bool fails = false;

 private:
  asio::steady_timer timer_;
  bool is_open_ = false;
};

struct Asker {
  Results results;
  std::string error;
  bool is_done = false;

  asio::awaitable<void> ask(AsioCache& cache, Server& server, Keys keys) {
    const auto fetch = [&server](std::span<const std::string> missing) { return server.fetch(missing); };
    try {
      results = co_await tiercache::get_or_fetch_many<Pages>(cache, keys, fetch);
    } catch (const SystemError& failure) {
      error = failure.code() == asio::error::operation_aborted ? "aborted" : failure.what();
    } catch (const std::exception& failure) {
      error = failure.what();
    }
    is_done = true;
  }
};

struct Fixture {
  Fixture() { tiercache::ManualClock::reset(); }

  void start(Asker& asker, Server& server, Keys keys) {
    asio::co_spawn(context, asker.ask(cache, server, std::move(keys)), asio::detached);
    run();
  }
  void start(Asker& asker, Server& server, Keys keys, asio::cancellation_signal& signal) {
    asio::co_spawn(context, asker.ask(cache, server, std::move(keys)),
                   asio::bind_cancellation_slot(signal.slot(), asio::detached));
    run();
  }
  void run() {
    context.restart();
    context.poll();
  }
  void check_sums() {
    const auto stats = cache.stats<Pages>();
    CHECK(stats.lookups == stats.hits + stats.misses);
    CHECK(stats.misses == stats.fetches_led + stats.fetches_joined + stats.lookups_without_fetch);
    CHECK(stats.in_flight == 0);
  }

  AsioCache cache;
  asio::io_context context;
};

}  // namespace

TEST_CASE_METHOD(Fixture, "an asio coroutine looks up many keys with one call of its fetcher") {
  Server server(context);
  Asker asker;
  cache.put<Pages>("b", "held");
  start(asker, server, {"a", "b", "none", "a"});
  CHECK(server.asked == std::vector<Keys>{{"a", "none"}});
  CHECK(!asker.is_done);
  server.open();
  run();
  CHECK(asker.results == Results{"value of a", "held", std::nullopt, "value of a"});
  CHECK(cache.get<Pages>("extra") == "more");
  Asker again;
  start(again, server, {"a", "b"});
  CHECK(again.results == Results{"value of a", "held"});
  CHECK(server.asked.size() == 1);
  check_sums();
}

TEST_CASE_METHOD(Fixture,
                 "asio coroutines that look up many keys join each other's fetches, and those of single ones") {
  Server server(context);
  Server other(context);
  Gate gate(context);
  Asker first;
  Asker second;
  Caller single;
  start(first, server, {"a", "b"});
  asio::co_spawn(context, single.ask(cache, gate, "c"), asio::detached);
  start(second, other, {"c", "b", "d"});
  CHECK(other.asked == std::vector<Keys>{{"d"}});
  other.open();
  gate.open();
  run();
  CHECK(!second.is_done);
  server.open();
  run();
  CHECK(first.results == Results{"value of a", "value of b"});
  CHECK(second.results == Results{"c #1", "value of b", "value of d"});
  check_sums();
}

TEST_CASE_METHOD(Fixture, "an asio coroutine that is cancelled while it fetches many keys passes them on") {
  Server server(context);
  Server other(context);
  Asker first;
  Asker second;
  asio::cancellation_signal signal;
  start(first, server, {"a", "b", "c"}, signal);
  start(second, other, {"b", "c", "a"});
  signal.emit(asio::cancellation_type::terminal);
  run();
  CHECK(first.error == "aborted");
  REQUIRE(other.asked.size() == 1);
  other.open();
  run();
  CHECK(second.results == Results{"value of b", "value of c", "value of a"});
  // The first one was passed on to it; what nobody was there for by then it asked for together.
  CHECK(other.asked == std::vector<Keys>{{"b"}, {"c", "a"}});
  check_sums();
}

TEST_CASE_METHOD(Fixture, "an asio coroutine that is cancelled while it waits for others leaves them alone") {
  Server server(context);
  Asker first;
  Asker second;
  asio::cancellation_signal signal;
  start(first, server, {"a", "b"});
  start(second, server, {"b", "a"}, signal);
  signal.emit(asio::cancellation_type::terminal);
  run();
  CHECK(second.error == "aborted");
  server.open();
  run();
  CHECK(first.results == Results{"value of a", "value of b"});
  check_sums();
}

TEST_CASE_METHOD(Fixture,
                 "a failure of a fetch of many keys reaches the asio coroutines that wait, and is not stored") {
  Server server(context);
  Asker first;
  Asker second;
  server.fails = true;
  start(first, server, {"a", "b"});
  start(second, server, {"b"});
  server.open();
  run();
  CHECK(first.error == "no");
  CHECK(second.error == "no");
  CHECK(cache.size<Pages>() == 0);
  check_sums();
}

TEST_CASE_METHOD(Fixture,
                 "an asio coroutine may fetch many keys at once, by a fetcher that is owned, or with max_age") {
  const Keys keys{"a", "b"};
  int calls = 0;
  const auto at_once = [&calls](std::span<const std::string> missing) {
    ++calls;
    return std::vector<std::string>(missing.size(), "value");
  };
  const auto spawned = [&calls](std::span<const std::string> missing) -> asio::awaitable<std::vector<std::string>> {
    ++calls;
    co_return std::vector<std::string>(missing.size(), "value");
  };
  const auto ask = [&]() -> asio::awaitable<void> {
    const Results first = co_await tiercache::get_or_fetch_many<Pages>(cache, keys, at_once);
    CHECK(first == Results{"value", "value"});
    const Results again =
        co_await tiercache::get_or_fetch_many<Pages>(cache, keys, at_once, tiercache::max_age(std::chrono::seconds(0)));
    CHECK(again == first);
    cache.clear();
    const Results owned = co_await tiercache::get_or_fetch_many<Pages>(cache, keys, tiercache::owned(spawned));
    CHECK(owned == first);
  };
  auto asked = asio::co_spawn(context, ask(), asio::use_future);
  run();
  asked.get();
  CHECK(calls == 3);
  check_sums();
}

TEST_CASE("an io_context that is destroyed while an asio coroutine fetches many keys takes it along") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  Asker asker;
  {
    asio::io_context context;
    Server server(context);
    asio::co_spawn(context, asker.ask(cache, server, {"a", "b"}), asio::detached);
    context.poll();
    CHECK(cache.stats<Pages>().in_flight == 2);
  }
  CHECK(!asker.is_done);
  CHECK(cache.stats<Pages>().in_flight == 0);
}
