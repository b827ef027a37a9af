// Plain threads: a blocking get(), a fetcher that says "there is none", errors that reach everybody who waits.
#include <tiercache/tiercache.hpp>

#include <atomic>
#include <iostream>
#include <latch>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

struct Prices : tiercache::Tier<std::string, double> {
  static constexpr tiercache::TierPolicy policy{.ttl = 10s, .not_found_ttl = 5s, .capacity = 10'000};
};

int main() {
  tiercache::TieredCache<Prices> cache;
  std::atomic<int> queries = 0;

  // Eight threads ask for the same price at once: one of them asks the database, all of them get the answer.
  const auto query = [&queries](const std::string& article) {
    ++queries;
    return static_cast<double>(article.size()) * 1.5;
  };
  std::latch start(8);
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      static_cast<void>(cache.get_or_fetch<Prices>("bolt", query).get());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::cout << "8 threads, " << queries << " query\n";

  // No price is an answer too. It is remembered for not_found_ttl, and get() gives a std::optional.
  const auto find = [&queries](const std::string&) -> std::optional<double> { return ++queries, std::nullopt; };
  const std::optional<double> first = cache.get_or_fetch<Prices>("unicorn", find).get();
  const std::optional<double> again = cache.get_or_fetch<Prices>("unicorn", find).get();
  std::cout << "a unicorn " << (first || again ? "has a price" : "has none") << ", " << queries << " queries in all\n";

  // An error is nobody's price: it is thrown to those who wait, and the next one asks anew.
  const auto fail = [](const std::string&) -> double { throw std::runtime_error("the database is down"); };
  try {
    static_cast<void>(cache.get_or_fetch<Prices>("nut", fail).get());
  } catch (const std::exception& error) {
    std::cout << error.what() << '\n';
  }
  std::cout << "a nut costs " << cache.get_or_fetch<Prices>("nut", query).get() << '\n';

  const bool is_as_said = cache.stats<Prices>().not_found_hits == 1 && queries == 3;
  return is_as_said ? 0 : 1;
}
