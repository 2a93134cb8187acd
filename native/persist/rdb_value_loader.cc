// rdb_value_loader.cc - plain values and blobs, brought to packs of elements.

#include "persist/rdb_value_loader.h"

#include <algorithm>
#include <cmath>

#include "ds/intset.h"
#include "keyspace/collection.h"
#include "keyspace/hash_fields.h"
#include "keyspace/name_hasher.h"
#include "keyspace/value_build.h"
#include "keyspace/zset_score.h"
#include "persist/rdb_format.h"
#include "persist/ziplist.h"

namespace snapfork {
namespace {

// Latest expiry of a field in a file: 2^48 - 1 ms.
constexpr uint64_t kFieldExpiryMax = (uint64_t{1} << 48) - 1;

Status BadValue() { return Status(StatusCode::kBadValue); }

const uint8_t* BytesOf(std::string_view blob) {
  return reinterpret_cast<const uint8_t*>(blob.data());
}

ValueType TypeOf(uint8_t type) {
  switch (type) {
    case kRdbTypeList:
    case kRdbTypeListZiplist:
    case kRdbTypeListQuicklist:
    case kRdbTypeListQuicklist2:
      return ValueType::kList;
    case kRdbTypeSet:
    case kRdbTypeSetIntset:
    case kRdbTypeSetListpack:
      return ValueType::kSet;
    case kRdbTypeZset:
    case kRdbTypeZset2:
    case kRdbTypeZsetZiplist:
    case kRdbTypeZsetListpack:
      return ValueType::kSortedSet;
    case kRdbTypeStream:
    case kRdbTypeStream2:
    case kRdbTypeStream3:
      return ValueType::kStream;
    default:
      return ValueType::kHash;
  }
}

// Elements up to which a type may be compact.
uint64_t CompactMax(const EncodingLimits& limits, ValueType type) {
  switch (type) {
    case ValueType::kSet:
      return std::max(limits.set_max_intset_entries, limits.set_max_listpack_entries);
    case ValueType::kHash:
      return limits.hash_max_listpack_entries;
    case ValueType::kSortedSet:
      return limits.zset_max_listpack_entries;
    default:
      return 0;  // a list may have an element twice
  }
}

// Whether the first items of the elements are all different.
bool MembersDiffer(const PackRange& range, unsigned stride, const NameHasher& hasher) {
  std::vector<HashedElement> elements = HashedElementsOf(range, stride, hasher);
  return !SortAndFindDuplicate(elements);
}

}  // namespace

Status LoadedValue::Build(Keyspace& keyspace, uint32_t db, EntryContent& content,
                          std::string& storage) {
  if (type == ValueType::kStream) return stream_.Build(keyspace, db, content, storage);
  if (stride_ == 3) OrderByExpiry();
  if (!intset_.empty()) {
    const Intset ints(BytesOf(intset_));
    if (ints.count() <= keyspace.limits().set_max_intset_entries) {
      storage.assign(intset_);
      return EncodePacked(keyspace, db, {ValueType::kSet, storage, true}, content);
    }
    for (uint32_t i = 0; i < ints.count(); ++i) elements_.Append(PackValue(ints.At(i)));
  }
  if (!in_order_) OrderByScore();
  const PackRange range = elements_.range();
  // Large forms find members that come twice as they are built.
  if (checks_members_ && range.count / stride_ <= CompactMax(keyspace.limits(), type) &&
      !MembersDiffer(range, stride_, NameHasher(keyspace))) {
    return BadValue();
  }
  switch (type) {
    case ValueType::kList:
      return BuildList(keyspace, db, range, nodes_, content, storage);
    case ValueType::kSet:
      return BuildSet(keyspace, db, range, content, storage, any_size_);
    case ValueType::kHash:
      return BuildHash(keyspace, db, range, stride_, content, storage, any_size_);
    default:
      return BuildSortedSet(keyspace, db, range, score_form_, content, storage, any_size_);
  }
}

// Members and scores in the order of both. Redis writes plain ones last first.
void LoadedValue::OrderByScore() {
  struct Scored {
    double score;
    const uint8_t* begin;
    const uint8_t* end;
  };
  const auto is_before = [](const Scored& a, const Scored& b) {
    if (a.score != b.score) return a.score < b.score;
    char scratch[2][kIntegerTextMax];
    return Listpack::Get(a.begin).Text(scratch[0]) < Listpack::Get(b.begin).Text(scratch[1]);
  };
  const PackRange range = elements_.range();
  std::vector<Scored> elements;
  elements.reserve(range.count / 2);
  for (const uint8_t* at = range.begin; at != range.end;) {
    const uint8_t* const item = Listpack::Next(at);
    const uint8_t* const end = Listpack::Next(item);
    elements.push_back({ScoreOf(Listpack::Get(item), score_form_), at, end});
    at = end;
  }
  if (std::is_sorted(elements.rbegin(), elements.rend(), is_before)) {
    std::reverse(elements.begin(), elements.end());
  } else {
    std::sort(elements.begin(), elements.end(), is_before);
  }
  PackBuilder ordered;
  ordered.Reserve(elements_.bytes());
  for (const Scored& element : elements) ordered.Append({element.begin, element.end, 2});
  std::swap(elements_, ordered);
}

// Triples by expiry ascending, those without one last, as a compact hash has them; pairs if no
// field expires.
void LoadedValue::OrderByExpiry() {
  const PackRange range = elements_.range();
  struct Triple {
    uint64_t expiry;
    const uint8_t* begin;
    const uint8_t* end;
  };
  std::vector<Triple> triples;
  for (const uint8_t* at = range.begin; at != range.end;) {
    const uint8_t* const end = NextElement(at, 3);
    const auto expiry = static_cast<uint64_t>(Listpack::Get(NextElement(at, 2)).integer);
    triples.push_back({expiry == 0 ? UINT64_MAX : expiry, at, end});
    at = end;
  }
  const auto by_expiry = [](const Triple& a, const Triple& b) { return a.expiry < b.expiry; };
  std::stable_sort(triples.begin(), triples.end(), by_expiry);
  const bool expires = !triples.empty() && triples[0].expiry != UINT64_MAX;
  PackBuilder ordered;
  for (const Triple& triple : triples) {
    ordered.Append({triple.begin, expires ? triple.end : NextElement(triple.begin, 2),
                    expires ? size_t{3} : size_t{2}});
  }
  std::swap(elements_, ordered);
  if (!expires) stride_ = 2;
}

Status RdbValueLoader::Read(uint8_t type, RdbString* keep, LoadedValue& value) {
  value.elements_.Clear();
  value.intset_.clear();
  value.nodes_.clear();
  value.stride_ = 1;
  value.checks_members_ = deep_;
  value.any_size_ = false;
  value.in_order_ = true;
  value.score_form_ = ScoreItem::Form::kText;
  value.type = TypeOf(type);
  const uint64_t start = reader_.offset();
  Status status = ReadOfType(type, keep, value);
  const bool is_stream = value.type == ValueType::kStream;  // may be empty
  if (status.ok() && !is_stream && value.elements_.empty() && value.intset_.empty()) {
    status = Status(StatusCode::kEmptyValue);
  }
  if (status.ok() && value.type == ValueType::kSortedSet) status = CheckScores(value);
  if (status.ok() && value.stride_ == 3) status = CheckExpiries(value);
  if (!status.ok() && status.offset() < 0) {
    return Status(status.code(), status.errno_value(), static_cast<int64_t>(start));
  }
  return status;
}

Status RdbValueLoader::ReadOfType(uint8_t type, RdbString* keep, LoadedValue& value) {
  switch (type) {
    case kRdbTypeList:
    case kRdbTypeSet:
      return ReadPlain(1, keep, value);
    case kRdbTypeHash:
      return ReadPlain(2, keep, value);
    case kRdbTypeZset:
    case kRdbTypeZset2:
      return ReadPlainZset(type == kRdbTypeZset2, keep, value);
    case kRdbTypeHashZipmap:
      return ReadZipmap(keep, value);
    case kRdbTypeListZiplist:
      return ReadZiplist(1, keep, value);
    case kRdbTypeZsetZiplist:
    case kRdbTypeHashZiplist:
      return ReadZiplist(2, keep, value);
    case kRdbTypeSetIntset:
      return ReadIntset(keep, value);
    case kRdbTypeListQuicklist:
    case kRdbTypeListQuicklist2:
      return ReadNodes(type == kRdbTypeListQuicklist2, keep, value);
    case kRdbTypeSetListpack:
      return ReadPack(1, keep, value);
    case kRdbTypeHashListpack:
    case kRdbTypeZsetListpack:
      return ReadPack(2, keep, value);
    case kRdbTypeHashMetadataPreGa:
    case kRdbTypeHashMetadata:
      return ReadHashMetadata(type == kRdbTypeHashMetadata, keep, value);
    case kRdbTypeHashListpackMetadataPreGa:
    case kRdbTypeHashListpackMetadata:
      return ReadHashPackMetadata(type == kRdbTypeHashListpackMetadata, keep, value);
    case kRdbTypeStream:
    case kRdbTypeStream2:
    case kRdbTypeStream3:
      return value.stream_.Read(type, reader_, keep, deep_);
    default:
      return Status(StatusCode::kUnsupportedType);
  }
}

Status RdbValueLoader::ReadPlain(uint64_t items, RdbString* keep, LoadedValue& value) {
  value.stride_ = static_cast<unsigned>(items);
  value.checks_members_ = true;
  uint64_t count = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(count));
  if (count > UINT64_MAX / items) return Status(StatusCode::kBadLength);
  for (uint64_t i = 0; i < count * items; ++i) {
    SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
    value.elements_.Append(PackValue(text_.text()));
  }
  return Status();
}

Status RdbValueLoader::ReadScore(bool binary, double& score) {
  const uint8_t* bytes;
  if (binary) {
    SF_RETURN_IF_ERROR(reader_.Take(sizeof(double), bytes));
    score = LoadLittle<double>(bytes);
    return Status();
  }
  SF_RETURN_IF_ERROR(reader_.Take(1, bytes));
  const uint8_t length = *bytes;
  if (length == kRdbDoubleNan) {
    score = NAN;
  } else if (length == kRdbDoubleInfinity || length == kRdbDoubleMinusInfinity) {
    score = length == kRdbDoubleInfinity ? INFINITY : -INFINITY;
  } else {
    std::string text;
    for (unsigned i = 0; i < length; ++i) {
      SF_RETURN_IF_ERROR(reader_.Take(1, bytes));
      text.push_back(static_cast<char>(*bytes));
    }
    if (!ParseScore(text, score)) return BadValue();
  }
  return Status();
}

Status RdbValueLoader::ReadPlainZset(bool binary, RdbString* keep, LoadedValue& value) {
  value.stride_ = 2;
  value.checks_members_ = true;
  value.score_form_ = ScoreItem::Form::kBytes;
  uint64_t count = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(count));
  for (uint64_t i = 0; i < count; ++i) {
    SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
    value.elements_.Append(PackValue(text_.text()));
    double score;
    SF_RETURN_IF_ERROR(ReadScore(binary, score));
    if (std::isnan(score)) return BadValue();
    value.elements_.Append(ScoreItem(score, ScoreItem::Form::kBytes).value());
  }
  return Status();
}

Status RdbValueLoader::ReadHashMetadata(bool has_minimum, RdbString* keep, LoadedValue& value) {
  value.stride_ = 3;
  value.checks_members_ = true;
  uint64_t minimum = 0;
  if (has_minimum) {
    const uint8_t* bytes;
    SF_RETURN_IF_ERROR(reader_.Take(sizeof(minimum), bytes));
    minimum = LoadLittle<uint64_t>(bytes);
  }
  uint64_t count = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(count));
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t ttl = 0;
    SF_RETURN_IF_ERROR(reader_.ReadLength(ttl));
    // Counted from the earliest, plus one: zero is none.
    const uint64_t expiry = ttl == 0 || !has_minimum ? ttl : minimum + ttl - 1;
    if (expiry > kFieldExpiryMax || (ttl != 0 && expiry < minimum)) return BadValue();
    for (int item = 0; item < 2; ++item) {
      SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
      value.elements_.Append(PackValue(text_.text()));
    }
    value.elements_.Append(PackValue(static_cast<int64_t>(expiry)));
  }
  return Status();
}

Status RdbValueLoader::AppendPack(std::string_view blob, LoadedValue& value) {
  PackFacts facts;
  if (!ValidateListpack(BytesOf(blob), blob.size(), PackCheck::kDeep, &facts)) return BadValue();
  const Listpack pack(BytesOf(blob));
  if (facts.canonical) {
    value.elements_.Append(PackRange{pack.begin(), pack.end(), facts.count});
    return Status();
  }
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) {
    char scratch[kIntegerTextMax];
    value.elements_.Append(PackValue(Listpack::Get(at).Text(scratch)));
  }
  return Status();
}

Status RdbValueLoader::ReadPack(unsigned stride, RdbString* keep, LoadedValue& value) {
  value.stride_ = stride;
  value.any_size_ = true;
  SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
  SF_RETURN_IF_ERROR(AppendPack(text_.text(), value));
  return value.elements_.count() % stride == 0 ? Status() : BadValue();
}

Status RdbValueLoader::ReadHashPackMetadata(bool has_minimum, RdbString* keep,
                                            LoadedValue& value) {
  if (has_minimum) {
    const uint8_t* ignored;
    SF_RETURN_IF_ERROR(reader_.Take(sizeof(int64_t), ignored));
  }
  return ReadPack(3, keep, value);
}

Status RdbValueLoader::AppendZiplist(std::string_view blob, LoadedValue& value) {
  ZiplistReader entries(BytesOf(blob), blob.size());
  if (!entries.Open()) return BadValue();
  PackElement element;
  char scratch[kIntegerTextMax];
  while (entries.Next(element)) value.elements_.Append(PackValue(element.Text(scratch)));
  return entries.ok() ? Status() : BadValue();
}

Status RdbValueLoader::ReadZiplist(unsigned stride, RdbString* keep, LoadedValue& value) {
  value.stride_ = stride;
  value.checks_members_ = true;
  value.any_size_ = true;
  SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
  SF_RETURN_IF_ERROR(AppendZiplist(text_.text(), value));
  return value.elements_.count() % stride == 0 ? Status() : BadValue();
}

Status RdbValueLoader::ReadZipmap(RdbString* keep, LoadedValue& value) {
  value.stride_ = 2;
  value.checks_members_ = true;
  SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
  const std::string_view blob = text_.text();
  ZipmapReader entries(BytesOf(blob), blob.size());
  PackElement field;
  PackElement content;
  while (entries.Next(field, content)) {
    value.elements_.Append(PackValue(std::string_view(field.text, field.bytes)));
    value.elements_.Append(PackValue(std::string_view(content.text, content.bytes)));
  }
  // An empty one is damaged, not empty.
  return entries.ok() && !value.elements_.empty() ? Status() : BadValue();
}

Status RdbValueLoader::ReadIntset(RdbString* keep, LoadedValue& value) {
  SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
  const std::string_view blob = text_.text();
  // In order always: a search relies on it.
  if (!ValidateIntset(BytesOf(blob), blob.size(), PackCheck::kDeep)) return BadValue();
  value.intset_.assign(blob);
  return Status();
}

Status RdbValueLoader::ReadNodes(bool has_containers, RdbString* keep, LoadedValue& value) {
  uint64_t nodes = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(nodes));
  for (uint64_t i = 0; i < nodes; ++i) {
    const size_t before = value.elements_.count();
    uint64_t container = kRdbContainerPacked;
    if (has_containers) SF_RETURN_IF_ERROR(reader_.ReadLength(container));
    SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
    const std::string_view node = text_.text();
    if (!has_containers) {
      SF_RETURN_IF_ERROR(AppendZiplist(node, value));
    } else if (container == kRdbContainerPacked) {
      SF_RETURN_IF_ERROR(AppendPack(node, value));
    } else if (container == kRdbContainerPlain && !node.empty()) {
      value.elements_.Append(PackValue(node));
    } else {
      return BadValue();
    }
    const PackRange range = value.elements_.range();
    if (range.count > before) {
      const auto offset = static_cast<size_t>(range.end - range.begin);
      value.nodes_.push_back({offset, range.count - before});
    }
  }
  return Status();
}

// Numbers all of them; under deep checks those of a blob in order too.
Status RdbValueLoader::CheckScores(LoadedValue& value) const {
  const PackRange range = value.elements_.range();
  const bool is_text = value.score_form_ == ScoreItem::Form::kText;
  double last_score = 0;
  const uint8_t* last = nullptr;
  for (const uint8_t* at = range.begin; at != range.end;) {
    const uint8_t* const place = Listpack::Next(at);
    const PackElement item = Listpack::Get(place);
    double score = 0;
    if (item.is_integer()) {
      score = static_cast<double>(item.integer);
    } else if (!is_text) {
      score = ScoreOfBytes(item);
    } else if (!ParseScore({item.text, item.bytes}, score)) {
      return BadValue();
    }
    if (last != nullptr && value.in_order_ && score <= last_score) {
      char scratch[2][kIntegerTextMax];
      value.in_order_ = score == last_score && Listpack::Get(last).Text(scratch[0]) <
                                                   Listpack::Get(at).Text(scratch[1]);
    }
    last_score = score;
    last = at;
    at = Listpack::Next(place);
  }
  return deep_ && value.any_size_ && !value.in_order_ ? BadValue() : Status();
}

// Integers in range; under deep checks those of a blob in order too.
Status RdbValueLoader::CheckExpiries(const LoadedValue& value) const {
  const PackRange range = value.elements_.range();
  uint64_t last = 0;
  for (const uint8_t* at = range.begin; at != range.end; at = NextElement(at, 3)) {
    const PackElement item = Listpack::Get(NextElement(at, 2));
    const bool fits = item.is_integer() && item.integer >= 0 &&
                      static_cast<uint64_t>(item.integer) <= kFieldExpiryMax;
    if (!fits) return BadValue();
    const uint64_t expiry =
        item.integer == 0 ? UINT64_MAX : static_cast<uint64_t>(item.integer);
    if (deep_ && value.any_size_ && expiry < last) return BadValue();
    last = expiry;
  }
  return Status();
}

}  // namespace snapfork
