// The ways in which the demo server can be told to misbehave, and their names on the command line.
// How each of them is done is DemoServer's business.
#pragma once

#include <string_view>

namespace planka {

enum class Misbehaviour { none, unauthorized, not_found, server_error, broken_json, down, hang };

enum class DemoRoute { any, login, projects, boards, cards };

struct DemoFailure {
  Misbehaviour kind = Misbehaviour::none;
  DemoRoute where = DemoRoute::any;

  bool hits(DemoRoute route) const { return kind != Misbehaviour::none && (where == DemoRoute::any || where == route); }
};

// KIND or KIND@ROUTE, as --help lists them. Throws a UsageProblem.
DemoFailure parse_demo_failure(std::string_view text);

}  // namespace planka
