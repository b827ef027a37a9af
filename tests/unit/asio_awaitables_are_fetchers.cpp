#include "asio_gate.hpp"
#include "catch.hpp"

#include <utility>

using namespace support;

namespace {

asio::awaitable<std::string> fetch_later(asio::io_context& context, int& begun, std::string answer) {
  ++begun;
  co_await asio::post(context, asio::use_awaitable);
  co_return answer;
}

}  // namespace

TEST_CASE("asio: an awaitable object is a fetcher; who leads awaits it, for who hits it never starts") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  int begun = 0;
  std::string answers[2];
  const auto ask = [&](std::string& answer) -> asio::awaitable<void> {
    answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", fetch_later(context, begun, "the page"));
  };
  asio::co_spawn(context, ask(answers[0]), asio::detached);
  asio::co_spawn(context, ask(answers[1]), asio::detached);
  context.run();
  CHECK(answers[0] == "the page");
  CHECK(answers[1] == "the page");
  CHECK(begun == 1);
  CHECK(cache.stats<Pages>().fetches_joined == 1);
}

TEST_CASE("asio: an awaitable that the caller has given a name is a fetcher") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  int begun = 0;
  std::string answer;
  const auto ask = [&]() -> asio::awaitable<void> {
    auto fetch = fetch_later(context, begun, "the page");
    answer = co_await tiercache::get_or_fetch<Pages>(cache, "home", fetch);
  };
  asio::co_spawn(context, ask(), asio::detached);
  context.run();
  CHECK(answer == "the page");
  CHECK(begun == 1);
}

TEST_CASE("asio: a callable may return a reference to an awaitable") {
  tiercache::ManualClock::reset();
  AsioCache cache;
  asio::io_context context;
  int begun = 0;
  std::string by_lvalue;
  std::string by_rvalue;
  const auto ask = [&]() -> asio::awaitable<void> {
    auto first = fetch_later(context, begun, "first");
    auto second = fetch_later(context, begun, "second");
    const auto give_first = [&first]() -> asio::awaitable<std::string>& { return first; };
    const auto give_second = [&second]() -> asio::awaitable<std::string>&& { return std::move(second); };
    by_lvalue = co_await tiercache::get_or_fetch<Pages>(cache, "one", give_first);
    by_rvalue = co_await tiercache::get_or_fetch<Pages>(cache, "two", give_second);
  };
  asio::co_spawn(context, ask(), asio::detached);
  context.run();
  CHECK(by_lvalue == "first");
  CHECK(by_rvalue == "second");
  CHECK(begun == 2);
}
