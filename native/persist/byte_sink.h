// byte_sink.h - where bytes go, in order. The file is file_sink.h; tests bring faulty ones.

#pragma once

#include <cstddef>

#include "base/child_safe.h"
#include "base/status.h"

namespace snapfork {

class ByteSink {
 public:
  // Takes all bytes or fails. After a failure the sink is not written to again.
  SF_CHILD_SAFE virtual Status Write(const void* data, size_t bytes) = 0;

 protected:
  // Never deleted through the base: a virtual destructor would pull operator delete into the child.
  ~ByteSink() = default;
};

}  // namespace snapfork
