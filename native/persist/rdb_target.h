// rdb_target.h - what the loader makes of a file, one call an element, in file order.
//
// The views are valid during the call only. A status that is not ok ends the load and is what
// Load returns; so a target that wants to cancel returns an error. Without an offset of its own
// the status gets that of the element.

#pragma once

#include <cstdint>
#include <string_view>

#include "base/status.h"

namespace snapfork {

class LoadedValue;

class RdbTarget {
 public:
  virtual Status OnAux(std::string_view name, std::string_view value) = 0;

  // The entries that follow are in database `id`. Before the first call it is database 0.
  virtual Status OnDatabase(uint32_t id) = 0;

  // A hint: how many entries follow in this database. Never more than the rest of the file can
  // hold, so it is safe to reserve for.
  virtual void OnResize(uint64_t keys, uint64_t keys_with_expiry) = 0;

  // One entry; `expires_at_ms` is Unix time in milliseconds or kNoExpiry. The loader does not
  // look for duplicates: the target returns kDuplicateKey.
  virtual Status OnString(std::string_view key, std::string_view value, int64_t expires_at_ms) = 0;
  // The same for a value that the file holds as an integer.
  virtual Status OnInteger(std::string_view key, int64_t value, int64_t expires_at_ms) = 0;
  // The same for a value of any other type.
  virtual Status OnValue(std::string_view key, LoadedValue& value, int64_t expires_at_ms) = 0;
  // A library of functions: kept as it is, to be written back.
  virtual Status OnFunctions(std::string_view code) = 0;

 protected:
  ~RdbTarget() = default;
};

}  // namespace snapfork
