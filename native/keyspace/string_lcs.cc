// string_lcs.cc - the table of lengths of prefixes, row by row, and the way back through it.

#include "keyspace/string_lcs.h"

#include <algorithm>
#include <memory>
#include <new>

#include "base/limits.h"

namespace snapfork {
namespace {

// Lengths for every prefix of `a` against every prefix of `b`; only the last two rows, if no way
// back is needed.
class PrefixTable {
 public:
  PrefixTable(std::string_view a, std::string_view b, bool whole)
      : a_(a), b_(b), width_(b.size() + 1), rows_(whole ? a.size() + 1 : 2) {}

  Status Fill() {
    if (rows_ > kStringBytesMax / sizeof(uint32_t) / width_) {
      return Status(StatusCode::kTooLargeToCompare);
    }
    cells_.reset(new (std::nothrow) uint32_t[rows_ * width_]());
    if (cells_ == nullptr) return Status(StatusCode::kOutOfMemory);
    for (size_t i = 1; i <= a_.size(); ++i) {
      uint32_t* const row = Row(i);
      const uint32_t* const above = Row(i - 1);
      for (size_t j = 1; j < width_; ++j) {
        row[j] = a_[i - 1] == b_[j - 1] ? above[j - 1] + 1 : std::max(above[j], row[j - 1]);
      }
    }
    return Status();
  }

  uint32_t At(size_t i, size_t j) const { return cells_[i % rows_ * width_ + j]; }
  uint32_t length() const { return At(a_.size(), b_.size()); }

 private:
  uint32_t* Row(size_t i) { return cells_.get() + i % rows_ * width_; }

  const std::string_view a_;
  const std::string_view b_;
  const size_t width_;
  const size_t rows_;
  std::unique_ptr<uint32_t[]> cells_;
};

}  // namespace

Status LcsLength(std::string_view a, std::string_view b, uint64_t& length) {
  PrefixTable table(a, b, false);
  SF_RETURN_IF_ERROR(table.Fill());
  length = table.length();
  return Status();
}

Status LongestCommonSubsequence(std::string_view a, std::string_view b, std::string& text,
                                std::vector<CommonRun>& runs) {
  PrefixTable table(a, b, true);
  SF_RETURN_IF_ERROR(table.Fill());
  text.resize(table.length());
  runs.clear();
  size_t left = text.size();
  size_t i = a.size();
  size_t j = b.size();
  bool continues = false;
  while (left > 0) {
    if (a[i - 1] == b[j - 1]) {
      --i;
      --j;
      text[--left] = a[i];
      if (!continues) runs.push_back({i, j, 0});
      runs.back() = {i, j, runs.back().length + 1};
      continues = true;
    } else {
      table.At(i - 1, j) > table.At(i, j - 1) ? --i : --j;
      continues = false;
    }
  }
  return Status();
}

}  // namespace snapfork
