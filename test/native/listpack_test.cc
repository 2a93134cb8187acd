// listpack_test.cc - bytes as Redis writes them, splices against a model, damaged packs.

#include "ds/listpack.h"

#include <string>
#include <vector>

#include "ds/pack_builder.h"
#include "test.h"

namespace {

using namespace snapfork;

std::string Bytes(std::initializer_list<int> bytes) {
  return std::string(bytes.begin(), bytes.end());
}

// The bytes of one element in a pack.
std::string Encoded(std::string_view text) {
  PackBuilder builder;
  builder.Append(PackValue(text));
  const std::string_view pack = builder.Finish();
  return std::string(pack.substr(kListpackHeaderBytes, pack.size() - kListpackEmptyBytes));
}

const uint8_t* At(const std::string& pack) { return reinterpret_cast<const uint8_t*>(pack.data()); }

bool IsValid(const std::string& pack, PackCheck check = PackCheck::kDeep) {
  // A copy of its own size, so that a read behind it is seen.
  const std::vector<uint8_t> exact(pack.begin(), pack.end());
  return ValidateListpack(exact.data(), exact.size(), check);
}

// Examples of the specification: encoding, data, length back.
TEST(Listpack, EncodesEveryClassAsRedisDoes) {
  EXPECT_EQ(Encoded("0"), Bytes({0x00, 1}));
  EXPECT_EQ(Encoded("127"), Bytes({0x7f, 1}));
  EXPECT_EQ(Encoded("128"), Bytes({0xc0, 0x80, 2}));
  EXPECT_EQ(Encoded("-1"), Bytes({0xdf, 0xff, 2}));
  EXPECT_EQ(Encoded("4095"), Bytes({0xcf, 0xff, 2}));
  EXPECT_EQ(Encoded("-4096"), Bytes({0xd0, 0x00, 2}));
  EXPECT_EQ(Encoded("4096"), Bytes({0xf1, 0x00, 0x10, 3}));
  EXPECT_EQ(Encoded("-32768"), Bytes({0xf1, 0x00, 0x80, 3}));
  EXPECT_EQ(Encoded("32768"), Bytes({0xf2, 0x00, 0x80, 0x00, 4}));
  EXPECT_EQ(Encoded("-8388608"), Bytes({0xf2, 0x00, 0x00, 0x80, 4}));
  EXPECT_EQ(Encoded("8388608"), Bytes({0xf3, 0x00, 0x00, 0x80, 0x00, 5}));
  EXPECT_EQ(Encoded("2147483648"), Bytes({0xf4, 0, 0, 0, 0x80, 0, 0, 0, 0, 9}));
  EXPECT_EQ(Encoded(""), Bytes({0x80, 1}));
  EXPECT_EQ(Encoded("a"), Bytes({0x81, 'a', 2}));
  EXPECT_EQ(Encoded("01"), Bytes({0x82, '0', '1', 3}));
  EXPECT_EQ(Encoded(std::string(64, 'x')),
            Bytes({0xe0, 64}) + std::string(64, 'x') + Bytes({66}));
  EXPECT_EQ(Encoded(std::string(4096, 'x')),
            Bytes({0xf0, 0, 0x10, 0, 0}) + std::string(4096, 'x') + Bytes({0x20, 0x85}));
  EXPECT_EQ(Encoded(std::string(126, 'x')).substr(128), Bytes({0x01, 0x80}));
}

TEST(Listpack, ReadsBackWhatItWrote) {
  std::vector<std::string> texts;
  for (const size_t bytes : {0, 1, 63, 64, 125, 126, 127, 4095, 4096, 16377, 16378, 16379, 70000}) {
    texts.emplace_back(bytes, 't');
  }
  for (int bits = 0; bits < 64; ++bits) {
    for (const int64_t delta : {-1, 0, 1}) {
      const auto integer =
          static_cast<int64_t>((uint64_t{1} << bits) + static_cast<uint64_t>(delta));
      texts.push_back(std::to_string(integer));
      if (integer != INT64_MIN) texts.push_back(std::to_string(-integer));
    }
  }
  PackBuilder builder;
  for (const std::string& text : texts) builder.Append(PackValue(std::string_view(text)));
  const std::string pack(builder.Finish());
  ASSERT_TRUE(IsValid(pack));
  const Listpack read(At(pack));
  EXPECT_EQ(read.count(), texts.size());
  const uint8_t* at = read.begin();
  for (const std::string& text : texts) {
    char scratch[kIntegerTextMax];
    EXPECT_EQ(Listpack::Get(at).Text(scratch), text);
    EXPECT_TRUE(read.Seek(static_cast<size_t>(&text - texts.data())) == at);
    at = Listpack::Next(at);
  }
  EXPECT_TRUE(at == read.end());
  for (size_t i = texts.size(); i-- > 0;) {
    char scratch[kIntegerTextMax];
    at = Listpack::Previous(at);
    EXPECT_EQ(Listpack::Get(at).Text(scratch), texts[i]);
  }
}

TEST(Listpack, SplicesAsTheModelDoes) {
  sf::Random random(400);
  std::vector<std::string> model;
  std::string pack(kListpackEmptyBytes, '\0');
  ListpackClear(reinterpret_cast<uint8_t*>(pack.data()));
  for (int turn = 0; turn < 3000; ++turn) {
    const size_t at = random.Below(model.size() + 1);
    const size_t removed = std::min<size_t>(random.Below(3), model.size() - at);
    std::vector<std::string> texts;
    for (uint64_t i = random.Below(model.size() > 60 ? 2 : 3); i > 0; --i) {
      texts.push_back(random.Below(2) == 0 ? std::to_string(random.Next() >> random.Below(64))
                                           : std::string(random.Below(200), 's'));
    }
    std::vector<PackValue> values(texts.begin(), texts.end());
    const Listpack before(At(pack));
    const uint8_t* const from = before.Seek(at);
    const uint8_t* to = from;
    for (size_t i = 0; i < removed; ++i) to = Listpack::Next(to);
    const PackSplice splice{before.OffsetOf(from), static_cast<size_t>(to - from), removed, values};
    std::string copy(pack.size() + splice.InsertedBytes() - splice.removed_bytes, '\0');
    ListpackSpliceCopy(reinterpret_cast<uint8_t*>(copy.data()), At(pack), splice);
    pack.resize(pack.size() + splice.InsertedBytes());
    ListpackSplice(reinterpret_cast<uint8_t*>(pack.data()), splice);
    pack.resize(Listpack(At(pack)).bytes());
    ASSERT_TRUE(pack == copy);
    const auto place = model.begin() + static_cast<long>(at);
    model.insert(model.erase(place, place + static_cast<long>(removed)), texts.begin(),
                 texts.end());
    ASSERT_TRUE(IsValid(pack));
    ASSERT_EQ(Listpack(At(pack)).count(), model.size());
  }
  const uint8_t* at = Listpack(At(pack)).begin();
  for (const std::string& text : model) {
    char scratch[kIntegerTextMax];
    EXPECT_EQ(Listpack::Get(at).Text(scratch), text);
    at = Listpack::Next(at);
  }
}

TEST(Listpack, CountsWhatItsHeaderCannotSay) {
  PackBuilder builder;
  for (int i = 0; i < 70000; ++i) builder.Append(PackValue(int64_t{i}));
  const std::string pack(builder.Finish());
  EXPECT_EQ(LoadLittle<uint16_t>(pack.data() + 4), 65535);
  EXPECT_EQ(Listpack(At(pack)).count(), 70000);
  EXPECT_EQ(Listpack::Get(Listpack(At(pack)).Seek(69999)).integer, 69999);
  EXPECT_TRUE(IsValid(pack));
}

TEST(Listpack, TellsTextsThatShouldBeIntegers) {
  PackBuilder builder;
  builder.Append(PackValue("01"));
  builder.Append(PackValue(int64_t{1}));
  PackFacts facts;
  std::string_view pack = builder.Finish();
  EXPECT_TRUE(ValidateListpack(reinterpret_cast<const uint8_t*>(pack.data()), pack.size(),
                               PackCheck::kDeep, &facts));
  EXPECT_TRUE(facts.canonical);
  EXPECT_EQ(facts.count, 2);
  builder.Append(PackValue::OfBytes("-12"));
  pack = builder.Finish();
  EXPECT_TRUE(ValidateListpack(reinterpret_cast<const uint8_t*>(pack.data()), pack.size(),
                               PackCheck::kDeep, &facts));
  EXPECT_FALSE(facts.canonical);
}

// An integer of another writer may be in a larger class than it needs.
TEST(Listpack, FindsIntegersByValue) {
  const std::string pack = Bytes({13, 0, 0, 0, 2, 0, 0xf1, 5, 0, 3, 0x05, 1, 0xff});
  ASSERT_TRUE(IsValid(pack));
  const Listpack read(At(pack));
  EXPECT_TRUE(read.Find(read.begin(), PackValue("5"), 1) == read.begin());
  EXPECT_TRUE(read.Find(Listpack::Next(read.begin()), PackValue("5"), 1) == read.begin() + 4);
  EXPECT_TRUE(read.Find(read.begin(), PackValue("6"), 1) == read.end());
}

TEST(Listpack, IsRefusedWhereverItIsDamaged) {
  PackBuilder builder;
  for (const char* text : {"", "a", "1", "-1", "4096", "70000", "9999999", "99999999999", "text"}) {
    builder.Append(PackValue(std::string_view(text)));
  }
  builder.Append(PackValue(std::string_view(std::string(200, 'l'))));
  const std::string pack(builder.Finish());
  ASSERT_TRUE(IsValid(pack));
  for (size_t bytes = 0; bytes < pack.size(); ++bytes) {
    EXPECT_FALSE(IsValid(pack.substr(0, bytes)));
    EXPECT_FALSE(IsValid(pack.substr(0, bytes), PackCheck::kHeader));
  }
  // Whatever passes can be walked to its end.
  for (size_t at = 0; at < pack.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string damaged = pack;
      damaged[at] = static_cast<char>(value);
      if (!IsValid(damaged)) continue;
      const Listpack read(At(damaged));
      size_t count = 0;
      for (const uint8_t* one = read.begin(); one != read.end(); one = Listpack::Next(one)) ++count;
      EXPECT_EQ(count, 10);
    }
  }
}

}  // namespace
