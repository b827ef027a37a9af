// The main example of tiercache: a client of the Planka kanban server's REST API that goes through a cache of three
// tiers. Start reading at tiers.hpp and cached_planka.cpp. Here the parts are put together, and errors become one line.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cached_planka.hpp"
#include "demo_data.hpp"
#include "demo_server.hpp"
#include "http_client.hpp"
#include "options.hpp"
#include "planka_client.hpp"
#include "problem.hpp"
#include "report.hpp"
#include "session.hpp"
#include "tiers.hpp"

namespace {

using namespace planka;

void log_in(boost::asio::io_context& io, PlankaClient& client, const std::string& user, const std::string& password) {
  std::future<void> done = boost::asio::co_spawn(io, client.log_in(user, password), boost::asio::use_future);
  io.restart();
  io.run();
  done.get();
}

SessionPlan make_plan(const Options& options) {
  SessionPlan plan;
  plan.users = options.users;
  plan.steps = options.steps;
  plan.seed = options.seed;
  if (!options.url) {
    plan.edits = Edits::new_name;
  } else if (options.edit) {
    plan.edits = Edits::same_name;
  }
  return plan;
}

Run run(boost::asio::io_context& io, PlankaApi& planka, const HttpClient& http, const SessionPlan& plan) {
  const std::uint64_t before = http.requests_sent();
  Run run;
  run.session = run_session(io, planka, plan);
  run.requests = http.requests_sent() - before;
  return run;
}

void run_example(const Options& options) {
  std::optional<DemoServer> demo;
  if (!options.url) {
    DemoData data(options.seed);
    fmt::print("embedded server: {} projects, {} boards, {} cards, {} ms latency\n", data.project_count(),
               data.board_count(), data.card_count(), options.latency.count());
    demo.emplace(std::move(data), options.latency, options.failure);
  }
  const ServerUrl url = demo ? demo->url() : *options.url;
  const SessionPlan plan = make_plan(options);
  fmt::print("session: {} users, {} steps each, seed {}, against {}\n\n", plan.users, plan.steps, plan.seed,
             url.text());

  boost::asio::io_context io(1);
  HttpClient http(url, options.timeout);
  PlankaClient client(http);
  if (demo) {
    log_in(io, client, std::string(DemoServer::user), std::string(DemoServer::password));
  } else if (!options.user.empty()) {
    log_in(io, client, options.user, options.password);
  } else {
    http.use_bearer_token(options.token);
  }

  PlankaCache cache;
  CachedPlanka cached(client, cache);
  const Run with_cache = run(io, cached, http, plan);
  std::optional<Run> without_cache;
  if (!options.cached_only) without_cache = run(io, client, http, plan);
  print_report(cache, with_cache, without_cache);
}

int fail(int status, std::string_view line) {
  std::fflush(stdout);
  fmt::print(stderr, "planka: {}\n", one_line(line));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    const char* token = std::getenv("PLANKA_TOKEN");  // NOLINT(concurrency-mt-unsafe)
    const Options options = parse_options(arguments, token == nullptr ? "" : token);
    if (options.help) {
      fmt::print("{}", help_text);
    } else {
      run_example(options);
    }
    if (std::fflush(stdout) != 0) throw Problem("cannot write the output");
    return 0;
  } catch (const UsageProblem& problem) {
    return fail(2, problem.what());
  } catch (const std::exception& error) {
    return fail(1, error.what());
  }
}
