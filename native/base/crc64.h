// crc64.h - the CRC-64 of RDB files.
//
// Polynomial 0xad93d23594c935a9 ("Jones"), processed reflected, initial value 0, no final XOR. The
// check value of "123456789" is 0xe9c6d914c4b8d9ca.
//
// Runs in: any thread of the parent, or the child's only thread.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/child_safe.h"

namespace snapfork {

// Continues `crc` (0 at the start) with `bytes` bytes at `data`. Uses carry-less multiplication
// where the CPU has it.
SF_CHILD_SAFE uint64_t Crc64(uint64_t crc, const void* data, size_t bytes);

// The same by tables alone; for CPUs without carry-less multiplication, and for tests.
SF_CHILD_SAFE uint64_t Crc64Portable(uint64_t crc, const void* data, size_t bytes);

}  // namespace snapfork
