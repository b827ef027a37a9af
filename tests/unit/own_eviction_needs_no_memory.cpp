#include "allocations.hpp"
#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <chrono>
#include <cstddef>
#include <iostream>
#include <new>
#include <string>

// The example as it stands. Only where main is the program's may it do without a return.
#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wreturn-type"
#endif
namespace example {
#include "../../examples/own_eviction.cpp"  // NOLINT(bugprone-suspicious-include)
}

namespace {

using Policy = example::Pages::eviction;

struct Numbers : tiercache::Tier<int, int> {
  static constexpr tiercache::TierPolicy policy{.ttl = tiercache::forever, .capacity = 1000};
  using eviction = Policy;
};

}  // namespace

TEST_CASE("A policy like that of the example asks for no memory, so that none can be missing") {
  Policy policy;
  Policy::Node nodes[100];
  const std::size_t before = support::Allocations::count;
  for (Policy::Node& node : nodes) policy.insert(node);
  for (Policy::Node& node : nodes) policy.hit(node);
  for (std::size_t i = 0; i < 100; ++i) policy.erase(policy.victim());
  CHECK(support::Allocations::count == before);
}

TEST_CASE("A tier with such a policy goes on when memory runs out, and when there is some again") {
  tiercache::LocalTieredCache<Numbers> cache;
  const auto fetch = [](int key) { return key; };
  int answered = 0;
  for (int key = 0; key < 3000; ++key) {
    if (key % 8 == 0) static_cast<void>(cache.get_or_fetch<Numbers>(-key - 1, fetch).get());
    const support::FailingAllocation failing(0);
    try {
      answered += cache.get_or_fetch<Numbers>(key, fetch).get() == key ? 1 : 0;
    } catch (const std::bad_alloc&) {  // there is no room for the entry
    }
  }
  CHECK(answered > 2000);
  CHECK(cache.size<Numbers>() == 1000);
}

TEST_CASE("The example keeps what is asked for again and again") {
  tiercache::LocalTieredCache<example::Pages> cache;
  const auto fetch = [](const std::string& path) { return path; };
  for (int i = 0; i < 1000; ++i) {
    static_cast<void>(cache.get_or_fetch<example::Pages>("/home", fetch).get());
    static_cast<void>(cache.get_or_fetch<example::Pages>(std::to_string(i), fetch).get());
  }
  CHECK(cache.stats<example::Pages>().hits == 999);
}
