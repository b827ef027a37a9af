// The command line and the environment; see options.hpp.
#include "options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "problem.hpp"

namespace planka {
namespace {

// Walks through the arguments; "--name value" and "--name=value" are the same.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string_view>& all) : next_(all.begin()), end_(all.end()) {}

  bool next() {
    if (next_ == end_) return false;
    name_ = *next_++;
    value_.reset();
    const std::size_t equals = name_.find('=');
    if (equals != std::string_view::npos) {
      value_ = name_.substr(equals + 1);
      name_ = name_.substr(0, equals);
    }
    return true;
  }

  std::string_view name() const { return name_; }

  std::string_view value() {
    if (value_) return *value_;
    if (next_ == end_) throw UsageProblem(fmt::format("{} needs a value", name_));
    return *next_++;
  }

  std::uint64_t number(std::uint64_t least, std::uint64_t most) {
    const std::string_view text = value();
    std::uint64_t number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size() || number < least || number > most) {
      throw UsageProblem(
          fmt::format("{}: \"{}\" is not a whole number from {} to {}", name_, one_line(text), least, most));
    }
    return number;
  }

  std::chrono::milliseconds milliseconds(std::uint64_t least, std::uint64_t most) {
    return std::chrono::milliseconds(number(least, most));
  }

  bool flag() const {
    if (value_) throw UsageProblem(fmt::format("{} takes no value", name_));
    return true;
  }

 private:
  std::vector<std::string_view>::const_iterator next_;
  std::vector<std::string_view>::const_iterator end_;
  std::string_view name_;
  std::optional<std::string_view> value_;
};

ServerUrl checked_url(std::string_view text) {
  try {
    return parse_server_url(text);
  } catch (const Problem& wrong) {
    throw UsageProblem(fmt::format("--url: {}", wrong.what()));
  }
}

// A token becomes part of a header line.
std::string checked_token(std::string_view token) {
  if (!std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; })) {
    throw UsageProblem("PLANKA_TOKEN holds a space or a character that does not belong in a token");
  }
  return std::string(token);
}

void check_together(const Options& options, bool latency_given) {
  if (!options.url) {
    if (!options.user.empty() || !options.password.empty()) {
      throw UsageProblem("--user and --password are for a real server: say which with --url");
    }
    return;
  }
  if (latency_given) throw UsageProblem("--latency is for the embedded server: it cannot be used with --url");
  if (options.failure.kind != Misbehaviour::none) {
    throw UsageProblem("--fail is for the embedded server: it cannot be used with --url");
  }
  if (options.user.empty() != options.password.empty()) throw UsageProblem("--user and --password go together");
  if (options.user.empty() && options.token.empty()) {
    throw UsageProblem("--url needs --user and --password, or a token in the environment variable PLANKA_TOKEN");
  }
}

}  // namespace

const std::string_view help_text =
    R"(Walks through a Planka kanban server as several users at once, through a cache and then without it,
and shows what the cache saved.

usage: planka [options]

Without --url, an embedded demo server with invented content is started on a loopback port.

  --users N       users at work at the same time, 1 to 200 (default 8)
  --steps N       what each of them does: so many looks or edits, 1 to 1000000 (default 100)
  --seed N        of the demo content and of the users' choices (default 1)
  --timeout MS    how long the client waits for the server, 1 to 600000 (default 5000)
  --cached-only   leave out the second run, the one without the cache
  --help          this text

A real server (over http; for https, put a local proxy in between that does the TLS):
  --url URL       such as http://localhost:3000
  --user NAME     e-mail address or user name
  --password TEXT its password. Others on this machine may see it in the list of processes; the environment
                  variable PLANKA_TOKEN can hold an access token instead
  --edit          also send edits. Each one writes a card's name back as it was. Without this, nothing is written

The embedded server:
  --latency MS    added to every request, 0 to 10000 (default 20)
  --fail KIND     misbehave on every request: 401, 404, 500, broken-json (cut in half), down, hang (no answer)
  --fail KIND@ROUTE
                  only on one of the routes login, projects, boards, cards. A 404 for a card is no error:
                  it means that somebody deleted the card

Exit status: 0 all went well, 1 the server or the connection failed, 2 the command line is wrong.
)";

Options parse_options(const std::vector<std::string_view>& arguments, std::string_view token) {
  Options options;
  bool latency_given = false;
  Arguments given(arguments);
  while (given.next()) {
    const std::string_view name = given.name();
    if (name == "--help" || name == "-h") {
      options.help = given.flag();
      return options;
    }
    if (name == "--url") {
      options.url = checked_url(given.value());
    } else if (name == "--user") {
      options.user = given.value();
    } else if (name == "--password") {
      options.password = given.value();
    } else if (name == "--edit") {
      options.edit = given.flag();
    } else if (name == "--cached-only") {
      options.cached_only = given.flag();
    } else if (name == "--users") {
      options.users = static_cast<std::size_t>(given.number(1, 200));
    } else if (name == "--steps") {
      options.steps = static_cast<std::size_t>(given.number(1, 1'000'000));
    } else if (name == "--seed") {
      options.seed = given.number(0, std::numeric_limits<std::uint64_t>::max());
    } else if (name == "--timeout") {
      options.timeout = given.milliseconds(1, 600'000);
    } else if (name == "--latency") {
      options.latency = given.milliseconds(0, 10'000);
      latency_given = true;
    } else if (name == "--fail") {
      options.failure = parse_demo_failure(given.value());
    } else {
      throw UsageProblem(fmt::format("unknown option \"{}\"; --help lists them", one_line(name)));
    }
  }
  if (options.url) options.token = checked_token(token);
  check_together(options, latency_given);
  return options;
}

}  // namespace planka
