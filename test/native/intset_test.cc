// intset_test.cc - bytes as Redis writes them, insertions against a model, damaged sets.

#include "ds/intset.h"

#include <set>
#include <string>
#include <vector>

#include "test.h"

namespace {

using namespace snapfork;

uint8_t* At(std::string& set) { return reinterpret_cast<uint8_t*>(set.data()); }

void Insert(std::string& set, int64_t value) {
  std::string larger(IntsetBytesWith(At(set), value), '\0');
  IntsetInsertCopy(At(larger), At(set), value);
  set = larger;
}

std::string Empty() {
  std::string set(kIntsetHeaderBytes, '\0');
  IntsetClear(At(set));
  return set;
}

bool IsValid(const std::string& set, PackCheck check) {
  // A copy of its own size, so that a read behind it is seen.
  const std::vector<uint8_t> exact(set.begin(), set.end());
  return ValidateIntset(exact.data(), exact.size(), check);
}

TEST(Intset, WidensAsRedisDoes) {
  std::string set = Empty();
  Insert(set, 5);
  Insert(set, -1);
  EXPECT_EQ(set, std::string("\x02\0\0\0\x02\0\0\0\xff\xff\x05\0", 12));
  Insert(set, 70000);
  EXPECT_EQ(set, std::string("\x04\0\0\0\x03\0\0\0\xff\xff\xff\xff\x05\0\0\0\x70\x11\x01\0", 20));
  Insert(set, INT64_MIN);
  EXPECT_EQ(set.size(), kIntsetHeaderBytes + 4 * 8);
  const Intset read(At(set));
  EXPECT_EQ(read.At(0), INT64_MIN);
  EXPECT_EQ(read.At(3), 70000);
}

TEST(Intset, AgreesWithTheModel) {
  sf::Random random(410);
  for (const unsigned bits : {10, 20, 60}) {
    std::string set = Empty();
    std::set<int64_t> model;
    for (int turn = 0; turn < 4000; ++turn) {
      const auto value = static_cast<int64_t>(random.Below(uint64_t{300} << (bits - 8))) -
                         static_cast<int64_t>(uint64_t{150} << (bits - 8));
      bool found = false;
      const uint32_t index = Intset(At(set)).Search(value, found);
      ASSERT_EQ(found, model.contains(value));
      ASSERT_EQ(index, std::distance(model.begin(), model.lower_bound(value)));
      if (found && random.Below(2) == 0) {
        IntsetErase(At(set), index);
        set.resize(Intset(At(set)).bytes());
        model.erase(value);
      } else if (!found && model.size() < 200) {
        Insert(set, value);
        model.insert(value);
      }
    }
    uint32_t index = 0;
    for (const int64_t value : model) EXPECT_EQ(Intset(At(set)).At(index++), value);
    EXPECT_EQ(Intset(At(set)).count(), model.size());
    EXPECT_TRUE(IsValid(set, PackCheck::kDeep));
  }
}

TEST(Intset, IsRefusedWhereItIsDamaged) {
  std::string set = Empty();
  EXPECT_FALSE(IsValid(set, PackCheck::kHeader));  // an empty one is no value
  for (const int64_t value : {1, 2, 300}) Insert(set, value);
  EXPECT_TRUE(IsValid(set, PackCheck::kDeep));
  for (size_t bytes = 0; bytes < set.size(); ++bytes) {
    EXPECT_FALSE(IsValid(set.substr(0, bytes), PackCheck::kHeader));
  }
  for (const char width : {0, 1, 3, 4, 8, 16}) {
    std::string other = set;
    other[0] = width;
    EXPECT_FALSE(IsValid(other, PackCheck::kHeader));
  }
  std::string unordered = set;
  unordered[kIntsetHeaderBytes] = 9;
  EXPECT_TRUE(IsValid(unordered, PackCheck::kHeader));
  EXPECT_FALSE(IsValid(unordered, PackCheck::kDeep));
  std::string twice = set;
  twice[kIntsetHeaderBytes] = 2;
  EXPECT_FALSE(IsValid(twice, PackCheck::kDeep));
}

}  // namespace
