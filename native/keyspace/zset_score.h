// zset_score.h - scores: as items of a pack, as keys of a tree, as text.
//
// A compact sorted set keeps a score as Redis does: an integer if it is one within +-2^62, else
// text that reads back as the same number. A large one keeps eight bytes instead of text, so that
// no text is read on the way to an element.

#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/child_safe.h"
#include "ds/listpack.h"

namespace snapfork {

// Room for the text of any double.
inline constexpr size_t kDoubleTextMax = 40;

// Text as strtod(3) takes it, without blanks: also hexadecimal, "inf" and "infinity". False for
// NaN, for what is out of range and for anything else.
bool ParseScore(std::string_view text, double& score);
// A bound of a range as ZRANGEBYSCORE takes it: a number that may be out of range, exclusive behind
// an opening bracket. Ends at the first NUL; nothing at all is 0.
bool ParseScoreBound(std::string_view text, double& score, bool& exclusive);
// The same for decimal text alone, of what the child may use.
SF_CHILD_SAFE bool ParsePlainScore(std::string_view text, double& score);
// As Redis 7.0 prints it: up to 17 digits, inf, -inf. `to` has kDoubleTextMax bytes.
SF_CHILD_SAFE size_t FormatScore(double score, char* to);
// The shortest text that reads back as the same number.
size_t FormatShortest(double score, char* to);

// True and the integer if the score is kept as one. Minus zero becomes zero.
inline bool IntegerOfScore(double score, int64_t& integer) {
  constexpr double kLimit = 4611686018427387904.0;  // 2^62
  if (!(score >= -kLimit && score <= kLimit)) return false;
  integer = static_cast<int64_t>(score);
  return static_cast<double>(integer) == score;
}

// A score to be written; keeps the bytes it points to.
class ScoreItem {
 public:
  enum class Form { kText, kBytes };

  ScoreItem(double score, Form form) {
    int64_t integer;
    if (IntegerOfScore(score, integer)) {
      value_ = PackValue(integer);
    } else if (form == Form::kText) {
      value_ = PackValue(std::string_view(bytes_, FormatShortest(score, bytes_)));
    } else {
      StoreLittle(bytes_, score);
      value_ = PackValue::OfBytes({bytes_, sizeof(double)});
    }
  }
  ScoreItem(const ScoreItem&) = delete;
  ScoreItem& operator=(const ScoreItem&) = delete;
  const PackValue& value() const { return value_; }

 private:
  char bytes_[kDoubleTextMax];
  PackValue value_;
};

// The score of an item of a large set.
SF_CHILD_SAFE inline double ScoreOfBytes(const PackElement& item) {
  return item.is_integer() ? static_cast<double>(item.integer) : LoadLittle<double>(item.text);
}
// The score of an item of a compact set; 0 for text that is none.
double ScoreOfText(const PackElement& item);

// The same of an item in a form that is known.
inline double ScoreOf(const PackElement& item, ScoreItem::Form form) {
  return form == ScoreItem::Form::kBytes ? ScoreOfBytes(item) : ScoreOfText(item);
}

// Unsigned integers in the order of the scores; both zeros are one.
inline uint64_t OrderOfScore(double score) {
  if (score == 0) score = 0;
  const auto bits = std::bit_cast<uint64_t>(score);
  return (bits >> 63) != 0 ? ~bits : bits | uint64_t{1} << 63;
}

// The first eight bytes of a member, in the order of members.
inline uint64_t OrderOfMember(std::string_view member) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) {
    prefix = prefix << 8 | (i < member.size() ? static_cast<uint8_t>(member[i]) : 0);
  }
  return prefix;
}

}  // namespace snapfork
