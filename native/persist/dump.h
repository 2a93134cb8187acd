// dump.h - one value as DUMP gives it, and as RESTORE takes it.
//
//   type | value | u16 version | u64 CRC-64 of all before
//
// The version is the lowest that covers the type, so that every server that knows the type takes
// it.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "keyspace/keyspace.h"

namespace snapfork {

Status DumpValue(const Keyspace& keyspace, EntryView entry, std::string& payload);

struct RestoreOptions {
  int64_t expiry = kNoExpiry;
  bool replace = false;
  // As in RdbLoadOptions.
  bool deep = true;
  EntryAccess access{};
};

// Makes the value of a payload that of a key. kBadPayload: its version or checksum is wrong;
// kBadPayloadValue: what it holds; kKeyExists unless `replace`. Then nothing has changed.
Status RestoreValue(Keyspace& keyspace, uint32_t db, std::string_view key,
                    std::string_view payload, const RestoreOptions& options);

// Libraries of functions, as FUNCTION DUMP gives them.
Status DumpFunctions(const std::vector<std::string>& texts, std::string& payload);

// The texts in such a payload. kBadPayload as of RestoreValue; kBadPayloadValue for anything in it
// that is no library, kNotFunctions if that is whole.
Status ReadFunctions(std::string_view payload, std::vector<std::string>& texts);

// Version and checksum alone: kBadPayload.
Status CheckPayload(std::string_view payload);

}  // namespace snapfork
