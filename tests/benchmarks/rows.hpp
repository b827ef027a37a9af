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

  [[nodiscard]] bool is_met_by(double figure) const noexcept { return is_least ? figure >= bound : figure <= bound; }
};
[[nodiscard]] inline Goal at_most(double bound) noexcept {
  return {bound, false};
}
[[nodiscard]] inline Goal at_least(double bound) noexcept {
  return {bound, true};
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
    const std::string figure = is_measured ? fmt::format("{:.3g} {}", row.figure, row.unit) : "";
    std::string goal;
    std::string is_met;
    if (row.goal) {
      goal = fmt::format("{} {:.3g} {}", row.goal->is_least ? "at least" : "at most", row.goal->bound, row.unit);
      is_met = !is_measured ? "not measured" : row.goal->is_met_by(row.figure) ? "yes" : "**no**";
    }
    fmt::print(file_, "| {} | {} | {} | {} | {} | {} |\n", row.measure, row.subject, row.reference, figure, goal,
               is_met);
  }

 private:
  std::FILE* file_;
};

}  // namespace benchmarks
