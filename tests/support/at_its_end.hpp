// AtItsEnd: runs a function when it is destroyed: as a local of a coroutine, in the middle of that being destroyed.
#pragma once

#include <utility>

namespace support {

template <class F>
class AtItsEnd {
 public:
  explicit AtItsEnd(F function) : function_(std::move(function)) {}
  AtItsEnd(const AtItsEnd&) = delete;
  AtItsEnd& operator=(const AtItsEnd&) = delete;
  ~AtItsEnd() { function_(); }

 private:
  F function_;
};

}  // namespace support
