// A fetch in an asio::awaitable that waits until the test lets it go on, and the tier and cache of the Asio tests.
#pragma once

#include "asio_library.hpp"

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

namespace support {

struct AsioConfig {
  using clock = tiercache::ManualClock;
  using threading = tiercache::MultiThreaded;
};

struct Pages : tiercache::Tier<std::string, std::string> {
  static constexpr tiercache::TierPolicy policy{.ttl = std::chrono::minutes(1), .capacity = 10};
};
using AsioCache = tiercache::BasicTieredCache<AsioConfig, Pages>;

/// Fetches that wait for open(); a test runs the context with poll() until they do.
class Gate {
 public:
  explicit Gate(asio::io_context& context) { timer_.emplace(context, asio::steady_timer::time_point::max()); }

  asio::awaitable<std::string> fetch(const std::string& key) {
    ++begun;
    const Running counted(*this);
    std::string answer = key + " #" + std::to_string(begun);
    ErrorCode opened;
    co_await timer_->async_wait(asio::redirect_error(asio::use_awaitable, opened));
    if (!is_open_) throw SystemError(opened);
    if (fails) throw std::runtime_error("no " + key);
    co_return answer;
  }

  void open() {
    is_open_ = true;
    timer_->cancel();
  }
  /// Lets the context be destroyed, and what waits here with it.
  void let_go() { timer_.reset(); }

  int begun = 0;
  int running = 0;
  bool fails = false;

 private:
  struct Running {
    explicit Running(Gate& its_gate) noexcept : gate(its_gate) { ++gate.running; }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() { --gate.running; }
    Gate& gate;
  };

  std::optional<asio::steady_timer> timer_;
  bool is_open_ = false;
};

/// What became of one caller.
struct Caller {
  std::string answer;
  std::string error;

  asio::awaitable<void> ask(AsioCache& cache, Gate& gate, std::string key) {
    const auto fetch = [&gate](const std::string& asked) { return gate.fetch(asked); };
    try {
      answer = co_await tiercache::get_or_fetch<Pages>(cache, key, fetch);
    } catch (const SystemError& failure) {
      error = failure.code() == asio::error::operation_aborted ? "aborted" : failure.what();
    } catch (const std::exception& failure) {
      error = failure.what();
    }
  }
};

}  // namespace support
