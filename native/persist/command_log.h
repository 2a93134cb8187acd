// command_log.h - changes as commands, in the form of Redis's append-only file (command_format.h).
//
// What one command changes, with what expired on its way, is a unit: one effect is logged as it is,
// several between MULTI and EXEC. SELECT comes before a command of another database than the last
// one's: before the MULTI for the first of a unit.
//
// Format: persistence of Redis 7, byte for byte for the same commands.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/byte_buffer.h"
#include "keyspace/expiry_observer.h"
#include "persist/log_thread.h"

namespace snapfork {

void AppendCommand(ByteBuffer& to, std::span<const std::string_view> words);

class CommandLog final : public ExpiryObserver {
 public:
  explicit CommandLog(LogThread& thread) : thread_(thread) {}
  CommandLog(const CommandLog&) = delete;
  CommandLog& operator=(const CommandLog&) = delete;

  // Adds an effect to the unit.
  void Add(uint32_t db, std::span<const std::string_view> words);
  // Ends the unit. One that is not `atomic` (of a command that meets expired keys as it walks) is
  // logged effect by effect.
  void Commit(bool atomic);
  // Until Release, nothing ends the unit: what several commands change is one. May be nested.
  void Hold() { ++holds_; }
  void Release() { holds_ -= holds_ > 0 ? 1 : 0; }
  // A new file begins: it selects its database anew. REQUIRES: no unit is open.
  void StartFile() { db_ = kNoDatabase; }
  // Writes the second before a command of another second (`#TS:`).
  void set_timestamps(bool on) { timestamps_ = on; }

  void OnKeyExpired(uint32_t db, std::string_view key) override;
  void OnFieldExpired(uint32_t db, std::string_view key, std::string_view field) override;
  // Logged at once, outside of any unit. REQUIRES: no unit is open.
  void OnKeyEvicted(uint32_t db, std::string_view key) override;

 private:
  static constexpr uint32_t kNoDatabase = UINT32_MAX;

  void AppendUnit(ByteBuffer& to, bool as_transaction) const;
  void AppendTimestamp(ByteBuffer& to);

  LogThread& thread_;
  ByteBuffer unit_;
  size_t head_bytes_ = 0;  // a SELECT before the first effect
  size_t effects_ = 0;
  uint32_t holds_ = 0;
  uint32_t db_ = kNoDatabase;
  bool timestamps_ = false;
  int64_t second_ = 0;
};

}  // namespace snapfork
