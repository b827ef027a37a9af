// What the header costs the compiler, and what each further type of cache does, in processor time at -O0.
#include "rows.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdlib>

using namespace benchmarks;

namespace {

/// How to compile, with the standard and the include path. Set by the build.
const std::string compile = BENCHMARKS_COMPILE;

double children_seconds() {
  ::rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto seconds = [](const ::timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::FILE* start(const std::string& command, const char* mode) {
  if (std::FILE* const pipe = ::popen(command.c_str(), mode)) return pipe;
  std::perror(command.c_str());
  std::exit(1);
}
void finish(std::FILE* pipe) {
  if (::pclose(pipe) != 0) std::exit(1);
}

/// Returns how many lines the compiler reads, empty ones aside.
double preprocessed_lines() {
  std::FILE* const pipe = start(compile + " -E -P -include tiercache/tiercache.hpp -x c++ /dev/null | grep -c .", "r");
  std::array<char, 20> digits{};
  if (std::fgets(digits.data(), digits.size(), pipe) == nullptr) std::exit(1);
  finish(pipe);
  return std::atof(digits.data());
}

/// Returns how long a file with so many types of cache, each made and asked once, takes to compile.
double seconds_to_compile(int types) {
  std::string source = "#include <tiercache/tiercache.hpp>\n#include <string>\n";
  for (int i = 0; i < types; ++i) {
    source += fmt::format(
        "struct Tier{0} : tiercache::Tier<std::string, std::string> {{\n"
        "  static constexpr tiercache::TierPolicy policy{{.ttl = std::chrono::minutes(1), .capacity = 100}};\n"
        "}};\n"
        "std::string ask{0}() {{\n"
        "  tiercache::TieredCache<Tier{0}> cache;\n"
        "  return cache.get_or_fetch<Tier{0}>(\"key\", [] {{ return std::string(); }}).get();\n"
        "}}\n",
        i);
  }
  const double before = children_seconds();
  std::FILE* const pipe = start(compile + " -O0 -x c++ - -c -o include_cost.o", "w");
  std::fwrite(source.data(), 1, source.size(), pipe);
  finish(pipe);
  return children_seconds() - before;
}

template <std::size_t Size>
double median(std::array<double, Size> samples) {
  std::sort(samples.begin(), samples.end());
  return samples[Size / 2];
}

}  // namespace

int main(int argc, char** argv) {
  Rows rows(argc, argv);
  rows.add({.measure = "lines that tiercache.hpp makes the compiler read",
            .subject = "preprocessed, empty ones aside",
            .figure = preprocessed_lines(),
            .unit = "lines",
            .goal = at_most(50'000)});

  constexpr int further = 20;
  std::array<double, 3> one{};
  std::array<double, 3> many{};
  for (std::size_t i = 0; i < one.size(); ++i) {
    one[i] = seconds_to_compile(1);
    many[i] = seconds_to_compile(1 + further);
  }
  rows.add({.measure = "compiling each further type of cache (a tier, a cache, a get_or_fetch) at -O0",
            .subject = fmt::format("with 21: {:.0f} ms", 1e3 * median(many)),
            .reference = fmt::format("with 1: {:.0f} ms", 1e3 * median(one)),
            .figure = 1e3 * (median(many) - median(one)) / further,
            .unit = "ms each",
            .goal = at_most(15)});
}
