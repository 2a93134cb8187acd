// plan_memory_test.cc - what a child is told fits where it was counted to fit.

#include "fork/plan_memory.h"

#include <string>
#include <vector>

#include "test.h"

namespace {

using snapfork::PlanMemory;

TEST(PlanMemory, HoldsExactlyWhatWasCounted) {
  const std::vector<std::string> texts = {"", "a", std::string(15, 'b'), std::string(16, 'c'),
                                          std::string("d\0d", 3)};
  constexpr size_t kNumbers = 5;
  size_t bytes = PlanMemory::BytesFor<uint64_t>(kNumbers) + PlanMemory::BytesFor<uint8_t>(0);
  for (const std::string& text : texts) bytes += PlanMemory::BytesFor(text);
  std::vector<uint64_t> room(bytes / sizeof(uint64_t) + 1, ~uint64_t{0});
  PlanMemory memory(room.data(), bytes);
  uint64_t* const numbers = memory.Make<uint64_t>(kNumbers);
  for (size_t i = 0; i < kNumbers; ++i) numbers[i] = i;
  memory.Make<uint8_t>(0);
  std::vector<std::string_view> copies;
  for (const std::string& text : texts) copies.push_back(memory.Copy(text));
  for (size_t i = 0; i < kNumbers; ++i) EXPECT_EQ(numbers[i], i);
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_TRUE(copies[i] == texts[i] && copies[i].data() != texts[i].data());
    EXPECT_EQ(copies[i].data()[copies[i].size()], '\0');
  }
  EXPECT_EQ(room.back(), ~uint64_t{0});
}

}  // namespace
