// Rows: the part of the table that one program measures. Nothing here measures.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace benchmarks {

/// What the figure of a row is to be.
struct Goal {
  double bound;
  bool is_least;
};
[[nodiscard]] inline Goal at_most(double bound) noexcept {
  return {bound, false};
}
[[nodiscard]] inline Goal at_least(double bound) noexcept {
  return {bound, true};
}

/// Writes a number with three significant digits, and never with an exponent.
[[nodiscard]] inline std::string digits_of(double number) {
  return std::abs(number) < 1000 ? fmt::format("{:.3g}", number) : fmt::format("{:.0f}", number);
}

struct Row {
  /// What is measured.
  std::string measure;
  /// What the library took, in words.
  std::string subject;
  /// What it is compared with, and what that took.
  std::string reference = {};
  /// What is judged; not a number where the reference is missing.
  double figure;
  /// What the figure counts: "x" for a ratio.
  std::string_view unit = "x";
  /// Nothing for a row that is there for information.
  std::optional<Goal> goal = {};
};

class Rows {
 public:
  /// Writes to the file that the program's first argument names, or else to the terminal.
  Rows(int argc, char** argv) : file_(std::fopen(argc > 1 ? argv[1] : "/dev/stdout", "w")) {
    if (file_ != nullptr) return;
    std::perror(argv[1]);
    std::exit(1);
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows() { std::fclose(file_); }

  void add(const Row& row) {
    const bool is_measured = !std::isnan(row.figure);
    const std::string figure = is_measured ? fmt::format("{} {}", digits_of(row.figure), row.unit) : "";
    std::string goal = " | ";
    if (const auto& given = row.goal) {
      const bool is_met = given->is_least ? row.figure >= given->bound : row.figure <= given->bound;
      goal = fmt::format("{} {} {} | {}", given->is_least ? "at least" : "at most", digits_of(given->bound), row.unit,
                         !is_measured ? "not measured"
                         : is_met     ? "yes"
                                      : "**no**");
    }
    fmt::print(file_, "| {} | {} | {} | {} | {} |\n", row.measure, row.subject, row.reference, figure, goal);
  }

 private:
  std::FILE* file_;
};

}  // namespace benchmarks
