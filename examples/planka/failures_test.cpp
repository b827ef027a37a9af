// Checks that a card which did not change is not sent again; and what the cache keeps when the server fails: nothing.
// Every failure is shared by all who waited for the same answer, reaches each of them as one line, and is over as soon
// as the server is well again. The program's own exit codes and error lines are checked by running it with --fail, and
// so is a server that hangs.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cached_planka.hpp"
#include "demo_data.hpp"
#include "demo_server.hpp"
#include "http_client.hpp"
#include "planka_client.hpp"
#include "problem.hpp"
#include "tiers.hpp"

namespace {

using namespace planka;
namespace asio = boost::asio;

int failed_checks = 0;

void check(bool passed, std::string_view what, std::string_view failure) {
  if (passed) return;
  ++failed_checks;
  fmt::print(stderr, "{}: not so: {}\n", failure, what);
}

// A demo server and a client of it that asks through the cache.
class Bench {
 public:
  Bench() : demo_(DemoData(1), 0ms, DemoFailure{}), http_(demo_.url(), 60s), client_(http_), cached_(client_, cache_) {
    run(1, [this] { return client_.log_in(std::string(DemoServer::user), std::string(DemoServer::password)); });
    run(1, [this] { return remember_workspace(); });
  }

  const std::string& board_id() const { return workspace_.boards.front().id; }
  std::size_t boards_kept() const { return cache_.size<Boards>(); }
  std::uint64_t requests_sent() const { return http_.requests_sent(); }
  std::uint64_t renewals() const { return cache_.stats<Cards>().updates; }
  void misbehave(DemoFailure failure) { demo_.misbehave(failure); }

  // Reads the first card of the board, edits it, and reads it again, each time past its time to live; "" if all is
  // well.
  std::string read_and_edit_a_card() {
    cache_.set_policy<Cards>({.ttl = 0s});
    return run(1, [this] { return read_twice_and_edit(); }).front();
  }

  // The errors that so many users get who all open the same board at once; empty for those who see it.
  std::vector<std::string> open_board(std::size_t users) {
    return run(users, [this] { return look_at_board(); });
  }

 private:
  template <class Start>
  std::vector<std::string> run(std::size_t times, Start start) {
    std::vector<std::string> errors(times);
    for (std::string& error : errors) {
      const auto when_done = [&error](std::exception_ptr thrown) { error = message_of(thrown); };
      asio::co_spawn(io_, start(), when_done);
    }
    io_.restart();
    io_.run();
    return errors;
  }

  static std::string message_of(std::exception_ptr thrown) {
    if (!thrown) return {};
    try {
      std::rethrow_exception(thrown);
    } catch (const Problem& problem) {
      return problem.what();
    } catch (const std::exception& other) {
      return std::string("not a Problem: ") + other.what();
    }
  }

  asio::awaitable<void> remember_workspace() { workspace_ = co_await cached_.workspace(); }

  asio::awaitable<void> look_at_board() {
    const Board board = co_await cached_.board(board_id());
    if (board.id != board_id()) throw Problem("another board");
  }

  asio::awaitable<void> read_twice_and_edit() {
    const Board board = co_await cached_.board(board_id());
    const std::string id = board.cards.front().id;
    const std::optional<Card> first = co_await cached_.card(id);
    const std::optional<Card> again = co_await cached_.card(id);
    if (!first || !again || first->etag.empty()) throw Problem("no card, or none with an ETag");
    if (again->name != first->name || renewals() != 1) throw Problem("the same card was sent again");
    static_cast<void>(co_await server_edit(*first));
    const std::optional<Card> edited = co_await cached_.card(id);
    if (!edited || edited->name != "edited" || edited->etag == first->etag) throw Problem("the old card was seen");
  }
  // Past the cache: it is not told.
  asio::awaitable<std::optional<Timestamp>> server_edit(Card card) {
    co_return co_await client_.rename_card(std::move(card), "edited");
  }

  DemoServer demo_;
  asio::io_context io_{1};
  HttpClient http_;
  PlankaClient client_;
  PlankaCache cache_;
  CachedPlanka cached_;
  Workspace workspace_;
};

void check_failure(std::string_view name, std::string_view expected) {
  Bench bench;
  bench.misbehave(parse_demo_failure(name));
  const std::uint64_t before = bench.requests_sent();
  for (const std::string& error : bench.open_board(3)) {
    check(error.find(expected) != std::string::npos, fmt::format("\"{}\" says \"{}\"", error, expected), name);
    check(error.find("/api/boards/" + bench.board_id()) != std::string::npos, "the error names the request", name);
    check(error.find('\n') == std::string::npos, "the error is one line", name);
  }
  check(bench.requests_sent() == before + 1, "three users shared one request", name);
  check(bench.boards_kept() == 0, "no board is kept", name);

  bench.misbehave(DemoFailure{});
  check(bench.open_board(1).front().empty(), "the board can be opened once the server is well", name);
  check(bench.requests_sent() == before + 2, "the server was asked anew", name);
  check(bench.boards_kept() == 1, "the board is kept now", name);
}

}  // namespace

int main() {
  const std::string problem = Bench().read_and_edit_a_card();
  check(problem.empty(), problem, "a card that is past its time");
  check_failure("401@boards", "the server answered 401 Unauthorized");
  check_failure("404@boards", "the server answered 404 Not Found");
  check_failure("500@boards", "the server answered 500 Internal Server Error");
  check_failure("broken-json@boards", "the answer is not JSON");
  check_failure("down@boards", "the server closed the connection without an answer");
  if (failed_checks == 0) fmt::print("all checks passed\n");
  return failed_checks == 0 ? 0 : 1;
}
