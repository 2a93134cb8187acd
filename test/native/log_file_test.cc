// log_file_test.cc - blocks and room as they are written, and as they are read after power failed.

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "log_files.h"
#include "memory_limit.h"
#include "persist/log_block.h"
#include "persist/log_file.h"
#include "persist/log_reader.h"
#include "test.h"

namespace {

using namespace snapfork;
using sf::Command;
using sf::ContentOf;
using sf::DescriptorOf;
using sf::MemoryFile;
using sf::WithoutBlocks;

struct Read {
  std::string commands;
  LogReader::Outcome outcome = LogReader::Outcome::kEnd;
  uint64_t offset = 0;
  bool more_behind = false;
};

Read ReadAll(const std::string& bytes) {
  const int fd = MemoryFile(bytes);
  LogReader reader;
  EXPECT_OK(reader.Open(sf::PathOf(fd), 0));
  Read read;
  while ((read.outcome = reader.Next()) == LogReader::Outcome::kCommand) {
    ByteBuffer command;
    AppendCommand(command, reader.words());
    read.commands += command.view();
  }
  read.offset = reader.offset();
  if (read.outcome == LogReader::Outcome::kBad) read.more_behind = reader.HasCommandBehind();
  close(fd);
  return read;
}

// Of random bytes, among them what could be taken for something else.
std::string RandomCommands(sf::Random& random, size_t bytes) {
  std::string commands;
  while (commands.size() < bytes) {
    std::string value = random.Bytes(random.Below(300));
    if (random.Below(4) == 0) value += "\r\n*1\r\n$4\r\nPING\r\n#####\r\n";
    commands += Command({"SET", std::to_string(random.Below(1000)), value});
  }
  return commands;
}

// A file that is being written: so many blocks of commands, and room.
struct Live {
  std::vector<std::string> blocks;
  std::vector<size_t> ends;  // of them, in the file
  std::string content;

  std::string Commands(size_t count) const {
    std::string commands;
    for (size_t i = 0; i < count; ++i) commands += blocks[i];
    return commands;
  }
};

Live MakeLive(uint64_t stream, size_t count, size_t bytes_max) {
  sf::Random random(stream);
  const int fd = MemoryFile();
  LogFile file;
  file.Open(DescriptorOf(fd), 0);
  Live live;
  size_t end = 0;
  uint64_t heads = 0;
  for (size_t i = 0; i < count; ++i) {
    live.blocks.push_back(RandomCommands(random, 1 + random.Below(bytes_max)));
    EXPECT_TRUE(file.AppendBlock(live.blocks.back()));
    end += live.blocks.back().size() + file.head_bytes() - heads;
    heads = file.head_bytes();
    live.ends.push_back(end);
    EXPECT_EQ(file.Sync(), 0);
  }
  live.content = ContentOf(fd);
  close(fd);
  return live;
}

TEST(LogFile, WritesBlocksIntoRoomAndCutsItOff) {
  sf::Random random(470);
  const int fd = MemoryFile();
  LogFile file;
  file.Open(DescriptorOf(fd), 0);
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string commands = RandomCommands(random, random.Below(i % 50 == 0 ? 200'000 : 3000));
    ASSERT_TRUE(file.AppendBlock(commands));
    EXPECT_EQ(file.Sync(), 0);
    expected += commands;
  }
  const uint64_t bytes = expected.size() + file.head_bytes();
  EXPECT_TRUE(ContentOf(fd).size() > bytes);
  file.Close();
  const std::string content = ContentOf(fd);
  EXPECT_EQ(content.size(), bytes);
  EXPECT_TRUE(WithoutBlocks(content) == expected);
  const Read read = ReadAll(content);
  EXPECT_TRUE(read.commands == expected);
  EXPECT_TRUE(read.outcome == LogReader::Outcome::kEnd);
  close(fd);
}

// As Redis reads it: each line of an annotation begins with its mark, wherever a block has ended.
TEST(LogFile, HasRoomOfWholeAnnotations) {
  sf::Random random(471);
  for (size_t start = 0; start < 2 * kRoomLineBytes; start += 1 + random.Below(3)) {
    const int fd = MemoryFile(std::string(start, 'x'));
    LogFile file;
    file.Open(DescriptorOf(fd), start);
    const std::string commands = RandomCommands(random, random.Below(700));
    ASSERT_TRUE(file.AppendBlock(commands));
    const std::string content = ContentOf(fd);
    size_t at = start + file.head_bytes() + commands.size();
    EXPECT_EQ(content.substr(at - commands.size(), commands.size()), commands);
    EXPECT_EQ(content.size() % kRoomLineBytes, 0u);
    while (at < content.size()) {
      const size_t end = (at / kRoomLineBytes + 1) * kRoomLineBytes;
      const size_t marks = end - at - std::min(end - at, kLineEndBytes);
      ASSERT_EQ(content.substr(at, end - at), std::string(marks, '#') + "\r\n");
      EXPECT_TRUE(marks > 0);
      at = end;
    }
    file.Close();
    close(fd);
  }
}

TEST(LogFile, CutsRoomOffBeforeWhatIsNoBlock) {
  const int fd = MemoryFile();
  LogFile file;
  file.Open(DescriptorOf(fd), 0);
  const std::string one = Command({"SELECT", "1"});
  const std::string large = Command({"SET", "large", std::string(kBlockBytesMax, 'v')});
  int error = 0;
  EXPECT_TRUE(file.AppendBlock(one));
  EXPECT_FALSE(file.AppendBlock(large));
  EXPECT_EQ(file.Append(large, error), large.size());
  EXPECT_TRUE(ContentOf(fd).ends_with(large));
  EXPECT_TRUE(file.AppendBlock(one));
  EXPECT_EQ(file.Append(one, error), one.size());
  EXPECT_EQ(error, 0);
  const std::string content = ContentOf(fd);
  EXPECT_TRUE(ReadAll(content).commands == one + large + one + one);
  EXPECT_EQ(content.size(), 3 * one.size() + large.size() + file.head_bytes());
  file.Close();
  close(fd);
}

// 0, or what went wrong. The file may grow by less than room takes.
int WriteWithoutSpaceForRoom() {
  signal(SIGXFSZ, SIG_IGN);
  const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return 1;
  sf::Limit(RLIMIT_FSIZE, 5000);
  LogFile file;
  file.Open(DescriptorOf(fd), 0);
  const std::string command = Command({"SET", "a", std::string(1000, 'v')});
  int error = 0;
  for (int i = 0; i < 3; ++i) {
    if (file.AppendBlock(command)) return 2;
    if (file.Append(command, error) != command.size()) return 3;
  }
  return ContentOf(fd) == command + command + command && file.sync_error() == 0 ? 0 : 4;
}

TEST(LogFile, AppendsWhereThereIsNoSpaceForRoom) {
  EXPECT_EQ(sf::InChild(WriteWithoutSpaceForRoom), 0);
}

TEST(LogReader, PassesOverRoom) {
  const Live live = MakeLive(472, 40, 9000);
  const Read read = ReadAll(live.content);
  EXPECT_TRUE(read.commands == live.Commands(40));
  EXPECT_TRUE(read.outcome == LogReader::Outcome::kEnd);
  EXPECT_EQ(read.offset, live.ends.back());
}

// Any sectors of the last block may be missing: nothing of it is believed then.
TEST(LogReader, BelievesNothingOfABlockThatPowerHasCutShort) {
  const std::string room_line = std::string(kRoomLineBytes - kLineEndBytes, '#') + "\r\n";
  for (uint64_t stream = 480; stream < 492; ++stream) {
    const Live live = MakeLive(stream, 3, 2500);
    const size_t start = live.ends[1];
    const size_t first = start / kRoomLineBytes;
    const size_t sectors = (live.ends[2] - 1) / kRoomLineBytes - first + 1;
    for (size_t missing = 1; missing < size_t{1} << sectors; ++missing) {
      std::string content = live.content;
      for (size_t i = 0; i < sectors; ++i) {
        if ((missing >> i & 1) == 0) continue;
        const size_t at = std::max(start, (first + i) * kRoomLineBytes);
        const size_t skipped = at % kRoomLineBytes;
        content.replace(at, kRoomLineBytes - skipped, room_line.substr(skipped));
      }
      const Read read = ReadAll(content);
      ASSERT_TRUE(read.commands == live.Commands(2));
      EXPECT_EQ(read.offset, start);
      // With none of its commands it is as if it had not begun.
      EXPECT_TRUE(read.outcome != LogReader::Outcome::kBad);
    }
  }
}

TEST(LogReader, TellsADamagedBlockFromATornOne) {
  const Live live = MakeLive(473, 5, 4000);
  sf::Random random(474);
  for (int turn = 0; turn < 3000; ++turn) {
    std::string content = live.content;
    const size_t at = random.Below(live.ends[3]);
    content[at] = static_cast<char>(content[at] ^ (1 << random.Below(8)));
    const Read read = ReadAll(content);
    // Damage of a head alone may go unnoticed, and costs nothing.
    const bool is_unnoticed = read.commands == live.Commands(5);
    EXPECT_TRUE(live.Commands(5).starts_with(read.commands));
    EXPECT_TRUE(is_unnoticed || read.outcome == LogReader::Outcome::kBad);
    EXPECT_TRUE(is_unnoticed || read.more_behind);
  }
}

TEST(LogReader, BelievesABlockThatWasCutWithTheFile) {
  const Live live = MakeLive(475, 3, 3000);
  const std::string all = live.Commands(3);
  for (size_t bytes = live.ends[1]; bytes < live.ends[2]; ++bytes) {
    const Read read = ReadAll(live.content.substr(0, bytes));
    EXPECT_TRUE(all.starts_with(read.commands) && read.commands.size() >= live.Commands(2).size());
    EXPECT_TRUE(read.outcome == LogReader::Outcome::kTorn ||
                read.outcome == LogReader::Outcome::kEnd);
  }
}

// A program that knows no room goes on behind it.
TEST(LogReader, BelievesASelectBehindRoomAndWhatFollows) {
  const Live live = MakeLive(476, 2, 1000);
  const std::string select = Command({"SELECT", "0"});
  const std::string more = Command({"SET", "a", "1"});
  const Read read = ReadAll(live.content + select + more);
  EXPECT_TRUE(read.commands == live.Commands(2) + select + more);
  EXPECT_TRUE(read.outcome == LogReader::Outcome::kEnd);
  const Read unexpected = ReadAll(live.content + more + more);
  EXPECT_TRUE(unexpected.commands == live.Commands(2));
  EXPECT_TRUE(unexpected.outcome == LogReader::Outcome::kTorn);
}

}  // namespace
