// The errors that reach a person: each is one finished line that says what went wrong and where.
// Errors that the program handles itself (a card that does not exist) are values, not problems.
#pragma once

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>

namespace planka {

class Problem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// The command line asks for something that cannot be.
class UsageProblem : public Problem {
 public:
  using Problem::Problem;
};

// Text from outside (a server's message, an argument) may hold line breaks, escape sequences, or megabytes.
inline std::string one_line(std::string_view text, std::size_t limit = 400) {
  const bool cut = text.size() > limit;
  std::string line(text.substr(0, limit));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  if (cut) line += "...";
  return line;
}

}  // namespace planka
