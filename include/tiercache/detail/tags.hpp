// Tags: twelve bytes, each of a hash, that are compared with one at once.
#pragma once

#include <tiercache/detail/compiler.hpp>

#include <cstdint>

namespace tiercache::detail {

/// The tags of twelve places, and how many passed by since all were taken. A tag of 0 says that the place is free.
///
/// A set of places is a number with a bit for each.
struct alignas(16) Tags {
  static constexpr unsigned count = 12;
  static constexpr unsigned all = (1U << count) - 1;

  std::uint8_t tags[count] = {};
  std::uint32_t passed = 0;

  /// Returns a tag of the lowest byte of `hash`.
  [[nodiscard]] static constexpr std::uint8_t tag_of(std::uint32_t hash) noexcept {
    const auto byte = static_cast<std::uint8_t>(hash);
    return static_cast<std::uint8_t>(byte + (byte == 0 ? 1 : 0));
  }

  /// Returns the places with this tag.
  [[nodiscard]] unsigned matches(std::uint8_t tag) const noexcept {
#if TIERCACHE_HAS_SSE2
    using Bytes = char __attribute__((vector_size(16), may_alias));
    const Bytes held = *reinterpret_cast<const Bytes*>(this);
    const Bytes equal = reinterpret_cast<Bytes>(held == static_cast<char>(tag));
    return static_cast<unsigned>(__builtin_ia32_pmovmskb128(equal)) & all;
#else
    return matches_portably(tag);
#endif
  }

  /// The same for processors without a faster way: eight bytes and four bytes in a register each.
  [[nodiscard]] unsigned matches_portably(std::uint8_t tag) const noexcept {
    return bytes_equal_to(packed(0, 8), tag) | (bytes_equal_to(packed(8, 4), tag) & 0xF) << 8;
  }

  /// Returns the number of the first of some places. Wants one.
  // Not by <bit>: this is all that would be used of its 250 lines.
  [[nodiscard]] static unsigned first_of(unsigned places) noexcept {
#if TIERCACHE_HAS_TRAILING_ZEROS
    return static_cast<unsigned>(__builtin_ctz(places));
#else
    unsigned first = 0;
    while ((places >> first & 1) == 0) ++first;
    return first;
#endif
  }

  [[nodiscard]] unsigned free() const noexcept { return matches(0); }
  [[nodiscard]] unsigned held() const noexcept { return ~free() & all; }

 private:
  /// Returns tags as the bytes of a number, the first one lowest: compilers make one load of it.
  [[nodiscard]] std::uint64_t packed(unsigned from, unsigned size) const noexcept {
    std::uint64_t bytes = 0;
    for (unsigned i = 0; i < size; ++i) bytes |= std::uint64_t{tags[from + i]} << 8 * i;
    return bytes;
  }
  /// Returns a bit for each byte of `bytes` that equals `tag`, the lowest first.
  [[nodiscard]] static unsigned bytes_equal_to(std::uint64_t bytes, std::uint8_t tag) noexcept {
    constexpr std::uint64_t low_bits = 0x7F7F'7F7F'7F7F'7F7F;
    const std::uint64_t different = bytes ^ (std::uint64_t{0x0101'0101'0101'0101} * tag);
    // The top bit of each byte that is zero, without carries from one byte to the next.
    const std::uint64_t zero = ~(((different & low_bits) + low_bits) | different | low_bits);
    return static_cast<unsigned>(((zero >> 7) * 0x0102'0408'1020'4080) >> 56);
  }
};

}  // namespace tiercache::detail
