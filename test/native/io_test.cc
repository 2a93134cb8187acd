// io_test.cc - whole writes and syncs.
//
// Short writes come from a pipe with a slow reader and from a file size limit; a full device is
// /dev/full.

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "persist/file_sink.h"
#include "persist/file_source.h"
#include "test.h"

namespace {

using snapfork::FileSink;
using snapfork::FileSource;
using snapfork::Status;
using snapfork::StatusCode;

// An unlinked file in the temporary directory.
int TemporaryFile() {
  char path[] = "/tmp/snapfork-test-XXXXXX";
  const int fd = mkstemp(path);
  unlink(path);
  return fd;
}

struct PipeReader {
  int fd;
  std::string got;
};

void* ReadSlowly(void* argument) {
  // The signals are for the writer.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  auto* reader = static_cast<PipeReader*>(argument);
  char buffer[1000];
  for (;;) {
    const ssize_t n = read(reader->fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;  // one that came before the mask
    if (n <= 0) return nullptr;
    reader->got.append(buffer, static_cast<size_t>(n));
  }
}

TEST(WriteFully, WritesMoreThanAPipeHoldsWhileSignalsInterrupt) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  struct sigaction action = {};
  struct sigaction old_action = {};
  action.sa_handler = [](int) {};
  sigaction(SIGALRM, &action, &old_action);
  const itimerval often = {{0, 200}, {0, 200}};
  const itimerval never = {};
  const std::string bytes = sf::Random(1).Bytes(1 << 20);
  PipeReader reader{fds[0], {}};
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, nullptr, ReadSlowly, &reader), 0);
  setitimer(ITIMER_REAL, &often, nullptr);
  EXPECT_OK(snapfork::WriteFully(fds[1], bytes.data(), bytes.size()));
  setitimer(ITIMER_REAL, &never, nullptr);
  close(fds[1]);
  pthread_join(thread, nullptr);
  close(fds[0]);
  sigaction(SIGALRM, &old_action, nullptr);
  EXPECT_TRUE(reader.got == bytes);
}

TEST(WriteFully, ReturnsNoSpaceOnAFullDevice) {
  const int fd = open("/dev/full", O_WRONLY);
  ASSERT_TRUE(fd >= 0);
  EXPECT_EQ(snapfork::WriteFully(fd, "x", 1), Status(StatusCode::kNoSpace, ENOSPC));
  close(fd);
}

TEST(WriteFully, ReturnsNoSpaceAtTheFileSizeLimitAfterAShortWrite) {
  const int fd = TemporaryFile();
  rlimit old_limit;
  getrlimit(RLIMIT_FSIZE, &old_limit);
  const auto old_handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit limit = {100, old_limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const Status status = snapfork::WriteFully(fd, std::string(150, 'x').data(), 150);
  setrlimit(RLIMIT_FSIZE, &old_limit);
  signal(SIGXFSZ, old_handler);
  EXPECT_EQ(status, Status(StatusCode::kNoSpace, EFBIG));
  EXPECT_EQ(lseek(fd, 0, SEEK_END), 100);
  close(fd);
}

TEST(WriteFully, ReturnsTheErrnoOfABadDescriptor) {
  EXPECT_EQ(snapfork::WriteFully(-1, "x", 1), Status(StatusCode::kIo, EBADF));
  EXPECT_OK(snapfork::WriteFully(-1, nullptr, 0));
}

TEST(SyncFile, SyncsAFileAndRefusesAPipe) {
  const int fd = TemporaryFile();
  EXPECT_OK(snapfork::SyncFile(fd));
  close(fd);
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  EXPECT_EQ(snapfork::SyncFile(fds[1]), Status(StatusCode::kIo, EINVAL));
  close(fds[0]);
  close(fds[1]);
}

TEST(SyncDirectoryOf, TakesTheParentOfAnyKindOfPath) {
  EXPECT_OK(snapfork::SyncDirectoryOf("/tmp/dump.rdb"));
  EXPECT_OK(snapfork::SyncDirectoryOf("dump.rdb"));
  EXPECT_OK(snapfork::SyncDirectoryOf("./dump.rdb"));
  EXPECT_OK(snapfork::SyncDirectoryOf("/tmp//dump.rdb"));
  EXPECT_EQ(snapfork::SyncDirectoryOf("/no-such-directory/dump.rdb"),
            Status(StatusCode::kIo, ENOENT));
  const std::string long_path = "/" + std::string(PATH_MAX, 'd') + "/dump.rdb";
  EXPECT_EQ(snapfork::SyncDirectoryOf(long_path.c_str()), Status(StatusCode::kIo, ENAMETOOLONG));
}

TEST(FileSink, WritesManyWindowsInOrder) {
  const int fd = TemporaryFile();
  FileSink sink(fd);
  const std::string piece = sf::Random(2).Bytes(3 << 20);
  for (int i = 0; i < 15; ++i) ASSERT_OK(sink.Write(piece.data(), piece.size()));
  EXPECT_EQ(sink.offset(), 15 * piece.size());
  EXPECT_EQ(lseek(fd, 0, SEEK_END), 15 * piece.size());
  std::string back(piece.size(), '\0');
  EXPECT_EQ(pread(fd, back.data(), back.size(), 14 * (3 << 20)), piece.size());
  EXPECT_TRUE(back == piece);
  close(fd);
}

TEST(FileSink, WritesToAPipeAlthoughItHasNoEarlyWriteback) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  PipeReader reader{fds[0], {}};
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, nullptr, ReadSlowly, &reader), 0);
  FileSink sink(fds[1]);
  const std::string piece(5 << 20, 'p');
  for (int i = 0; i < 4; ++i) EXPECT_OK(sink.Write(piece.data(), piece.size()));
  close(fds[1]);
  pthread_join(thread, nullptr);
  close(fds[0]);
  EXPECT_EQ(reader.got.size(), 20u << 20);
}

// A clock that only naps move.
int64_t test_now_micros = 0;
int64_t longest_nap_micros = 0;
int64_t TestNow() { return test_now_micros; }
void TestNap(int64_t micros) {
  test_now_micros += micros;
  longest_nap_micros = std::max(longest_nap_micros, micros);
}

TEST(FileSink, TakesItsTimeForEveryByteOfAWriteAndBeatsMeanwhile) {
  test_now_micros = 5'000'000;
  longest_nap_micros = 0;
  std::atomic<uint32_t> beats{0};
  snapfork::FileSinkOptions options;
  options.bytes_per_second = 1 << 20;
  options.beats = &beats;
  options.now_micros = TestNow;
  options.nap = TestNap;
  const int fd = TemporaryFile();
  FileSink sink(fd, 0, options);
  const std::string piece = sf::Random(4).Bytes(3 << 20);
  ASSERT_OK(sink.Write(piece.data(), piece.size()));
  EXPECT_TRUE(test_now_micros >= 8'000'000);
  EXPECT_TRUE(test_now_micros < 8'100'000);
  EXPECT_TRUE(longest_nap_micros <= FileSink::kNapMicrosMax);
  EXPECT_TRUE(beats.load() >= 3'000'000 / FileSink::kNapMicrosMax);
  std::string back(piece.size(), '\0');
  EXPECT_EQ(pread(fd, back.data(), back.size(), 0), piece.size());
  EXPECT_TRUE(back == piece);
  close(fd);
}

TEST(FileSink, LeavesNothingToTheCacheOnlyIfItIsTold) {
  snapfork::FileSinkOptions options;
  options.drops_cache = true;
  const int fd = TemporaryFile();
  FileSink sink(fd, 0, options);
  const std::string piece = sf::Random(5).Bytes(3 << 20);
  for (int i = 0; i < 15; ++i) ASSERT_OK(sink.Write(piece.data(), piece.size()));
  std::string back(piece.size(), '\0');
  EXPECT_EQ(pread(fd, back.data(), back.size(), 0), piece.size());
  EXPECT_TRUE(back == piece);
  close(fd);
}

TEST(RateLimit, MakesUpForATenthOfASecondAtMost) {
  snapfork::RateLimit limit(1000, 0);
  EXPECT_EQ(limit.Spend(500, 0), 500'000);
  // What was paid for long ago is gone, but for the burst.
  EXPECT_EQ(limit.Spend(100, 10'000'000), 0);
  EXPECT_EQ(limit.Spend(50, 10'000'000), 50'000);
}

TEST(RateLimit, LosesNoPartOfAMicrosecond) {
  constexpr uint64_t kRate = 3'000'000;
  snapfork::RateLimit limit(kRate, 0);
  int64_t now = 0;
  for (int i = 0; i < 3000; ++i) now += limit.Spend(1, now);
  EXPECT_EQ(now, 1000);
}

TEST(FileSink, ReturnsTheOffsetOfTheWriteThatFailed) {
  const int fd = open("/dev/full", O_WRONLY);
  FileSink sink(fd, 1000);
  EXPECT_EQ(sink.Write("x", 1), Status(StatusCode::kNoSpace, ENOSPC, 1000));
  close(fd);
}

TEST(FileSource, KnowsTheSizeOfAFileAndReadsItToTheEnd) {
  const int fd = TemporaryFile();
  const std::string bytes = sf::Random(3).Bytes(10000);
  ASSERT_OK(snapfork::WriteFully(fd, bytes.data(), bytes.size()));
  lseek(fd, 0, SEEK_SET);
  FileSource source(fd);
  ASSERT_OK(source.Open());
  EXPECT_EQ(source.total_bytes(), bytes.size());
  std::string back(20000, '\0');
  size_t got = 0;
  ASSERT_OK(source.Read(back.data(), back.size(), got));
  EXPECT_TRUE(back.substr(0, got) == bytes);
  ASSERT_OK(source.Read(back.data(), back.size(), got));
  EXPECT_EQ(got, 0u);
  close(fd);
}

TEST(FileSource, DoesNotKnowTheSizeOfAPipe) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  FileSource source(fds[0]);
  ASSERT_OK(source.Open());
  EXPECT_EQ(source.total_bytes(), FileSource::kUnknownBytes);
  close(fds[0]);
  close(fds[1]);
}

TEST(FileSource, ReturnsTheErrnoOfAReadThatFailed) {
  const int fd = open("/tmp", O_RDONLY | O_DIRECTORY);
  FileSource source(fd);
  ASSERT_OK(source.Open());
  char byte;
  size_t got = 0;
  EXPECT_EQ(source.Read(&byte, 1, got), Status(StatusCode::kIo, EISDIR, 0));
  close(fd);
}

}  // namespace
