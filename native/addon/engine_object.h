// engine_object.h - the engine as JavaScript holds it: a keyspace, its forks, its lifetime.
//
//   open --load(), saveInBackground()--> busy --done--> open --close()--> closed
//
// While it is busy, the keyspace belongs to a thread of libuv's pool: a method that needs it is
// refused with kBusy, those of the argument vector and of clients' lanes are not, and statistics
// are those from before.
//
// Invariants
//   (O1) The JavaScript object keeps this one alive: it is deleted by that object's finalizer, and
//        background work holds a reference on the object.
//   (O2) However an engine goes (closed, collected, its environment torn down), its child is
//        killed and reaped first.

#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "addon/call.h"
#include "addon/convert.h"
#include "addon/lane_sockets.h"
#include "addon/lane_table.h"
#include "addon/log_object.h"
#include "addon/node_addon_api.h"
#include "addon/script_commands.h"
#include "addon/statistics.h"
#include "fork/snapshot_fork.h"
#include "keyspace/defragmenter.h"
#include "keyspace/evictor.h"
#include "keyspace/keyspace.h"
#include "persist/keyspace_load.h"
#include "persist/log_replay.h"
#include "script/script_vm.h"

namespace snapfork {

// What runs scripts and functions: a state of Lua each, made when it is needed.
struct ScriptMachines {
  ScriptRandom random;
  // Outlives the machines; made with the first of them.
  std::unique_ptr<ScriptCommands> commands;
  std::array<std::unique_ptr<ScriptVm>, 2> vms;  // by ScriptVm::Kind
  // Whose run was the last.
  ScriptVm* last = nullptr;
  // What a script that is suspended may still read.
  std::string reply;
  std::string library_text;
  // The argument vector as the run found it, while a command of the script's is in its place.
  bool has_outer = false;
  std::string outer_bytes;
  std::vector<std::pair<size_t, size_t>> outer_ranges;
  // Time of the run, and the keyspace's clock as the run found it, while that stands still.
  int64_t now_ms = 0;
  bool holds_clock = false;
  int64_t outer_clock_ms = 0;

  ScriptVm* suspended() const;
};

class EngineObject {
 public:
  enum class State { kOpen, kBusy, kClosed };

  // `new Engine(options)`.
  static napi_value Construct(napi_env env, napi_callback_info info);

  ~EngineObject();
  EngineObject(const EngineObject&) = delete;
  EngineObject& operator=(const EngineObject&) = delete;

  State state = State::kOpen;
  // Gives the keyspace to a thread of the pool.
  void BeginBusy();
  // As they are, or were when it became busy.
  Statistics ReadStatistics();
  Keyspace& keyspace() { return memory_->keyspace; }
  SnapshotFork& snapshots() { return memory_->snapshots; }
  Defragmenter& defragmenter() { return memory_->defragmenter; }
  // What clients of a server send; made when the first one comes.
  LaneTable& lanes();
  // Their sockets: null before the first one, unless it is made now.
  LaneSockets* sockets() const { return sockets_; }
  Status MakeSockets(napi_env env);
  // Closes them all.
  void DropSockets();
  Evictor& evictor() { return memory_->evictor; }
  std::unique_ptr<KeyspaceLoad> load;
  // An append-only file that is being run, or null.
  std::unique_ptr<LogReplay> replay;
  ScriptMachines scripts;
  // The append-only log, or null.
  LogObject* log() const { return log_.get(); }
  void SetLog(std::unique_ptr<LogObject> log);
  std::unique_ptr<LogObject> TakeLog();
  // Typed methods that write are refused, as no save succeeds.
  void RefuseWrites(bool refuses);
  void LimitMemory(const EvictionSettings& settings);
  // Whether a write has to ask: there is a log, or a limit of memory, or writes are refused.
  bool guards_writes() const { return guards_writes_; }
  // kOk, or why no write is taken.
  Status WriteRefusal() const;
  // Logs what a typed method has done, which has no argument vector.
  void LogDirect(uint32_t db, std::initializer_list<std::string_view> words);

  // The argument vector.
  std::string argument_bytes;
  std::vector<std::pair<size_t, size_t>> argument_ranges;  // offset and length
  bool ArgumentAt(uint32_t index, std::string_view& bytes) const {
    if (index >= argument_ranges.size()) return false;
    const auto [offset, length] = argument_ranges[index];
    bytes = std::string_view(argument_bytes).substr(offset, length);
    return true;
  }

  void SetArguments(const std::vector<std::string_view>& words);

  // For strings among the operands of one call.
  std::array<TextBuffer, 6> texts;
  AddonData& addon;

  // What background work calls when it begins and when it has ended on the event loop.
  void Hold(napi_env env);
  void Release(napi_env env);

  // Everything that owns memory or a child; freed on another thread by close().
  struct Memory {
    // It reads what the child says, in memory that goes with the child.
    ~Memory() { keyspace.keeper().Stop(); }

    Keyspace keyspace;
    Defragmenter defragmenter{keyspace};
    Evictor evictor{keyspace};
    SnapshotFork snapshots;  // destroyed first: the child goes before the memory it shares
  };
  std::unique_ptr<Memory> TakeMemory() { return std::move(memory_); }

 private:
  explicit EngineObject(AddonData& addon_data) : addon(addon_data) {}
  Status Open(const KeyspaceOptions& options);
  bool ShareLookups(napi_env env, napi_value instance);
  void JudgeGuards();
  static bool ReadOptions(const Napi::Object& object, KeyspaceOptions& options);

  std::unique_ptr<Memory> memory_;
  std::unique_ptr<LogObject> log_;
  std::unique_ptr<LaneTable> lanes_;
  LaneSockets* sockets_ = nullptr;  // the event loop deletes it
  Statistics statistics_before_;
  bool refuses_writes_ = false;
  bool guards_writes_ = false;
  napi_ref self_ = nullptr;
};

// The families of methods.
void AppendKeyMethods(std::vector<MethodEntry>& methods);
void AppendStringMethods(std::vector<MethodEntry>& methods);
void AppendLimitMethods(std::vector<MethodEntry>& methods);
void AppendEvictionMethods(std::vector<MethodEntry>& methods);
void AppendBitmapMethods(std::vector<MethodEntry>& methods);
void AppendHyperLogLogMethods(std::vector<MethodEntry>& methods);
void AppendHashMethods(std::vector<MethodEntry>& methods);
void AppendListMethods(std::vector<MethodEntry>& methods);
void AppendSetMethods(std::vector<MethodEntry>& methods);
void AppendSortedSetMethods(std::vector<MethodEntry>& methods);
void AppendStreamGroupMethods(std::vector<MethodEntry>& methods);
void AppendStreamMethods(std::vector<MethodEntry>& methods);
void AppendGeoMethods(std::vector<MethodEntry>& methods);
void AppendDumpMethods(std::vector<MethodEntry>& methods);
void AppendMemoryMethods(std::vector<MethodEntry>& methods);
void AppendPersistMethods(std::vector<MethodEntry>& methods);
void AppendLogMethods(std::vector<MethodEntry>& methods);
void AppendReplayMethods(std::vector<MethodEntry>& methods);
void AppendLaneMethods(std::vector<MethodEntry>& methods);
void AppendScriptMethods(std::vector<MethodEntry>& methods);

// For methods that are legal in any state.
template <MethodBody kBody>
napi_value AlwaysMethod(napi_env env, napi_callback_info info) {
  Call call(env, info);
  return kBody(call);
}

// For those that do not touch the keyspace: legal while the engine is open or busy.
template <MethodBody kBody>
napi_value ApartMethod(napi_env env, napi_callback_info info) {
  Call call(env, info);
  if (call.engine().state == EngineObject::State::kClosed) [[unlikely]] {
    return call.Throw(Status(StatusCode::kClosed));
  }
  return kBody(call);
}

template <MethodBody kBody>
napi_value Method(napi_env env, napi_callback_info info) {
  Call call(env, info);
  if (call.engine().state != EngineObject::State::kOpen) [[unlikely]] {
    const bool busy = call.engine().state == EngineObject::State::kBusy;
    return call.Throw(Status(busy ? StatusCode::kBusy : StatusCode::kClosed));
  }
  return kBody(call);
}

}  // namespace snapfork
