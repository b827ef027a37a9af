// A working day in short; see session.hpp.
#include "session.hpp"

#include <fmt/format.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include "problem.hpp"

namespace planka {
namespace {

namespace asio = boost::asio;

// Of a hundred steps, so many go to another board, look at the open one again, read a card, or edit one.
constexpr std::uint64_t board_changes = 15;
constexpr std::uint64_t board_looks = 25;
constexpr std::uint64_t card_reads = 54;

// Zipf's law with exponent 1: the k-th of a list is wanted 1/k as often as its first.
std::size_t skewed_index(std::mt19937_64& random, std::size_t size) {
  double total = 0;
  for (std::size_t i = 1; i <= size; ++i) total += 1.0 / static_cast<double>(i);
  double left = static_cast<double>(random() >> 11) * 0x1p-53 * total;
  for (std::size_t i = 0; i < size; ++i) {
    left -= 1.0 / static_cast<double>(i + 1);
    if (left < 0) return i;
  }
  return size - 1;
}

// "Fix the search (edit 2)" becomes "Fix the search (edit 3)", so names do not grow.
std::string edited_name(const std::string& name, std::uint64_t edit) {
  return fmt::format("{} (edit {})", name.substr(0, name.rfind(" (edit ")), edit);
}

class Session {
 public:
  Session(PlankaApi& planka, const SessionPlan& plan) : planka_(planka), plan_(plan) {}

  void start_user(asio::io_context& io, std::uint64_t number) {
    const auto when_done = [this](std::exception_ptr error) {
      if (error && !failure_) failure_ = error;
    };
    asio::co_spawn(io, work(number), when_done);
  }

  SessionResult result() const {
    if (failure_) std::rethrow_exception(failure_);
    return result_;
  }

 private:
  asio::awaitable<void> work(std::uint64_t number) {
    std::mt19937_64 random(plan_.seed * 1'000'003 + number);
    Board board = co_await open_a_board(random);
    for (std::size_t step = 1; step < plan_.steps && !failure_; ++step) {
      const std::uint64_t choice = random() % 100;
      if (choice < board_changes) {
        board = co_await open_a_board(random);
      } else if (choice < board_changes + board_looks) {
        board = co_await planka_.board(board.id);
      } else if (!board.cards.empty()) {
        const std::size_t which = skewed_index(random, board.cards.size());
        const bool edit = choice >= board_changes + board_looks + card_reads && plan_.edits != Edits::none;
        const std::string id = board.cards[which].id;
        if (edit) {
          co_await edit_card(id);
        } else {
          co_await read_card(id);
        }
      }
    }
  }

  asio::awaitable<Board> open_a_board(std::mt19937_64& random) {
    const Workspace workspace = co_await planka_.workspace();
    if (workspace.boards.empty()) throw Problem("this user's workspace has no boards: there is nothing to look at");
    const std::size_t which = skewed_index(random, workspace.boards.size());
    co_return co_await planka_.board(workspace.boards[which].id);
  }

  asio::awaitable<void> read_card(std::string id) {
    const std::optional<Card> card = co_await planka_.card(id);
    if (!card) ++result_.missing_cards;
  }

  asio::awaitable<void> edit_card(std::string id) {
    const std::optional<Card> card = co_await planka_.card(id);
    if (!card) {
      ++result_.missing_cards;
      co_return;
    }
    std::string name = card->name;
    if (plan_.edits == Edits::new_name) name = edited_name(name, result_.edits + 1);
    const std::optional<Timestamp> edited_at = co_await planka_.rename_card(*card, name);
    if (!edited_at) {
      ++result_.missing_cards;
      co_return;
    }
    ++result_.edits;
    const std::optional<Card> seen = co_await planka_.card(id);
    if (seen && seen->updated_at < *edited_at) ++result_.stale_reads;
  }

  PlankaApi& planka_;
  SessionPlan plan_;
  SessionResult result_;
  std::exception_ptr failure_;  // set once; the other users see it and stop
};

}  // namespace

SessionResult run_session(asio::io_context& io, PlankaApi& planka, const SessionPlan& plan) {
  Session session(planka, plan);
  for (std::uint64_t user = 1; user <= plan.users; ++user) session.start_user(io, user);
  const auto started = std::chrono::steady_clock::now();
  io.restart();
  io.run();
  const auto took = std::chrono::steady_clock::now() - started;
  SessionResult result = session.result();
  result.took = took;
  return result;
}

}  // namespace planka
