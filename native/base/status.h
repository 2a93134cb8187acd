// status.h - the result of every native operation that can fail.
//
// 16 bytes, no heap, no text, no padding: the forked child hands it to the parent through the
// control page as it is. Messages are made in TypeScript (lib/native/status.ts).

#pragma once

#include <cstdint>

namespace snapfork {

enum class StatusCode : int32_t {
#define SF_STATUS_CODE(number, name) k##name = number,
#include "base/status_codes.def"
#undef SF_STATUS_CODE
};

class [[nodiscard]] Status {
 public:
  constexpr Status() = default;
  constexpr explicit Status(StatusCode code, int32_t errno_value = 0, int64_t offset = -1)
      : code_(code), errno_(errno_value), offset_(offset) {}

  // Maps ENOSPC, EDQUOT and EFBIG to kNoSpace, ENOMEM to kOutOfMemory, everything else to kIo.
  static constexpr Status FromErrno(int32_t errno_value, int64_t offset = -1) {
    constexpr int32_t kEnomem = 12, kEfbig = 27, kEnospc = 28, kEdquot = 122;
    StatusCode code = StatusCode::kIo;
    if (errno_value == kEnospc || errno_value == kEdquot || errno_value == kEfbig) {
      code = StatusCode::kNoSpace;
    } else if (errno_value == kEnomem) {
      code = StatusCode::kOutOfMemory;
    }
    return Status(code, errno_value, offset);
  }

  constexpr bool ok() const { return code_ == StatusCode::kOk; }
  constexpr StatusCode code() const { return code_; }
  constexpr int32_t errno_value() const { return errno_; }
  // Byte offset in the file the status speaks of, or -1.
  constexpr int64_t offset() const { return offset_; }

  constexpr bool operator==(const Status&) const = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  int32_t errno_ = 0;
  int64_t offset_ = -1;
};

static_assert(sizeof(Status) == 16);

}  // namespace snapfork

// Returns the status of `expression` from the enclosing function unless it is ok.
#define SF_RETURN_IF_ERROR(expression)                                      \
  do {                                                                      \
    if (::snapfork::Status sf_status = (expression); !sf_status.ok()) {     \
      return sf_status;                                                     \
    }                                                                       \
  } while (false)
