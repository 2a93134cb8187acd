// resp_parser_test.cc - commands read whole and in pieces.

#include "server/resp_parser.h"

#include <string>
#include <vector>

#include "test.h"

namespace {

using namespace snapfork;
using Outcome = RespParser::Outcome;
using Commands = std::vector<std::vector<std::string>>;

// Commands in what comes in pieces that end at random; what is wrong, or nothing, as the last one.
Commands ReadAll(const std::string& input, sf::Random* random) {
  Commands commands;
  RespParser parser;
  std::string pending;
  size_t at = 0;
  size_t given = 0;
  while (true) {
    // Elsewhere each time, so that a pointer that was kept would show.
    const std::string moved = pending.substr(at);
    switch (parser.Parse(moved, RespParser::Limits())) {
      case Outcome::kCommand:
        commands.emplace_back(parser.words().begin(), parser.words().end());
        at += parser.bytes();
        continue;
      case Outcome::kBad:
        commands.push_back({"error", parser.error()});
        return commands;
      case Outcome::kIncomplete:
        break;
    }
    if (given == input.size()) return commands;
    const size_t left = input.size() - given;
    const size_t more = random == nullptr ? left : 1 + random->Below(left);
    pending.append(input, given, more);
    given += more;
  }
}

std::string Show(const Commands& commands) {
  std::string text;
  for (const auto& words : commands) {
    for (const std::string& word : words) text += "[" + word + "]";
    text += "\n";
  }
  return text;
}

TEST(RespParser, ReadsArraysAndLines) {
  const Commands commands = ReadAll(
      "*2\r\n$3\r\nGET\r\n$1\r\na\r\n\r\n*0\r\nset a \"b \\x41\\n\" 'it\\'s'\nPING\r\n", nullptr);
  EXPECT_EQ(Show(commands), "[GET][a]\n\n\n[set][a][b A\n][it's]\n[PING]\n");
}

TEST(RespParser, NamesWhatIsWrong) {
  const auto error = [](const std::string& input) { return ReadAll(input, nullptr).back()[1]; };
  EXPECT_EQ(error("*x\r\n"), "Protocol error: invalid multibulk length");
  EXPECT_EQ(error("*1\r\n:1\r\n"), "Protocol error: expected '$', got ':'");
  EXPECT_EQ(error("*1\r\n\r\n"), "Protocol error: expected '$', got ' '");
  EXPECT_EQ(error("*1\r\n\n\r\n"), "Protocol error: expected '$', got ' '");
  EXPECT_EQ(error("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
  EXPECT_EQ(error("get 'a\r\n"), "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(error("get \"a\"b\r\n"), "Protocol error: unbalanced quotes in request");
  EXPECT_EQ(error(std::string(70'000, 'a')), "Protocol error: too big inline request");
  EXPECT_EQ(error("*" + std::string(70'000, '1')),
            "Protocol error: too big mbulk count string");
  EXPECT_EQ(error("*1\r\n$" + std::string(70'000, '1')),
            "Protocol error: too big bulk count string");
}

TEST(RespParser, LimitsWhoHasNotSaidWhoItIs) {
  const auto error = [](const std::string& input) {
    RespParser parser;
    RespParser::Limits limits;
    limits.is_unauthenticated = true;
    return parser.Parse(input, limits) == Outcome::kBad ? parser.error() : std::string();
  };
  EXPECT_EQ(error("*11\r\n"), "Protocol error: unauthenticated multibulk length");
  EXPECT_EQ(error("*1\r\n$16385\r\n"), "Protocol error: unauthenticated bulk length");
  EXPECT_EQ(error("*10\r\n$16384\r\n"), "");
}

TEST(RespParser, ReadsTheSameInPieces) {
  sf::Random random(700);
  for (int round = 0; round < 3000; ++round) {
    std::string input;
    for (uint64_t left = 1 + random.Below(5); left > 0; --left) {
      const uint64_t words = random.Below(5);
      if (random.Below(4) == 0) {
        input += "word \"two words\" x\r\n";
        continue;
      }
      input += "*" + std::to_string(words) + "\r\n";
      for (uint64_t word = 0; word < words; ++word) {
        const std::string bytes = random.Bytes(random.Below(40));
        input += "$" + std::to_string(bytes.size()) + "\r\n" + bytes + "\r\n";
      }
    }
    if (random.Below(5) == 0) {
      input[random.Below(input.size())] = static_cast<char>(random.Below(256));
    }
    EXPECT_TRUE(Show(ReadAll(input, nullptr)) == Show(ReadAll(input, &random)));
  }
}

}  // namespace
