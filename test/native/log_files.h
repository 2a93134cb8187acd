// log_files.h - files in memory that hold commands, and what is in them.

#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "persist/command_log.h"
#include "persist/log_block.h"
#include "test.h"

namespace sf {

inline std::string PathOf(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

inline std::string ContentOf(int fd) {
  struct stat facts;
  EXPECT_EQ(fstat(fd, &facts), 0);
  std::string bytes(static_cast<size_t>(facts.st_size), '\0');
  EXPECT_EQ(pread(fd, bytes.data(), bytes.size(), 0), bytes.size());
  return bytes;
}

inline int MemoryFile() { return memfd_create("log", MFD_CLOEXEC); }

inline int MemoryFile(std::string_view bytes) {
  const int fd = MemoryFile();
  EXPECT_EQ(write(fd, bytes.data(), bytes.size()), bytes.size());
  return fd;
}

// Logs close what they are given.
inline int DescriptorOf(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

inline std::string Command(std::initializer_list<std::string_view> words) {
  snapfork::ByteBuffer bytes;
  snapfork::AppendCommand(bytes, std::vector<std::string_view>(words));
  return std::string(bytes.view());
}

// What blocks and room are around, from `start` on.
inline std::string WithoutBlocks(const std::string& bytes, size_t start = 0) {
  std::string commands = bytes.substr(0, start);
  for (size_t at = start; at < bytes.size();) {
    const size_t annotation = std::min(bytes.find('#', at), bytes.size());
    commands += bytes.substr(at, annotation - at);
    const size_t end = std::min(bytes.find('\n', annotation), bytes.size());
    snapfork::BlockHead head{};
    snapfork::ParseBlockHead(std::string_view(bytes).substr(annotation, end - annotation), head);
    if (end < bytes.size()) commands += bytes.substr(end + 1, head.bytes);
    at = end + 1 + head.bytes;
  }
  return commands;
}

}  // namespace sf
