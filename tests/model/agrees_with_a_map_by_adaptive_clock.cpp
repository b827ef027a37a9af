#include "catch.hpp"
#include "check_all.hpp"

#include <tiercache/tiercache.hpp>

TEST_CASE("the cache does what a map would do with AdaptiveClock as eviction") {
  model::check_all<tiercache::AdaptiveClock>();
}

TEST_CASE("it does so where time begins and ends with AdaptiveClock") {
  model::check_ends_of_time<tiercache::AdaptiveClock>();
}
