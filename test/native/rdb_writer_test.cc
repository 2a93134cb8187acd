// rdb_writer_test.cc - the bytes of files, string by string, and what a faulty sink does.

#include "persist/rdb_writer.h"

#include <string>

#include "base/crc64.h"
#include "memory_io.h"
#include "test.h"

namespace {

using namespace std::string_literals;
using sf::WriterFixture;
using snapfork::kNoExpiry;
using snapfork::RdbWriter;
using snapfork::RdbWriterOptions;
using snapfork::Status;
using snapfork::StatusCode;

constexpr RdbWriterOptions kPlain{.compression = false, .checksum = true, .version = 11};

std::string Little64(uint64_t value) { return {reinterpret_cast<char*>(&value), sizeof(value)}; }

// What the writer makes of one value under the key "k": its type byte and its string.
std::string EncodedValue(const std::string& value, RdbWriterOptions options = {},
                         size_t compressed_bytes = 1 << 20) {
  WriterFixture fixture(SIZE_MAX, options, compressed_bytes);
  EXPECT_OK(fixture.writer.Begin());
  EXPECT_OK(fixture.writer.BeginDatabase(0, 0, 0));
  EXPECT_OK(fixture.writer.WriteString("k", value, kNoExpiry));
  EXPECT_OK(fixture.writer.Finish());
  const std::string& bytes = fixture.sink.bytes;
  // Header, "fe 00", "fb 00 00", type, key; at the end ff and CRC.
  constexpr size_t kBefore = 9 + 2 + 3 + 1 + 2;
  constexpr size_t kBehind = 1 + 8;
  return bytes[14] + bytes.substr(kBefore, bytes.size() - kBefore - kBehind);
}

std::string EncodedInteger(int64_t value) {
  WriterFixture fixture;
  EXPECT_OK(fixture.writer.Begin());
  EXPECT_OK(fixture.writer.BeginDatabase(0, 0, 0));
  EXPECT_OK(fixture.writer.WriteInteger("k", value, kNoExpiry));
  EXPECT_OK(fixture.writer.Finish());
  return fixture.sink.bytes.substr(17, fixture.sink.bytes.size() - 17 - 9);
}

// Everything the writer can do, a little of each; false as soon as a call fails.
bool WriteSample(RdbWriter& writer) {
  return writer.Begin().ok() && writer.WriteAux("redis-ver", "7.2.4").ok() &&
         writer.WriteAuxInteger("redis-bits", 64).ok() && writer.BeginDatabase(0, 3, 1).ok() &&
         writer.WriteString("key", "value", kNoExpiry).ok() &&
         writer.WriteString("gone", std::string(100, 'x'), 1700000000000).ok() &&
         writer.WriteInteger("n", 1000000, kNoExpiry).ok() &&
         writer.WriteString("huge", std::string(200000, '\1') + "end", kNoExpiry).ok() &&
         writer.BeginDatabase(300, 1, 0).ok() && writer.WriteString("", "", kNoExpiry).ok() &&
         writer.Finish().ok();
}

TEST(RdbWriter, WritesAnEmptyFile) {
  WriterFixture fixture;
  ASSERT_OK(fixture.writer.Begin());
  ASSERT_OK(fixture.writer.Finish());
  const std::string body = "REDIS0010\xff";
  EXPECT_EQ(fixture.sink.bytes, body + Little64(snapfork::Crc64(0, body.data(), body.size())));
  EXPECT_EQ(fixture.writer.bytes(), fixture.sink.bytes.size());
}

TEST(RdbWriter, WritesASmallFileByteForByte) {
  WriterFixture fixture(SIZE_MAX, {.compression = true, .checksum = true, .version = 12});
  RdbWriter& writer = fixture.writer;
  ASSERT_OK(writer.Begin());
  ASSERT_OK(writer.WriteAux("redis-ver", "255.255.255"));
  ASSERT_OK(writer.WriteAuxInteger("redis-bits", 64));
  ASSERT_OK(writer.BeginDatabase(0, 2, 1));
  ASSERT_OK(writer.WriteString("hello", "world", kNoExpiry));
  ASSERT_OK(writer.WriteString("12", "-1", 0x0102030405060708));
  ASSERT_OK(writer.BeginDatabase(15, 1, 0));
  ASSERT_OK(writer.WriteInteger("n", 300, kNoExpiry));
  ASSERT_OK(writer.Finish());
  const std::string body =
      "REDIS0012"
      "\xfa\x09redis-ver\x0b"
      "255.255.255"
      "\xfa\x0aredis-bits\xc0\x40"
      "\xfe\x00\xfb\x02\x01"
      "\x00\x05hello\x05world"
      "\xfc\x08\x07\x06\x05\x04\x03\x02\x01\x00\xc0\x0c\xc0\xff"
      "\xfe\x0f\xfb\x01\x00"
      "\x00\x01n\xc1\x2c\x01"
      "\xff"s;
  EXPECT_EQ(fixture.sink.bytes, body + Little64(snapfork::Crc64(0, body.data(), body.size())));
}

TEST(RdbWriter, WritesZeroBytesForTheChecksumWhenItIsOff) {
  WriterFixture fixture(SIZE_MAX, {.compression = false, .checksum = false, .version = 10});
  ASSERT_OK(fixture.writer.Begin());
  ASSERT_OK(fixture.writer.Finish());
  EXPECT_EQ(fixture.sink.bytes, "REDIS0010\xff\0\0\0\0\0\0\0\0"s);
}

TEST(RdbWriter, RefusesAVersionItCannotWrite) {
  for (int version : {-1, 0, 6, 13, 99999}) {
    WriterFixture fixture(SIZE_MAX, {.compression = false, .checksum = true, .version = version});
    EXPECT_EQ(fixture.writer.Begin(), Status(StatusCode::kInvalidArgument));
    EXPECT_EQ(fixture.sink.bytes, "");
  }
}

TEST(RdbWriter, WritesTheStringsOfTheContractAsRedisDoes) {
  EXPECT_EQ(EncodedValue("hello"), "\x00\x05hello"s);
  EXPECT_EQ(EncodedValue("-1"), "\x00\xc0\xff"s);
  EXPECT_EQ(EncodedValue("300"), "\x00\xc1\x2c\x01"s);
  EXPECT_EQ(EncodedValue("2147483648"), "\x00\x0a"s + "2147483648");
  EXPECT_EQ(EncodedValue("007"), "\x00\x03\x30\x30\x37"s);
}

TEST(RdbWriter, WritesIntegersInTheSmallestForm) {
  EXPECT_EQ(EncodedInteger(0), "\xc0\x00"s);
  EXPECT_EQ(EncodedInteger(127), "\xc0\x7f"s);
  EXPECT_EQ(EncodedInteger(-128), "\xc0\x80"s);
  EXPECT_EQ(EncodedInteger(128), "\xc1\x80\x00"s);
  EXPECT_EQ(EncodedInteger(-129), "\xc1\x7f\xff"s);
  EXPECT_EQ(EncodedInteger(32767), "\xc1\xff\x7f"s);
  EXPECT_EQ(EncodedInteger(-32769), "\xc2\xff\x7f\xff\xff"s);
  EXPECT_EQ(EncodedInteger(2147483647), "\xc2\xff\xff\xff\x7f"s);
  EXPECT_EQ(EncodedInteger(-2147483648ll), "\xc2\x00\x00\x00\x80"s);
  EXPECT_EQ(EncodedInteger(2147483648ll), "\x0a"s + "2147483648");
  EXPECT_EQ(EncodedInteger(INT64_MIN), "\x14-9223372036854775808"s);
}

TEST(RdbWriter, WritesTextThatIsNotTheCanonicalIntegerAsText) {
  for (const std::string text : {"+1", "-0", "-", " 1", "1 ", "00", "1.0", "0x1", "-2147483649",
                                 "99999999999", "12345678901"}) {
    EXPECT_EQ(EncodedValue(text), "\0"s + static_cast<char>(text.size()) + text);
  }
  EXPECT_EQ(EncodedValue("0"), "\x00\xc0\x00"s);
  EXPECT_EQ(EncodedValue("-2147483648"), "\x00\xc2\x00\x00\x00\x80"s);
}

TEST(RdbWriter, WritesTheShortestLength) {
  const auto head = [](size_t bytes) { return EncodedValue(std::string(bytes, 'v'), kPlain); };
  EXPECT_EQ(head(0), "\x00\x00"s);
  EXPECT_EQ(head(63).substr(0, 3), "\x00\x3fv"s);
  EXPECT_EQ(head(64).substr(0, 4), "\x00\x40\x40v"s);
  EXPECT_EQ(head(16383).substr(0, 4), "\x00\x7f\xffv"s);
  EXPECT_EQ(head(16384).substr(0, 7), "\x00\x80\x00\x00\x40\x00v"s);
}

TEST(RdbWriter, WritesA64BitLengthForACountThatNeedsIt) {
  WriterFixture fixture;
  ASSERT_OK(fixture.writer.Begin());
  ASSERT_OK(fixture.writer.BeginDatabase(65535, 1ull << 32, 0xffffffff));
  ASSERT_OK(fixture.writer.Finish());
  EXPECT_EQ(
      fixture.sink.bytes.substr(9, fixture.sink.bytes.size() - 18),
      "\xfe\x80\x00\x00\xff\xff\xfb\x81\x00\x00\x00\x01\x00\x00\x00\x00\x80\xff\xff\xff\xff"s);
}

TEST(RdbWriter, CopiesEveryShortLengthExactly) {
  const std::string text = sf::Random(20).Bytes(600);
  for (size_t bytes = 21; bytes <= text.size(); ++bytes) {
    const std::string encoded = EncodedValue(text.substr(0, bytes), kPlain);
    ASSERT_EQ(encoded.substr(encoded.size() - bytes), text.substr(0, bytes));
  }
}

TEST(RdbWriter, CompressesOnlyStringsOver20Bytes) {
  EXPECT_EQ(EncodedValue(std::string(20, 'a')), "\x00\x14"s + std::string(20, 'a'));
  // One literal 'a', then 20 bytes from 1 back.
  EXPECT_EQ(EncodedValue(std::string(21, 'a')), "\x00\xc3\x05\x15\x00\x61\xe0\x0b\x00"s);
  EXPECT_EQ(EncodedValue(std::string(21, 'a'), kPlain), "\x00\x15"s + std::string(21, 'a'));
}

TEST(RdbWriter, KeepsAStringPlainThatCompressionDoesNotMakeFourBytesShorter) {
  const std::string text = sf::Random(21).Bytes(40);
  EXPECT_EQ(EncodedValue(text), "\x00\x28"s + text);
}

TEST(RdbWriter, KeepsAStringPlainThatIsLongerThanTheCompressionBuffer) {
  EXPECT_EQ(EncodedValue(std::string(100, 'a'), {}, 99).substr(0, 4), "\x00\x40\x64\x61"s);
  EXPECT_EQ(EncodedValue(std::string(100, 'a'), {}, 100).substr(0, 2), "\x00\xc3"s);
}

TEST(RdbWriter, WritesStringsLongerThanItsBufferThrough) {
  for (size_t bytes : {65000u, 65536u, 65537u, 200000u, 1u << 20}) {
    const std::string text = sf::Random(22).Bytes(bytes);
    const std::string encoded = EncodedValue(text, kPlain);
    EXPECT_EQ(encoded.size(), 1 + 5 + bytes);
    EXPECT_TRUE(encoded.substr(6) == text);
  }
}

TEST(RdbWriter, ChecksumsEverythingItWrote) {
  WriterFixture fixture;
  ASSERT_TRUE(WriteSample(fixture.writer));
  const std::string& bytes = fixture.sink.bytes;
  const size_t body = bytes.size() - 8;
  EXPECT_EQ(bytes.substr(body), Little64(snapfork::Crc64(0, bytes.data(), body)));
  EXPECT_EQ(fixture.writer.bytes(), bytes.size());
}

TEST(RdbWriter, WritesTheSameFileWhateverTheEntriesDoToTheBuffer) {
  sf::Random random(23);
  WriterFixture fixture(SIZE_MAX, kPlain);
  std::string expected = "REDIS0011\xfe\x00\xfb\x00\x00"s;
  ASSERT_OK(fixture.writer.Begin());
  ASSERT_OK(fixture.writer.BeginDatabase(0, 0, 0));
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "k" + random.Bytes(random.Below(40));
    const std::string value = "v" + random.Bytes(random.Below(random.Below(50) == 0 ? 90000 : 50));
    ASSERT_OK(fixture.writer.WriteString(key, value, kNoExpiry));
    expected += "\0"s + static_cast<char>(key.size()) + key;
    const auto n = static_cast<uint32_t>(value.size());
    if (n < 64) {
      expected += static_cast<char>(n);
    } else if (n < 16384) {
      expected += {static_cast<char>(0x40 | n >> 8), static_cast<char>(n)};
    } else {
      expected += {'\x80', '\0', static_cast<char>(n >> 16), static_cast<char>(n >> 8),
                   static_cast<char>(n)};
    }
    expected += value;
    ASSERT_EQ(fixture.writer.bytes(), expected.size());
  }
  ASSERT_OK(fixture.writer.Finish());
  expected += "\xff";
  EXPECT_TRUE(fixture.sink.bytes.substr(0, expected.size()) == expected);
}

// Fault method: the sink takes n bytes, then fails with ENOSPC, for n over the whole file.
TEST(RdbWriter, KeepsTheFirstErrorAndWritesNothingAfterIt) {
  WriterFixture whole;
  ASSERT_TRUE(WriteSample(whole.writer));
  const size_t total = whole.sink.bytes.size();
  for (size_t limit = 0; limit < total; ++limit) {
    WriterFixture fixture(limit);
    ASSERT_TRUE(!WriteSample(fixture.writer));
    const int writes = fixture.sink.writes;
    const Status status = fixture.writer.WriteAux("a", "b");
    ASSERT_EQ(status.code(), StatusCode::kNoSpace);
    ASSERT_EQ(status.errno_value(), ENOSPC);
    ASSERT_EQ(fixture.sink.writes, writes);
    ASSERT_TRUE(whole.sink.bytes.compare(0, limit, fixture.sink.bytes) == 0);
  }
}

TEST(RdbWriter, ReturnsTheErrorFromEveryLaterCall) {
  WriterFixture fixture(100);
  RdbWriter& writer = fixture.writer;
  ASSERT_OK(writer.Begin());
  ASSERT_OK(writer.BeginDatabase(0, 0, 0));
  const std::string value = sf::Random(24).Bytes(100000);
  const Status error = writer.WriteString("key", value, kNoExpiry);
  ASSERT_EQ(error.code(), StatusCode::kNoSpace);
  EXPECT_EQ(writer.WriteString("", "", kNoExpiry), error);
  EXPECT_EQ(writer.WriteString("key", value, kNoExpiry), error);
  EXPECT_EQ(writer.WriteInteger("key", 1, 5), error);
  EXPECT_EQ(writer.WriteAuxInteger("key", 1), error);
  EXPECT_EQ(writer.BeginDatabase(1, 0, 0), error);
  EXPECT_EQ(writer.Finish(), error);
}

TEST(RdbWriter, RefusesAStringOverTheLimit) {
  // Never read: only its length is looked at.
  const std::string_view huge("x", snapfork::kStringBytesMax + 1);
  WriterFixture fixture;
  ASSERT_OK(fixture.writer.Begin());
  ASSERT_OK(fixture.writer.BeginDatabase(0, 0, 0));
  EXPECT_EQ(fixture.writer.WriteString("k", huge, kNoExpiry), Status(StatusCode::kStringTooLong));
  EXPECT_EQ(fixture.writer.Finish(), Status(StatusCode::kStringTooLong));
  EXPECT_EQ(fixture.sink.bytes, "");
}

}  // namespace
