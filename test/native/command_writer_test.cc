// command_writer_test.cc - the bytes of commands, what a faulty sink does, and values that no
// command makes.

#include "persist/command_writer.h"

#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "base/limits.h"
#include "collection_trials.h"
#include "keyspace/list_ops.h"
#include "keyspace/stream_ops.h"
#include "keyspace/zset_score.h"
#include "memory_io.h"
#include "persist/command_values.h"
#include "test.h"

namespace {

using namespace snapfork;
using namespace std::string_literals;

class Fixture {
 public:
  explicit Fixture(size_t sink_bytes = SIZE_MAX)
      : sink(sink_bytes),
        output_(CommandWriter::kOutputBytesMin),
        writer(sink, output_.data(), output_.size()) {}

  sf::MemorySink sink;

 private:
  std::vector<uint8_t> output_;

 public:
  CommandWriter writer;
};

std::string Command(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return bytes;
}

// Everything the writer can do, a little of each; false as soon as a call fails.
bool WriteSample(CommandWriter& writer) {
  return writer.WriteTimestamp(1700000000).ok() && writer.WriteFunctions("#!lua name=a\n").ok() &&
         writer.BeginDatabase(0).ok() && writer.WriteString("key", "value", kNoExpiry).ok() &&
         writer.WriteString("gone", "\0\r\n"s, 1700000000000).ok() &&
         writer.WriteInteger("n", INT64_MIN, kNoExpiry).ok() &&
         writer.WriteString("huge", std::string(200000, '\1') + "end", kNoExpiry).ok() &&
         writer.BeginDatabase(300).ok() && writer.WriteString("", "", kNoExpiry).ok() &&
         writer.BeginCommand(2).ok() && writer.AppendWord("DEL").ok() &&
         writer.AppendInteger(-5).ok() && writer.Finish().ok();
}

std::string Sample() {
  return "#TS:1700000000\r\n" + Command({"FUNCTION", "LOAD", "#!lua name=a\n"}) +
         Command({"SELECT", "0"}) + Command({"SET", "key", "value"}) +
         Command({"SET", "gone", "\0\r\n"s}) + Command({"PEXPIREAT", "gone", "1700000000000"}) +
         Command({"SET", "n", "-9223372036854775808"}) +
         Command({"SET", "huge", std::string(200000, '\1') + "end"}) +
         Command({"SELECT", "300"}) + Command({"SET", "", ""}) + Command({"DEL", "-5"});
}

TEST(CommandWriter, WritesCommandsByteForByte) {
  Fixture fixture;
  ASSERT_TRUE(WriteSample(fixture.writer));
  EXPECT_TRUE(fixture.sink.bytes == Sample());
  EXPECT_EQ(fixture.writer.bytes(), fixture.sink.bytes.size());
}

TEST(CommandWriter, WritesTheSameWhateverTheWordsDoToTheBuffer) {
  sf::Random random(460);
  Fixture fixture;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = random.Bytes(random.Below(40));
    const std::string value = random.Bytes(random.Below(random.Below(50) == 0 ? 90000 : 50));
    ASSERT_OK(fixture.writer.WriteString(key, value, kNoExpiry));
    expected += Command({"SET", key, value});
    ASSERT_EQ(fixture.writer.bytes(), expected.size());
  }
  ASSERT_OK(fixture.writer.Finish());
  EXPECT_TRUE(fixture.sink.bytes == expected);
}

// Fault method: the sink takes n bytes, then fails with ENOSPC.
TEST(CommandWriter, KeepsTheFirstErrorAndWritesNothingAfterIt) {
  const std::string whole = Sample();
  for (size_t limit = 0; limit < whole.size(); limit += limit < 1000 ? 1 : 997) {
    Fixture fixture(limit);
    ASSERT_TRUE(!WriteSample(fixture.writer));
    const int writes = fixture.sink.writes;
    ASSERT_EQ(fixture.writer.WriteString("a", "b", 1).code(), StatusCode::kNoSpace);
    ASSERT_EQ(fixture.writer.AppendWord("a").code(), StatusCode::kNoSpace);
    ASSERT_EQ(fixture.writer.Finish().errno_value(), ENOSPC);
    ASSERT_EQ(fixture.sink.writes, writes);
    ASSERT_TRUE(whole.compare(0, limit, fixture.sink.bytes) == 0);
  }
}

TEST(CommandWriter, RefusesAStringOverTheLimit) {
  // Never read: only its length is looked at.
  const std::string_view huge("x", kStringBytesMax + 1);
  Fixture fixture;
  EXPECT_EQ(fixture.writer.WriteString("k", huge, kNoExpiry), Status(StatusCode::kStringTooLong));
  EXPECT_EQ(fixture.writer.Finish(), Status(StatusCode::kStringTooLong));
  EXPECT_EQ(fixture.sink.bytes, "");
}

TEST(FormatScore, PrintsWhatPrintfDoes) {
  sf::Random random(461);
  const auto check = [](double score) {
    char expected[kDoubleTextMax];
    char text[kDoubleTextMax];
    std::snprintf(expected, sizeof(expected), "%.17g", score);
    const std::string found(text, FormatScore(score, text));
    double parsed = 0;
    return EXPECT_EQ(found, std::string(expected)) && EXPECT_TRUE(ParsePlainScore(found, parsed)) &&
           EXPECT_EQ(parsed, score);
  };
  for (int i = 0; i < 200000; ++i) {
    const std::string bytes = random.Bytes(sizeof(double));
    const auto any = LoadLittle<double>(bytes.data());
    const auto decimal = static_cast<double>(LoadLittle<int32_t>(bytes.data())) / 1000;
    if (any == any && !check(any)) return;
    if (!check(decimal) || !check(static_cast<double>(LoadLittle<int64_t>(bytes.data())))) return;
  }
  for (const double score : {0.0, -0.0, 1e-5, 1e-4, 1e16, 1e17, 5e-324, 1.7976931348623157e308}) {
    check(score);
    check(-score);
  }
  check(std::numeric_limits<double>::infinity());
  check(-std::numeric_limits<double>::infinity());
}

// What the commands of the key "k" are, of a database with default limits.
std::string Written(Keyspace& keyspace, Status& status) {
  Fixture fixture;
  const EntryView entry = keyspace.Lookup(0, "k").entry;
  status = WriteCommandEntry(fixture.writer, keyspace.arena().At(0), entry);
  EXPECT_OK(fixture.writer.Finish());
  return fixture.sink.bytes;
}

TEST(CommandValues, CountsOutAsManyElementsAsACommandMayHave) {
  for (const size_t count : {1u, 63u, 64u, 65u, 128u, 129u, 1000u}) {
    const auto keyspace = sf::OpenWith(EncodingLimits());
    std::string expected;
    uint64_t length;
    for (size_t first = 0; first < count; first += 64) {
      std::vector<std::string> words{"RPUSH", "k"};
      for (size_t i = first; i < count && i < first + 64; ++i) {
        words.push_back(std::to_string(i) + (i % 3 == 0 ? "" : "x"));
        ASSERT_OK(ListPush(*keyspace, 0, "k", words.back(), ListEnd::kRight, false, length));
      }
      expected += Command(words);
    }
    Status status;
    ASSERT_TRUE(Written(*keyspace, status) == expected);
    ASSERT_OK(status);
  }
}

TEST(CommandValues, RefusesEntriesOfAStreamThatNoCommandMakes) {
  const auto keyspace = sf::OpenWith(EncodingLimits());
  StreamIdRequest request;
  request.id = {5, 5};
  StreamId id;
  bool added;
  ASSERT_OK(StreamAdd(*keyspace, 0, "k", request, 0, {}, true, id, added));
  Status status;
  EXPECT_EQ(Written(*keyspace, status), "");
  EXPECT_EQ(status, Status(StatusCode::kBadValue));
}

}  // namespace
