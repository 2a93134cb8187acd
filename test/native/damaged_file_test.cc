// damaged_file_test.cc - files with values of every type, cut and damaged, through the loader.
//
// Whatever the bytes: an error or values that can be read in full, no read out of bounds (under the
// sanitizers), and nothing left behind. The checksum is off: the bytes stand for themselves.

#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "keyspace/digest.h"
#include "payloads.h"
#include "persist/keyspace_load.h"
#include "test.h"

namespace {

using namespace snapfork;

// A file in memory that is opened by its name.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("file", MFD_CLOEXEC)) {}
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  void Write(const std::string& bytes) {
    EXPECT_EQ(ftruncate(fd_, 0), 0);
    EXPECT_EQ(pwrite(fd_, bytes.data(), bytes.size(), 0), bytes.size());
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  const int fd_;
};

// A file of one key whose value is that of a payload.
std::string FileOf(const std::string& payload) {
  std::string file = "REDIS0012";
  file.append("\xfe\0", 2);
  file.append(payload, 0, 1);
  file.append("\1k", 2);
  file.append(payload, 1, payload.size() - 1 - sf::kPayloadFooterBytes);
  file.push_back(static_cast<char>(0xff));
  file.append(8, '\0');
  return file;
}

class DamagedFiles {
 public:
  // Loads a file that may be anything; what is taken is read in full and removed.
  bool Try(const std::string& bytes, bool deep) {
    file_.Write(bytes);
    KeyspaceLoad load(fixture_.keyspace, file_.path(),
                      {.checksum = false, .deep = deep, .now_ms = sf::kNow});
    EXPECT_OK(load.Open());
    const bool loaded = load.Run().ok();
    DigestOf(fixture_.keyspace);
    fixture_.keyspace.Flush(0);
    EXPECT_EQ(fixture_.keyspace.arena().used_bytes(), 0);
    return loaded;
  }
  bool Try(const std::string& bytes) {
    const bool deep = Try(bytes, true);
    EXPECT_TRUE(Try(bytes, false) || !deep);
    return deep;
  }

 private:
  sf::PayloadFixture fixture_;
  MemoryFile file_;
};

TEST(DamagedFile, OfEveryTypeIsSoundBefore) {
  sf::PayloadFixture values;
  DamagedFiles files;
  for (const std::string& payload : sf::AllPayloads(values.keyspace, 12)) {
    EXPECT_TRUE(files.Try(FileOf(payload)));
  }
}

TEST(DamagedFile, IsRefusedWhereverItIsCut) {
  sf::PayloadFixture values;
  DamagedFiles files;
  for (const std::string& payload : sf::AllPayloads(values.keyspace, 12)) {
    const std::string file = FileOf(payload);
    for (size_t bytes = 0; bytes < file.size(); ++bytes) {
      EXPECT_FALSE(files.Try(file.substr(0, bytes)));
    }
  }
}

TEST(DamagedFile, SurvivesFlippedBits) {
  sf::PayloadFixture values;
  DamagedFiles files;
  sf::Random random(3);
  for (const std::string& payload : sf::AllPayloads(values.keyspace, 12)) {
    for (int turn = 0; turn < 2000; ++turn) {
      files.Try(FileOf(sf::WithFlippedBit(payload, random)));
    }
  }
}

TEST(DamagedFile, SurvivesChangedStructure) {
  sf::PayloadFixture values;
  DamagedFiles files;
  sf::Random random(4);
  for (const std::string& payload : sf::AllPayloads(values.keyspace, 12)) {
    for (int turn = 0; turn < 2000; ++turn) {
      files.Try(FileOf(sf::WithChangedStructure(payload, random)));
    }
  }
}

}  // namespace
