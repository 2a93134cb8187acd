// rdb_value_loader.h - one value of any type and version, read and checked.
//
// What a value leads to inside of strings (listpacks, ziplists, intsets, zipmaps) is walked in
// full before it is used, since the readers of the keyspace trust their packs: every element lies
// inside, every length back is right. With `deep` it must also be free of contradictions that
// Redis finds only then: members twice, scores out of order. Plain forms are always checked so.
//
// Memory: what the value itself needs, a small multiple of its bytes.
//
// Runs in: one thread of the parent at a time.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "ds/pack_builder.h"
#include "keyspace/keyspace.h"
#include "keyspace/value_build.h"
#include "keyspace/zset_score.h"
#include "persist/rdb_reader.h"
#include "persist/rdb_stream.h"

namespace snapfork {

// A value on its way to the keyspace. Reused from value to value.
class LoadedValue {
 public:
  ValueType type = ValueType::kNone;
  // Makes the value in a database: `content` gets type, encoding and value, key and expiry are the
  // caller's. kBadValue, kOutOfMemory.
  Status Build(Keyspace& keyspace, uint32_t db, EntryContent& content, std::string& storage);

 private:
  friend class RdbValueLoader;

  // Elements, fields and values, members and scores.
  PackBuilder elements_;
  // Instead of elements.
  std::string intset_;
  // Of a list.
  std::vector<ListNodeEnd> nodes_;
  LoadedStream stream_;
  unsigned stride_ = 1;
  bool checks_members_ = false;
  // Came as a blob: its elements may be longer than the limits of a compact value, as in Redis.
  bool any_size_ = false;
  // Of members and scores.
  ScoreItem::Form score_form_ = ScoreItem::Form::kText;
  bool in_order_ = true;

  void OrderByExpiry();
  void OrderByScore();
};

class RdbValueLoader {
 public:
  RdbValueLoader(RdbReader& reader, bool deep) : reader_(reader), deep_(deep) {}

  // Reads a value of a type other than a string. The text of `keep` stays valid. kEmptyValue for a
  // collection without elements, read to its end; kBadValue, kUnsupportedType for a module's
  // value, and what the reader returns; all with the offset of what is wrong.
  Status Read(uint8_t type, RdbString* keep, LoadedValue& value);

 private:
  Status ReadOfType(uint8_t type, RdbString* keep, LoadedValue& value);
  Status ReadPlain(uint64_t items, RdbString* keep, LoadedValue& value);
  Status ReadPlainZset(bool binary, RdbString* keep, LoadedValue& value);
  Status ReadScore(bool binary, double& score);
  Status ReadHashMetadata(bool has_minimum, RdbString* keep, LoadedValue& value);
  Status ReadPack(unsigned stride, RdbString* keep, LoadedValue& value);
  Status ReadHashPackMetadata(bool has_minimum, RdbString* keep, LoadedValue& value);
  Status ReadZiplist(unsigned stride, RdbString* keep, LoadedValue& value);
  Status ReadZipmap(RdbString* keep, LoadedValue& value);
  Status ReadIntset(RdbString* keep, LoadedValue& value);
  Status ReadNodes(bool has_containers, RdbString* keep, LoadedValue& value);
  Status AppendZiplist(std::string_view blob, LoadedValue& value);
  Status AppendPack(std::string_view blob, LoadedValue& value);
  Status CheckScores(LoadedValue& value) const;
  Status CheckExpiries(const LoadedValue& value) const;

  RdbReader& reader_;
  const bool deep_;
  RdbString text_;
};

}  // namespace snapfork
