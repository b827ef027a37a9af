// Uses every name of the public interface once, so that a warning, a macro or a missing exception anywhere in it shows.
// It is compiled in several ways, and run: its exit status is the line of the first thing that was not so.
#include "whole_interface.hpp"

#include <coroutine>
#include <exception>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <utility>

#define EXPECT(condition) \
  if (!(condition)) return __LINE__ % 251 + 1

namespace guard {
namespace {

using namespace std::chrono_literals;

struct Job {
  struct promise_type {
    Job get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

struct Reply {
  std::coroutine_handle<> waiting;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) noexcept { waiting = handle; }
  std::string await_resume() const { return "a reply"; }
};

// The least that looks like std::expected.
struct Result {
  std::string text;
  int code = 0;

  Result(const char* its_text) : text(its_text) {}
  Result(std::string its_text) : text(std::move(its_text)) {}
  bool has_value() const { return code == 0; }
  const std::string& operator*() const { return text; }
  int error() const { return code; }
};

template <class Cache>
Job read(Cache& cache, Reply& reply, std::string& answer) {
  auto fetch = [&reply](const std::string&) -> Reply& { return reply; };
  answer = co_await cache.template get_or_fetch<Boards>("awaited", fetch);
}

template <class Cache>
int fetch_everything(Cache& cache) {
  const auto workspace = [] { return std::string("the workspace"); };
  EXPECT(cache.template get_or_fetch<Workspace>(workspace).get() == "the workspace");

  const auto board = [](const std::string& id) { return "board " + id; };
  EXPECT(cache.template get_or_fetch<Boards>("7", board).get() == "board 7");
  EXPECT(cache.template get_or_fetch<Boards>(std::string_view("7"), board).get() == "board 7");

  const auto entry = [] { return tiercache::CacheEntry<std::string>{.value = "short", .ttl = 1s}; };
  EXPECT(cache.template get_or_fetch<Boards>("short", entry).get() == "short");

  const auto none = []() -> std::optional<std::string> { return std::nullopt; };
  EXPECT(!cache.template get_or_fetch<Boards>("none", none).get());
  EXPECT(!cache.template get_or_fetch<Boards>("none", none).get());

  const auto fails = [] {
    Result result("");
    result.code = 404;
    return result;
  };
  const Result failed = cache.template get_or_fetch<Boards>("fails", fails).get();
  EXPECT(!failed.has_value() && failed.error() == 404);

  const auto picture = [] { return std::string("wrapped"); };
  EXPECT(*cache.template get_or_fetch<Pictures>(1, picture).get() == "wrapped");

  Reply reply;
  std::string first;
  std::string second;
  read(cache, reply, first);
  read(cache, reply, second);
  EXPECT(cache.template stats<Boards>().in_flight == 1 && first.empty());
  reply.waiting.resume();
  EXPECT(first == "a reply" && second == first);
  return 0;
}

template <class Cache>
Job read_as_asked(Cache& cache, Reply& reply, std::stop_token token, std::string& answer) {
  auto fetch = [&reply](const std::string&) -> Reply& { return reply; };
  auto post = [](auto job) { job(); };
  answer = co_await cache.template get_or_fetch<Boards>("asked", tiercache::owned(fetch))
               .max_age(1min)
               .stop_on(token)
               .resume_on(post);
}

template <class Cache>
int fetch_as_asked(Cache& cache) {
  Reply reply;
  std::string answer;
  read_as_asked(cache, reply, std::stop_token(), answer);
  reply.waiting.resume();
  EXPECT(answer == "a reply");

  cache.template set_loader<Boards>([](const std::string& id) { return "loaded " + id; });
  cache.template set_loader<Workspace>([] { return std::string("loaded"); });
  EXPECT(cache.template get_or_fetch<Boards>("8").get() == "loaded 8");
  EXPECT(!cache.template get_or_fetch<Workspace>().max_age(0s).get().empty());
  return 0;
}

template <class Cache>
int store_and_forget(Cache& cache) {
  int removals = 0;
  cache.template on_removal<Cards>([&removals](int, const std::string&, tiercache::RemovalCause cause) {
    if (cause == tiercache::RemovalCause::Evicted) ++removals;
  });
  cache.template on_removal<Workspace>([](const std::string&, tiercache::RemovalCause) {});
  cache.template on_removal<Workspace>(nullptr);

  cache.template put<Workspace>("put");
  cache.template put<Workspace>("put", 5min);
  EXPECT(cache.template get<Workspace>() == "put" && cache.template peek<Workspace>()->value == "put");
  EXPECT(cache.template visit<Workspace>([](const std::string&) {}));

  for (int id = 0; id < 5; ++id) cache.template put<Cards>(id, "a card");
  EXPECT(cache.template size<Cards>() == 2 && removals == 3);
  cache.template put<Cards>(8, "a card", 10s);
  cache.template put<Cards>(9, tiercache::CacheEntry<std::string>{.value = "a card", .ttl = 10s});
  EXPECT(cache.template get<Cards>(9) == "a card" && !cache.template get<Cards>(0));
  const auto peeked = cache.template peek<Cards>(8);
  EXPECT(peeked && peeked->is_fresh(peeked->stored_at) && peeked->age(peeked->stored_at) == 0s);
  EXPECT(peeked->expires_at() == peeked->stored_at + 10s);
  cache.template put<MoveOnly>(1, std::make_unique<int>(1));
  EXPECT(cache.template visit<MoveOnly>(1, [](const std::unique_ptr<int>& value) { static_cast<void>(*value); }));

  EXPECT(cache.template invalidate<Cards>(9) == 1);
  EXPECT(cache.template invalidate_if<Cards>([](int id, const std::string&) { return id == 8; }) == 1);
  EXPECT(cache.template invalidate_if<Workspace>([](const std::string& text) { return text.empty(); }) == 0);
  EXPECT(cache.template trim<Cards>(1) == 1 && cache.template invalidate<Cards>() == 1);
  EXPECT(cache.template invalidate<Workspace>() == 1);
  EXPECT(cache.template purge_expired<Boards>() + cache.purge_expired() == 0);

  tiercache::TierPolicy policy = cache.template policy<Cards>();
  policy.capacity = 1;
  policy.trim_to = 0;
  cache.template set_policy<Cards>(policy);
  cache.template put<Cards>(1, "one");
  cache.template put<Cards>(2, "two");
  EXPECT(cache.template size<Cards>() == 1 && cache.template policy<Cards>() == policy);

  const tiercache::CacheStats before = cache.stats();
  static_cast<void>(cache.template get<Cards>(2));
  const tiercache::CacheStats since = cache.stats() - before;
  EXPECT(since[2].hits == 1 && since[2].lookups == 1 && since.hit_rate() > 0.99 && since.size() == 5);
  EXPECT((cache.template stats<Boards>() - cache.template stats<Boards>()).hit_rate() < 0.01);
  EXPECT(since[1].name == "boards" && since[0].expected_hit_rate > 0.8);
  cache.reset_stats();
  EXPECT(cache.stats()[2].hits == 0);
  EXPECT(cache.clear() > 0 && cache.template size<Cards>() == 0);
  return 0;
}

int use_clocks_and_errors() {
  tiercache::ManualClock::reset();
  Manual cache{tiercache::with<Cards>({.ttl = 30s})};
  cache.put<Cards>(1, "a card");
  tiercache::ManualClock::advance(30s);
  EXPECT(!cache.get<Cards>(1) && cache.peek<Cards>(1) && cache.purge_expired<Cards>() == 1);

  tiercache::TickClock::tick();
  EXPECT(tiercache::TickClock::now() <= tiercache::CoarseClock::now());
  EXPECT(tiercache::Ttl((std::chrono::hours::max)()) == tiercache::forever);
  const tiercache::recursive_fetch recursive;
  const tiercache::fetch_abandoned abandoned;
  EXPECT(*recursive.what() != '\0' && *abandoned.what() != '\0');
  return 0;
}

template <class Cache>
int use() {
  Cache cache;
  const int fetched = fetch_everything(cache);
  if (fetched != 0) return fetched;
  const int asked = fetch_as_asked(cache);
  if (asked != 0) return asked;
  cache.clear();
  return store_and_forget(cache);
}

int use_all() {
  Shared shared;
  shared.put<Boards>("7", "the same board");
  EXPECT(board_of_second_unit(shared) == "the same board");
  for (const int failed_line : {use<Shared>(), use<Local>(), use_clocks_and_errors()}) {
    if (failed_line != 0) return failed_line;
  }
  return 0;
}

}  // namespace
}  // namespace guard

int main() {
  return guard::use_all();
}
