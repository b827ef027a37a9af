// Indexed: an index by itself, with the hashes that a tier would know.
#pragma once

#include <tiercache/tiercache.hpp>

#include <cstdint>
#include <vector>

namespace support {

/// An index, and the hashes of all slots that it holds or held.
struct Indexed {
  using Slot = tiercache::detail::Slot;

  void add(std::uint32_t hash) {
    const auto slot = static_cast<Slot>(hashes.size());
    hashes.push_back(hash);
    is_held.push_back(true);
    index.reserve(hash,
                  tiercache::detail::HashOf(
                      hashes, [](const auto& all, Slot other) noexcept -> const std::uint32_t& { return all[other]; },
                      [](const auto&, std::uint32_t held) noexcept { return held; }));
    index.link(hash, slot);
  }
  void remove(Slot slot) {
    index.unlink(hashes[slot], slot);
    is_held[slot] = false;
  }
  [[nodiscard]] bool finds(Slot slot) const {
    const auto match = [&](Slot other) { return other == slot ? &hashes[slot] : nullptr; };
    return index.find(hashes[slot], match) != nullptr;
  }

  tiercache::detail::Index index;
  std::vector<std::uint32_t> hashes;
  std::vector<bool> is_held;
};

}  // namespace support
