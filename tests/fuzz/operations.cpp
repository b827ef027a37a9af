// A libFuzzer target: any bytes are a program of the model test, which is played on a cache and on the reference.
//
// clang++-19 -std=c++20 -g -fsanitize=fuzzer,address -fno-access-control -I include -I tests/support \
//   -I tests/model tests/fuzz/operations.cpp -o operations && mkdir -p found &&
//   ./operations -max_total_time=60 found tests/fuzz/corpus/operations
//
// What is kept in corpus/ comes of half an hour of each target: all that `policies` needs to reach what it reached, and
// the hundred longest programs of those that `operations` needs. To make it anew, when operations have changed:
// ./operations -use_counters=0 -set_cover_merge=1 new_corpus found tests/fuzz/corpus/operations
//
// What it finds is replayed by the model test: TIERCACHE_MODEL_PROGRAM='what it printed'.
#include "operations.hpp"
#include "player.hpp"

#include <tiercache/tiercache.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

// One policy only: with all of them it takes ten minutes to compile.
using Eviction = tiercache::AdaptiveClock;

std::string play(const model::Program& program) {
  model::set_clock(program.start);
  return program.is_shared ? model::Player<support::Shared, Eviction>(program).run()
                           : model::Player<support::Local, Eviction>(program).run();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  model::Program program = model::Program::from_bytes({data, size});
  if (program.operations.size() > 200) program.operations.resize(200);  // a longer one finds nothing that two would not
  program.eviction = 0;
  const std::string fault = play(program);
  if (fault.empty()) return 0;
  std::fprintf(stderr, "%s\n%sTIERCACHE_MODEL_PROGRAM='%s'\n", fault.c_str(), program.describe().c_str(),
               program.to_text().c_str());
  std::abort();
}
