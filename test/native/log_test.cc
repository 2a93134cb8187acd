// log_test.cc - the log's thread over files that fail, and files of commands that are damaged.

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <string>
#include <string_view>

#include "log_files.h"
#include "memory_limit.h"
#include "memory_probe.h"
#include "persist/command_log.h"
#include "persist/log_reader.h"
#include "persist/log_replay.h"
#include "persist/log_thread.h"
#include "test.h"

namespace {

using namespace snapfork;

using sf::Command;
using sf::ContentOf;
using sf::DescriptorOf;
using sf::MemoryFile;
using sf::PathOf;
using sf::WithoutBlocks;

void Ignore(void*) {}

TEST(LogThread, WritesInOrderWhateverThePolicy) {
  for (const LogSync sync : {LogSync::kAlways, LogSync::kEverySecond, LogSync::kNever}) {
    std::string expected = "before";
    const int fd = MemoryFile(expected);
    sf::Random random(450);
    {
      LogThread log(Ignore, nullptr);
      ASSERT_OK(log.Start(DescriptorOf(fd), expected.size(), sync));
      for (int i = 0; i < 3000; ++i) {
        const std::string bytes = random.Bytes(random.Below(200));
        log.Append(bytes);
        expected += bytes;
        if (i % 1000 == 0) usleep(2000);
      }
    }
    const std::string content = ContentOf(fd);
    EXPECT_TRUE((sync == LogSync::kAlways ? WithoutBlocks(content, 6) : content) == expected);
    close(fd);
  }
}

TEST(LogThread, WritesInOrderMoreThanOneBufferHolds) {
  for (const LogSync sync : {LogSync::kAlways, LogSync::kEverySecond}) {
    const int fd = MemoryFile();
    LogThread log(Ignore, nullptr);
    ASSERT_OK(log.Start(DescriptorOf(fd), 0, sync));
    std::string expected;
    for (size_t round = 0; round < 500; ++round) {
      // From little to more than a buffer has.
      const size_t bytes = round == 250 ? (5u << 20) : 1 + round * 97;
      const std::string piece(bytes, static_cast<char>('a' + round % 26));
      log.Append(piece);
      expected += piece;
    }
    log.RequestSync();
    EXPECT_TRUE(sf::WaitFor([&] { return log.progress().synced == expected.size(); }));
    log.Stop();
    const std::string content = ContentOf(fd);
    EXPECT_TRUE(WithoutBlocks(content) == expected);
    EXPECT_EQ(content.size(), expected.size() + log.progress().head_bytes);
    EXPECT_EQ(log.progress().head_bytes > 0, sync == LogSync::kAlways);
    close(fd);
  }
}

TEST(LogThread, TellsWhatIsSynced) {
  const int fd = MemoryFile();
  std::atomic<int> notices{0};
  const auto count = [](void* context) { ++*static_cast<std::atomic<int>*>(context); };
  LogThread log(count, &notices);
  ASSERT_OK(log.Start(DescriptorOf(fd), 0, LogSync::kNever));
  log.Append("abc");
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().written == 3; }));
  EXPECT_EQ(log.progress().synced, 0);
  log.RequestSync();
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().synced == 3; }));
  log.SetSync(LogSync::kAlways);
  log.Append("defg");
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().synced == 7; }));
  EXPECT_TRUE(notices > 0);
  // Whoever asks may have looked before the last sync ended: he waits for another word.
  for (int i = 0; i < 20; ++i) {
    usleep(2000);
    const int before = notices;
    log.RequestSync();
    ASSERT_TRUE(sf::WaitFor([&] { return notices > before; }));
  }
  log.Stop();
  close(fd);
}

TEST(LogThread, GoesOnInAnotherFile) {
  const int first = MemoryFile();
  const int second = MemoryFile();
  LogThread log(Ignore, nullptr);
  ASSERT_OK(log.Start(DescriptorOf(first), 0, LogSync::kEverySecond));
  log.Append("one");
  log.Rotate(DescriptorOf(second));
  log.Append("two");
  log.Stop();
  EXPECT_EQ(ContentOf(first), "one");
  EXPECT_EQ(ContentOf(second), "two");
  close(first);
  close(second);
}

// The file may not grow for a while: a short write, then none. 0, or what went wrong.
int WriteToAFullFile() {
  signal(SIGXFSZ, SIG_IGN);
  const int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return 1;
  sf::Limit(RLIMIT_FSIZE, 5);
  LogThread log(Ignore, nullptr);
  if (!log.Start(DescriptorOf(fd), 0, LogSync::kAlways).ok()) return 2;
  log.Append("0123456789");
  if (!sf::WaitFor([&] { return log.progress().write_errno != 0; })) return 3;
  if (log.progress().write_errno != EFBIG) return 4;
  log.Append("abc");
  if (ContentOf(fd) != "01234") return 5;
  sf::Limit(RLIMIT_FSIZE, 1000);
  if (!sf::WaitFor([&] { return log.progress().synced == 13; })) return 6;
  if (log.progress().write_errno != 0) return 7;
  return ContentOf(fd) == "0123456789abc" ? 0 : 8;
}

TEST(LogThread, LeavesNoHoleBehindAShortWrite) { EXPECT_EQ(sf::InChild(WriteToAFullFile), 0); }

// /dev/full takes nothing: what was for it is given up once a base has it.
TEST(LogThread, GivesUpWhatANewBaseHas) {
  const int second = MemoryFile();
  LogThread log(Ignore, nullptr);
  ASSERT_OK(log.Start(open("/dev/full", O_WRONLY | O_CLOEXEC), 0, LogSync::kAlways));
  log.Append("lost");
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().write_errno == ENOSPC; }));
  log.Rotate(DescriptorOf(second));
  log.Append("kept");
  log.Forgive();
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().synced == 8; }));
  EXPECT_EQ(log.progress().write_errno, 0);
  EXPECT_EQ(WithoutBlocks(ContentOf(second)), "kept");
  log.Stop();
  close(second);
}

// Of a character device all bytes are taken, and none can be synced.
TEST(LogThread, NeverCallsSyncedWhatAFailedSyncMayHaveLost) {
  const int second = MemoryFile();
  LogThread log(Ignore, nullptr);
  ASSERT_OK(log.Start(open("/dev/null", O_WRONLY | O_CLOEXEC), 0, LogSync::kAlways));
  log.Append("lost");
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().sync_errno == EINVAL; }));
  log.Append("more");
  log.RequestSync();
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().written == 8; }));
  EXPECT_EQ(log.progress().synced, 0u);
  log.Rotate(DescriptorOf(second));
  log.Append("kept");
  log.Forgive();
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().synced == 12; }));
  EXPECT_EQ(log.progress().sync_errno, 0);
  EXPECT_EQ(WithoutBlocks(ContentOf(second)), "kept");
  log.Stop();
  close(second);
}

// A base has nothing of what came behind it.
TEST(LogThread, ForgivesNoSyncThatFailedBehindTheBase) {
  const int first = MemoryFile();
  const int third = MemoryFile();
  LogThread log(Ignore, nullptr);
  ASSERT_OK(log.Start(DescriptorOf(first), 0, LogSync::kAlways));
  log.Append("old");
  log.Rotate(open("/dev/null", O_WRONLY | O_CLOEXEC));
  log.Append("lost");
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().sync_errno == EINVAL; }));
  log.Forgive();
  EXPECT_EQ(log.progress().sync_errno, EINVAL);
  log.Append("more");
  log.RequestSync();
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().written == 11; }));
  EXPECT_EQ(log.progress().synced, 3u);
  log.Rotate(DescriptorOf(third));
  log.Forgive();
  EXPECT_TRUE(sf::WaitFor([&] { return log.progress().synced == 11; }));
  EXPECT_EQ(log.progress().sync_errno, 0);
  log.Stop();
  close(first);
  close(third);
}

TEST(CommandLog, WrapsSeveralEffectsOfOneUnit) {
  const int fd = MemoryFile();
  LogThread thread(Ignore, nullptr);
  ASSERT_OK(thread.Start(DescriptorOf(fd), 0, LogSync::kNever));
  CommandLog log(thread);
  const std::array<std::string_view, 2> get{"DEL", "a"};
  log.Commit(true);  // nothing
  log.Add(3, get);
  log.Commit(true);
  log.OnKeyExpired(3, "b");
  log.OnFieldExpired(4, "h", "f");
  log.Commit(true);
  log.Add(3, get);
  log.Add(3, get);
  log.Commit(false);
  log.StartFile();
  log.Add(3, get);
  log.Commit(true);
  thread.Stop();
  const std::string del = Command({"DEL", "a"});
  EXPECT_EQ(ContentOf(fd), Command({"SELECT", "3"}) + del + Command({"MULTI"}) +
                               Command({"DEL", "b"}) + Command({"SELECT", "4"}) +
                               Command({"HDEL", "h", "f"}) + Command({"EXEC"}) +
                               Command({"SELECT", "3"}) + del + del +
                               Command({"SELECT", "3"}) + del);
  close(fd);
}

struct Read {
  int commands = 0;
  LogReader::Outcome outcome = LogReader::Outcome::kEnd;
  uint64_t offset = 0;
  bool more_behind = false;
};

Read ReadAll(const std::string& bytes) {
  const int fd = MemoryFile(bytes);
  LogReader reader;
  EXPECT_OK(reader.Open(PathOf(fd), 0));
  Read read;
  while ((read.outcome = reader.Next()) == LogReader::Outcome::kCommand) ++read.commands;
  read.offset = reader.offset();
  if (read.outcome == LogReader::Outcome::kBad) read.more_behind = reader.HasCommandBehind();
  close(fd);
  return read;
}

TEST(LogReader, ReadsCommandsOfAnySizeAndAnnotations) {
  std::string bytes = "#TS:1700000000\r\n";
  for (const size_t size : {0u, 1u, 1000u, 3u << 20, 17u}) {
    bytes += Command({"SET", "key", std::string(size, 'v')});
    bytes += "# anything\n";
  }
  bytes += Command({"PING"});
  const Read read = ReadAll(bytes);
  EXPECT_EQ(read.commands, 6);
  EXPECT_TRUE(read.outcome == LogReader::Outcome::kEnd);
}

TEST(LogReader, StopsBeforeWhatWasLoggedTooLate) {
  const std::string early = "#TS:100\r\n" + Command({"SET", "a", "1"});
  const std::string bytes = early + "#TS:101\r\n" + Command({"SET", "b", "2"});
  const int fd = MemoryFile(bytes);
  LogReader reader;
  EXPECT_OK(reader.Open(PathOf(fd), 0));
  reader.StopAfter(100);
  EXPECT_TRUE(reader.Next() == LogReader::Outcome::kCommand);
  EXPECT_TRUE(reader.Next() == LogReader::Outcome::kStopped);
  EXPECT_EQ(reader.offset(), early.size());
  close(fd);
}

TEST(LogReader, TellsWhereTheFileIsCut) {
  const std::string whole = Command({"SET", "a", "1"}) + Command({"SET", "b", "22"});
  const std::string cut = whole + Command({"SET", "c", "333"});
  for (size_t bytes = whole.size() + 1; bytes < cut.size(); ++bytes) {
    const Read read = ReadAll(cut.substr(0, bytes));
    EXPECT_EQ(read.commands, 2);
    EXPECT_TRUE(read.outcome == LogReader::Outcome::kTorn);
    EXPECT_EQ(read.offset, whole.size());
  }
}

TEST(LogReader, TellsATailFromDamageInTheMiddle) {
  const std::string whole = Command({"SET", "a", "1"});
  const Read zeros = ReadAll(whole + std::string(2 << 20, '\0'));
  EXPECT_TRUE(zeros.outcome == LogReader::Outcome::kTorn);
  EXPECT_EQ(zeros.offset, whole.size());
  for (const char* const damage : {"x", "*x\r\n", "*0\r\n", "*1\n", "*1\r\n:3\r\n",
                                   "*1\r\n$-1\r\n", "*1\r\n$1\r\nab\r\n",
                                   "*1\r\n$999999999999\r\n"}) {
    const Read tail = ReadAll(whole + damage);
    EXPECT_TRUE(tail.outcome == LogReader::Outcome::kBad);
    EXPECT_EQ(tail.offset, whole.size());
    EXPECT_FALSE(tail.more_behind);
    const Read middle = ReadAll(whole + damage + std::string(3 << 20, '*') + whole);
    EXPECT_TRUE(middle.outcome == LogReader::Outcome::kBad);
    EXPECT_EQ(middle.offset, whole.size());
    EXPECT_TRUE(middle.more_behind);
  }
}

TEST(LogReader, SurvivesFlippedBits) {
  sf::Random random(460);
  std::string whole;
  for (int i = 0; i < 20; ++i) whole += Command({"RPUSH", "list", std::to_string(i), "element"});
  for (int turn = 0; turn < 2000; ++turn) {
    std::string bytes = whole;
    for (uint64_t i = 1 + random.Below(3); i > 0; --i) {
      const size_t at = random.Below(bytes.size());
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
    }
    if (random.Below(4) == 0) bytes.resize(random.Below(bytes.size()));
    EXPECT_TRUE(ReadAll(bytes).commands <= 20);
  }
}

// A transaction without its end is not begun.
TEST(LogReplay, RunsTransactionsWholeOrNotAtAll) {
  Keyspace keyspace;
  ASSERT_OK(keyspace.Open({.databases = 2, .backing = Backing::kSmallPages}));
  const std::string before = Command({"SELECT", "1"}) + Command({"SET", "a", "1"});
  const std::string transaction =
      Command({"multi"}) + Command({"INCR", "a"}) + Command({"INCRBY", "a", "5"});
  const auto run = [&](const std::string& bytes, uint64_t& offset) {
    const int fd = MemoryFile(bytes);
    LogReplay replay(keyspace);
    EXPECT_OK(replay.Open(PathOf(fd), 0));
    const LogReplay::Outcome outcome = replay.Run(1'000'000);
    offset = replay.offset();
    close(fd);
    return outcome;
  };
  const auto value = [&] {
    char digits[kIntegerTextMax];
    return std::string(keyspace.StringOf(keyspace.Lookup(1, "a").entry, digits));
  };
  uint64_t offset = 0;
  EXPECT_TRUE(run(before + transaction, offset) == LogReplay::Outcome::kTorn);
  EXPECT_EQ(offset, before.size());
  EXPECT_EQ(value(), "1");
  EXPECT_TRUE(run(before + transaction + Command({"EXEC"}), offset) == LogReplay::Outcome::kEnd);
  EXPECT_EQ(value(), "7");
  EXPECT_TRUE(run(Command({"SELECT", "2"}), offset) == LogReplay::Outcome::kRefused);
  EXPECT_TRUE(run(Command({"GETSET", "a", "b"}), offset) == LogReplay::Outcome::kCommand);
}

}  // namespace
