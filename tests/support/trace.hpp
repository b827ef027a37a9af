// Trace: the requests that a real cache was asked for.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace support {

class Trace {
 public:
  /// Reads the trace of that name, unless it was read last; tells whether it is there.
  [[nodiscard]] bool load(const std::string& name) {
    if (name == name_) return true;
    keys_.clear();
    const std::string folder = TIERCACHE_TRACES;
    const std::string command = "zstd -dc --long=24 \"" + folder + "/" + name + ".u64.zst\"";
    std::FILE* const pipe = folder.empty() ? nullptr : ::popen(command.c_str(), "r");
    if (pipe == nullptr) return false;
    unsigned char bytes[8];
    while (std::fread(bytes, sizeof bytes, 1, pipe) == 1) {
      std::uint64_t key = 0;
      for (int i = 7; i >= 0; --i) key = key << 8 | bytes[i];
      keys_.push_back(key);
    }
    name_ = name;
    return ::pclose(pipe) == 0 && !keys_.empty();
  }

  [[nodiscard]] const std::vector<std::uint64_t>& keys() const noexcept { return keys_; }

 private:
  std::string name_;
  std::vector<std::uint64_t> keys_;
};

}  // namespace support
