// script_vm.cc - jobs on the fiber, and what ends their steps.

#include "script/script_vm.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "base/check.h"
#include "base/clock.h"
#include "base/number.h"
#include "script/reply_values.h"
#include "script/sandbox.h"

namespace snapfork {
namespace {

// As a thread's. Lua nests 200 calls of C, each with buffers of 8 KiB, and patterns 10000 deep.
#if defined(__SANITIZE_ADDRESS__)
// Frames are many times as large.
constexpr size_t kStackBytes = 128u << 20;
#else
constexpr size_t kStackBytes = 8u << 20;
#endif
// Instructions between two looks at the clock.
constexpr int kCountedInstructions = 10'000;
// How long a slow script runs in one turn of the event loop.
constexpr int64_t kSliceMicros = 10'000;
constexpr int kReplAll = 3;
// Scratch buffers are given back behind a job that has made them large.
constexpr size_t kKeptBytes = 1u << 20;

constexpr char kScriptChunk[] = "@user_script";
constexpr char kLibraryChunk[] = "@user_function";
constexpr char kKilled[] = "ERR Script killed by user with SCRIPT KILL...";

template <typename Bytes>
void Shrink(Bytes& bytes) {
  if (bytes.capacity() > kKeptBytes) Bytes().swap(bytes);
}

// The text without its first line, if that begins with #!: the line's end stays, so that lines
// keep their numbers.
std::string_view WithoutShebang(std::string_view code) {
  if (!code.starts_with("#!")) return code;
  const size_t end = code.find('\n');
  return end == std::string_view::npos ? std::string_view() : code.substr(end);
}

}  // namespace

ScriptVm& ScriptVm::Of(lua_State* L) {
  void* self = nullptr;
  lua_getallocf(L, &self);
  return *static_cast<ScriptVm*>(self);
}

void* ScriptVm::Allocate(void* self, void* block, size_t old_bytes, size_t new_bytes) {
  ScriptVm& vm = *static_cast<ScriptVm*>(self);
  if (new_bytes == 0) {
    std::free(block);
    vm.memory_bytes_ -= old_bytes;
    return nullptr;
  }
  void* const moved = std::realloc(block, new_bytes);
  if (moved != nullptr) vm.memory_bytes_ += new_bytes - old_bytes;
  return moved;
}

ScriptVm::~ScriptVm() {
  if (L_ == nullptr) return;
  // The state as it is between two runs: a collection that is under way is ended first.
  lua_sethook(L_, nullptr, 0, 0);
  if (!fiber_.suspended()) lua_gc(L_, LUA_GCCOLLECT, 0);
  lua_close(L_);
}

Status ScriptVm::Open() {
  SF_CHECK(L_ == nullptr);
  const Status status = fiber_.Open(kStackBytes);
  if (!status.ok()) return status;
  L_ = lua_newstate(&Allocate, this);
  if (L_ == nullptr) return Status(StatusCode::kOutOfMemory);
  return Start(Job::kOpen) == ScriptOutcome::kDone ? Status() : Status(StatusCode::kOutOfMemory);
}

ScriptOutcome ScriptVm::Start(Job job) {
  job_ = job;
  outcome_ = ScriptOutcome::kDone;
  killed_ = false;
  wrote_ = false;
  script_resp_ = 2;
  repl_flags_ = kReplAll;
  result_.clear();
  failure_ = ScriptFailure();
  began_micros_ = MonotonicMicros();
  slice_end_micros_ = 0;
  fiber_.Start(&FiberMain, this);
  return outcome_;
}

ScriptOutcome ScriptVm::Compile(std::string_view code) {
  code_ = code;
  run_ = ScriptRun();
  return Start(Job::kCompile);
}

ScriptOutcome ScriptVm::Load(std::string_view code, int64_t limit_micros) {
  code_ = code;
  run_ = ScriptRun();
  run_.limit_micros = limit_micros;
  registrations_.clear();
  return Start(Job::kLoad);
}

ScriptOutcome ScriptVm::Run(int ref, const ScriptRun& run) {
  ref_ = ref;
  run_ = run;
  return Start(Job::kRun);
}

void ScriptVm::Forget(int ref) {
  ref_ = ref;
  Start(Job::kForget);
}

ScriptOutcome ScriptVm::Resume(std::string_view reply, bool wrote) {
  reply_ = reply;
  wrote_ = wrote_ || wrote;
  if (outcome_ == ScriptOutcome::kPaused) slice_end_micros_ = MonotonicMicros() + kSliceMicros;
  outcome_ = ScriptOutcome::kDone;
  fiber_.Resume();
  return outcome_;
}

void ScriptVm::Suspend(ScriptOutcome outcome) {
  outcome_ = outcome;
  fiber_.Suspend();
}

void ScriptVm::FiberMain(void* self) {
  ScriptVm& vm = *static_cast<ScriptVm*>(self);
  const int status = lua_cpcall(vm.L_, &Protected, nullptr);
  if (status != 0) {
    // Memory: a script's own errors end in its own call.
    const char* text = lua_tostring(vm.L_, -1);
    vm.failure_.text = std::string("ERR ") + (text == nullptr ? "unknown error" : text);
    vm.outcome_ = ScriptOutcome::kFailed;
  }
  lua_settop(vm.L_, 0);
  Shrink(vm.scratch_);
  Shrink(vm.native_reply_);
}

int ScriptVm::Protected(lua_State* L) {
  ScriptVm& vm = Of(L);
  lua_settop(L, 0);
  lua_sethook(L, &OnCount, LUA_MASKCOUNT, kCountedInstructions);
  switch (vm.job_) {
    case Job::kOpen:
      OpenSandbox(L, vm.kind_ == Kind::kFunctions);
      break;
    case Job::kCompile:
      if (vm.CompileChunk(kScriptChunk)) vm.ref_ = luaL_ref(L, LUA_REGISTRYINDEX);
      break;
    case Job::kLoad:
      vm.LoadLibrary();
      break;
    case Job::kRun:
      vm.RunChunk();
      break;
    case Job::kForget:
      luaL_unref(L, LUA_REGISTRYINDEX, vm.ref_);
      break;
  }
  return 0;
}

bool ScriptVm::CompileChunk(const char* name) {
  const std::string_view code = WithoutShebang(code_);
  if (luaL_loadbuffer(L_, code.data(), code.size(), name) == 0) return true;
  size_t bytes = 0;
  const char* text = lua_tolstring(L_, -1, &bytes);
  failure_.text.assign(text, bytes);
  outcome_ = ScriptOutcome::kFailed;
  return false;
}

void ScriptVm::PushTexts(std::span<const std::string_view> texts) {
  lua_createtable(L_, static_cast<int>(texts.size()), 0);
  for (size_t i = 0; i < texts.size(); ++i) {
    lua_pushlstring(L_, texts[i].data(), texts[i].size());
    lua_rawseti(L_, -2, static_cast<int>(i + 1));
  }
}

void ScriptVm::RunChunk() {
  lua_pushcfunction(L_, &HandleError);
  lua_rawgeti(L_, LUA_REGISTRYINDEX, ref_);
  PushTexts(run_.keys);
  PushTexts(run_.arguments);
  int arguments = 2;
  if (kind_ == Kind::kScripts) {
    SetScriptGlobals(L_);
    arguments = 0;
  }
  if (lua_pcall(L_, arguments, 1, 1) != 0) return ReadFailure();
  AppendReply(L_, {run_.client_resp, script_resp_}, result_);
}

void ScriptVm::LoadLibrary() {
  lua_pushcfunction(L_, &HandleError);
  if (!CompileChunk(kLibraryChunk)) {
    failure_.text.insert(0, "ERR Error compiling function: ");
    return;
  }
  UseLibraryGlobals(L_);
  SetLibraryGlobals(L_, true);
  const int status = lua_pcall(L_, 0, 0, 1);
  if (status != 0) {
    ReadFailure();
    failure_.text.insert(0, "ERR Error registering functions: ");
  }
  SetLibraryGlobals(L_, false);
}

// Makes of any error a table {err, source, line}. The function that has raised it is one level
// down; where that is one of C, its caller is what is told.
int ScriptVm::HandleError(lua_State* L) {
  if (lua_type(L, 1) != LUA_TTABLE) {
    size_t bytes = 0;
    // As tostring says it.
    if (lua_isnoneornil(L, 1)) {
      lua_pushliteral(L, "nil");
    } else if (lua_isboolean(L, 1)) {
      lua_pushstring(L, lua_toboolean(L, 1) ? "true" : "false");
    } else if (lua_isstring(L, 1)) {
      lua_pushvalue(L, 1);
    } else {
      lua_pushfstring(L, "%s: %p", luaL_typename(L, 1), lua_topointer(L, 1));
    }
    lua_pushliteral(L, "ERR ");
    lua_insert(L, -2);
    lua_concat(L, 2);
    const char* text = lua_tolstring(L, -1, &bytes);
    PushErrorReply(L, {text, bytes});
  } else {
    lua_pushvalue(L, 1);
  }
  lua_Debug activation;
  bool is_known = lua_getstack(L, 1, &activation) && lua_getinfo(L, "Sl", &activation);
  if (is_known && std::strcmp(activation.what, "C") == 0) {
    is_known = lua_getstack(L, 2, &activation) && lua_getinfo(L, "Sl", &activation);
  }
  if (is_known) {
    lua_pushliteral(L, "source");
    lua_pushstring(L, activation.source);
    lua_rawset(L, -3);
    lua_pushliteral(L, "line");
    lua_pushinteger(L, activation.currentline);
    lua_rawset(L, -3);
  }
  return 1;
}

void ScriptVm::ReadFailure() {
  outcome_ = ScriptOutcome::kFailed;
  if (!lua_istable(L_, -1)) {
    const char* text = lua_tostring(L_, -1);
    failure_.text = std::string("ERR ") + (text == nullptr ? "unknown error" : text);
    lua_pop(L_, 1);
    return;
  }
  const auto field = [this](const char* name) {
    lua_pushstring(L_, name);
    lua_rawget(L_, -2);
    size_t bytes = 0;
    const char* text = lua_tolstring(L_, -1, &bytes);
    return text == nullptr ? std::string_view() : std::string_view(text, bytes);
  };
  const std::string_view text = field("err");
  failure_.text = text.data() == nullptr ? std::string_view("ERR unknown error") : text;
  lua_pop(L_, 1);
  failure_.source = field("source");
  lua_pop(L_, 1);
  lua_pushliteral(L_, "line");
  lua_rawget(L_, -2);
  if (lua_isnumber(L_, -1)) failure_.line = static_cast<int>(lua_tointeger(L_, -1));
  lua_pop(L_, 2);
}

void ScriptVm::OnCount(lua_State* L, lua_Debug*) { Of(L).CheckTime(L); }

void ScriptVm::CheckTime(lua_State* L) {
  const auto end = [L](const char* text) {
    // What catches it is ended at its next instruction.
    lua_sethook(L, &OnCount, LUA_MASKCOUNT, 1);
    PushErrorReply(L, text);
    lua_error(L);
  };
  if (!killed_ && run_.limit_micros > 0) {
    const int64_t now = MonotonicMicros();
    if (now - began_micros_ < run_.limit_micros) return;
    if (job_ == Job::kLoad) end("ERR FUNCTION LOAD timeout");
    if (run_.may_pause) {
      if (now >= slice_end_micros_) Suspend(ScriptOutcome::kPaused);
    } else {
      killed_ = !wrote_;
    }
  }
  if (killed_) end(kKilled);
}

bool ScriptVm::ReadWords(lua_State* L) {
  word_bytes_.clear();
  word_ranges_.clear();
  const int count = lua_gettop(L);
  for (int i = 1; i <= count; ++i) {
    const size_t at = word_bytes_.size();
    const int type = lua_type(L, i);
    if (type == LUA_TSTRING) {
      size_t bytes = 0;
      const char* text = lua_tolstring(L, i, &bytes);
      word_bytes_.append(text, bytes);
    } else if (type == LUA_TNUMBER) {
      const lua_Number number = lua_tonumber(L, i);
      // Those that "%.17g" prints as an integer.
      if (number > -1e15 && number < 1e15 && number == static_cast<int64_t>(number)) {
        const bool is_minus_zero = number == 0 && std::signbit(number);
        word_bytes_ += is_minus_zero ? std::string_view("-0")
                                     : std::string_view(IntegerText(static_cast<int64_t>(number)));
      } else {
        char digits[40];
        word_bytes_ += FormatDouble(number, digits);
      }
    } else {
      return false;
    }
    word_ranges_.emplace_back(at, word_bytes_.size() - at);
  }
  return true;
}

void ScriptVm::SetWords(std::initializer_list<std::string_view> words) {
  word_bytes_.clear();
  word_ranges_.clear();
  for (const std::string_view word : words) {
    word_ranges_.emplace_back(word_bytes_.size(), word.size());
    word_bytes_ += word;
  }
}

std::string_view ScriptVm::Call() {
  if (commands_ != nullptr) {
    words_.clear();
    for (const auto& [offset, length] : word_ranges_) {
      words_.push_back(std::string_view(word_bytes_).substr(offset, length));
    }
    native_reply_.clear();
    const ScriptCall call = {words_, script_resp_, run_.read_only, (repl_flags_ & 1) != 0};
    switch (commands_->TryNative(call, native_reply_, wrote_)) {
      case NativeOutcome::kDone:
        return native_reply_.view();
      case NativeOutcome::kBroken:
        return Ask(ScriptOutcome::kBroken);
      case NativeOutcome::kLeft:
        break;
    }
  }
  return Ask(ScriptOutcome::kCall);
}

std::string_view ScriptVm::Ask(ScriptOutcome question) {
  Suspend(question);
  return reply_;
}

}  // namespace snapfork
