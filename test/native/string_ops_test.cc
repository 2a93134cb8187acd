// string_ops_test.cc - what the string commands give at their edges.

#include "keyspace/string_ops.h"

#include <memory>
#include <string>

#include "keyspace_model.h"
#include "test.h"

namespace {

using namespace snapfork;

struct Fixture {
  Fixture() { EXPECT_OK(keyspace.Open({.databases = 2})); }

  void Set(std::string_view key, std::string_view value, int64_t expiry = kNoExpiry) {
    bool done = false;
    EXPECT_OK(StringSet(keyspace, 0, key, value, 0, expiry, done));
    EXPECT_TRUE(done);
  }
  std::string Get(std::string_view key) {
    StringResult result;
    EXPECT_OK(StringGet(keyspace, 0, key, result));
    return result.found ? std::string(result.text) : "(none)";
  }
  std::string EncodingOf(std::string_view key) {
    const char* const encoding = KeyEncoding(keyspace, 0, key);
    return encoding == nullptr ? "(none)" : encoding;
  }
  // The text after INCRBYFLOAT, or the code of its error.
  std::string IncrementFloat(std::string_view key, std::string_view delta) {
    StringResult result;
    const Status status = StringIncrementFloat(keyspace, 0, key, delta, result);
    return status.ok() ? std::string(result.text)
                       : "error " + std::to_string(static_cast<int>(status.code()));
  }

  Keyspace keyspace;
};

TEST(StringOps, StoresOnlyCanonicalIntegersAsIntegers) {
  Fixture fixture;
  for (std::string_view value : {"0", "-1", "127", "128", "-129", "32768", "2147483648",
                                 "9223372036854775807", "-9223372036854775808"}) {
    fixture.Set("key", value);
    EXPECT_EQ(fixture.EncodingOf("key"), std::string("int"));
    EXPECT_EQ(fixture.Get("key"), std::string(value));
  }
  for (std::string_view value : {"", "007", "+1", "1.5", "9223372036854775808"}) {
    fixture.Set("key", value);
    EXPECT_EQ(fixture.EncodingOf("key"), std::string("embstr"));
    EXPECT_EQ(fixture.Get("key"), std::string(value));
  }
}

TEST(StringOps, NamesEncodingsAsRedisDoes) {
  Fixture fixture;
  EXPECT_EQ(fixture.EncodingOf("key"), std::string("(none)"));
  fixture.Set("key", std::string(44, 'a'));
  EXPECT_EQ(fixture.EncodingOf("key"), std::string("embstr"));
  fixture.Set("key", std::string(45, 'a'));
  EXPECT_EQ(fixture.EncodingOf("key"), std::string("raw"));
  fixture.Set("key", "12");
  uint64_t length = 0;
  EXPECT_OK(StringAppend(fixture.keyspace, 0, "key", "3", length));
  EXPECT_EQ(fixture.EncodingOf("key"), std::string("raw"));
  int64_t value = 0;
  EXPECT_OK(StringIncrement(fixture.keyspace, 0, "key", 1, value));
  EXPECT_EQ(value, 124);
  EXPECT_EQ(fixture.EncodingOf("key"), std::string("int"));
  EXPECT_EQ(fixture.IncrementFloat("key", "1"), std::string("125"));
  EXPECT_EQ(fixture.EncodingOf("key"), std::string("embstr"));
}

TEST(StringOps, HoldsValuesOfEveryLengthAroundTheEncodingLimits) {
  Fixture fixture;
  sf::Random random(180);
  for (size_t limit : {size_t{0}, size_t{255}, kInlineValueBytesMax, kSlabObjectBytesMax,
                       kChunkBytes, 3 * kChunkBytes}) {
    for (size_t bytes = limit < 2 ? 0 : limit - 2; bytes <= limit + 2; ++bytes) {
      for (size_t key_bytes : {0, 1, 255, 256, 70000, 200000}) {
        const std::string key(key_bytes, 'k');
        const std::string value = random.Bytes(bytes);
        fixture.Set(key, value, key_bytes % 2 == 0 ? kNoExpiry : int64_t{1} << 45);
        if (!EXPECT_TRUE(fixture.Get(key) == value)) return;
      }
    }
    ASSERT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
  }
}

TEST(StringOps, RefusesStringsOverTheLimitAndChangesNothing) {
  Fixture fixture;
  fixture.Set("key", "value");
  std::string one("x");
  const std::string_view huge(one.data(), kStringBytesMax + 1);  // only its length is looked at
  bool done = false;
  uint64_t length = 0;
  Keyspace& keyspace = fixture.keyspace;
  EXPECT_EQ(StringSet(keyspace, 0, "key", huge, 0, kNoExpiry, done).code(),
            StatusCode::kStringTooLong);
  EXPECT_EQ(StringAppend(keyspace, 0, "key", huge, length).code(), StatusCode::kStringTooLong);
  EXPECT_EQ(StringSetRange(keyspace, 0, "key", kStringBytesMax, "x", length).code(),
            StatusCode::kStringTooLong);
  EXPECT_EQ(StringSetRange(keyspace, 0, "new", UINT64_MAX, "x", length).code(),
            StatusCode::kStringTooLong);
  EXPECT_OK(StringSetRange(keyspace, 0, "new", UINT64_MAX, "", length));
  EXPECT_EQ(fixture.Get("key"), std::string("value"));
  EXPECT_EQ(fixture.Get("new"), std::string("(none)"));
  EXPECT_EQ(sf::CheckKeyspace(keyspace), std::string());
}

TEST(StringOps, StoresAStringOfTheLongestLengthAndFreesIt) {
  Fixture fixture;
  uint64_t length = 0;
  ASSERT_OK(StringSetRange(fixture.keyspace, 0, "key", (64u << 20) - 1, "x", length));
  EXPECT_EQ(length, 64u << 20);
  StringResult result;
  ASSERT_OK(StringGetRange(fixture.keyspace, 0, "key", -2, -1, result));
  EXPECT_EQ(result.text, std::string_view("\0x", 2));
  EXPECT_TRUE(KeyRemove(fixture.keyspace, 0, "key"));
  EXPECT_EQ(fixture.keyspace.arena().used_bytes(), 0u);
}

TEST(StringOps, GrowsAnAppendedStringWithoutCopyingItEachTime) {
  Fixture fixture;
  const std::string piece(1000, 'p');
  uint64_t length = 0;
  Handle before = 0;
  int copies = 0;
  for (int i = 0; i < 5000; ++i) {
    ASSERT_OK(StringAppend(fixture.keyspace, 0, "key", piece, length));
    const EntryView entry = fixture.keyspace.Lookup(0, "key").entry;
    if (entry.encoding() != Encoding::kExternal) continue;
    copies += entry.external().handle != before;
    before = entry.external().handle;
  }
  EXPECT_EQ(length, 5000000u);
  EXPECT_TRUE(copies < 40);
  EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
}

TEST(StringOps, KeepsTheExpiryOfAChangedString) {
  Fixture fixture;
  constexpr int64_t kExpiry = int64_t{1} << 45;
  uint64_t length = 0;
  int64_t value = 0;
  fixture.Set("key", "1", kExpiry);
  EXPECT_OK(StringIncrement(fixture.keyspace, 0, "key", 1, value));
  EXPECT_EQ(fixture.IncrementFloat("key", "1"), std::string("3"));
  EXPECT_OK(StringAppend(fixture.keyspace, 0, "key", "x", length));
  EXPECT_OK(StringSetRange(fixture.keyspace, 0, "key", 5000, "x", length));
  EXPECT_OK(StringAppend(fixture.keyspace, 0, "key", "x", length));
  EXPECT_EQ(KeyExpiry(fixture.keyspace, 0, "key"), kExpiry);
  bool done = false;
  EXPECT_OK(StringSet(fixture.keyspace, 0, "key", "x", kSetKeepExpiry, kNoExpiry, done));
  EXPECT_EQ(KeyExpiry(fixture.keyspace, 0, "key"), kExpiry);
  EXPECT_OK(StringSet(fixture.keyspace, 0, "key", "x", 0, kNoExpiry, done));
  EXPECT_EQ(KeyExpiry(fixture.keyspace, 0, "key"), -1);
}

TEST(StringOps, IncrementsFloatsAsRedisPrintsThem) {
  Fixture fixture;
  fixture.Set("key", "10.50");
  EXPECT_EQ(fixture.IncrementFloat("key", "0.1"), std::string("10.6"));
  fixture.Set("key", "5.0e3");
  EXPECT_EQ(fixture.IncrementFloat("key", "2.0e2"), std::string("5200"));
  fixture.Set("key", "3");
  EXPECT_EQ(fixture.IncrementFloat("key", "-3"), std::string("0"));
  EXPECT_EQ(fixture.IncrementFloat("key", "-0.0"), std::string("0"));
  const auto not_a_float = "error " + std::to_string(static_cast<int>(StatusCode::kNotAFloat));
  const auto infinite = "error " + std::to_string(static_cast<int>(StatusCode::kNanOrInfinity));
  for (std::string_view text : {"", " 1", "1 ", "abc", "nan", "1.5x", "1e99999"}) {
    EXPECT_EQ(fixture.IncrementFloat("key", text), not_a_float);
  }
  EXPECT_EQ(fixture.IncrementFloat("key", "inf"), infinite);
  fixture.Set("key", "text");
  EXPECT_EQ(fixture.IncrementFloat("key", "1"), not_a_float);
  fixture.Set("key", "1e4900");
  EXPECT_EQ(fixture.IncrementFloat("key", "1").size(), 4901u);
  EXPECT_EQ(sf::CheckKeyspace(fixture.keyspace), std::string());
}

TEST(StringOps, CountsHitsAndMissesOfReadsAlone) {
  Fixture fixture;
  fixture.Set("key", "1");
  fixture.IncrementFloat("key", "1");
  int64_t value = 0;
  EXPECT_OK(StringIncrement(fixture.keyspace, 0, "new", 1, value));
  EXPECT_EQ(fixture.keyspace.lookups().hits + fixture.keyspace.lookups().misses, 0);
  fixture.Get("key");
  fixture.Get("none");
  EXPECT_EQ(fixture.keyspace.lookups().hits, 1);
  EXPECT_EQ(fixture.keyspace.lookups().misses, 1);
}

TEST(StringOps, GivesNoTextOfAnEarlierReadForAMissingKey) {
  Fixture fixture;
  fixture.Set("key", "value");
  StringResult result;
  EXPECT_OK(StringGet(fixture.keyspace, 0, "key", result));
  EXPECT_OK(StringGetRange(fixture.keyspace, 0, "none", 0, -1, result));
  EXPECT_FALSE(result.found);
  EXPECT_EQ(result.text, std::string_view());
}

}  // namespace
