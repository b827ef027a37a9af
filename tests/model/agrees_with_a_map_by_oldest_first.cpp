#include "catch.hpp"
#include "check_all.hpp"

#include <tiercache/tiercache.hpp>

TEST_CASE("the cache does what a map would do with OldestFirst as eviction") {
  model::check_all<tiercache::OldestFirst>();
}

TEST_CASE("it does so where time begins and ends with OldestFirst") {
  model::check_ends_of_time<tiercache::OldestFirst>();
}
