// bind_scripts.cc - the engine's methods that run scripts, and keep libraries of functions.

#include <memory>

#include "addon/engine_object.h"
#include "base/sha1.h"
#include "persist/dump.h"

namespace snapfork {
namespace {

// Bits of scriptStart's options, as lib/native/scripts.ts has them.
constexpr uint32_t kResp3 = 1;
constexpr uint32_t kReadOnly = 2;
constexpr uint32_t kMayPause = 4;
constexpr uint32_t kIsFree = 8;
constexpr int64_t kMicrosPerMilli = 1000;

// Puts the argument vector aside for the commands of a script, or back.
void SetOuterAside(EngineObject& engine, bool aside) {
  ScriptMachines& scripts = engine.scripts;
  if (scripts.has_outer == aside) return;
  scripts.has_outer = aside;
  engine.argument_bytes.swap(scripts.outer_bytes);
  engine.argument_ranges.swap(scripts.outer_ranges);
}

// Time stands still for a script and its commands, wherever they run.
void HoldClock(EngineObject& engine, bool holds) {
  ScriptMachines& scripts = engine.scripts;
  if (scripts.holds_clock == holds) return;
  scripts.holds_clock = holds;
  if (holds) scripts.outer_clock_ms = engine.keyspace().frozen_clock();
  engine.keyspace().SetClock(holds ? scripts.now_ms : scripts.outer_clock_ms);
}

// Tells an outcome: what it is (3 bits), RESP version 3 (1), where effects go (2), and how many
// words are now in the argument vector. With one that asks for nothing, the vector is again what
// it was: who has run the script may go on reading the command that did.
napi_value Tell(Call& call, ScriptVm& vm, ScriptOutcome outcome) {
  EngineObject& engine = call.engine();
  const bool asks = outcome == ScriptOutcome::kCall || outcome == ScriptOutcome::kCheck ||
                    outcome == ScriptOutcome::kLog || outcome == ScriptOutcome::kBroken;
  SetOuterAside(engine, asks);
  if (!asks) HoldClock(engine, false);
  double words = 0;
  if (asks) {
    engine.argument_bytes.swap(vm.word_bytes());
    engine.argument_ranges.swap(vm.word_ranges());
    words = static_cast<double>(engine.argument_ranges.size());
  }
  const uint32_t state = static_cast<uint32_t>(outcome) | (vm.script_resp() > 2 ? 8u : 0u) |
                         static_cast<uint32_t>(vm.repl_flags()) << 4;
  return call.Number(words * 64 + state);
}

// The machine of that kind, opened when it is asked for; null, with the error pending, without
// memory, or while a script is suspended.
ScriptVm* MachineFor(Call& call, size_t index) {
  uint32_t kind = 0;
  if (!call.ReadUint32(index, kind)) return nullptr;
  ScriptMachines& machines = call.engine().scripts;
  if (kind >= machines.vms.size() || machines.suspended() != nullptr) {
    call.Throw(Status(StatusCode::kInvalidArgument));
    return nullptr;
  }
  std::unique_ptr<ScriptVm>& vm = machines.vms[kind];
  if (vm == nullptr) {
    auto made = std::make_unique<ScriptVm>(static_cast<ScriptVm::Kind>(kind), machines.random);
    const Status status = made->Open();
    if (!status.ok()) {
      call.Throw(status);
      return nullptr;
    }
    if (machines.commands == nullptr) {
      machines.commands = std::make_unique<ScriptCommands>(call.engine());
    }
    made->set_commands(machines.commands.get());
    vm = std::move(made);
  }
  return vm.get();
}

napi_value ScriptSha(Call& call) {
  std::string_view code;
  if (!call.ReadOperand(0, code)) return nullptr;
  const Sha1Text digits = Sha1Hex(code);
  return call.Bulk(std::string_view(digits.data(), digits.size()), BulkMode::kLatin1);
}

// A number to start the script with; -1: it does not compile (scriptFailure).
napi_value ScriptCompile(Call& call) {
  std::string_view code;
  ScriptVm* const vm = MachineFor(call, 0);
  if (vm == nullptr || !call.ReadOperand(1, code)) return nullptr;
  const bool done = vm->Compile(code) == ScriptOutcome::kDone;
  call.engine().scripts.last = vm;
  return call.Number(done ? vm->ref() : -1);
}

// Machine, number, first key, keys, arguments behind them, options, limit in milliseconds,
// database, time.
napi_value ScriptStart(Call& call) {
  int64_t ref;
  uint32_t first;
  uint32_t keys;
  uint32_t arguments;
  uint32_t options;
  int64_t limit;
  uint32_t db;
  ScriptVm* const vm = MachineFor(call, 0);
  if (vm == nullptr || !call.ReadInt64(1, ref) || !call.ReadRange(2, first, keys) ||
      !call.ReadUint32(4, arguments) || !call.ReadUint32(5, options) ||
      !call.ReadInt64(6, limit) || !call.ReadDatabase(7, db) ||
      !call.ReadInt64(8, call.engine().scripts.now_ms)) {
    return nullptr;
  }
  EngineObject& engine = call.engine();
  if (uint64_t{first} + keys + arguments > engine.argument_ranges.size()) {
    return call.Throw(Status(StatusCode::kInvalidArgument));
  }
  std::vector<std::string_view> words;
  words.reserve(keys + arguments);
  for (uint32_t i = 0; i < keys + arguments; ++i) words.push_back(call.VectorArgument(first + i));
  ScriptRun run;
  run.keys = std::span(words).first(keys);
  run.arguments = std::span(words).subspan(keys);
  run.client_resp = (options & kResp3) != 0 ? 3 : 2;
  run.read_only = (options & kReadOnly) != 0;
  run.may_pause = (options & kMayPause) != 0;
  run.limit_micros = limit * kMicrosPerMilli;
  engine.scripts.last = vm;
  engine.scripts.commands->is_on = (options & kIsFree) != 0;
  engine.scripts.commands->db = db;
  HoldClock(engine, true);
  return Tell(call, *vm, vm->Run(static_cast<int>(ref), run));
}

// Text of a library, limit in milliseconds.
napi_value LibraryLoad(Call& call) {
  std::string_view code;
  int64_t limit;
  ScriptVm* const vm = MachineFor(call, 0);
  if (vm == nullptr || !call.ReadOperand(1, code) || !call.ReadInt64(2, limit)) return nullptr;
  call.engine().scripts.last = vm;
  call.engine().scripts.now_ms = call.engine().keyspace().Now();
  // The text is in the argument vector, which a line for the log will take.
  std::string& kept = call.engine().scripts.library_text;
  kept.assign(code);
  return Tell(call, *vm, vm->Load(kept, limit * kMicrosPerMilli));
}

// The machine that is suspended, or null with the error pending.
ScriptVm* SuspendedMachine(Call& call) {
  ScriptVm* const vm = call.engine().scripts.suspended();
  if (vm == nullptr) call.Throw(Status(StatusCode::kInvalidArgument));
  return vm;
}

// The reply as latin1 text (null: there is none to give), whether a command wrote, the database.
napi_value ScriptResume(Call& call) {
  bool wrote;
  uint32_t db;
  ScriptVm* const vm = SuspendedMachine(call);
  if (vm == nullptr || !call.ReadBool(1, wrote) || !call.ReadDatabase(2, db)) return nullptr;
  call.engine().scripts.commands->db = db;
  std::string& reply = call.engine().scripts.reply;
  reply.clear();
  size_t length = 0;
  if (napi_get_value_string_latin1(call.env(), call.argument(0), nullptr, 0, &length) == napi_ok) {
    // A NUL is written behind the text, where a string has room for one.
    reply.resize(length);
    napi_get_value_string_latin1(call.env(), call.argument(0), reply.data(), length + 1, &length);
  }
  HoldClock(call.engine(), true);
  return Tell(call, *vm, vm->Resume(reply, wrote));
}

// Whether one waits for its next turn, or for a command of its own.
napi_value ScriptIsSuspended(Call& call) {
  return call.Bool(call.engine().scripts.suspended() != nullptr);
}

// Whether it is to end: not if it has written.
napi_value ScriptKill(Call& call) {
  ScriptVm* const vm = SuspendedMachine(call);
  if (vm == nullptr) return nullptr;
  if (!vm->wrote()) vm->Kill();
  return call.Bool(!vm->wrote());
}

// Throws why the command that the script waits for was broken.
napi_value ScriptBroken(Call& call) {
  return SuspendedMachine(call) == nullptr ? nullptr
                                           : call.Throw(call.engine().scripts.commands->status());
}

// What the last run came to: RESP as latin1 text, or as bytes.
napi_value ScriptResult(Call& call) {
  BulkMode mode;
  const ScriptVm* const vm = call.engine().scripts.last;
  if (!call.ReadMode(0, mode)) return nullptr;
  if (vm == nullptr) return call.Throw(Status(StatusCode::kInvalidArgument));
  return call.Bulk(vm->result(), mode);
}

// Text, source and line of the last failure: all latin1.
napi_value ScriptFailureOf(Call& call) {
  const ScriptVm* const vm = call.engine().scripts.last;
  if (vm == nullptr) return call.Throw(Status(StatusCode::kInvalidArgument));
  const ScriptFailure& failure = vm->failure();
  ReplyArray reply(call);
  reply.Push(call.Bulk(failure.text, BulkMode::kLatin1));
  reply.Push(call.Bulk(failure.source, BulkMode::kLatin1));
  reply.Push(call.Number(failure.line));
  return reply.value();
}

// Name, description or null, flags and number of each function of the library loaded last.
napi_value LibraryFunctions(Call& call) {
  ScriptVm* const vm = call.engine().scripts.last;
  if (vm == nullptr) return call.Throw(Status(StatusCode::kInvalidArgument));
  ReplyArray reply(call);
  for (const FunctionRegistration& function : vm->registrations()) {
    ReplyArray one(call);
    one.Push(call.Bulk(function.name, BulkMode::kLatin1));
    one.Push(function.has_description ? call.Bulk(function.description, BulkMode::kLatin1)
                                      : call.Null());
    one.Push(call.Number(function.flags));
    one.Push(call.Number(function.ref));
    reply.Push(one.value());
  }
  return reply.value();
}

napi_value ScriptForget(Call& call) {
  int64_t ref;
  ScriptVm* const vm = MachineFor(call, 0);
  if (vm == nullptr || !call.ReadInt64(1, ref)) return nullptr;
  vm->Forget(static_cast<int>(ref));
  return call.Undefined();
}

// Drops a machine with everything in it.
napi_value ScriptsFlush(Call& call) {
  uint32_t kind;
  ScriptMachines& machines = call.engine().scripts;
  if (!call.ReadUint32(0, kind)) return nullptr;
  if (kind >= machines.vms.size() || machines.suspended() != nullptr) {
    return call.Throw(Status(StatusCode::kInvalidArgument));
  }
  if (machines.last == machines.vms[kind].get()) machines.last = nullptr;
  machines.vms[kind].reset();
  return call.Undefined();
}

// Bytes that a machine's state takes.
napi_value ScriptMemory(Call& call) {
  uint32_t kind;
  const ScriptMachines& machines = call.engine().scripts;
  if (!call.ReadUint32(0, kind)) return nullptr;
  const bool is_open = kind < machines.vms.size() && machines.vms[kind] != nullptr;
  return call.Number(is_open ? static_cast<double>(machines.vms[kind]->memory_bytes()) : 0);
}

napi_value FunctionTexts(Call& call) {
  ReplyArray reply(call);
  for (const std::string& text : call.engine().keyspace().functions()) {
    reply.Push(call.Bulk(text, BulkMode::kBuffer));
  }
  return reply.value();
}

// An array of Uint8Arrays: what snapshots and bases of the log hold from now on.
napi_value SetFunctionTexts(Call& call) {
  uint32_t length = 0;
  if (napi_get_array_length(call.env(), call.argument(0), &length) != napi_ok) {
    return call.Throw(Status(StatusCode::kInvalidArgument));
  }
  std::vector<std::string> texts;
  texts.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    std::string_view text;
    if (!call.ReadElement(0, i, text)) return nullptr;
    texts.emplace_back(text);
  }
  call.engine().keyspace().functions() = std::move(texts);
  return call.Undefined();
}

napi_value FunctionsDump(Call& call) {
  BulkMode mode;
  if (!call.ReadMode(0, mode)) return nullptr;
  std::string payload;
  const Status status = DumpFunctions(call.engine().keyspace().functions(), payload);
  return status.ok() ? call.Bulk(payload, mode) : call.Throw(status);
}

napi_value FunctionsOfPayload(Call& call) {
  std::string_view payload;
  if (!call.ReadOperand(0, payload)) return nullptr;
  std::vector<std::string> texts;
  const Status status = ReadFunctions(payload, texts);
  if (!status.ok()) return call.Throw(status);
  ReplyArray reply(call);
  for (const std::string& text : texts) reply.Push(call.Bulk(text, BulkMode::kBuffer));
  return reply.value();
}

}  // namespace

ScriptVm* ScriptMachines::suspended() const {
  for (const std::unique_ptr<ScriptVm>& vm : vms) {
    if (vm != nullptr && vm->suspended()) return vm.get();
  }
  return nullptr;
}

void AppendScriptMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"scriptSha", Method<ScriptSha>},
                                    {"scriptCompile", Method<ScriptCompile>},
                                    {"scriptStart", Method<ScriptStart>},
                                    {"scriptResume", Method<ScriptResume>},
                                    {"scriptIsSuspended", ApartMethod<ScriptIsSuspended>},
                                    {"scriptKill", Method<ScriptKill>},
                                    {"scriptBroken", Method<ScriptBroken>},
                                    {"scriptResult", Method<ScriptResult>},
                                    {"scriptFailure", Method<ScriptFailureOf>},
                                    {"scriptForget", Method<ScriptForget>},
                                    {"scriptsFlush", Method<ScriptsFlush>},
                                    {"scriptMemory", Method<ScriptMemory>},
                                    {"libraryLoad", Method<LibraryLoad>},
                                    {"libraryFunctions", Method<LibraryFunctions>},
                                    {"functionTexts", Method<FunctionTexts>},
                                    {"setFunctionTexts", Method<SetFunctionTexts>},
                                    {"functionsDump", Method<FunctionsDump>},
                                    {"functionsOfPayload", Method<FunctionsOfPayload>},
                                });
}

}  // namespace snapfork
