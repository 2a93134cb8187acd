// look_ahead_test.cc - it reads what comes, whatever that is, and nothing else.

#include "commands/look_ahead.h"

#include <memory>
#include <string>
#include <vector>

#include "keyspace/hash_ops.h"
#include "keyspace/set_ops.h"
#include "keyspace/string_ops.h"
#include "keyspace/zset_ops.h"
#include "test.h"

namespace {

using namespace snapfork;

std::string CommandOf(const std::vector<std::string>& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) {
    text += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  }
  return text;
}

std::string PipelineOf(sf::Random& random, int commands) {
  std::string text;
  for (int i = 0; i < commands; ++i) {
    const std::string key = "key:" + std::to_string(random.Below(80'000));
    const std::string name = "element:" + std::to_string(random.Below(5'000));
    switch (random.Below(7)) {
      case 0:
        text += CommandOf({"GET", key});
        break;
      case 1:
        text += CommandOf({"SET", key, std::string(random.Below(100), 'x')});
        break;
      case 2:
        text += CommandOf({"PING"});
        break;
      case 3:
        text += CommandOf({"HSET", "hash", name, "value"});
        break;
      case 4:
        text += CommandOf({"sadd", random.Below(2) == 0 ? "set" : key, name});
        break;
      case 5:
        text += CommandOf({"ZSCORE", "zset", name});
        break;
      default:
        text += CommandOf({"MSET", key, "1", "", "2"});
    }
  }
  return text;
}

// In memory of just that size, so that a sanitizer sees a byte too many.
void LookAt(const Keyspace& keyspace, const std::string& text, int steps) {
  const auto bytes = std::make_unique<char[]>(text.size());
  text.copy(bytes.get(), text.size());
  LookAhead look_ahead(keyspace);
  look_ahead.Begin(0, std::string_view(bytes.get(), text.size()), 0);
  for (int step = 0; step < steps; ++step) look_ahead.Step();
}

// A database that is worth it, with large collections in it.
void Fill(Keyspace& keyspace, uint32_t db) {
  bool done = false;
  ZaddOutcome added;
  for (int i = 0; i < 3'000; ++i) {
    const std::string name = "element:" + std::to_string(i);
    ASSERT_OK(HashSet(keyspace, db, "hash", name, "value", 0, done));
    ASSERT_OK(SetAdd(keyspace, db, "set", name, done));
    ASSERT_OK(ZsetAdd(keyspace, db, "zset", name, i, 0, added));
  }
  for (int i = 0; i < 40'000; ++i) {
    const std::string key = "key:" + std::to_string(i);
    ASSERT_OK(StringSet(keyspace, db, key, "value", 0, kNoExpiry, done));
  }
  ASSERT_TRUE(IsWorthLookingAhead(keyspace));
}

TEST(LookAhead, ReadsWhatIsThereAndNoMore) {
  Keyspace keyspace;
  ASSERT_OK(keyspace.Open({.databases = 1, .backing = Backing::kSmallPages}));
  Fill(keyspace, 0);
  const uint64_t changes = keyspace.counters().changes;
  const double lookups = keyspace.lookups().hits + keyspace.lookups().misses;
  sf::Random random(150);
  for (int round = 0; round < 300; ++round) {
    std::string text = PipelineOf(random, 20);
    LookAt(keyspace, text, 30);
    LookAt(keyspace, text.substr(0, random.Below(text.size())), 30);
    for (int i = 0; i < 3; ++i) {
      text[random.Below(text.size())] = static_cast<char>(random.Below(256));
    }
    LookAt(keyspace, text, 30);
    LookAt(keyspace, "*2\r\n$" + std::to_string(random.Next()) + "\r\nGET", 2);
  }
  EXPECT_EQ(keyspace.counters().changes, changes);
  EXPECT_EQ(keyspace.lookups().hits + keyspace.lookups().misses, lookups);
}

TEST(LookAhead, TakesAnyNumberOfKeys) {
  Keyspace keyspace;
  ASSERT_OK(keyspace.Open({.databases = 2, .backing = Backing::kSmallPages}));
  Fill(keyspace, 1);
  std::vector<std::string> keys(1000, "key:1");
  const std::vector<std::string_view> words(keys.begin(), keys.end());
  for (size_t count : {0u, 1u, 2u, 63u, 64u, 65u, 1000u}) {
    LookAtKeys(keyspace, 1, std::span(words).first(count), 1);
    LookAtKeys(keyspace, 1, std::span(words).first(count), 2);
    LookAtKeys(keyspace, 0, std::span(words).first(count), 1);
  }
}

}  // namespace
