#include "catch.hpp"

#include <tiercache/tiercache.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

namespace {

struct Link {
  std::size_t place = 0;
  Link* next = nullptr;
};

}  // namespace

TEST_CASE("A chain of any length and order is sorted, and loses nobody") {
  std::mt19937 random(1);
  for (std::size_t length = 0; length < 300; ++length) {
    std::vector<Link> links(length);
    for (std::size_t i = 0; i < length; ++i) links[i].place = i;
    std::shuffle(links.begin(), links.end(), random);
    for (std::size_t i = 1; i < length; ++i) links[i - 1].next = &links[i];
    Link* first =
        tiercache::detail::sorted_chain(length != 0 ? links.data() : nullptr,
                                        [](const Link& left, const Link& right) { return left.place < right.place; });
    for (std::size_t i = 0; i < length; ++i, first = first->next) {
      REQUIRE(first != nullptr);
      REQUIRE(first->place == i);
    }
    REQUIRE(first == nullptr);
  }
}
