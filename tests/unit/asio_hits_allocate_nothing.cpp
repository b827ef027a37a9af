#include "allocations.hpp"
#include "asio_gate.hpp"
#include "catch.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

using namespace support;

namespace {

constexpr int turns = 100;

struct Hits {
  Hits() {
    tiercache::ManualClock::reset();
    cache.put<Pages>("home", "stored");
  }

  /// Looks up again and again, and counts what that allocates once the first ones have warmed Asio's own memory up.
  template <class LookUp>
  asio::awaitable<void> count(const LookUp& look_up) {
    int right = 0;
    for (int i = 0; i < 3; ++i) {
      const std::string answer = co_await look_up();
      right += answer == "stored" ? 1 : 0;
    }
    const std::size_t before = Allocations::count;
    for (int i = 0; i < turns; ++i) {
      const std::string answer = co_await look_up();
      right += answer == "stored" ? 1 : 0;
    }
    allocated = Allocations::count - before;
    hits = right - 3;
  }

  AsioCache cache;
  std::size_t allocated = 7;
  int hits = 0;
  int calls = 0;
};

}  // namespace

TEST_CASE_METHOD(Hits, "P9: a hit in an asio coroutine allocates nothing") {
  const std::size_t before = Allocations::count;
  REQUIRE(std::make_unique<int>(1));
  REQUIRE(Allocations::count > before);  // or else it does not count

  asio::io_context context;
  const auto run = [&](const auto& executor, const auto& look_up) {
    asio::co_spawn(executor, count(look_up), asio::detached);
    context.run();
    CHECK(hits == turns);
    CHECK(allocated == 0);
    CHECK(calls == 0);
  };
  const auto at_once = [this](const std::string&) {
    ++calls;
    return std::string("fetched");
  };
  const auto later = [this](const std::string&) -> asio::awaitable<std::string> {
    ++calls;
    co_return "fetched";
  };
  SECTION("with a fetcher that answers at once") {
    run(context.get_executor(), [&] { return tiercache::get_or_fetch<Pages>(cache, "home", at_once); });
  }
  SECTION("with a fetcher that is a coroutine") {
    run(context.get_executor(), [&] { return tiercache::get_or_fetch<Pages>(cache, "home", later); });
  }
  SECTION("with a fetcher that is owned") {
    auto owned = tiercache::owned(later);
    run(context.get_executor(), [&] { return tiercache::get_or_fetch<Pages>(cache, "home", owned); });
  }
  SECTION("with the tier's loader") {
    cache.set_loader<Pages>([](const std::string& key) { return key; });
    run(context.get_executor(), [&] { return tiercache::get_or_fetch<Pages>(cache, "home"); });
  }
  SECTION("on a strand") {
    run(asio::make_strand(context), [&] { return tiercache::get_or_fetch<Pages>(cache, "home", later); });
  }
  SECTION("with a key of another type") {
    const std::string_view key = "home";
    run(context.get_executor(), [&] { return tiercache::get_or_fetch<Pages>(cache, key, later); });
  }
}
