// hyperloglog.h - the number of different elements, estimated from a string of up to 12 KiB.
//
//   "HYLL" | u8 encoding (0 dense, 1 sparse) | 3 zeros | u64 cached cardinality | registers
//
// The cached cardinality is valid if its highest bit is clear. 2^14 registers of 6 bits, in a
// dense form (packed, low bits first) or in a sparse one of runs:
//
//   00xxxxxx            x+1 registers that are 0
//   01xxxxxx yyyyyyyy   x*256+y+1 registers that are 0
//   1vvvvvxx            x+1 registers that are v+1
//
// The bytes are those Redis makes, so that a key is the same in both. Elements are hashed by
// MurmurHash64A (Appleby, public domain) with Redis's seed; the estimate is Ertl's ("New
// cardinality estimation algorithms for HyperLogLog sketches", 2017).

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace snapfork {

// A HyperLogLog with nothing in it, in sparse form.
std::string EmptyHyperLogLog();
// Whether a string can be one: its head, and the size of a dense one.
bool IsHyperLogLog(std::string_view string);

// Adds an element; `changed` tells whether a register did. A sparse one over `sparse_bytes_max`
// becomes dense. False: the sparse form is damaged.
bool HyperLogLogAdd(std::string& string, std::string_view element, size_t sparse_bytes_max,
                    bool& changed);
// Takes the larger of each register into `registers` (one byte each). False: damaged.
using HyperLogLogRegisters = std::vector<uint8_t>;
bool HyperLogLogMerge(std::string_view string, HyperLogLogRegisters& registers);
inline constexpr size_t kHyperLogLogRegisters = 1u << 14;

// The estimate. Uses what is cached, and caches it. False: damaged.
bool HyperLogLogCount(std::string& string, uint64_t& count);
uint64_t HyperLogLogEstimate(const HyperLogLogRegisters& registers);
// Makes registers the content, in dense form.
void HyperLogLogStore(const HyperLogLogRegisters& registers, std::string& string);
// Raises the registers of a sparse one, register by register, as PFMERGE does. False: damaged.
bool HyperLogLogSetSparse(const HyperLogLogRegisters& registers, std::string& string,
                          size_t sparse_bytes_max);
// Marks the cached cardinality as of no use.
void HyperLogLogInvalidate(std::string& string);
bool HyperLogLogIsSparse(std::string_view string);
bool HyperLogLogToDense(std::string& string);

}  // namespace snapfork
