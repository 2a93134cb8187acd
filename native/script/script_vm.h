// script_vm.h - one state of Lua with the API of Redis, run a step at a time.
//
//   idle --Compile(), Run(), Load()--> running --kDone, kFailed--> idle
//                                        | ^
//            kCall, kCheck, kLog, kPaused v | Resume()
//                                      suspended
//
// What a script asks of its host (a command, a line for the log, a pause) ends the step with an
// outcome; the host answers with Resume. So a script that calls Node-API, or holds the event loop
// for ever, cannot be written.
//
// Invariants
//   (V1) Lua runs on the fiber only, its end (lua_close) excepted: that runs no code of scripts,
//        as there is nothing they could give a finalizer.
//   (V2) Globals and libraries are read-only: what one script does, no other sees. Exceptions are
//        those of Redis: the generator of random numbers, and the settings of cjson.
//   (V3) A function of C++ that Lua calls holds nothing with a destructor where Lua may raise an
//        error.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "script/fiber.h"
#include "script/lua.h"
#include "script/native_commands.h"

namespace snapfork {

// Numbered as lib/native/scripts.ts has it.
enum class ScriptOutcome : uint32_t {
  kDone,    // result() or ref()
  kFailed,  // error()
  kCall,    // a command: words()
  kCheck,   // whether a command may be run: words()
  kLog,     // a level and a text: words()
  kPaused,  // its time is over: Resume in another turn
  kBroken,  // a command that NativeCommands ran in part: words()
};

// Bits as lib/native/scripts.ts has them, in the order of kScriptFlagNames.
enum ScriptFlag : uint32_t {
  kScriptNoWrites = 1,
  kScriptAllowOom = 2,
  kScriptAllowStale = 4,
  kScriptNoCluster = 8,
  kScriptAllowCrossSlotKeys = 16,
};

struct ScriptFailure {
  std::string text;
  // Where, as far as that is known: the name of a chunk, with its sign; a line, or -1.
  std::string source;
  int line = -1;
};

struct FunctionRegistration {
  std::string name;
  std::string description;
  bool has_description = false;
  uint32_t flags = 0;
  int ref = 0;
};

struct ScriptRun {
  std::span<const std::string_view> keys;
  std::span<const std::string_view> arguments;
  // RESP version of the result.
  int client_resp = 2;
  bool read_only = false;
  // When it counts as slow: paused if it may be, else ended if it has not written; 0: never.
  int64_t limit_micros = 0;
  bool may_pause = false;
};

// The generator of math.random: that of lrand48. Scripts of an engine share it.
struct ScriptRandom {
  uint64_t state = 0x1234abcd330eu;
};

class ScriptVm {
 public:
  enum class Kind { kScripts, kFunctions };

  ScriptVm(Kind kind, ScriptRandom& random) : kind_(kind), random_(random) {}
  ~ScriptVm();
  ScriptVm(const ScriptVm&) = delete;
  ScriptVm& operator=(const ScriptVm&) = delete;

  // Makes the state. Once, before anything else.
  Status Open();
  // Commands that are run without the host, or null.
  void set_commands(NativeCommands* commands) { commands_ = commands; }

  // Compiles the text of a script, of which a first line with #! is blank: ref().
  ScriptOutcome Compile(std::string_view code);
  // Runs a library of functions: registrations(), which are to be kept or forgotten.
  ScriptOutcome Load(std::string_view code, int64_t limit_micros);
  // Runs a script or function. Keys and arguments are copied before the first outcome.
  ScriptOutcome Run(int ref, const ScriptRun& run);
  // Goes on with the reply to what was asked: RESP, nothing for kLog and kPaused. `wrote`: whether
  // the command was one that writes.
  ScriptOutcome Resume(std::string_view reply, bool wrote);
  // Ends what is suspended with an error that it cannot catch.
  void Kill() { killed_ = true; }
  void Forget(int ref);

  bool suspended() const { return fiber_.suspended(); }
  int ref() const { return ref_; }
  const std::string& result() const { return result_; }
  const ScriptFailure& failure() const { return failure_; }
  std::vector<FunctionRegistration>& registrations() { return registrations_; }
  // Words of an outcome: bytes, and offset and length of each.
  std::string& word_bytes() { return word_bytes_; }
  std::vector<std::pair<size_t, size_t>>& word_ranges() { return word_ranges_; }
  // RESP version that the script wants its replies in.
  int script_resp() const { return script_resp_; }
  // Bits of redis.REPL_*: where the effects of commands go.
  int repl_flags() const { return repl_flags_; }
  bool wrote() const { return wrote_; }
  uint64_t memory_bytes() const { return memory_bytes_; }

  // For the functions of the API.
  static ScriptVm& Of(lua_State* L);
  Kind kind() const { return kind_; }
  bool loading() const { return job_ == Job::kLoad; }
  ScriptRandom& random() { return random_; }
  void set_script_resp(int version) { script_resp_ = version; }
  void set_repl_flags(int flags) { repl_flags_ = flags; }
  // Takes the arguments of a function as words; false for one that is no text or number.
  bool ReadWords(lua_State* L);
  // A command's reply, RESP.
  std::string_view Call();
  // Asks the host something else about the words.
  std::string_view Ask(ScriptOutcome question);
  // Takes words of C++.
  void SetWords(std::initializer_list<std::string_view> words);
  // Bytes for a function that makes a text, kept from call to call.
  std::string& scratch() { return scratch_; }

 private:
  enum class Job { kOpen, kCompile, kLoad, kRun, kForget };

  static void* Allocate(void* self, void* block, size_t old_bytes, size_t new_bytes);
  static void OnCount(lua_State* L, lua_Debug* activation);
  static void FiberMain(void* self);
  static int Protected(lua_State* L);
  static int HandleError(lua_State* L);
  ScriptOutcome Start(Job job);
  ScriptOutcome Outcome() const { return outcome_; }
  void Suspend(ScriptOutcome outcome);
  void CheckTime(lua_State* L);
  bool CompileChunk(const char* name);
  void RunChunk();
  void LoadLibrary();
  void PushTexts(std::span<const std::string_view> texts);
  // Takes the error on top of the stack, and pops it.
  void ReadFailure();

  const Kind kind_;
  ScriptRandom& random_;
  Fiber fiber_;
  lua_State* L_ = nullptr;
  NativeCommands* commands_ = nullptr;
  uint64_t memory_bytes_ = 0;

  // The job.
  Job job_ = Job::kOpen;
  ScriptOutcome outcome_ = ScriptOutcome::kDone;
  std::string_view code_;
  ScriptRun run_;
  int ref_ = 0;
  int64_t began_micros_ = 0;
  int64_t slice_end_micros_ = 0;
  bool killed_ = false;
  bool wrote_ = false;
  int script_resp_ = 2;
  int repl_flags_ = 0;
  std::string result_;
  ScriptFailure failure_;
  std::vector<FunctionRegistration> registrations_;

  // What goes between script and host.
  std::string word_bytes_;
  std::vector<std::pair<size_t, size_t>> word_ranges_;
  std::vector<std::string_view> words_;
  std::string_view reply_;
  ByteBuffer native_reply_;
  std::string scratch_;
};

}  // namespace snapfork
