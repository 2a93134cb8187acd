// rdb_loader.cc - opcodes and entries.

#include "persist/rdb_loader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "persist/rdb_format.h"

namespace snapfork {
namespace {

Status At(StatusCode code, uint64_t offset) {
  return Status(code, 0, static_cast<int64_t>(offset));
}

// The status of a target, with an offset.
Status Located(Status status, uint64_t offset) {
  if (status.ok() || status.offset() >= 0) return status;
  return Status(status.code(), status.errno_value(), static_cast<int64_t>(offset));
}

// Only this thread writes the counter.
void Increment(std::atomic<uint64_t>& counter) {
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

RdbLoader::RdbLoader(ByteSource& source, RdbTarget& target, const RdbLoadOptions& options)
    : target_(target),
      options_(options),
      reader_(source, options.checksum, options.buffer_bytes),
      values_(reader_, options.deep) {}

Status RdbLoader::Load() {
  SF_RETURN_IF_ERROR(reader_.Open());
  const Status status = LoadElements();
  bytes_loaded_.store(reader_.offset());
  return Located(status, reader_.offset());
}

Status RdbLoader::LoadElements() {
  SF_RETURN_IF_ERROR(ReadHeader());
  for (;;) {
    SF_RETURN_IF_ERROR(reader_.Prefetch());
    const uint64_t start = reader_.offset();
    const uint8_t* first;
    SF_RETURN_IF_ERROR(reader_.Take(1, first));
    const uint8_t byte = *first;
    if (byte == kRdbOpcodeEnd) return CheckTrailer();
    SF_RETURN_IF_ERROR(byte < kRdbOpcodeFirst ? ReadEntry(byte, start) : ReadOpcode(byte, start));
  }
}

Status RdbLoader::ReadHeader() {
  const uint8_t* header;
  SF_RETURN_IF_ERROR(reader_.Take(kRdbHeaderBytes, header));
  if (std::memcmp(header, kRdbSignatureValkey, sizeof(kRdbSignatureValkey)) == 0) {
    return At(StatusCode::kBadVersion, sizeof(kRdbSignatureValkey));
  }
  if (std::memcmp(header, kRdbSignature, sizeof(kRdbSignature)) != 0) {
    return At(StatusCode::kBadSignature, 0);
  }
  int version = 0;
  for (size_t i = sizeof(kRdbSignature); i < kRdbHeaderBytes; ++i) {
    if (header[i] < '0' || header[i] > '9') return At(StatusCode::kBadVersion, i);
    version = version * 10 + (header[i] - '0');
  }
  version_.store(version, std::memory_order_relaxed);
  if (version < kRdbVersionMin || version > kRdbVersionMax) {
    return At(StatusCode::kBadVersion, sizeof(kRdbSignature));
  }
  return Status();
}

Status RdbLoader::ReadOpcode(uint8_t opcode, uint64_t start) {
  switch (opcode) {
    case kRdbOpcodeExpireMillis:
      return ReadExpiryMillis();
    case kRdbOpcodeExpireSeconds:
      return ReadExpirySeconds();
    case kRdbOpcodeSelectDatabase:
      return ReadDatabase(start);
    case kRdbOpcodeResizeDatabase:
      return ReadSizes();
    case kRdbOpcodeAux:
      return ReadAux(start);
    case kRdbOpcodeFrequency:
      return ReadFrequency();
    case kRdbOpcodeIdle:
      return ReadIdle();
    case kRdbOpcodeSlotInfo:
      return SkipLengths(3);
    case kRdbOpcodeFunction2:
      SF_RETURN_IF_ERROR(reader_.ReadString(value_));
      return Located(target_.OnFunctions(value_.text()), start);
    case kRdbOpcodeModuleAux:
      return SkipModuleAux();
    default:
      return At(StatusCode::kBadOpcode, start);
  }
}

Status RdbLoader::ReadAux(uint64_t start) {
  SF_RETURN_IF_ERROR(reader_.ReadString(key_));
  SF_RETURN_IF_ERROR(reader_.ReadString(value_, &key_));
  return Located(target_.OnAux(key_.text(), value_.text()), start);
}

Status RdbLoader::ReadDatabase(uint64_t start) {
  uint64_t id = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(id));
  if (id >= options_.databases) return At(StatusCode::kBadDatabase, start);
  return Located(target_.OnDatabase(static_cast<uint32_t>(id)), start);
}

Status RdbLoader::ReadSizes() {
  uint64_t keys = 0;
  uint64_t keys_with_expiry = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(keys));
  SF_RETURN_IF_ERROR(reader_.ReadLength(keys_with_expiry));
  // The smallest entry is a type, an empty key and an empty value. A stream of unknown length is
  // not worth a large reserve.
  constexpr uint64_t kEntryBytesMin = 3;
  constexpr uint64_t kUnknownKeysMax = 1u << 20;
  const uint64_t limit = reader_.knows_rest() ? reader_.rest() / kEntryBytesMin : kUnknownKeysMax;
  keys = std::min(keys, limit);
  target_.OnResize(keys, std::min(keys_with_expiry, keys));
  return Status();
}

Status RdbLoader::ReadExpirySeconds() {
  const uint8_t* seconds;
  SF_RETURN_IF_ERROR(reader_.Take(4, seconds));
  expires_at_ms_ = int64_t{LoadLittle<int32_t>(seconds)} * 1000;
  return Status();
}

Status RdbLoader::ReadExpiryMillis() {
  const uint8_t* millis;
  SF_RETURN_IF_ERROR(reader_.Take(8, millis));
  expires_at_ms_ = LoadLittle<int64_t>(millis);
  return Status();
}

Status RdbLoader::ReadFrequency() {
  const uint8_t* frequency;
  SF_RETURN_IF_ERROR(reader_.Take(1, frequency));
  access_.frequency = *frequency;
  return Status();
}

Status RdbLoader::ReadIdle() {
  uint64_t seconds = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(seconds));
  access_.idle_seconds = static_cast<int32_t>(std::min<uint64_t>(seconds, INT32_MAX));
  return Status();
}

Status RdbLoader::SkipLengths(int count) {
  uint64_t ignored;
  for (int i = 0; i < count; ++i) SF_RETURN_IF_ERROR(reader_.ReadLength(ignored));
  return Status();
}

// Module id, "unsigned", before (1) or after (2) the keys, items.
Status RdbLoader::SkipModuleAux() {
  uint64_t when_kind = 0;
  SF_RETURN_IF_ERROR(SkipLengths(1));
  const uint64_t start = reader_.offset();
  SF_RETURN_IF_ERROR(reader_.ReadLength(when_kind));
  if (when_kind != kRdbModuleUnsigned) return At(StatusCode::kBadEncoding, start);
  SF_RETURN_IF_ERROR(SkipLengths(1));
  return SkipModuleItems();
}

Status RdbLoader::SkipModuleItems() {
  const uint8_t* ignored;
  for (;;) {
    const uint64_t start = reader_.offset();
    uint64_t kind = 0;
    SF_RETURN_IF_ERROR(reader_.ReadLength(kind));
    switch (kind) {
      case kRdbModuleEnd:
        return Status();
      case kRdbModuleSigned:
      case kRdbModuleUnsigned:
        SF_RETURN_IF_ERROR(SkipLengths(1));
        break;
      case kRdbModuleFloat:
        SF_RETURN_IF_ERROR(reader_.Take(4, ignored));
        break;
      case kRdbModuleDouble:
        SF_RETURN_IF_ERROR(reader_.Take(8, ignored));
        break;
      case kRdbModuleString:
        SF_RETURN_IF_ERROR(reader_.ReadString(value_));
        break;
      default:
        return At(StatusCode::kBadEncoding, start);
    }
  }
}

Status RdbLoader::ReadEntry(uint8_t type, uint64_t start) {
  switch (type) {
    case kRdbTypeString:
      return ReadStringEntry(start);
    case kRdbTypeNeverAssigned:
      return At(StatusCode::kBadOpcode, start);
    case kRdbTypeModulePreGa:
    case kRdbTypeModule2:
      return At(StatusCode::kUnsupportedType, start);
    default:
      if (type > kRdbTypeLast) return At(StatusCode::kBadOpcode, start);
      return ReadValueEntry(type, start);
  }
}

bool RdbLoader::TakeExpiry(int64_t& expires_at_ms) {
  expires_at_ms = expires_at_ms_;
  expires_at_ms_ = kNoExpiry;
  entry_access_ = std::exchange(access_, EntryAccess());
  if (expires_at_ms == kNoExpiry || expires_at_ms > options_.now_ms) return false;
  Increment(keys_expired_);
  return true;
}

Status RdbLoader::ReadStringEntry(uint64_t start) {
  SF_RETURN_IF_ERROR(reader_.ReadString(key_));
  SF_RETURN_IF_ERROR(reader_.ReadString(value_, &key_));
  int64_t expires_at_ms;
  if (TakeExpiry(expires_at_ms)) return Status();
  entry_offset_ = static_cast<int64_t>(start);
  const Status status = value_.is_integer()
                            ? target_.OnInteger(key_.text(), value_.integer(), expires_at_ms)
                            : target_.OnString(key_.text(), value_.text(), expires_at_ms);
  if (!status.ok()) return Located(status, start);
  Increment(keys_loaded_);
  return Status();
}

Status RdbLoader::ReadValueEntry(uint8_t type, uint64_t start) {
  SF_RETURN_IF_ERROR(reader_.ReadString(key_));
  const Status read = values_.Read(type, &key_, collection_);
  const bool is_empty = read.code() == StatusCode::kEmptyValue;
  if (!read.ok() && !is_empty) return read;
  int64_t expires_at_ms;
  if (TakeExpiry(expires_at_ms)) return Status();
  if (is_empty) {
    Increment(keys_empty_);
    return Status();
  }
  entry_offset_ = static_cast<int64_t>(start);
  const Status status = target_.OnValue(key_.text(), collection_, expires_at_ms);
  if (!status.ok()) return Located(status, start);
  Increment(keys_loaded_);
  return Status();
}

Status RdbLoader::CheckTrailer() {
  if (version() < kRdbVersionChecksum) return Status();
  const uint64_t computed = reader_.TakeCrc();
  const uint64_t start = reader_.offset();
  const uint8_t* trailer;
  SF_RETURN_IF_ERROR(reader_.Take(kRdbChecksumBytes, trailer));
  const uint64_t stored = LoadLittle<uint64_t>(trailer);
  // Zero stands for "not computed".
  if (options_.checksum && stored != 0 && stored != computed) {
    return At(StatusCode::kBadChecksum, start);
  }
  return Status();
}

}  // namespace snapfork
