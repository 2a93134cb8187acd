// entry_test.cc - the bytes of an entry, narrow and wide, and back.

#include "keyspace/entry.h"

#include <memory>
#include <string>

#include "test.h"

namespace {

using namespace snapfork;

// Writes to a block of the exact size, so that the address sanitizer sees more.
struct Written {
  explicit Written(const EntryContent& content)
      : bytes(content.TotalBytes()), block(std::make_unique<uint8_t[]>(bytes)), view(block.get()) {
    content.WriteTo(block.get());
  }
  size_t bytes;
  std::unique_ptr<uint8_t[]> block;
  EntryView view;
};

TEST(Entry, HasTheLayoutOfItsHeader) {
  EntryContent content;
  content.key = "key";
  content.bytes = "value";
  const Written narrow(content);
  EXPECT_EQ(std::string_view(reinterpret_cast<char*>(narrow.block.get()), narrow.bytes),
            std::string_view("\x01\x00\x03\x05keyvalue", 12));
  content.expiry = 0x0102030405060708;
  content.encoding = Encoding::kInteger;
  content.integer = -2;
  content.raw = true;
  const Written integer(content);
  EXPECT_EQ(std::string_view(reinterpret_cast<char*>(integer.block.get()), integer.bytes),
            std::string_view("\x11\x05\x03\x01\x08\x07\x06\x05\x04\x03\x02\x01key\xfe", 16));
  const std::string long_key(256, 'k');
  content.key = long_key;
  content.expiry = kNoExpiry;
  const Written wide(content);
  EXPECT_EQ(wide.bytes, 12u + 256 + 1);
  EXPECT_EQ(std::string_view(reinterpret_cast<char*>(wide.block.get()), 13),
            std::string_view("\x11\x06\0\0\0\x01\0\0\x01\0\0\0k", 13));
}

TEST(Entry, GivesBackWhateverWasWritten) {
  sf::Random random(190);
  for (int i = 0; i < 30000; ++i) {
    const auto length = [&] {
      return random.Below(4) == 0 ? 250 + random.Below(10) : random.Below(40);
    };
    const std::string key = random.Bytes(length());
    const std::string value = random.Bytes(length());
    EntryContent content;
    content.key = key;
    content.type = static_cast<ValueType>(random.Below(7));
    content.encoding = static_cast<Encoding>(random.Below(3));
    content.raw = random.Below(2) == 0;
    if (random.Below(2) == 0) content.expiry = static_cast<int64_t>(random.Next() >> 1);
    content.bytes = value;
    content.integer = static_cast<int64_t>(random.Next()) >> random.Below(64);
    content.external = {random.Next(), random.Next()};
    const Written written(content);
    const EntryView view = written.view;
    ASSERT_TRUE(view.key() == key && view.type() == content.type);
    ASSERT_TRUE(view.encoding() == content.encoding && view.raw() == content.raw);
    ASSERT_EQ(view.expiry(), content.expiry);
    ASSERT_EQ(view.has_expiry(), content.expiry != kNoExpiry);
    ASSERT_EQ(view.total_bytes(), written.bytes);
    if (content.encoding == Encoding::kInline) ASSERT_TRUE(view.inline_value() == value);
    if (content.encoding == Encoding::kInteger) ASSERT_EQ(view.integer(), content.integer);
    if (content.encoding == Encoding::kExternal) {
      ASSERT_EQ(view.external().handle, content.external.handle);
      ASSERT_EQ(view.external().bytes, content.external.bytes);
    }
    if (view.has_expiry()) {
      view.StoreExpiry(written.block.get(), 77);
      ASSERT_TRUE(view.expiry() == 77 && view.key() == key);
    }
  }
}

}  // namespace
