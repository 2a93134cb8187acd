// encoding_limits.h - up to where collections stay compact.
//
// The directives are Redis's; a value that passes a limit gets its large form
// and keeps it.

#pragma once

#include <cstdint>

namespace snapfork {

struct EncodingLimits {
  uint64_t hash_max_listpack_entries = 512;
  uint64_t hash_max_listpack_value = 64;
  uint64_t set_max_intset_entries = 512;
  uint64_t set_max_listpack_entries = 128;
  uint64_t set_max_listpack_value = 64;
  uint64_t zset_max_listpack_entries = 128;
  uint64_t zset_max_listpack_value = 64;
  // Positive: elements a node; -1 to -5: 4, 8, 16, 32, 64 KiB a node.
  int64_t list_max_listpack_size = -2;
  uint64_t stream_node_max_bytes = 4096;
  uint64_t stream_node_max_entries = 100;
  uint64_t hll_sparse_max_bytes = 3000;
};

}  // namespace snapfork
