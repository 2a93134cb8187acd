// rdb_loader_test.cc - files of all kinds, sound and hostile, byte by byte.
//
// Files are put together here by hand; each is loaded with large and with tiny buffers, since the
// seams between two reads are where a loader goes wrong.

#include "persist/rdb_loader.h"

#include <string>

#include "base/crc64.h"
#include "memory_io.h"
#include "test.h"

namespace {

using namespace std::string_literals;
using sf::LoadBytes;
using sf::Loaded;
using snapfork::kNoExpiry;
using snapfork::RdbLoadOptions;
using snapfork::Status;
using snapfork::StatusCode;
using Calls = std::vector<std::string>;

std::string WithChecksum(std::string body) {
  const uint64_t crc = snapfork::Crc64(0, body.data(), body.size());
  return body + std::string(reinterpret_cast<const char*>(&crc), sizeof(crc));
}

// A file of version 11 around `body`.
std::string File(const std::string& body) { return WithChecksum("REDIS0011" + body + "\xff"); }

// The status of a file, which must not depend on how the bytes arrive.
Status StatusOf(const std::string& file, RdbLoadOptions options = {}) {
  const Status status = LoadBytes(file, options).status;
  options.buffer_bytes = 64;
  EXPECT_EQ(LoadBytes(file, options).status, status);
  EXPECT_EQ(LoadBytes(file, options, {.read_bytes = 1}).status, status);
  return status;
}

Status At(StatusCode code, int64_t offset) { return Status(code, 0, offset); }

std::string Joined(const Calls& calls) {
  std::string text;
  for (const std::string& call : calls) text += call + "; ";
  return text;
}

// Every opcode and every string encoding, made by the writer and by hand.
std::string Sample() {
  sf::WriterFixture fixture;
  snapfork::RdbWriter& writer = fixture.writer;
  EXPECT_OK(writer.Begin());
  EXPECT_OK(writer.WriteAux("redis-ver", "7.2.4"));
  EXPECT_OK(writer.BeginDatabase(0, 4, 1));
  EXPECT_OK(writer.WriteString("plain", "value", kNoExpiry));
  EXPECT_OK(writer.WriteString("volatile", "v", 2000000000000));
  EXPECT_OK(writer.WriteString(std::string(70, 'k'), std::string(300, 'z'), kNoExpiry));
  EXPECT_OK(writer.WriteString("-5", "70000", kNoExpiry));
  EXPECT_OK(writer.WriteString("300", "12345678901", kNoExpiry));
  EXPECT_OK(writer.BeginDatabase(9, 1, 0));
  EXPECT_OK(writer.WriteString("", "", kNoExpiry));
  EXPECT_OK(writer.Finish());
  std::string body = fixture.sink.bytes.substr(0, fixture.sink.bytes.size() - 9);
  body += "\xfd\x00\x94\x35\x77\x00\x03old\x03key"s;  // Expires at 2000000000 s.
  body += "\xf8\x40\x64\xf9\x07\x00\x01i\xc0\x01"s;   // Idle, frequency.
  body += "\xf4\x01\x02\x03\xf5\x05#!lua"s;           // Slot, function.
  body += "\xf7\x81\1\2\3\4\5\6\7\x08\x02\x01"s;      // Module data of all kinds.
  body +=
      "\x01\x05\x02\x06\x03"
      "abcd\x04"
      "abcdefgh\x05\x02hi\x00"s;
  return WithChecksum(body + "\xff");
}

const Calls& SampleCalls() {
  static const Calls calls = {
      "aux redis-ver=7.2.4",
      "db 0",
      "resize 4 1",
      "string plain=value",
      "string volatile=v @2000000000000",
      "string " + std::string(70, 'k') + "=" + std::string(300, 'z'),
      "integer -5=70000",
      "string 300=12345678901",
      "db 9",
      "resize 1 0",
      "string =",
      "string old=key @2000000000000",
      "integer i=1",
      "functions #!lua",
  };
  return calls;
}

TEST(RdbLoader, LoadsEveryOpcodeAndStringEncoding) {
  const std::string file = Sample();
  const Loaded loaded = LoadBytes(file);
  ASSERT_OK(loaded.status);
  EXPECT_EQ(Joined(loaded.calls), Joined(SampleCalls()));
  EXPECT_EQ(loaded.keys, 8u);
  EXPECT_EQ(loaded.expired, 0u);
  EXPECT_EQ(loaded.bytes, file.size());
  EXPECT_EQ(loaded.version, 10);
}

TEST(RdbLoader, LoadsTheSameHoweverTheBytesArrive) {
  const std::string file = Sample();
  for (size_t buffer : {64u, 65u, 80u, 100u, 333u, 100000u}) {
    for (size_t read : {1u, 2u, 3u, 7u, 50u, 1000u}) {
      for (bool knows_size : {false, true}) {
        const Loaded loaded = LoadBytes(file, {.buffer_bytes = buffer},
                                        {.read_bytes = read, .knows_size = knows_size});
        ASSERT_OK(loaded.status);
        ASSERT_EQ(loaded.calls.size(), SampleCalls().size());
        for (size_t i = 0; i < loaded.calls.size(); ++i) {
          // The hint depends on whether the size is known.
          if (!loaded.calls[i].starts_with("resize")) {
            ASSERT_EQ(loaded.calls[i], SampleCalls()[i]);
          }
        }
        ASSERT_EQ(loaded.bytes, file.size());
      }
    }
  }
}

TEST(RdbLoader, LoadsWhatTheWriterWroteForRandomEntries) {
  sf::Random random(30);
  for (int round = 0; round < 20; ++round) {
    sf::WriterFixture fixture(SIZE_MAX, {.compression = round % 2 == 0});
    ASSERT_OK(fixture.writer.Begin());
    ASSERT_OK(fixture.writer.BeginDatabase(3, 0, 0));
    Calls expected = {"db 3", "resize 0 0"};
    for (int i = 0; i < 100; ++i) {
      const std::string key = "k" + random.Bytes(random.Below(100));
      std::string value = "v" + random.Bytes(random.Below(random.Below(20) == 0 ? 200000 : 80));
      if (random.Below(2) == 0) value += value + value;
      const bool expires = random.Below(2) == 0;
      const auto at_ms = static_cast<int64_t>(random.Below(1ull << 60)) + 1;
      ASSERT_OK(fixture.writer.WriteString(key, value, expires ? at_ms : kNoExpiry));
      expected.push_back("string " + key + "=" + value +
                         (expires ? " @" + std::to_string(at_ms) : ""));
    }
    ASSERT_OK(fixture.writer.Finish());
    const size_t buffer = 64 + random.Below(100000);
    const Loaded loaded = LoadBytes(fixture.sink.bytes, {.buffer_bytes = buffer},
                                    {.knows_size = random.Below(2) == 0});
    ASSERT_OK(loaded.status);
    ASSERT_TRUE(loaded.calls == expected);
  }
}

TEST(RdbLoader, LoadsLongerLengthsThanNeeded) {
  const Loaded loaded =
      LoadBytes(File("\x00\x40\x01k\x80\x00\x00\x00\x01v"
                     "\x00\x81\x00\x00\x00\x00\x00\x00\x00\x01l\x01w"s));
  ASSERT_OK(loaded.status);
  EXPECT_EQ(Joined(loaded.calls), "string k=v; string l=w; ");
}

TEST(RdbLoader, LoadsACompressedStringOfRedis) {
  const Loaded loaded =
      LoadBytes(File("\x00\x01k\xc3\x09\x1e\x01\x61\x61\xe0\x11\x00\x01\x61\x61"s));
  ASSERT_OK(loaded.status);
  EXPECT_EQ(Joined(loaded.calls), "string k=" + std::string(30, 'a') + "; ");
}

TEST(RdbLoader, LoadsFilesBeforeVersion5WithoutATrailer) {
  const std::string body = "\xfe\x00\x00\x01k\x01v\xff"s;
  for (int version = 1; version <= 12; ++version) {
    std::string file = "REDIS0000" + body;
    file[7] = static_cast<char>('0' + version / 10);
    file[8] = static_cast<char>('0' + version % 10);
    if (version >= 5) {
      EXPECT_EQ(StatusOf(file), At(StatusCode::kFileTooShort, static_cast<int64_t>(file.size())));
      file = WithChecksum(file);
    }
    const Loaded loaded = LoadBytes(file);
    ASSERT_OK(loaded.status);
    EXPECT_EQ(loaded.version, version);
    EXPECT_EQ(Joined(loaded.calls), "db 0; string k=v; ");
  }
}

TEST(RdbLoader, LeavesBytesBehindTheTrailerAlone) {
  const std::string file = File("\x00\x01k\x01v"s);
  const Loaded loaded = LoadBytes(file + "*1\r\n");
  ASSERT_OK(loaded.status);
  EXPECT_EQ(loaded.bytes, file.size());
}

TEST(RdbLoader, RefusesAWrongHeader) {
  EXPECT_EQ(StatusOf(""), At(StatusCode::kFileTooShort, 0));
  EXPECT_EQ(StatusOf("REDIS001"), At(StatusCode::kFileTooShort, 0));
  EXPECT_EQ(StatusOf("VALKEY080\xff"), At(StatusCode::kBadVersion, 6));
  EXPECT_EQ(StatusOf("VALKEZ080\xff"), At(StatusCode::kBadSignature, 0));
  EXPECT_EQ(StatusOf("redis0011\xff"), At(StatusCode::kBadSignature, 0));
  EXPECT_EQ(StatusOf("REDIS0000\xff"), At(StatusCode::kBadVersion, 5));
  EXPECT_EQ(StatusOf("REDIS0013\xff"), At(StatusCode::kBadVersion, 5));
  EXPECT_EQ(StatusOf("REDIS9999\xff"), At(StatusCode::kBadVersion, 5));
  EXPECT_EQ(StatusOf("REDIS00x1\xff"), At(StatusCode::kBadVersion, 7));
}

TEST(RdbLoader, ChecksTheTrailingChecksum) {
  std::string file = File("\x00\x01k\x01v"s);
  const auto trailer = static_cast<int64_t>(file.size()) - 8;
  file.back() = static_cast<char>(file.back() ^ 1);
  EXPECT_EQ(StatusOf(file), At(StatusCode::kBadChecksum, trailer));
  EXPECT_OK(StatusOf(file, {.checksum = false}));
  EXPECT_OK(StatusOf(file.substr(0, file.size() - 8) + std::string(8, '\0')));
}

TEST(RdbLoader, RefusesEveryTruncation) {
  const std::string file = Sample();
  for (size_t length = 0; length < file.size(); ++length) {
    const Status status = StatusOf(file.substr(0, length));
    ASSERT_EQ(status.code(), StatusCode::kFileTooShort);
    ASSERT_TRUE(status.offset() >= 0 && status.offset() <= static_cast<int64_t>(length));
    const Loaded piped = LoadBytes(file.substr(0, length), {}, {.knows_size = false});
    ASSERT_EQ(piped.status.code(), StatusCode::kFileTooShort);
  }
}

TEST(RdbLoader, FindsEveryFlippedByteByTheChecksumAtTheLatest) {
  const std::string file = Sample();
  for (size_t at = 0; at < file.size(); ++at) {
    for (int flip : {0x01, 0x80, 0xff}) {
      std::string flipped = file;
      flipped[at] = static_cast<char>(flipped[at] ^ flip);
      const Loaded loaded = LoadBytes(flipped, {.buffer_bytes = 64});
      ASSERT_EQ(LoadBytes(flipped).status, loaded.status);
      // Harmless: an earlier version of the format, if it has no checksum.
      if (loaded.status.ok()) {
        ASSERT_TRUE(at == 7 || at == 8);
        continue;
      }
      ASSERT_TRUE(loaded.status.offset() >= 0);
    }
  }
}

TEST(RdbLoader, SurvivesRandomChangesWithoutAChecksum) {
  sf::Random random(31);
  const std::string file = Sample();
  for (int i = 0; i < 20000; ++i) {
    std::string changed = file;
    for (uint64_t n = random.Below(4) + 1; n > 0; --n) {
      changed[9 + random.Below(changed.size() - 9)] = static_cast<char>(random.Next());
    }
    const size_t buffer = random.Below(2) == 0 ? 64 : 4096;
    const Loaded loaded = LoadBytes(changed, {.checksum = false, .buffer_bytes = buffer});
    ASSERT_TRUE(loaded.status.ok() || loaded.status.offset() >= 0);
  }
}

TEST(RdbLoader, RefusesALengthBeyondTheFile) {
  // The key starts at 10, the value at 12.
  EXPECT_EQ(StatusOf(File("\x00\x3fk"s)), At(StatusCode::kFileTooShort, 10));
  EXPECT_EQ(StatusOf(File("\x00\x01k\x40\x80v"s)), At(StatusCode::kFileTooShort, 12));
  EXPECT_EQ(StatusOf(File("\x00\x01k\x80\x1f\xff\xff\xff"s)), At(StatusCode::kFileTooShort, 12));
}

TEST(RdbLoader, RefusesALengthOverTheLimitOfStrings) {
  EXPECT_EQ(StatusOf(File("\x00\x01k\x80\x20\x00\x00\x01"s)), At(StatusCode::kBadLength, 12));
  EXPECT_EQ(StatusOf(File("\x00\x01k\x81"s + std::string(8, '\xff'))),
            At(StatusCode::kBadLength, 12));
  EXPECT_EQ(StatusOf(File("\x00\x01k\xc3\x04\x80\x20\x00\x00\x01"s)),
            At(StatusCode::kBadLength, 12));
  EXPECT_EQ(StatusOf(File("\x00\x01k\xc3\x80\x20\x00\x00\x01\x05"s)),
            At(StatusCode::kBadLength, 12));
}

TEST(RdbLoader, AsksForNoMemoryThatAPipeDoesNotFill) {
  const std::string file = "REDIS0011\x00\x01k\x80\x1f\xff\xff\xffonly so much"s;
  const Loaded loaded = LoadBytes(file, {}, {.knows_size = false});
  EXPECT_EQ(loaded.status, At(StatusCode::kFileTooShort, 12));
}

TEST(RdbLoader, RefusesACompressedStringThatCannotBe) {
  // More than any stream can expand to.
  EXPECT_EQ(StatusOf(File("\x00\x01k\xc3\x03\x80\x10\x00\x00\x00"
                          "abc"s)),
            At(StatusCode::kBadLength, 12));
  // No bytes; a wrong size; a distance before the start.
  EXPECT_EQ(StatusOf(File("\x00\x01k\xc3\x00\x00"s)), At(StatusCode::kBadCompression, 12));
  EXPECT_EQ(StatusOf(File("\x00\x01k\xc3\x02\x02\x00\x61"s)), At(StatusCode::kBadCompression, 12));
  EXPECT_EQ(StatusOf(File("\x00\x01k\xc3\x02\x03\x20\x00"s)), At(StatusCode::kBadCompression, 12));
  // An encoded string where a length belongs.
  EXPECT_EQ(StatusOf(File("\x00\x01k\xc3\xc0\x01\x00"s)), At(StatusCode::kBadLength, 12));
}

TEST(RdbLoader, RefusesWrongFirstBytesOfLengthsAndStrings) {
  for (int first = 0x82; first <= 0xbf; ++first) {
    EXPECT_EQ(StatusOf(File("\x00\x01k"s + static_cast<char>(first) + "v")),
              At(StatusCode::kBadLength, 12));
  }
  for (int first = 0xc4; first <= 0xff; ++first) {
    EXPECT_EQ(StatusOf(File("\x00\x01k"s + static_cast<char>(first) + "v")),
              At(StatusCode::kBadEncoding, 12));
  }
  EXPECT_EQ(StatusOf(File("\xfb\x01\xc0\x01"s)), At(StatusCode::kBadLength, 11));
}

TEST(RdbLoader, RefusesModulesAndTypesThatNeverWere) {
  for (int type : {6, 7, 8, 26, 27, 100, 0xf3}) {
    EXPECT_EQ(StatusOf(File("\x00\x01k\x01v"s + static_cast<char>(type) + "\x01l\x00"s)),
              At(type < 8 ? StatusCode::kUnsupportedType : StatusCode::kBadOpcode, 14));
  }
}

// Collections without elements, in every form that may have none.
TEST(RdbLoader, PassesOverEmptyCollections) {
  for (int type : {1, 2, 3, 4, 5, 14, 18}) {
    const Loaded loaded = LoadBytes(File(std::string(1, static_cast<char>(type)) + "\x01l\x00"s));
    EXPECT_OK(loaded.status);
    EXPECT_EQ(loaded.keys, 0u);
  }
}

TEST(RdbLoader, RefusesTheFunctionOpcodeOfReleaseCandidates) {
  EXPECT_EQ(StatusOf(File("\xf6\x01x"s)), At(StatusCode::kBadOpcode, 9));
}

TEST(RdbLoader, RefusesModuleDataItCannotPassOver) {
  EXPECT_EQ(StatusOf(File("\xf7\x01\x01\x01\x00"s)), At(StatusCode::kBadEncoding, 11));
  EXPECT_EQ(StatusOf(File("\xf7\x01\x02\x01\x06\x00"s)), At(StatusCode::kBadEncoding, 13));
}

TEST(RdbLoader, RefusesADatabaseTheEngineDoesNotHave) {
  EXPECT_OK(StatusOf(File("\xfe\x0f"s)));
  EXPECT_EQ(StatusOf(File("\xfe\x10"s)), At(StatusCode::kBadDatabase, 9));
  EXPECT_EQ(StatusOf(File("\xfe\x01"s), {.databases = 1}), At(StatusCode::kBadDatabase, 9));
  EXPECT_EQ(StatusOf(File("\xfe\x81\x00\x00\x00\x01\x00\x00\x00\x00"s)),
            At(StatusCode::kBadDatabase, 9));
}

TEST(RdbLoader, DropsAndCountsWhatExpiredAtOrBeforeNow) {
  sf::WriterFixture fixture;
  ASSERT_OK(fixture.writer.Begin());
  ASSERT_OK(fixture.writer.BeginDatabase(0, 4, 3));
  ASSERT_OK(fixture.writer.WriteString("past", "v", 999));
  ASSERT_OK(fixture.writer.WriteString("now", "5", 1000));
  ASSERT_OK(fixture.writer.WriteString("soon", "v", 1001));
  ASSERT_OK(fixture.writer.WriteString("never", "v", kNoExpiry));
  ASSERT_OK(fixture.writer.Finish());
  const Loaded loaded = LoadBytes(fixture.sink.bytes, {.now_ms = 1000});
  ASSERT_OK(loaded.status);
  EXPECT_EQ(Joined(loaded.calls), "db 0; resize 4 3; string soon=v @1001; string never=v; ");
  EXPECT_EQ(loaded.keys, 2u);
  EXPECT_EQ(loaded.expired, 2u);
  const Loaded all = LoadBytes(fixture.sink.bytes, {.now_ms = RdbLoadOptions::kKeepExpired});
  EXPECT_EQ(all.keys, 4u);
  EXPECT_EQ(all.expired, 0u);
}

TEST(RdbLoader, LimitsTheSizeHintToWhatTheFileCanHold) {
  const std::string huge = "\xfb\x81\x00\x00\x00\xff\xff\xff\xff\xff\x81"s + std::string(8, '\xff');
  // Behind the hint: one entry of 5 bytes, ff and 8 bytes of CRC.
  const Loaded loaded = LoadBytes(File(huge + "\x00\x01k\x01v"s));
  ASSERT_OK(loaded.status);
  EXPECT_EQ(loaded.calls[0], "resize 4 4");
}

TEST(RdbLoader, ReturnsTheStatusOfTheTargetWithTheOffsetOfTheElement) {
  const std::string file = File(
      "\xfa\x01"
      "a\x01"
      "b\xfe\x01\x00\x01k\x01v\xfc\x08\x07\x06\x05\x04\x03\x02\x01\x00\x01n\xc0\x05"s);
  const int64_t offsets[] = {9, 14, 16, 30};
  for (size_t calls = 0; calls < 4; ++calls) {
    sf::MemorySource source(file);
    sf::RecordingTarget target;
    target.FailAfter(calls, Status(StatusCode::kDuplicateKey));
    auto loader = std::make_unique<snapfork::RdbLoader>(source, target, RdbLoadOptions{});
    EXPECT_EQ(loader->Load(), At(StatusCode::kDuplicateKey, offsets[calls]));
    EXPECT_EQ(target.calls.size(), calls);
    EXPECT_EQ(loader->keys_loaded(), calls == 3 ? 1u : 0u);
  }
}

// Fault method: the source fails with EIO at byte n, for n over the whole file.
TEST(RdbLoader, ReturnsTheErrorOfTheSource) {
  const std::string file = Sample();
  for (size_t fail_at = 0; fail_at < file.size(); ++fail_at) {
    const Loaded loaded = LoadBytes(file, {.buffer_bytes = 64}, {.fail_at = fail_at});
    ASSERT_EQ(loaded.status, Status(StatusCode::kIo, EIO, static_cast<int64_t>(fail_at)));
  }
}

}  // namespace
