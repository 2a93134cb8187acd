// rdb_value_loader.cc - plain values and blobs, brought to packs of elements.

#include "persist/rdb_value_loader.h"

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "ds/intset.h"
#include "keyspace/hash_fields.h"
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

// Whether the first items of the elements are all different.
bool MembersDiffer(const PackRange& range, unsigned stride) {
  std::unordered_set<std::string> seen;
  char scratch[kIntegerTextMax];
  for (const uint8_t* at = range.begin; at != range.end; at = NextElement(at, stride)) {
    if (!seen.emplace(Listpack::Get(at).Text(scratch)).second) return false;
  }
  return true;
}

// Whether no text would be kept as an integer here: then the pack can be searched as it is.
bool IsCanonical(const Listpack& pack) {
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) {
    const PackElement element = Listpack::Get(at);
    int64_t integer;
    if (!element.is_integer() && ParseInteger({element.text, element.bytes}, integer)) {
      return false;
    }
  }
  return true;
}

}  // namespace

Status LoadedValue::Build(Keyspace& keyspace, uint32_t db, EntryContent& content,
                          std::string& storage) {
  if (type == ValueType::kStream) return stream_.Build(keyspace, db, content, storage);
  if (stride_ == 3) OrderByExpiry();
  const PackRange range = elements_.range();
  if (checks_members_ && type != ValueType::kList && !MembersDiffer(range, stride_)) {
    return BadValue();
  }
  switch (type) {
    case ValueType::kList:
      return BuildList(keyspace, db, range, content, storage);
    case ValueType::kSet:
      return BuildSet(keyspace, db, range, content, storage, any_size_);
    case ValueType::kHash:
      return BuildHash(keyspace, db, range, stride_, content, storage, any_size_);
    default:
      break;
  }
  // Integers as texts, which the elements then point to.
  std::vector<std::string> integers;
  integers.reserve(range.count / 2);
  std::vector<std::pair<double, std::string_view>> elements;
  elements.reserve(range.count / 2);
  for (const uint8_t* at = range.begin; at != range.end; at = NextElement(at, 2)) {
    const PackElement member = Listpack::Get(at);
    const double score = ScoreOfText(Listpack::Get(Listpack::Next(at)));
    if (member.is_integer()) {
      char scratch[kIntegerTextMax];
      integers.emplace_back(member.Text(scratch));
      elements.emplace_back(score, integers.back());
    } else {
      elements.emplace_back(score, std::string_view(member.text, member.bytes));
    }
  }
  if (!std::is_sorted(elements.begin(), elements.end())) {
    std::sort(elements.begin(), elements.end());
  }
  return BuildSortedSet(keyspace, db, elements, content, storage, any_size_);
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
  elements_.Clear();
  elements_.Append(ordered.range());
  if (!expires) stride_ = 2;
}

Status RdbValueLoader::Read(uint8_t type, RdbString* keep, LoadedValue& value) {
  value.elements_.Clear();
  value.stride_ = 1;
  value.checks_members_ = deep_;
  value.any_size_ = false;
  value.type = TypeOf(type);
  const uint64_t start = reader_.offset();
  Status status = ReadOfType(type, keep, value);
  const bool is_stream = value.type == ValueType::kStream;  // may be empty
  if (status.ok() && !is_stream && value.elements_.empty()) {
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
  uint64_t count = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(count));
  for (uint64_t i = 0; i < count; ++i) {
    SF_RETURN_IF_ERROR(reader_.ReadString(text_, keep));
    value.elements_.Append(PackValue(text_.text()));
    double score;
    SF_RETURN_IF_ERROR(ReadScore(binary, score));
    if (std::isnan(score)) return BadValue();
    const ScoreItem item(score, ScoreItem::Form::kText);
    value.elements_.Append(item.value());
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
  if (!ValidateListpack(BytesOf(blob), blob.size(), PackCheck::kDeep)) return BadValue();
  const Listpack pack(BytesOf(blob));
  if (IsCanonical(pack)) {
    value.elements_.Append(PackRange::Of(pack));
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
  const Intset ints(BytesOf(blob));
  for (uint32_t i = 0; i < ints.count(); ++i) value.elements_.Append(PackValue(ints.At(i)));
  return Status();
}

Status RdbValueLoader::ReadNodes(bool has_containers, RdbString* keep, LoadedValue& value) {
  uint64_t nodes = 0;
  SF_RETURN_IF_ERROR(reader_.ReadLength(nodes));
  for (uint64_t i = 0; i < nodes; ++i) {
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
  }
  return Status();
}

// Numbers all of them; under deep checks those of a blob in order too.
Status RdbValueLoader::CheckScores(const LoadedValue& value) const {
  const PackRange range = value.elements_.range();
  double last_score = -INFINITY;
  std::string last_member;
  for (const uint8_t* at = range.begin; at != range.end; at = NextElement(at, 2)) {
    const PackElement item = Listpack::Get(Listpack::Next(at));
    double score = static_cast<double>(item.integer);
    if (!item.is_integer() && !ParseScore({item.text, item.bytes}, score)) return BadValue();
    if (!deep_ || !value.any_size_) continue;
    char scratch[kIntegerTextMax];
    std::string member(Listpack::Get(at).Text(scratch));
    const bool behind = score > last_score || (score == last_score && member > last_member);
    if (!behind && at != range.begin) return BadValue();
    last_score = score;
    last_member = std::move(member);
  }
  return Status();
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
