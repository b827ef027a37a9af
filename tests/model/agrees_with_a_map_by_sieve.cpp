#include "catch.hpp"
#include "check_all.hpp"

#include <tiercache/tiercache.hpp>

TEST_CASE("the cache does what a map would do with Sieve as eviction") {
  model::check_all<tiercache::Sieve>();
}

TEST_CASE("it does so where time begins and ends with Sieve") {
  model::check_ends_of_time<tiercache::Sieve>();
}
