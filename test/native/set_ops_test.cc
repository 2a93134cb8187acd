// set_ops_test.cc - sets against a model: intsets, compact and large.

#include "keyspace/set_ops.h"

#include <set>
#include <string>

#include "collection_trials.h"
#include "keyspace/collection_scan.h"
#include "test.h"

namespace {

using namespace snapfork;

using ModelSet = std::set<std::string>;

class SetModel : public sf::CollectionModel<ModelSet> {
 public:
  using CollectionModel::CollectionModel;

  bool Same(EntryView entry, const ModelSet& set) const override {
    size_t found = 0;
    const bool all = VisitMembers(keyspace_, entry, [&](const PackElement& member) {
      char scratch[kIntegerTextMax];
      ++found;
      return set.contains(std::string(member.Text(scratch)));
    });
    return all && found == set.size() && SetSize(keyspace_, entry) == set.size();
  }

  bool Step() override {
    const auto db = static_cast<uint32_t>(random_.Below(2));
    const std::string key = Key();
    switch (random_.Below(16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return Remove(db, key);
      case 4:
        return Move(db, key);
      case 5:
      case 6:
        return Read(db, key);
      case 7:
        return random_.Below(8) != 0 || ChangeKey(db, key);
      case 8:
        return random_.Below(4) != 0 || Combine(db, key);
      default:
        return Add(db, key);
    }
  }

 private:
  // The first keys hold integers alone for most of the time.
  std::string Member(const std::string& key) {
    if (key <= "key:1" && random_.Below(500) != 0) {
      const unsigned bits = 1 + static_cast<unsigned>(random_.Below(3)) * 20;
      return std::to_string(static_cast<int64_t>(random_.Below(100) << bits) - 50);
    }
    return Element(200);
  }
  const ModelSet& SetOf(uint32_t db, const std::string& key) {
    static const ModelSet none;
    const auto at = values.find({db, key});
    return at == values.end() ? none : at->second;
  }
  bool Drop(uint32_t db, const std::string& key, const std::string& member) {
    const auto at = values.find({db, key});
    if (at == values.end()) return false;
    const bool dropped = at->second.erase(member) > 0;
    if (at->second.empty()) values.erase(at);
    return dropped;
  }

  bool Add(uint32_t db, const std::string& key) {
    const std::string member = Member(key);
    bool added = false;
    if (!Done(SetAdd(keyspace_, db, key, member, added))) return true;
    return EXPECT_EQ(added, (values[{db, key}].insert(member).second));
  }

  bool Remove(uint32_t db, const std::string& key) {
    const std::string member = Member(key);
    bool removed = false;
    if (!Done(SetRemove(keyspace_, db, key, member, removed))) return true;
    return EXPECT_EQ(removed, Drop(db, key, member));
  }

  bool Move(uint32_t db, const std::string& key) {
    const std::string to = Key();
    const std::string member = Member(key);
    bool moved = false;
    if (!Done(SetMove(keyspace_, db, key, to, member, moved))) return true;
    if (!EXPECT_EQ(moved, SetOf(db, key).contains(member))) return false;
    if (!moved || key == to) return true;
    Drop(db, key, member);
    values[{db, to}].insert(member);
    return true;
  }

  bool Read(uint32_t db, const std::string& key) {
    const ModelSet& set = SetOf(db, key);
    const std::string member = Member(key);
    EntryView entry;
    if (!EXPECT_OK(SetLookup(keyspace_, db, key, entry))) return false;
    if (!EXPECT_EQ(static_cast<bool>(entry), !set.empty())) return false;
    if (!entry) return true;
    if (!EXPECT_EQ(SetContains(keyspace_, entry, member), set.contains(member))) return false;
    ModelSet drawn;
    std::vector<uint64_t> ranks;
    if (!EXPECT_OK(DrawRanks(keyspace_, set.size(), 10, true, ranks))) return false;
    char scratch[kIntegerTextMax];
    for (const uint64_t rank : ranks) {
      drawn.emplace(SetMemberAtRank(keyspace_, entry, rank).Text(scratch));
    }
    for (const std::string& one : drawn) {
      if (!EXPECT_TRUE(set.contains(one))) return false;
    }
    return EXPECT_EQ(drawn.size(), std::min<size_t>(set.size(), 10));
  }

  bool Combine(uint32_t db, const std::string& key) {
    const std::string other = Key();
    const std::string to = Key();
    const auto operation = static_cast<SetOperation>(random_.Below(3));
    ModelSet expected = operation == SetOperation::kIntersection ? ModelSet() : SetOf(db, key);
    for (const std::string& member : SetOf(db, other)) {
      if (operation == SetOperation::kDifference) expected.erase(member);
      if (operation == SetOperation::kUnion) expected.insert(member);
      const bool both = operation == SetOperation::kIntersection;
      if (both && SetOf(db, key).contains(member)) expected.insert(member);
    }
    PackBuilder result;
    if (!EXPECT_OK(SetCombine(keyspace_, db, operation, {key, other}, 0, result))) return false;
    if (!EXPECT_EQ(result.count(), expected.size())) return false;
    if (!Done(SetStore(keyspace_, db, to, result.range()))) return true;
    expected.empty() ? void(values.erase({db, to})) : void(values[{db, to}] = expected);
    return true;
  }
};

EncodingLimits LimitsOf(uint64_t entries) {
  EncodingLimits limits;
  limits.set_max_intset_entries = entries;
  limits.set_max_listpack_entries = entries / 2;
  return limits;
}

// Large at once, soon, hardly ever.
constexpr uint64_t kEntries[] = {0, 16, 512};

TEST(SetOps, AgreeWithTheModelInEveryForm) {
  for (const uint64_t entries : kEntries) {
    sf::AgreesWithTheModel<SetModel>(LimitsOf(entries), 600 + entries);
  }
}

TEST(SetOps, ShowAForkedChildTheInstantOfTheFork) {
  for (const uint64_t entries : kEntries) {
    sf::ShowsAForkedChildTheInstantOfTheFork<SetModel>(LimitsOf(entries), 610 + entries);
  }
}

TEST(SetOps, ChangeNothingWhenMemoryRunsOut) {
  for (const uint64_t entries : kEntries) {
    sf::ChangesNothingWithoutMemory<SetModel>(LimitsOf(entries), 620 + entries);
  }
}

TEST(SetOps, ChangeTheirFormWhereRedisDoes) {
  EncodingLimits limits;
  limits.set_max_intset_entries = 3;
  limits.set_max_listpack_entries = 4;
  limits.set_max_listpack_value = 8;
  const auto keyspace = sf::OpenWith(limits);
  bool added = false;
  const auto add = [&](const char* key, const char* member) {
    EXPECT_OK(SetAdd(*keyspace, 0, key, member, added));
    return std::string(KeyEncoding(*keyspace, 0, key));
  };
  EXPECT_EQ(add("ints", "1"), "intset");
  EXPECT_EQ(add("ints", "-9223372036854775808"), "intset");
  EXPECT_EQ(add("ints", "3"), "intset");
  EXPECT_EQ(add("ints", "3"), "intset");
  EXPECT_EQ(add("ints", "4"), "hashtable");
  EXPECT_EQ(add("mixed", "1"), "intset");
  EXPECT_EQ(add("mixed", "01"), "listpack");
  EXPECT_EQ(add("mixed", "12345678"), "listpack");
  EXPECT_EQ(add("mixed", "d"), "listpack");
  EXPECT_EQ(add("mixed", "e"), "hashtable");
  EXPECT_EQ(add("long", "abcdefgh"), "listpack");
  EXPECT_EQ(add("long", "abcdefghi"), "hashtable");
}

TEST(SetOps, DrawNoMoreThanAReplyHolds) {
  const auto keyspace = sf::OpenWith({});
  std::vector<uint64_t> ranks;
  EXPECT_EQ(DrawRanks(*keyspace, 3, kDrawnMax + 1, false, ranks).code(),
            StatusCode::kTooManyDrawn);
  EXPECT_TRUE(ranks.empty());
  ASSERT_OK(DrawRanks(*keyspace, 0, UINT64_MAX, false, ranks));
  ASSERT_OK(DrawRanks(*keyspace, 3, UINT64_MAX, true, ranks));
  EXPECT_EQ(ranks.size(), 3);
  ASSERT_OK(DrawRanks(*keyspace, 3, 100, false, ranks));
  EXPECT_EQ(ranks.size(), 100);
}

TEST(SetOps, RefuseAKeyOfAnotherType) {
  const auto keyspace = sf::OpenWith({});
  bool done = false;
  EntryView view;
  PackBuilder result;
  const Status wrong(StatusCode::kWrongType);
  ASSERT_OK(StringSet(*keyspace, 0, "key", "value", 0, kNoExpiry, done));
  ASSERT_OK(SetAdd(*keyspace, 0, "set", "m", done));
  EXPECT_EQ(SetAdd(*keyspace, 0, "key", "m", done), wrong);
  EXPECT_EQ(SetRemove(*keyspace, 0, "key", "m", done), wrong);
  EXPECT_EQ(SetMove(*keyspace, 0, "set", "key", "m", done), wrong);
  EXPECT_EQ(SetLookup(*keyspace, 0, "key", view), wrong);
  EXPECT_EQ(SetCombine(*keyspace, 0, SetOperation::kUnion, {"set", "key"}, 0, result), wrong);
}

}  // namespace
