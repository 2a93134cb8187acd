// expiry_observer.h - who is told of what goes without a command.

#pragma once

#include <cstdint>
#include <string_view>

namespace snapfork {

class ExpiryObserver {
 public:
  // An entry, or a field of a hash, was removed because its time had come. The text is the
  // caller's.
  virtual void OnKeyExpired(uint32_t db, std::string_view key) = 0;
  virtual void OnFieldExpired(uint32_t db, std::string_view key, std::string_view field) = 0;
  // An entry is removed as memory is over its limit: before or between commands, in none.
  virtual void OnKeyEvicted(uint32_t db, std::string_view key) = 0;

 protected:
  ~ExpiryObserver() = default;
};

}  // namespace snapfork
