// compression_gate_test.cc - which strings are tried behind a row of failures.

#include "persist/compression_gate.h"

#include <string>

#include "memory_io.h"
#include "persist/rdb_writer.h"
#include "test.h"

namespace {

using sf::WriterFixture;
using snapfork::CompressionGate;
using snapfork::kNoExpiry;

constexpr size_t kBytes = 64;

// How many of `count` strings are tried, if none gets shorter.
int TriedOf(CompressionGate& gate, int count, size_t bytes = kBytes) {
  int tried = 0;
  for (int i = 0; i < count; ++i) {
    if (!gate.Takes(bytes)) continue;
    ++tried;
    gate.Note(bytes, false);
  }
  return tried;
}

TEST(CompressionGate, TriesASampleBehindARowOfFailures) {
  CompressionGate gate;
  EXPECT_EQ(TriedOf(gate, CompressionGate::kFailuresMax), int{CompressionGate::kFailuresMax});
  constexpr int kSamples = 100;
  EXPECT_EQ(TriedOf(gate, kSamples * (CompressionGate::kSkipped + 1)), kSamples);
}

TEST(CompressionGate, TriesAllAgainBehindOneThatGotShorter) {
  CompressionGate gate;
  TriedOf(gate, 1000);
  while (!gate.Takes(kBytes)) {
  }
  gate.Note(kBytes, true);
  EXPECT_EQ(TriedOf(gate, CompressionGate::kFailuresMax), int{CompressionGate::kFailuresMax});
  EXPECT_FALSE(gate.Takes(kBytes));
}

TEST(CompressionGate, KnowsLengthsApart) {
  CompressionGate gate;
  TriedOf(gate, CompressionGate::kFailuresMax);
  EXPECT_FALSE(gate.Takes(127));
  EXPECT_TRUE(gate.Takes(63));
  EXPECT_TRUE(gate.Takes(128));
}

TEST(CompressionGate, AlwaysTriesLongStrings) {
  CompressionGate gate;
  EXPECT_EQ(TriedOf(gate, 1000, CompressionGate::kSampledBytesMax + 1), 1000);
  EXPECT_TRUE(TriedOf(gate, 1000, CompressionGate::kSampledBytesMax) < 1000);
}

// Bytes of a file of values, of which each `period`th, as chance has it, can be shortened.
size_t FileBytes(uint32_t period) {
  WriterFixture fixture;
  EXPECT_OK(fixture.writer.Begin());
  EXPECT_OK(fixture.writer.BeginDatabase(0, 0, 0));
  uint32_t random = 1;
  const auto next = [&] { return random = random * 1664525 + 1013904223; };
  for (int i = 0; i < 20000; ++i) {
    std::string value(200, 'x');
    if ((next() >> 16) % period != 0) {
      for (char& byte : value) byte = static_cast<char>(next() >> 24);
    }
    EXPECT_OK(fixture.writer.WriteString("k", value, kNoExpiry));
  }
  EXPECT_OK(fixture.writer.Finish());
  return fixture.sink.bytes.size();
}

TEST(CompressionGate, MissesLittleOfWhatCanBeShortened) {
  // 205 bytes an entry that stays, 15 one that does not.
  constexpr size_t kPlain = 20000 * size_t{205};
  EXPECT_TRUE(FileBytes(1) < 20000 * size_t{20});
  EXPECT_TRUE(FileBytes(4) < kPlain * 77 / 100);
  EXPECT_TRUE(FileBytes(10) < kPlain * 92 / 100);
}

}  // namespace
