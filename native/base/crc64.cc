// crc64.cc - slicing by eight, and folding by carry-less multiplication.
//
// Source of the methods: Kounavis and Berry, "A Systematic Approach to Building High Performance
// Software-Based CRC Generators" (2005), and Gopal et al., "Fast CRC Computation for Generic
// Polynomials Using PCLMULQDQ Instruction" (2009).
//
// Everything is constexpr or plain data: no static constructor and no ifunc runs before or after
// a fork.

#include "base/crc64.h"

#include <atomic>

#include "base/bytes.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#define SF_CLMUL_TARGET __attribute__((target("pclmul,sse4.1")))
#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>
#define SF_CLMUL_TARGET __attribute__((target("+crypto")))
#endif

namespace snapfork {
namespace {

// The polynomial with its bits reversed: bit 63 is the coefficient of x^0.
constexpr uint64_t kPolynomial = 0x95ac9329ac4bc9b5ull;

// `value` times x, modulo the polynomial; all bits reversed.
constexpr uint64_t TimesX(uint64_t value) {
  return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
}

// slice[k][b]: what byte b adds to the CRC when k more bytes follow it in its word.
struct Tables {
  uint64_t slice[8][256];
};

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint64_t byte = 0; byte < 256; ++byte) {
    uint64_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = TimesX(crc);
    tables.slice[0][byte] = crc;
  }
  for (int k = 1; k < 8; ++k) {
    for (int byte = 0; byte < 256; ++byte) {
      const uint64_t crc = tables.slice[k - 1][byte];
      tables.slice[k][byte] = (crc >> 8) ^ tables.slice[0][crc & 255];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

#ifdef SF_CLMUL_TARGET

constexpr uint64_t PowerOfX(int exponent) {
  uint64_t value = 1ull << 63;
  for (int i = 0; i < exponent; ++i) value = TimesX(value);
  return value;
}

// Multiplying a reflected 128-bit block by x^bits: its low word stands for the higher powers, and
// a carry-less product of two reflected words comes out multiplied by x once more.
struct FoldBy {
  uint64_t low;
  uint64_t high;
};

constexpr FoldBy MakeFold(int bits) { return {PowerOfX(bits + 63), PowerOfX(bits - 1)}; }

constexpr int kLanes = 8;
constexpr size_t kBlockBytes = 16;
constexpr size_t kStrideBytes = kLanes * kBlockBytes;
constexpr FoldBy kFoldBlock = MakeFold(8 * kBlockBytes);
constexpr FoldBy kFoldStride = MakeFold(8 * kStrideBytes);

#if defined(__x86_64__)

using Block = __m128i;

SF_CLMUL_TARGET inline Block LoadBlock(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
SF_CLMUL_TARGET inline void StoreBlock(void* to, Block block) {
  _mm_storeu_si128(static_cast<__m128i*>(to), block);
}
SF_CLMUL_TARGET inline Block Xor(Block a, Block b) { return _mm_xor_si128(a, b); }
SF_CLMUL_TARGET inline Block Fold(Block block, Block by) {
  return _mm_xor_si128(_mm_clmulepi64_si128(block, by, 0x00),
                       _mm_clmulepi64_si128(block, by, 0x11));
}

bool CpuHasClmul() {
  unsigned a, b, c, d;
  constexpr unsigned kWanted = bit_PCLMUL | bit_SSE4_1;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & kWanted) == kWanted;
}

#else

using Block = uint64x2_t;

SF_CLMUL_TARGET inline Block LoadBlock(const void* from) {
  return vreinterpretq_u64_u8(vld1q_u8(static_cast<const uint8_t*>(from)));
}
SF_CLMUL_TARGET inline void StoreBlock(void* to, Block block) {
  vst1q_u8(static_cast<uint8_t*>(to), vreinterpretq_u8_u64(block));
}
SF_CLMUL_TARGET inline Block Xor(Block a, Block b) { return veorq_u64(a, b); }
SF_CLMUL_TARGET inline Block Fold(Block block, Block by) {
  const poly64x2_t a = vreinterpretq_p64_u64(block);
  const poly64x2_t b = vreinterpretq_p64_u64(by);
  const poly128_t low = vmull_p64(vgetq_lane_p64(a, 0), vgetq_lane_p64(b, 0));
  const poly128_t high = vmull_high_p64(a, b);
  return veorq_u64(vreinterpretq_u64_p128(low), vreinterpretq_u64_p128(high));
}

bool CpuHasClmul() {
  constexpr unsigned long kPmull = 1ul << 4;  // HWCAP_PMULL
  return (getauxval(AT_HWCAP) & kPmull) != 0;
}

#endif

// REQUIRES: bytes >= kStrideBytes.
SF_CLMUL_TARGET uint64_t Crc64Folding(uint64_t crc, const uint8_t* at, size_t bytes) {
  const Block by_stride = LoadBlock(&kFoldStride);
  const Block by_block = LoadBlock(&kFoldBlock);
  const uint64_t start[2] = {crc, 0};
  Block lanes[kLanes];
  for (int i = 0; i < kLanes; ++i) lanes[i] = LoadBlock(at + i * kBlockBytes);
  lanes[0] = Xor(lanes[0], LoadBlock(start));
  for (at += kStrideBytes, bytes -= kStrideBytes; bytes >= kStrideBytes;
       at += kStrideBytes, bytes -= kStrideBytes) {
    for (int i = 0; i < kLanes; ++i) {
      lanes[i] = Xor(Fold(lanes[i], by_stride), LoadBlock(at + i * kBlockBytes));
    }
  }
  Block rest = lanes[0];
  for (int i = 1; i < kLanes; ++i) rest = Xor(Fold(rest, by_block), lanes[i]);
  for (; bytes >= kBlockBytes; at += kBlockBytes, bytes -= kBlockBytes) {
    rest = Xor(Fold(rest, by_block), LoadBlock(at));
  }
  // Sixteen bytes with the same remainder as all bytes so far.
  uint8_t folded[kBlockBytes];
  StoreBlock(folded, rest);
  return Crc64Portable(Crc64Portable(0, folded, kBlockBytes), at, bytes);
}

// Asking the CPU traps in a virtual machine, so the answer is kept. A race asks twice at worst.
enum : int { kNotAsked = 0, kNo = 1, kYes = 2 };
constinit std::atomic<int> has_clmul{kNotAsked};

bool HasClmul() {
  int known = has_clmul.load(std::memory_order_relaxed);
  if (known == kNotAsked) [[unlikely]] {
    known = CpuHasClmul() ? kYes : kNo;
    has_clmul.store(known, std::memory_order_relaxed);
  }
  return known == kYes;
}

#endif  // SF_CLMUL_TARGET

}  // namespace

uint64_t Crc64Portable(uint64_t crc, const void* data, size_t bytes) {
  const auto* at = static_cast<const uint8_t*>(data);
  const auto& slice = kTables.slice;
  for (; bytes >= 8; at += 8, bytes -= 8) {
    const uint64_t word = crc ^ LoadLittle<uint64_t>(at);
    crc = slice[7][word & 255] ^ slice[6][(word >> 8) & 255] ^ slice[5][(word >> 16) & 255] ^
          slice[4][(word >> 24) & 255] ^ slice[3][(word >> 32) & 255] ^
          slice[2][(word >> 40) & 255] ^ slice[1][(word >> 48) & 255] ^ slice[0][word >> 56];
  }
  for (; bytes > 0; ++at, --bytes) crc = (crc >> 8) ^ slice[0][(crc ^ *at) & 255];
  return crc;
}

uint64_t Crc64(uint64_t crc, const void* data, size_t bytes) {
#ifdef SF_CLMUL_TARGET
  if (bytes >= kStrideBytes && HasClmul()) {
    return Crc64Folding(crc, static_cast<const uint8_t*>(data), bytes);
  }
#endif
  return Crc64Portable(crc, data, bytes);
}

}  // namespace snapfork
