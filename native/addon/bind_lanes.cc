// bind_lanes.cc - the engine's methods on what clients of a server send.

#include <algorithm>
#include <cstring>

#include "addon/engine_object.h"
#include "addon/lane_table.h"

namespace snapfork {
namespace {

// Longer output goes to JavaScript as a Buffer: libuv writes a string up to here without a copy of
// its own.
constexpr size_t kTextBytesMax = 16 << 10;

bool ReadLane(Call& call, ExpressLane*& lane) {
  uint32_t id;
  if (!call.ReadUint32(0, id)) return false;
  lane = call.engine().lanes().At(id);
  if (lane == nullptr) call.Throw(Status(StatusCode::kInvalidArgument));
  return lane != nullptr;
}

napi_value LaneOpen(Call& call) { return call.Number(call.engine().lanes().Open()); }

napi_value LaneClose(Call& call) {
  uint32_t id;
  if (!call.ReadUint32(0, id)) return nullptr;
  if (LaneSockets* const sockets = call.engine().sockets()) sockets->Detach(id);
  call.engine().lanes().Close(id);
  return call.Undefined();
}

// Lane, the descriptor of a socket, and who is called: the lane's own descriptor of it, or -1.
napi_value LaneAttach(Call& call) {
  ExpressLane* lane;
  uint32_t id;
  int64_t fd;
  if (!ReadLane(call, lane) || !call.ReadUint32(0, id) || !call.ReadInt64(1, fd)) return nullptr;
  EngineObject& engine = call.engine();
  if (const Status status = engine.MakeSockets(call.env()); !status.ok()) {
    return call.Throw(status);
  }
  return call.Number(engine.sockets()->Attach(id, static_cast<int>(fd), *lane, call.argument(2)));
}

// Closes the socket.
napi_value LaneDetach(Call& call) {
  uint32_t id;
  if (!call.ReadUint32(0, id)) return nullptr;
  if (LaneSockets* const sockets = call.engine().sockets()) sockets->Detach(id);
  return call.Undefined();
}

// Lane, and a SocketReading.
napi_value LaneRead(Call& call) {
  uint32_t id;
  uint32_t reading;
  if (!call.ReadUint32(0, id) || !call.ReadUint32(1, reading)) return nullptr;
  if (LaneSockets* const sockets = call.engine().sockets()) {
    sockets->set().SetReading(id, static_cast<SocketReading>(reading));
  }
  return call.Undefined();
}

// Ends the connection behind what is to be sent.
napi_value LaneEnd(Call& call) {
  uint32_t id;
  if (!call.ReadUint32(0, id)) return nullptr;
  if (LaneSockets* const sockets = call.engine().sockets()) sockets->set().End(id);
  return call.Undefined();
}

// Lane, chunk (or null to go on), and how many bytes of it have come.
bool ReadChunk(Call& call, ExpressLane*& lane, std::string_view& chunk) {
  uint32_t bytes;
  if (!ReadLane(call, lane) || !call.ReadUint32(2, bytes)) return false;
  ReadBytes(call.env(), call.argument(1), chunk);
  chunk = chunk.substr(0, bytes);
  return true;
}

// An outcome, as lib/native/lanes.ts numbers it, and the number of words times 8: these are the
// argument vector then. If all is done, in the place of words, how many bytes of replies were
// gathered.
napi_value LaneRun(Call& call) {
  ExpressLane* lane;
  std::string_view chunk;
  if (!ReadChunk(call, lane, chunk)) return nullptr;
  call.engine().lanes().shared().received_bytes += chunk.size();
  const ExpressLane::Outcome outcome = lane->Run(chunk);
  return call.Number(call.engine().lanes().HandOver(*lane, outcome));
}

napi_value LaneKeep(Call& call) {
  ExpressLane* lane;
  std::string_view chunk;
  if (!ReadChunk(call, lane, chunk)) return nullptr;
  call.engine().lanes().shared().received_bytes += chunk.size();
  lane->Keep(chunk);
  return call.Undefined();
}

// Lets what was gathered wait: how many bytes that is.
napi_value LaneHold(Call& call) {
  ExpressLane* lane;
  return ReadLane(call, lane) ? call.Number(static_cast<double>(lane->Hold())) : nullptr;
}

// Lane, and how many of the bytes that wait are to go; with 0, what was gathered, behind what waits
// for the disk. How many bytes found no room: they follow when there is some, or are for laneTake
// where the lane has no socket.
napi_value LaneSend(Call& call) {
  ExpressLane* lane;
  uint32_t id;
  int64_t held_bytes;
  if (!ReadLane(call, lane) || !call.ReadUint32(0, id) || !call.ReadInt64(1, held_bytes)) {
    return nullptr;
  }
  LaneSockets* const sockets = call.engine().sockets();
  const auto bytes = static_cast<size_t>(held_bytes);
  if (sockets != nullptr && sockets->set().Contains(id)) {
    return call.Number(static_cast<double>(sockets->Send(id, *lane, bytes)));
  }
  lane->Clear(bytes);
  return call.Number(static_cast<double>(lane->ready().size()));
}

// What did not go, as text of one byte a character or a Buffer; null if there is nothing. It is put
// into a buffer, if one is given that has the room: how many bytes it is.
napi_value LaneTake(Call& call) {
  ExpressLane* lane;
  std::string_view buffer;
  if (!ReadLane(call, lane)) return nullptr;
  const std::string_view bytes = lane->ready();
  if (bytes.empty()) return call.Null();
  napi_value taken;
  if (ReadBytes(call.env(), call.argument(1), buffer) && buffer.size() >= bytes.size()) {
    std::memcpy(const_cast<char*>(buffer.data()), bytes.data(), bytes.size());
    taken = call.Number(static_cast<double>(bytes.size()));
  } else {
    const bool is_text = bytes.size() <= kTextBytesMax;
    taken = call.Bulk(bytes, is_text ? BulkMode::kLatin1 : BulkMode::kBuffer);
  }
  lane->DropReady();
  return taken;
}

// A reply of the caller: text of one byte a character, or bytes.
napi_value LaneReply(Call& call) {
  ExpressLane* lane;
  if (!ReadLane(call, lane)) return nullptr;
  std::string_view bytes;
  size_t length = 0;
  const napi_value value = call.argument(1);
  if (napi_get_value_string_latin1(call.env(), value, nullptr, 0, &length) == napi_ok) {
    char* const to = lane->output().Reserve(length + 1);
    napi_get_value_string_latin1(call.env(), value, to, length + 1, &length);
    lane->output().EndAt(to + length);
  } else if (ReadBytes(call.env(), value, bytes)) {
    lane->output().Append(bytes);
  } else {
    return call.Throw(Status(StatusCode::kInvalidArgument));
  }
  return call.Undefined();
}

napi_value LaneConfigure(Call& call) {
  ExpressLane* lane;
  uint32_t db;
  bool resp3;
  bool is_unauthenticated;
  bool is_express;
  if (!ReadLane(call, lane) || !call.ReadDatabase(1, db) || !call.ReadBool(2, resp3) ||
      !call.ReadBool(3, is_unauthenticated) || !call.ReadBool(4, is_express)) {
    return nullptr;
  }
  lane->db = db;
  lane->resp3 = resp3;
  lane->is_unauthenticated = is_unauthenticated;
  lane->is_express = is_express;
  return call.Undefined();
}

napi_value LanePendingBytes(Call& call) {
  ExpressLane* lane;
  if (!ReadLane(call, lane)) return nullptr;
  return call.Number(static_cast<double>(lane->pending_bytes()));
}

// What is wrong with what a client has sent.
napi_value LaneError(Call& call) {
  ExpressLane* lane;
  return ReadLane(call, lane) ? call.Bulk(lane->error(), BulkMode::kLatin1) : nullptr;
}

// Throws why a command failed in the middle.
napi_value LaneFailure(Call& call) {
  ExpressLane* lane;
  return ReadLane(call, lane) ? call.Throw(lane->status()) : nullptr;
}

napi_value LaneMicros(Call& call) {
  ExpressLane* lane;
  return ReadLane(call, lane) ? call.Number(static_cast<double>(lane->nanos()) / 1000) : nullptr;
}

// Bytes that wait for room, or in its socket's hands for the disk.
napi_value LaneUnsentBytes(Call& call) {
  ExpressLane* lane;
  uint32_t id;
  if (!ReadLane(call, lane) || !call.ReadUint32(0, id)) return nullptr;
  const LaneSockets* const sockets = call.engine().sockets();
  const bool has_socket = sockets != nullptr && sockets->set().Contains(id);
  const size_t bytes = has_socket ? sockets->set().UnsentBytes(id) : lane->ready().size();
  return call.Number(static_cast<double>(bytes));
}

// Milliseconds since the lane was run last.
napi_value LaneIdleMillis(Call& call) {
  ExpressLane* lane;
  if (!ReadLane(call, lane)) return nullptr;
  return call.Number(static_cast<double>(MonotonicNanos() - lane->used_at()) / 1e6);
}

// Bytes that have come, and that were sent.
napi_value LanesTraffic(Call& call) {
  bool resets;
  if (!call.ReadBool(0, resets)) return nullptr;
  LaneShared& shared = call.engine().lanes().shared();
  ReplyArray traffic(call);
  traffic.Push(call.Number(static_cast<double>(shared.received_bytes)));
  traffic.Push(call.Number(static_cast<double>(shared.sent_bytes)));
  if (resets) shared.received_bytes = shared.sent_bytes = 0;
  return traffic.value();
}

// Of all lanes: whether reads and writes are run, longest bulk string, slow from so many
// microseconds on or -1, whether durations are counted, and how much may wait in one.
napi_value LanesConfigure(Call& call) {
  bool runs_reads;
  bool runs_writes;
  int64_t bulk_bytes_max;
  int64_t slow_micros;
  bool counts_durations;
  int64_t query_bytes_max;
  if (!call.ReadBool(0, runs_reads) || !call.ReadBool(1, runs_writes) ||
      !call.ReadInt64(2, bulk_bytes_max) || !call.ReadInt64(3, slow_micros) ||
      !call.ReadBool(4, counts_durations) || !call.ReadInt64(5, query_bytes_max)) {
    return nullptr;
  }
  LaneShared& shared = call.engine().lanes().shared();
  shared.query_bytes_max = static_cast<size_t>(query_bytes_max);
  shared.runs_reads = runs_reads;
  shared.runs_writes = runs_writes;
  shared.bulk_bytes_max = bulk_bytes_max;
  shared.slow_nanos = slow_micros < 0 ? 0 : std::max<uint64_t>(1, slow_micros * uint64_t{1000});
  counts_durations ? shared.durations.Start() : shared.durations.Stop();
  return call.Undefined();
}

// Watches a key, by its database and an operand, or does so no more.
napi_value WatchKey(Call& call) {
  uint32_t db;
  std::string_view key;
  bool watches;
  if (!call.ReadDatabase(0, db) || !call.ReadOperand(1, key) || !call.ReadBool(2, watches)) {
    return nullptr;
  }
  Keyspace& keyspace = call.engine().keyspace();
  KeyWatch& watch = keyspace.watch();
  // What was changed before is not looked at.
  if (!watch.is_active()) keyspace.EndWatchedCommand();
  if (watches) {
    watch.Add(db, keyspace.HashOf(key), key);
  } else {
    watch.Remove(db, keyspace.HashOf(key), key);
  }
  return call.Undefined();
}

// Whether every key is watched, and whether it is told of those that were missed.
napi_value WatchAllKeys(Call& call) {
  bool all;
  bool tells_missed;
  if (!call.ReadBool(0, all) || !call.ReadBool(1, tells_missed)) return nullptr;
  Keyspace& keyspace = call.engine().keyspace();
  if (!keyspace.watch().is_active()) keyspace.EndWatchedCommand();
  keyspace.watch().WatchAll(all, tells_missed);
  return call.Undefined();
}

// Ends a command of the caller. Flat, database, key and what has become of it, of watched keys;
// null if there is nothing.
napi_value TakeWatched(Call& call) {
  Keyspace& keyspace = call.engine().keyspace();
  if (keyspace.watch().is_active()) keyspace.EndWatchedCommand();
  if (!keyspace.watch().has_changed()) return call.Null();
  ReplyArray reply(call);
  for (const WatchedKey& one : keyspace.watch().TakeChanged()) {
    reply.Push(call.Number(one.db));
    reply.Push(call.Bulk(one.key, BulkMode::kLatin1));
    reply.Push(call.Number(static_cast<double>(one.change)));
  }
  return reply.value();
}

// Flat: name, calls, microseconds of each hot command; with true they and durations start anew.
napi_value LanesUses(Call& call) {
  bool resets;
  if (!call.ReadBool(0, resets)) return nullptr;
  LaneShared& shared = call.engine().lanes().shared();
  ReplyArray reply(call);
  size_t place = 0;
  for (const HotCommand& command : HotCommands()) {
    const LaneShared::Use& use = shared.uses[place++];
    reply.Push(call.Bulk(command.name, BulkMode::kLatin1));
    reply.Push(call.Number(static_cast<double>(use.calls)));
    reply.Push(call.Number(static_cast<double>(use.nanos) / 1000));
  }
  if (resets) {
    shared.uses = {};
    shared.durations.Reset();
  }
  return reply.value();
}

// Of each hot command whose durations were counted: its name, and an array of bucket and count in
// turn.
napi_value LanesDurations(Call& call) {
  const LaneShared& shared = call.engine().lanes().shared();
  ReplyArray reply(call);
  for (size_t place = 0; place < HotCommands().size(); ++place) {
    if (shared.uses[place].calls == 0) continue;
    ReplyArray counts(call);
    size_t bucket = 0;
    for (const uint64_t count : shared.durations.Of(place)) {
      if (count != 0) {
        counts.Push(call.Number(static_cast<double>(bucket)));
        counts.Push(call.Number(static_cast<double>(count)));
      }
      ++bucket;
    }
    reply.Push(call.Bulk(HotCommands()[place].name, BulkMode::kLatin1));
    reply.Push(counts.value());
  }
  return reply.value();
}

}  // namespace

void AppendLaneMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"laneOpen", ApartMethod<LaneOpen>},
                                    {"laneClose", AlwaysMethod<LaneClose>},
                                    {"laneAttach", ApartMethod<LaneAttach>},
                                    {"laneDetach", AlwaysMethod<LaneDetach>},
                                    {"laneRead", AlwaysMethod<LaneRead>},
                                    {"laneEnd", AlwaysMethod<LaneEnd>},
                                    {"laneRun", ApartMethod<LaneRun>},
                                    {"laneKeep", ApartMethod<LaneKeep>},
                                    {"laneHold", ApartMethod<LaneHold>},
                                    {"laneSend", ApartMethod<LaneSend>},
                                    {"laneTake", ApartMethod<LaneTake>},
                                    {"laneReply", ApartMethod<LaneReply>},
                                    {"laneConfigure", ApartMethod<LaneConfigure>},
                                    {"lanePendingBytes", ApartMethod<LanePendingBytes>},
                                    {"laneError", ApartMethod<LaneError>},
                                    {"laneFailure", Method<LaneFailure>},
                                    {"laneMicros", ApartMethod<LaneMicros>},
                                    {"lanesConfigure", ApartMethod<LanesConfigure>},
                                    {"laneUnsentBytes", AlwaysMethod<LaneUnsentBytes>},
                                    {"laneIdleMillis", AlwaysMethod<LaneIdleMillis>},
                                    {"lanesTraffic", ApartMethod<LanesTraffic>},
                                    {"lanesUses", ApartMethod<LanesUses>},
                                    {"lanesDurations", ApartMethod<LanesDurations>},
                                    {"watchKey", Method<WatchKey>},
                                    {"watchAllKeys", Method<WatchAllKeys>},
                                    {"takeWatched", Method<TakeWatched>},
                                });
}

}  // namespace snapfork
