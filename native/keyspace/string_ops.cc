// string_ops.cc - strings in their three encodings: inline, integer, external.

#include "keyspace/string_ops.h"

#include <algorithm>
#include <cmath>

#include "base/long_double.h"

namespace snapfork {
namespace {

Status CheckString(const Found& found) {
  const bool wrong = found.entry && found.entry.type() != ValueType::kString;
  return wrong ? Status(StatusCode::kWrongType) : Status();
}

// An object for `bytes`, with room to grow into: half as much again, at most 64 MiB.
Handle AllocateGrowing(Keyspace& keyspace, uint32_t db, uint64_t bytes) {
  const uint64_t room = std::min<uint64_t>(bytes / 2, 64u << 20);
  return keyspace.arena().Allocate(keyspace.database(db).heap, ObjectKind::kNode, bytes + room);
}

// Puts `content`, or frees the external value that was made for it.
Status PutOrFree(Keyspace& keyspace, uint32_t db, const Found& found,
                 const EntryContent& content) {
  const Status status = keyspace.Put(db, found, content);
  if (!status.ok() && content.encoding == Encoding::kExternal) {
    keyspace.arena().Free(content.external.handle);
  }
  return status;
}

// Writes `old`, zeros where it ends before `offset`, and `value` over it at `offset`.
void Overlay(char* to, std::string_view old, uint64_t offset, std::string_view value) {
  if (!old.empty()) std::memcpy(to, old.data(), old.size());
  if (offset > old.size()) std::memset(to + old.size(), 0, offset - old.size());
  if (!value.empty()) std::memcpy(to + offset, value.data(), value.size());
}

// Writes `value` at `offset` of an external value, with zeros before it where there was nothing.
// If a child lives, the kernel copies just the pages touched of a large one.
Status WriteExternal(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
                     uint64_t offset, std::string_view value) {
  Arena& arena = keyspace.arena();
  const External old = found.entry.external();
  const uint64_t length = std::max<uint64_t>(old.bytes, offset + value.size());
  External changed{old.handle, length};
  const bool grows = length > arena.CapacityOf(old.handle);
  if (grows || arena.MovesForChange(old.handle)) {
    changed.handle =
        grows ? AllocateGrowing(keyspace, db, length)
              : arena.Allocate(keyspace.database(db).heap, ObjectKind::kNode,
                               arena.CapacityOf(old.handle));
    if (changed.handle == 0) return Status(StatusCode::kOutOfMemory);
    std::memcpy(arena.At(changed.handle), arena.At(old.handle), old.bytes);
  }
  if (length != old.bytes || changed.handle != old.handle || !found.entry.raw()) {
    EntryContent content = Keyspace::ContentOf(found.entry);
    content.key = key;
    content.raw = true;
    content.external = changed;
    const Status status = keyspace.Put(db, found, content);
    if (!status.ok()) {
      if (changed.handle != old.handle) arena.Free(changed.handle);
      return status;
    }
  }
  keyspace.NoteWrite(db, found);
  arena.NoteChange(changed.handle);
  uint8_t* const to = arena.At(changed.handle);
  if (offset > old.bytes) std::memset(to + old.bytes, 0, offset - old.bytes);
  if (!value.empty()) std::memcpy(to + offset, value.data(), value.size());
  return Status();
}

// APPEND and SETRANGE. The result is not empty.
Status WriteAt(Keyspace& keyspace, uint32_t db, const Found& found, std::string_view key,
               uint64_t offset, std::string_view value) {
  if (found.entry && found.entry.encoding() == Encoding::kExternal) {
    return WriteExternal(keyspace, db, found, key, offset, value);
  }
  char digits[kIntegerTextMax];
  const std::string_view old =
      found.entry ? keyspace.StringOf(found.entry, digits) : std::string_view();
  const uint64_t length = std::max<uint64_t>(old.size(), offset + value.size());
  EntryContent content;
  content.key = key;
  content.raw = true;
  content.expiry = found.entry ? found.entry.expiry() : kNoExpiry;
  if (length <= kInlineValueBytesMax) {
    // Not straight into the entry: the old bytes may be where the new ones go.
    char whole[kInlineValueBytesMax];
    Overlay(whole, old, offset, value);
    content.bytes = {whole, length};
    return keyspace.Put(db, found, content);
  }
  const Handle handle = AllocateGrowing(keyspace, db, length);
  if (handle == 0) return Status(StatusCode::kOutOfMemory);
  Overlay(reinterpret_cast<char*>(keyspace.arena().At(handle)), old, offset, value);
  content.encoding = Encoding::kExternal;
  content.external = {handle, length};
  return PutOrFree(keyspace, db, found, content);
}

}  // namespace

Status EncodeString(Keyspace& keyspace, uint32_t db, std::string_view value,
                    EntryContent& content) {
  content.type = ValueType::kString;
  if (ParseInteger(value, content.integer)) {
    content.encoding = Encoding::kInteger;
  } else if (value.size() <= kInlineValueBytesMax) {
    content.encoding = Encoding::kInline;
    content.bytes = value;
  } else {
    if (value.size() > kStringBytesMax) return Status(StatusCode::kStringTooLong);
    const Handle handle = keyspace.arena().Allocate(keyspace.database(db).heap, ObjectKind::kNode,
                                                    value.size());
    if (handle == 0) return Status(StatusCode::kOutOfMemory);
    std::memcpy(keyspace.arena().At(handle), value.data(), value.size());
    content.encoding = Encoding::kExternal;
    content.external = {handle, value.size()};
  }
  return Status();
}

Status StringGet(Keyspace& keyspace, uint32_t db, std::string_view key, StringResult& result) {
  const Found found = keyspace.Lookup(db, key);
  result.found = static_cast<bool>(found.entry);
  if (!found.entry) {
    keyspace.CountLookup(false);
    result.text = {};
    return Status();
  }
  SF_RETURN_IF_ERROR(CheckString(found));
  keyspace.CountLookup(true);
  result.text = keyspace.StringOf(found.entry, result.scratch);
  return Status();
}

Status StringSet(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view value,
                 uint32_t flags, int64_t expiry, bool& done) {
  const Found found = keyspace.Lookup(db, key);
  const bool present = static_cast<bool>(found.entry);
  done = !((flags & kSetIfAbsent) != 0 && present) && !((flags & kSetIfPresent) != 0 && !present);
  if (!done) return Status();
  EntryContent content;
  content.key = key;
  content.expiry = (flags & kSetKeepExpiry) != 0 && present ? found.entry.expiry() : expiry;
  SF_RETURN_IF_ERROR(EncodeString(keyspace, db, value, content));
  SF_RETURN_IF_ERROR(PutOrFree(keyspace, db, found, content));
  ++keyspace.counters().changes;
  return Status();
}

Status StringAppend(Keyspace& keyspace, uint32_t db, std::string_view key, std::string_view value,
                    uint64_t& length) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckString(found));
  const uint64_t old_length = found.entry ? keyspace.StringBytesOf(found.entry) : 0;
  length = old_length + value.size();
  if (length > kStringBytesMax) return Status(StatusCode::kStringTooLong);
  if (found.entry) {
    SF_RETURN_IF_ERROR(WriteAt(keyspace, db, found, key, old_length, value));
    ++keyspace.counters().changes;
    return Status();
  }
  bool done = false;
  return StringSet(keyspace, db, key, value, 0, kNoExpiry, done);
}

Status StringSetRange(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t offset,
                      std::string_view value, uint64_t& length) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckString(found));
  length = found.entry ? keyspace.StringBytesOf(found.entry) : 0;
  if (value.empty()) return Status();
  if (offset > kStringBytesMax || offset + value.size() > kStringBytesMax) {
    return Status(StatusCode::kStringTooLong);
  }
  length = std::max<uint64_t>(length, offset + value.size());
  SF_RETURN_IF_ERROR(WriteAt(keyspace, db, found, key, offset, value));
  ++keyspace.counters().changes;
  return Status();
}

Status StringLength(Keyspace& keyspace, uint32_t db, std::string_view key, uint64_t& length) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckString(found));
  keyspace.CountLookup(static_cast<bool>(found.entry));
  length = found.entry ? keyspace.StringBytesOf(found.entry) : 0;
  return Status();
}

Status StringGetRange(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t start,
                      int64_t end, StringResult& result) {
  SF_RETURN_IF_ERROR(StringGet(keyspace, db, key, result));
  const int64_t length = static_cast<int64_t>(result.text.size());
  const bool reversed = start < 0 && end < 0 && start > end;
  if (start < 0) start = std::max<int64_t>(0, length + start);
  if (end < 0) end = std::max<int64_t>(0, length + end);
  end = std::min(end, length - 1);
  if (reversed || start > end || length == 0) {
    result.text = {};
  } else {
    result.text = result.text.substr(static_cast<size_t>(start),
                                     static_cast<size_t>(end - start + 1));
  }
  return Status();
}

Status StringIncrement(Keyspace& keyspace, uint32_t db, std::string_view key, int64_t delta,
                       int64_t& value) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckString(found));
  int64_t old_value = 0;
  if (found.entry) {
    char digits[kIntegerTextMax];
    if (!ParseInteger(keyspace.StringOf(found.entry, digits), old_value)) {
      return Status(StatusCode::kNotAnInteger);
    }
  }
  if (__builtin_add_overflow(old_value, delta, &value)) {
    return Status(StatusCode::kIncrementOverflow);
  }
  EntryContent content;
  content.key = key;
  content.encoding = Encoding::kInteger;
  content.integer = value;
  content.expiry = found.entry ? found.entry.expiry() : kNoExpiry;
  SF_RETURN_IF_ERROR(keyspace.Put(db, found, content));
  ++keyspace.counters().changes;
  return Status();
}

Status StringIncrementFloat(Keyspace& keyspace, uint32_t db, std::string_view key,
                            std::string_view delta, StringResult& result) {
  const Found found = keyspace.Lookup(db, key);
  SF_RETURN_IF_ERROR(CheckString(found));
  long double value = 0;
  long double summand = 0;
  if (found.entry) {
    char digits[kIntegerTextMax];
    if (!ParseLongDouble(keyspace.StringOf(found.entry, digits), value)) {
      return Status(StatusCode::kNotAFloat);
    }
  }
  if (!ParseLongDouble(delta, summand)) return Status(StatusCode::kNotAFloat);
  value += summand;
  if (std::isnan(value) || std::isinf(value)) return Status(StatusCode::kNanOrInfinity);
  char text[kLongDoubleTextMax];
  EntryContent content;
  content.key = key;
  content.expiry = found.entry ? found.entry.expiry() : kNoExpiry;
  const std::string_view formatted(text, FormatLongDouble(value, text));
  // Not made an integer even if it looks like one: OBJECT ENCODING shows a string, as in Redis.
  content.bytes = formatted;
  if (formatted.size() > kInlineValueBytesMax) {
    SF_RETURN_IF_ERROR(EncodeString(keyspace, db, formatted, content));
  }
  SF_RETURN_IF_ERROR(PutOrFree(keyspace, db, found, content));
  ++keyspace.counters().changes;
  // Not StringGet: a change counts as no hit.
  result.text = keyspace.StringOf(keyspace.Lookup(db, key).entry, result.scratch);
  result.found = true;
  return Status();
}

}  // namespace snapfork
