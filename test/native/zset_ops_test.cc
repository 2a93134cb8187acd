// zset_ops_test.cc - sorted sets against a model, compact and large.

#include "keyspace/zset_ops.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "collection_trials.h"
#include "test.h"

namespace {

using namespace snapfork;

using ModelZset = std::map<std::string, double>;
using Ordered = std::vector<std::pair<double, std::string>>;

Ordered InOrder(const ModelZset& zset) {
  Ordered elements;
  for (const auto& [member, score] : zset) elements.emplace_back(score, member);
  std::sort(elements.begin(), elements.end());
  return elements;
}

Ordered ElementsOf(const Keyspace& keyspace, EntryView entry, bool downwards) {
  Ordered elements;
  const uint64_t size = ZsetSize(keyspace, entry);
  VisitRanks(keyspace, entry, downwards ? size - 1 : 0, size, downwards,
             [&](const PackElement& member, double score) {
               char scratch[kIntegerTextMax];
               elements.emplace_back(score, member.Text(scratch));
             });
  return elements;
}

class ZsetModel : public sf::CollectionModel<ModelZset> {
 public:
  using CollectionModel::CollectionModel;

  bool Same(EntryView entry, const ModelZset& zset) const override {
    return ElementsOf(keyspace_, entry, false) == InOrder(zset);
  }

  bool Step() override {
    const auto db = static_cast<uint32_t>(random_.Below(2));
    const std::string key = Key();
    switch (random_.Below(16)) {
      case 0:
      case 1:
      case 2:
        return Remove(db, key);
      case 3:
        return random_.Below(4) != 0 || RemoveRanks(db, key);
      case 4:
      case 5:
      case 6:
        return Read(db, key);
      case 7:
        return random_.Below(8) != 0 || ChangeKey(db, key);
      default:
        return Add(db, key);
    }
  }

 private:
  std::string Member() { return Element(150); }
  // Few different ones, so that members decide the order too.
  double Score() {
    switch (random_.Below(10)) {
      case 0:
        return random_.Below(2) == 0 ? INFINITY : -INFINITY;
      case 1:
        return static_cast<double>(random_.Below(1000)) * 1e300 / 7;
      case 2:
      case 3:
        return static_cast<double>(random_.Below(50)) / 8 - 3;
      default:
        return static_cast<double>(static_cast<int64_t>(random_.Below(9)) - 4);
    }
  }

  // What ZADD does to a member; NaN: nothing.
  static double Expected(const double* old, double score, uint32_t flags) {
    const double wanted = (flags & kZaddIncrement) != 0 && old != nullptr ? *old + score : score;
    if (old == nullptr) return (flags & kZaddIfPresent) != 0 ? NAN : wanted;
    if ((flags & kZaddIfAbsent) != 0) return NAN;
    if ((flags & kZaddIfGreater) != 0 && !(wanted > *old)) return NAN;
    if ((flags & kZaddIfLess) != 0 && !(wanted < *old)) return NAN;
    return wanted;
  }

  bool Add(uint32_t db, const std::string& key) {
    constexpr uint32_t kFlags[] = {0, 0, 0, 0, kZaddIfAbsent, kZaddIfPresent, kZaddIfGreater,
                                   kZaddIfLess, kZaddIfPresent | kZaddIfLess};
    uint32_t flags = kFlags[random_.Below(9)];
    if (random_.Below(5) == 0) flags |= kZaddIncrement;
    const std::string member = Member();
    const double score = Score();
    const auto held = values.find({db, key});
    const bool has_key = held != values.end();
    const auto at = has_key ? held->second.find(member) : ModelZset::iterator();
    const bool present = has_key && at != held->second.end();
    const bool is_nan = (flags & kZaddIncrement) != 0 && present && std::isnan(at->second + score);
    ZaddOutcome outcome;
    const Status status = ZsetAdd(keyspace_, db, key, member, score, flags, outcome);
    if (is_nan && status.code() == StatusCode::kScoreIsNan) return true;
    if (!Done(status)) return true;
    const double expected = Expected(present ? &at->second : nullptr, score, flags);
    if (!EXPECT_EQ(outcome.refused, std::isnan(expected))) return false;
    if (std::isnan(expected)) return true;
    if (!EXPECT_EQ(outcome.added, !present) || !EXPECT_EQ(outcome.score, expected)) return false;
    values[{db, key}][member] = expected;
    return true;
  }

  bool Remove(uint32_t db, const std::string& key) {
    const std::string member = Member();
    bool removed = false;
    if (!Done(ZsetRemove(keyspace_, db, key, member, removed))) return true;
    const auto held = values.find({db, key});
    if (held == values.end()) return EXPECT_FALSE(removed);
    if (!EXPECT_EQ(removed, held->second.erase(member) > 0)) return false;
    if (held->second.empty()) values.erase(held);
    return true;
  }

  bool RemoveRanks(uint32_t db, const std::string& key) {
    const auto held = values.find({db, key});
    if (held == values.end()) return true;
    const Ordered elements = InOrder(held->second);
    const uint64_t first = random_.Below(elements.size());
    const uint64_t count = 1 + random_.Below(std::min<uint64_t>(elements.size() - first, 20));
    if (!Done(ZsetRemoveRanks(keyspace_, db, key, first, count))) return ReadBack(db, key);
    for (uint64_t rank = first; rank < first + count; ++rank) {
      held->second.erase(elements[rank].second);
    }
    if (held->second.empty()) values.erase(held);
    return true;
  }

  // After a removal of several elements that had no memory in the middle: a part may be gone.
  bool ReadBack(uint32_t db, const std::string& key) {
    ModelZset& zset = values[{db, key}];
    const EntryView entry = keyspace_.Lookup(db, key).entry;
    if (!EXPECT_TRUE(static_cast<bool>(entry))) return false;
    ModelZset now;
    for (const auto& [score, member] : ElementsOf(keyspace_, entry, false)) {
      if (!EXPECT_TRUE(zset.contains(member)) || !EXPECT_EQ(zset[member], score)) return false;
      now[member] = score;
    }
    zset = now;
    return true;
  }

  bool Read(uint32_t db, const std::string& key) {
    EntryView entry;
    if (!EXPECT_OK(ZsetLookup(keyspace_, db, key, entry))) return false;
    const auto held = values.find({db, key});
    if (!EXPECT_EQ(static_cast<bool>(entry), held != values.end())) return false;
    if (!entry) return true;
    const Ordered elements = InOrder(held->second);
    return ReadMember(entry, held->second, elements) && ReadRange(entry, elements);
  }

  bool ReadMember(EntryView entry, const ModelZset& zset, const Ordered& elements) {
    const std::string member =
        random_.Below(2) == 0 ? Member() : elements[random_.Below(elements.size())].second;
    double score = 0;
    uint64_t rank = 0;
    const auto at = zset.find(member);
    const bool present = at != zset.end();
    if (!EXPECT_EQ(ZsetScore(keyspace_, entry, member, score), present)) return false;
    if (!EXPECT_EQ(ZsetRank(keyspace_, entry, member, rank), present)) return false;
    if (!present) return true;
    return EXPECT_EQ(score, at->second) && EXPECT_EQ(elements[rank].second, member);
  }

  bool ReadRange(EntryView entry, const Ordered& elements) {
    const ScoreBound min{Score(), random_.Below(2) == 0};
    const ScoreBound max{Score(), random_.Below(2) == 0};
    uint64_t expected = 0;
    for (const auto& [score, member] : elements) {
      const bool above = min.exclusive ? score > min.score : score >= min.score;
      const bool below = max.exclusive ? score < max.score : score <= max.score;
      expected += above && below;
    }
    const RankRange range = RanksByScore(keyspace_, entry, min, max);
    if (!EXPECT_EQ(range.count, expected)) return false;
    if (expected > 0) {
      const double lowest = elements[range.first].first;
      if (!EXPECT_TRUE(min.exclusive ? lowest > min.score : lowest >= min.score)) return false;
    }
    const Ordered downwards = ElementsOf(keyspace_, entry, true);
    return EXPECT_TRUE(std::equal(elements.begin(), elements.end(), downwards.rbegin(),
                                  downwards.rend()));
  }
};

EncodingLimits LimitsOf(uint64_t entries) {
  EncodingLimits limits;
  limits.zset_max_listpack_entries = entries;
  return limits;
}

// Large at once, soon, hardly ever.
constexpr uint64_t kEntries[] = {0, 16, 512};

TEST(ZsetOps, AgreeWithTheModelInEveryForm) {
  for (const uint64_t entries : kEntries) {
    sf::AgreesWithTheModel<ZsetModel>(LimitsOf(entries), 700 + entries);
  }
}

TEST(ZsetOps, ShowAForkedChildTheInstantOfTheFork) {
  for (const uint64_t entries : kEntries) {
    sf::ShowsAForkedChildTheInstantOfTheFork<ZsetModel>(LimitsOf(entries), 710 + entries);
  }
}

TEST(ZsetOps, ChangeNothingWhenMemoryRunsOut) {
  for (const uint64_t entries : kEntries) {
    sf::ChangesNothingWithoutMemory<ZsetModel>(LimitsOf(entries), 720 + entries);
  }
}

// Where the keys of all slots agree, the members behind their first bytes decide.
TEST(ZsetOps, OrderMembersThatBeginAlike) {
  const auto keyspace = sf::OpenWith(LimitsOf(0));
  const std::string prefix(40, 'p');
  ZaddOutcome outcome;
  ModelZset expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string member = prefix + std::to_string((i * 7919) % 3000);
    ASSERT_OK(ZsetAdd(*keyspace, 0, "key", member, 1, 0, outcome));
    expected[member] = 1;
  }
  const EntryView entry = keyspace->Lookup(0, "key").entry;
  EXPECT_TRUE(ElementsOf(*keyspace, entry, false) == InOrder(expected));
  const RankRange range =
      RanksByLex(*keyspace, entry, {LexBound::Kind::kMember, prefix + "1", false},
                 {LexBound::Kind::kMember, prefix + "2", true});
  EXPECT_EQ(range.first, 1);    // behind "0"
  EXPECT_EQ(range.count, 1111);  // 1, 10 to 19, 100 to 199, 1000 to 1999
}

TEST(ZsetOps, BecomeLargeWhereRedisDoes) {
  EncodingLimits limits;
  limits.zset_max_listpack_entries = 2;
  limits.zset_max_listpack_value = 4;
  const auto keyspace = sf::OpenWith(limits);
  ZaddOutcome outcome;
  const auto add = [&](const char* key, const char* member) {
    EXPECT_OK(ZsetAdd(*keyspace, 0, key, member, 1.5, 0, outcome));
    return std::string(KeyEncoding(*keyspace, 0, key));
  };
  EXPECT_EQ(add("many", "a"), "listpack");
  EXPECT_EQ(add("many", "b"), "listpack");
  EXPECT_EQ(add("many", "c"), "skiplist");
  EXPECT_EQ(add("long", "abcd"), "listpack");
  EXPECT_EQ(add("long", "abcde"), "skiplist");
}

TEST(ZsetOps, RefuseAKeyOfAnotherType) {
  const auto keyspace = sf::OpenWith({});
  bool done = false;
  EntryView view;
  ZaddOutcome outcome;
  ScoredMembers result;
  const Status wrong(StatusCode::kWrongType);
  ASSERT_OK(StringSet(*keyspace, 0, "key", "value", 0, kNoExpiry, done));
  EXPECT_EQ(ZsetAdd(*keyspace, 0, "key", "m", 1, 0, outcome), wrong);
  EXPECT_EQ(ZsetRemove(*keyspace, 0, "key", "m", done), wrong);
  EXPECT_EQ(ZsetLookup(*keyspace, 0, "key", view), wrong);
  EXPECT_EQ(ZsetCombine(*keyspace, 0, ZsetOperation::kUnion, {"key"}, {}, Aggregate::kSum, result),
            wrong);
}

}  // namespace
