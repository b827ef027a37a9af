// The names of the demo server's failures; see demo_failure.hpp.
#include "demo_failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "problem.hpp"

namespace planka {
namespace {

constexpr std::array<std::pair<std::string_view, Misbehaviour>, 6> kinds{{
    {"401", Misbehaviour::unauthorized},
    {"404", Misbehaviour::not_found},
    {"500", Misbehaviour::server_error},
    {"broken-json", Misbehaviour::broken_json},
    {"down", Misbehaviour::down},
    {"hang", Misbehaviour::hang},
}};

constexpr std::array<std::pair<std::string_view, DemoRoute>, 4> routes{{
    {"login", DemoRoute::login},
    {"projects", DemoRoute::projects},
    {"boards", DemoRoute::boards},
    {"cards", DemoRoute::cards},
}};

template <class Names>
auto find_in(const Names& names, std::string_view name) {
  const auto found =
      std::find_if(names.begin(), names.end(), [name](const auto& known) { return known.first == name; });
  if (found != names.end()) return found->second;
  std::string choices;
  for (const auto& known : names) choices += fmt::format("{}{}", choices.empty() ? "" : ", ", known.first);
  throw UsageProblem(fmt::format("--fail: \"{}\" is not one of {}", one_line(name), choices));
}

}  // namespace

DemoFailure parse_demo_failure(std::string_view text) {
  const std::size_t at = text.find('@');
  DemoFailure failure;
  failure.kind = find_in(kinds, text.substr(0, at));
  if (at != std::string_view::npos) failure.where = find_in(routes, text.substr(at + 1));
  return failure;
}

}  // namespace planka
