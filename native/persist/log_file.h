// log_file.h - one append-only file as the log's thread writes it: at its end, or into room that is
// there before it is needed (log_block.h).
//
//   commands | #BLOCK: commands | ... | room
//                                     ^ bytes()
//
// Invariants
//   (B1) Room is synced before a block is written there: only what the block holds can be missing
//        when power fails.
//   (B2) No block but the last one lacks a sync: what follows a damaged one was durable.
//   (B3) What is written otherwise than as a block ends the file: room is cut off before.
//
// Runs in: the log's thread.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"

namespace snapfork {

class LogFile {
 public:
  LogFile() = default;
  ~LogFile() { Close(); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  // Goes on behind the first `bytes` bytes; owns the descriptor.
  void Open(int fd, uint64_t bytes);
  // Cuts room off.
  void Close();

  // How many of the bytes are written; with fewer than all of them `error` says why.
  size_t Append(std::string_view bytes, int& error);
  // Writes commands as a block. False if nothing of it counts: then Append may help.
  bool AppendBlock(std::string_view commands);
  // fdatasync(2): 0 or its error.
  int Sync();

  // Of the first sync that has failed, also of one that was needed on the way.
  int sync_error() const { return sync_error_; }
  // Bytes of heads since it was made, over all files.
  uint64_t head_bytes() const { return head_bytes_; }

 private:
  bool Settle();
  bool CutRoom();
  bool MakeRoom(uint64_t end);
  int WriteAt(uint64_t offset, std::string_view bytes, size_t& done);

  int fd_ = -1;
  uint64_t bytes_ = 0;
  uint64_t room_end_ = 0;
  bool has_unsynced_block_ = false;
  int sync_error_ = 0;
  int64_t no_room_until_ms_ = 0;
  uint64_t head_bytes_ = 0;
  ByteBuffer block_;
};

}  // namespace snapfork
