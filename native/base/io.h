// io.h - system calls on files, as whole operations.
//
// Runs in: any thread of the parent, or the child's only thread. Allocates nothing.

#pragma once

#include <cstddef>
#include <cstdint>

#include "base/child_safe.h"
#include "base/status.h"

namespace snapfork {

// Writes all of `bytes`, however often write(2) is interrupted or writes less.
SF_CHILD_SAFE Status WriteFully(int fd, const void* data, size_t bytes);

// fsync(2).
SF_CHILD_SAFE Status SyncFile(int fd);

// fsync(2) of the directory that holds `path`: makes a rename to `path` durable.
SF_CHILD_SAFE Status SyncDirectoryOf(const char* path);

// Lets go of the cached pages of the first `bytes` bytes of a file, 0: of all of it. Those that the
// disk does not have yet stay. A hint: nothing depends on it.
SF_CHILD_SAFE void DropFromCache(int fd, uint64_t bytes);

}  // namespace snapfork
