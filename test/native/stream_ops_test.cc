// stream_ops_test.cc - streams and their groups against a model.

#include "keyspace/stream_ops.h"

#include <map>
#include <string>
#include <vector>

#include "collection_trials.h"
#include "ds/record_tree.h"
#include "keyspace/stream_groups.h"
#include "test.h"

namespace {

using namespace snapfork;

struct ModelGroup {
  StreamId last_id;
  std::map<StreamId, std::string> pending;  // the consumer
  std::map<std::string, uint64_t> consumers;
};
struct ModelStream {
  std::map<StreamId, std::string> entries;  // the value of field `f`
  StreamId last_id;
  uint64_t added = 0;
  std::map<std::string, ModelGroup> groups;
};

class StreamModel : public sf::CollectionModel<ModelStream> {
 public:
  using CollectionModel::CollectionModel;

  bool Same(EntryView entry, const ModelStream& stream) const override {
    const StreamValue value = StreamValueOf(entry);
    const PackTreeReader reader = keyspace_.trees();
    std::map<StreamId, std::string> entries;
    VisitStream(reader, value.entries, {}, kStreamIdMax, false,
                [&](const StreamNode& node, const StreamEntry& one) {
                  entries[one.id] = ValueOf(node, one);
                  return true;
                });
    StreamId backwards = kStreamIdMax;
    uint64_t seen = 0;
    VisitStream(reader, value.entries, {}, kStreamIdMax, true,
                [&](const StreamNode&, const StreamEntry& one) {
                  if (one.id >= backwards) return false;
                  backwards = one.id;
                  ++seen;
                  return true;
                });
    const StreamId first = entries.empty() ? StreamId() : entries.begin()->first;
    return entries == stream.entries && seen == entries.size() && value.first_id == first &&
           value.length == entries.size() && value.last_id == stream.last_id &&
           value.entries_added == stream.added && SameGroups(value, stream);
  }

  bool Step() override {
    const auto db = static_cast<uint32_t>(random_.Below(2));
    const std::string key = Key();
    switch (random_.Below(24)) {
      case 0:
      case 1:
        return Delete(db, key);
      case 2:
        return random_.Below(6) != 0 || Trim(db, key);
      case 3:
        return random_.Below(2) != 0 || MakeGroup(db, key);
      case 4:
      case 5:
      case 6:
        return ReadNew(db, key);
      case 7:
      case 8:
        return Acknowledge(db, key);
      case 9:
        return Claim(db, key);
      case 10:
        return random_.Below(3) != 0 || DropConsumer(db, key);
      case 11:
        return random_.Below(10) != 0 || DropGroup(db, key);
      case 12:
        return random_.Below(12) != 0 || ChangeKey(db, key);
      default:
        return Add(db, key);
    }
  }

 private:
  static std::string ValueOf(const StreamNode& node, const StreamEntry& entry) {
    std::string value;
    VisitStreamFields(node, entry, [&](const PackElement& field, const PackElement& content) {
      char scratch[kIntegerTextMax];
      if (field.Text(scratch) == "f") value = content.Text(scratch);
    });
    return value;
  }

  bool SameGroups(const StreamValue& value, const ModelStream& stream) const {
    const PackTreeReader reader = keyspace_.trees();
    size_t groups = 0;
    const bool same = VisitRecords<GroupRecord>(
        reader, value.groups, [&](std::string_view name, const GroupRecord& group) {
          ++groups;
          const auto at = stream.groups.find(std::string(name));
          return at != stream.groups.end() && SameGroup(reader, group, at->second);
        });
    return same && groups == stream.groups.size();
  }

  static bool SameGroup(const PackTreeReader& reader, const GroupRecord& group,
                        const ModelGroup& model) {
    std::map<uint64_t, std::string> names;
    std::map<StreamId, std::string> own;  // as the consumers have it
    VisitRecords<ConsumerRecord>(
        reader, group.consumers, [&](std::string_view name, const ConsumerRecord& consumer) {
          names[consumer.number] = name;
          VisitIds(reader, consumer.pending, kConsumerPendingStride, 0, 0,
                   [&](uint64_t ms, uint64_t seq, const uint8_t*) {
                     own[{ms, seq}] = name;
                     return true;
                   });
          return true;
        });
    std::map<StreamId, std::string> pending;
    VisitIds(reader, group.pending, kGroupPendingStride, 0, 0,
             [&](uint64_t ms, uint64_t seq, const uint8_t* at) {
               const uint8_t* const consumer = Listpack::Next(Listpack::Next(at));
               pending[{ms, seq}] = names[static_cast<uint64_t>(Listpack::Get(consumer).integer)];
               return true;
             });
    return group.last_id == model.last_id && pending == model.pending && own == model.pending &&
           names.size() == model.consumers.size();
  }

  ModelStream* Find(uint32_t db, const std::string& key) {
    const auto at = values.find({db, key});
    return at == values.end() ? nullptr : &at->second;
  }
  std::string GroupName() { return "group:" + std::to_string(random_.Below(3)); }
  std::string Consumer() { return "consumer:" + std::to_string(random_.Below(30)); }
  // An entry that is there, most of the time.
  StreamId AnyId(const ModelStream& stream) {
    if (stream.entries.empty() || random_.Below(8) == 0) return {random_.Below(50), 1};
    const uint64_t span = stream.last_id.ms - stream.entries.begin()->first.ms;
    const StreamId near{stream.entries.begin()->first.ms + random_.Below(span + 1), 0};
    const auto at = stream.entries.lower_bound(near);
    return at == stream.entries.end() ? stream.last_id : at->first;
  }

  bool Add(uint32_t db, const std::string& key) {
    const bool makes = random_.Below(8) != 0;
    ModelStream* stream = Find(db, key);
    const StreamId last = stream == nullptr ? StreamId() : stream->last_id;
    const StreamId id{last.ms + random_.Below(3), random_.Below(4)};
    const std::string value = Element(50);
    StreamFields fields{"f", value};
    for (uint64_t i = random_.Below(3); i > 0; --i) fields.insert(fields.end(), {"other", "7"});
    StreamId made;
    bool added = false;
    const Status status =
        StreamAdd(keyspace_, db, key, {id}, 1'000'000, fields, makes, made, added);
    if (stream == nullptr && !makes) return EXPECT_OK(status) && EXPECT_FALSE(added);
    if (id.IsZero()) return EXPECT_EQ(status.code(), StatusCode::kStreamIdZero);
    if (id <= last) return EXPECT_EQ(status.code(), StatusCode::kStreamIdTooSmall);
    if (!Done(status)) return true;
    stream = &values[{db, key}];
    stream->entries[id] = value;
    stream->last_id = id;
    ++stream->added;
    return EXPECT_TRUE(added) && EXPECT_TRUE(made == id);
  }

  bool Delete(uint32_t db, const std::string& key) {
    ModelStream* const stream = Find(db, key);
    std::vector<StreamId> ids{AnyId(stream == nullptr ? ModelStream() : *stream)};
    uint64_t deleted = 0;
    if (!Done(StreamDelete(keyspace_, db, key, ids, deleted))) return true;
    return EXPECT_EQ(deleted, stream == nullptr ? 0 : stream->entries.erase(ids[0]));
  }

  bool Trim(uint32_t db, const std::string& key) {
    ModelStream* const stream = Find(db, key);
    StreamTrimming trimming;
    trimming.by_id = random_.Below(2) == 0;
    if (stream != nullptr) trimming.id_min = AnyId(*stream);
    trimming.length_max = random_.Below(300);
    uint64_t deleted = 0;
    if (!Done(StreamTrim(keyspace_, db, key, trimming, deleted))) return ReadBack(db, key);
    if (stream == nullptr) return EXPECT_EQ(deleted, 0);
    uint64_t expected = 0;
    while (!stream->entries.empty()) {
      const auto first = stream->entries.begin();
      const bool goes = trimming.by_id ? first->first < trimming.id_min
                                       : stream->entries.size() > trimming.length_max;
      if (!goes) break;
      stream->entries.erase(first);
      ++expected;
    }
    return EXPECT_EQ(deleted, expected);
  }

  // After a trim that had no memory in the middle: some of the first entries may be gone.
  bool ReadBack(uint32_t db, const std::string& key) {
    ModelStream* const stream = Find(db, key);
    if (stream == nullptr) return true;
    const StreamValue value = StreamValueOf(keyspace_.Lookup(db, key).entry);
    while (stream->entries.size() > value.length) stream->entries.erase(stream->entries.begin());
    return true;
  }

  bool MakeGroup(uint32_t db, const std::string& key) {
    const std::string name = GroupName();
    ModelStream* const stream = Find(db, key);
    const StreamId from;
    const Status status = GroupCreate(keyspace_, db, key, name, &from, -1, false);
    if (stream == nullptr) return EXPECT_EQ(status.code(), StatusCode::kNoSuchKey);
    if (stream->groups.contains(name) && status.code() != StatusCode::kOutOfMemory) {
      return EXPECT_EQ(status.code(), StatusCode::kGroupExists);
    }
    if (Done(status)) stream->groups[name] = {};
    return true;
  }

  // The group of a command, if both sides have it; else the status must say so, if there was
  // memory to find that out.
  ModelGroup* GroupOf(uint32_t db, const std::string& key, const std::string& name,
                      const Status& status, bool& agrees) {
    ModelStream* const stream = Find(db, key);
    if (stream == nullptr) {
      agrees = EXPECT_EQ(status.code(), StatusCode::kNoSuchKey);
      return nullptr;
    }
    const auto at = stream->groups.find(name);
    agrees = true;
    if (at == stream->groups.end() && status.code() == StatusCode::kOutOfMemory) return nullptr;
    if (at == stream->groups.end()) {
      agrees = EXPECT_EQ(status.code(), StatusCode::kNoSuchGroup);
      return nullptr;
    }
    return Done(status) ? &at->second : nullptr;
  }

  bool ReadNew(uint32_t db, const std::string& key) {
    const std::string name = GroupName();
    const std::string consumer = Consumer();
    const uint64_t count = 1 + random_.Below(5);
    const bool no_ack = random_.Below(6) == 0;
    std::vector<StreamId> ids;
    bool agrees;
    const Status status =
        GroupReadNew(keyspace_, db, key, name, consumer, count, no_ack, 1'000'000, ids);
    if (status.code() == StatusCode::kOutOfMemory) return ReadBackGroup(db, key, name);
    ModelGroup* const group = GroupOf(db, key, name, status, agrees);
    if (group == nullptr) return agrees;
    const ModelStream& stream = *Find(db, key);
    std::vector<StreamId> expected;
    for (auto at = stream.entries.upper_bound(group->last_id);
         at != stream.entries.end() && expected.size() < count; ++at) {
      expected.push_back(at->first);
    }
    // Without memory for all of them it delivers the first ones.
    const bool starved = other_keys > 0 && !ids.empty() && ids.size() < expected.size();
    if (starved) expected.resize(ids.size());
    // Without an entry no consumer is made.
    if (!expected.empty()) ++group->consumers[consumer];
    for (const StreamId id : expected) {
      group->last_id = id;
      if (!no_ack) group->pending[id] = consumer;
    }
    return EXPECT_TRUE(ids == expected);
  }

  bool Acknowledge(uint32_t db, const std::string& key) {
    const std::string name = GroupName();
    ModelStream* const stream = Find(db, key);
    const StreamId id = AnyId(stream == nullptr ? ModelStream() : *stream);
    uint64_t acknowledged = 0;
    const Status status = GroupAcknowledge(keyspace_, db, key, name, {id}, acknowledged);
    bool agrees;
    ModelGroup* const group = GroupOf(db, key, name, status, agrees);
    if (group == nullptr) return agrees;
    return EXPECT_EQ(acknowledged, group->pending.erase(id));
  }

  bool Claim(uint32_t db, const std::string& key) {
    const std::string name = GroupName();
    const std::string consumer = Consumer();
    ModelStream* const stream = Find(db, key);
    const StreamId id = AnyId(stream == nullptr ? ModelStream() : *stream);
    ClaimOptions options;
    options.force = random_.Below(3) == 0;
    std::vector<StreamId> claimed;
    const Status status =
        GroupClaim(keyspace_, db, key, name, consumer, {id}, options, 1'000'000, claimed);
    if (status.code() == StatusCode::kOutOfMemory) return ReadBackGroup(db, key, name);
    bool agrees;
    ModelGroup* const group = GroupOf(db, key, name, status, agrees);
    if (group == nullptr) return agrees;
    const bool pending = group->pending.contains(id);
    if (!stream->entries.contains(id)) {
      group->pending.erase(id);
      return EXPECT_TRUE(claimed.empty());
    }
    if (!pending && !options.force) return EXPECT_TRUE(claimed.empty());
    group->pending[id] = consumer;
    ++group->consumers[consumer];
    return EXPECT_EQ(claimed.size(), 1);
  }

  bool DropConsumer(uint32_t db, const std::string& key) {
    const std::string name = GroupName();
    const std::string consumer = Consumer();
    uint64_t pending = 0;
    const Status status = ConsumerDelete(keyspace_, db, key, name, consumer, pending);
    if (status.code() == StatusCode::kOutOfMemory) return ReadBackGroup(db, key, name);
    bool agrees;
    ModelGroup* const group = GroupOf(db, key, name, status, agrees);
    if (group == nullptr) return agrees;
    group->consumers.erase(consumer);
    return EXPECT_EQ(pending, std::erase_if(group->pending, [&](const auto& one) {
      return one.second == consumer;
    }));
  }

  bool DropGroup(uint32_t db, const std::string& key) {
    const std::string name = GroupName();
    ModelStream* const stream = Find(db, key);
    bool destroyed = false;
    const Status status = GroupDestroy(keyspace_, db, key, name, destroyed);
    if (stream == nullptr) return EXPECT_EQ(status.code(), StatusCode::kNoSuchKey);
    if (!Done(status)) return true;
    return EXPECT_EQ(destroyed, stream->groups.erase(name) > 0);
  }

  // A command of several entries that has no memory in the middle keeps what it has done: both
  // sides of what is pending must still agree.
  bool ReadBackGroup(uint32_t db, const std::string& key, const std::string& name) {
    ++failed;
    GroupRecord group;
    const EntryView entry = keyspace_.Lookup(db, key).entry;
    if (!entry || !FindGroup(keyspace_, entry, name, group)) {
      ModelStream* const stream = Find(db, key);
      return EXPECT_TRUE(stream == nullptr || !stream->groups.contains(name));
    }
    const PackTreeReader reader = keyspace_.trees();
    ModelGroup now;
    now.last_id = group.last_id;
    VisitRecords<ConsumerRecord>(
        reader, group.consumers, [&](std::string_view consumer, const ConsumerRecord& record) {
          now.consumers[std::string(consumer)] = record.number;
          VisitIds(reader, record.pending, kConsumerPendingStride, 0, 0,
                   [&](uint64_t ms, uint64_t seq, const uint8_t*) {
                     now.pending[{ms, seq}] = consumer;
                     return true;
                   });
          return true;
        });
    Find(db, key)->groups[name] = now;
    return true;
  }
};

EncodingLimits LimitsOf(uint64_t entries) {
  EncodingLimits limits;
  limits.stream_node_max_entries = entries;
  return limits;
}

// Entries a node.
constexpr uint64_t kEntries[] = {1, 5, 100};

TEST(StreamOps, AgreeWithTheModel) {
  for (const uint64_t entries : kEntries) {
    sf::AgreesWithTheModel<StreamModel>(LimitsOf(entries), 800 + entries);
  }
}

TEST(StreamOps, ShowAForkedChildTheInstantOfTheFork) {
  for (const uint64_t entries : kEntries) {
    sf::ShowsAForkedChildTheInstantOfTheFork<StreamModel>(LimitsOf(entries), 810 + entries);
  }
}

TEST(StreamOps, KeepWhatBelongsTogetherWhenMemoryRunsOut) {
  for (const uint64_t entries : kEntries) {
    sf::ChangesNothingWithoutMemory<StreamModel>(LimitsOf(entries), 820 + entries);
  }
}

TEST(StreamOps, MakeIdsAsRedisDoes) {
  const auto keyspace = sf::OpenWith({});
  StreamId id;
  bool added = false;
  const auto add = [&](const StreamIdRequest& request, int64_t now_ms) {
    return StreamAdd(*keyspace, 0, "key", request, now_ms, {"f", "v"}, true, id, added);
  };
  ASSERT_OK(add({{}, true, true}, 5000));
  EXPECT_TRUE(id == (StreamId{5000, 0}));
  ASSERT_OK(add({{}, true, true}, 5000));
  EXPECT_TRUE(id == (StreamId{5000, 1}));
  ASSERT_OK(add({{}, true, true}, 4000));  // the clock went back
  EXPECT_TRUE(id == (StreamId{5000, 2}));
  ASSERT_OK(add({{6000, 0}, false, true}, 1));
  EXPECT_TRUE(id == (StreamId{6000, 0}));
  EXPECT_EQ(add({{6000, 0}}, 1).code(), StatusCode::kStreamIdTooSmall);
  ASSERT_OK(add({kStreamIdMax}, 1));
  EXPECT_EQ(add({{}, true, true}, 7000).code(), StatusCode::kStreamExhausted);
}

TEST(StreamOps, RefuseAKeyOfAnotherType) {
  const auto keyspace = sf::OpenWith({});
  bool done = false;
  uint64_t count = 0;
  StreamId id;
  EntryView view;
  const Status wrong(StatusCode::kWrongType);
  ASSERT_OK(StringSet(*keyspace, 0, "key", "value", 0, kNoExpiry, done));
  EXPECT_EQ(StreamAdd(*keyspace, 0, "key", {{1, 1}}, 1, {"f", "v"}, true, id, done), wrong);
  EXPECT_EQ(StreamDelete(*keyspace, 0, "key", {{1, 1}}, count), wrong);
  EXPECT_EQ(StreamTrim(*keyspace, 0, "key", {}, count), wrong);
  EXPECT_EQ(StreamLookup(*keyspace, 0, "key", view), wrong);
  EXPECT_EQ(GroupCreate(*keyspace, 0, "key", "group", &id, -1, true), wrong);
}

}  // namespace
