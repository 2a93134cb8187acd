// script_vm_test.cc - scripts step by step, without a host in JavaScript.

#include "script/script_vm.h"

#include <string>
#include <string_view>

#include "base/sha1.h"
#include "test.h"

namespace snapfork {
namespace {

struct Machine {
  ScriptRandom random;
  ScriptVm vm;

  explicit Machine(ScriptVm::Kind kind = ScriptVm::Kind::kScripts) : vm(kind, random) {
    EXPECT_TRUE(vm.Open().ok());
  }
  // Compiles and starts.
  ScriptOutcome Start(std::string_view code, ScriptRun run = ScriptRun()) {
    EXPECT_TRUE(vm.Compile(code) == ScriptOutcome::kDone);
    return vm.Run(vm.ref(), run);
  }
  // The result of a script that asks for nothing.
  std::string Result(std::string_view code) {
    EXPECT_TRUE(Start(code) == ScriptOutcome::kDone);
    return vm.result();
  }
  std::string Words() {
    std::string words;
    for (const auto& [offset, length] : vm.word_ranges()) {
      if (!words.empty()) words += ' ';
      words += vm.word_bytes().substr(offset, length);
    }
    return words;
  }
};

TEST(Sha1, OfKnownTexts) {
  const auto text = [](std::string_view bytes) {
    const Sha1Text digits = Sha1Hex(bytes);
    return std::string(digits.data(), digits.size());
  };
  EXPECT_EQ(text(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(text("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(text(std::string(1'000'000, 'a')), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  EXPECT_EQ(text(std::string(64, 'x')), "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163");
}

TEST(ScriptVm, AsksForCommandsAndGoesOnWithTheirReplies) {
  Machine machine;
  constexpr std::string_view kScript =
      "return {redis.call('GET', KEYS[1]), redis.call('INCRBY', 'n', 2)}";
  // Without its key.
  EXPECT_TRUE(machine.Start(kScript) == ScriptOutcome::kFailed);
  const std::string_view keys[] = {"key"};
  ScriptRun run;
  run.keys = keys;
  EXPECT_TRUE(machine.Start(kScript, run) == ScriptOutcome::kCall);
  EXPECT_EQ(machine.Words(), "GET key");
  EXPECT_TRUE(machine.vm.Resume("$5\r\nvalue\r\n", false) == ScriptOutcome::kCall);
  EXPECT_EQ(machine.Words(), "INCRBY n 2");
  EXPECT_TRUE(machine.vm.Resume(":7\r\n", true) == ScriptOutcome::kDone);
  EXPECT_EQ(machine.vm.result(), "*2\r\n$5\r\nvalue\r\n:7\r\n");
  EXPECT_TRUE(machine.vm.wrote());
}

TEST(ScriptVm, TellsWhereAnErrorWasRaised) {
  Machine machine;
  EXPECT_TRUE(machine.Start("\n\nerror('bad')") == ScriptOutcome::kFailed);
  EXPECT_EQ(machine.vm.failure().text, "ERR user_script:3: bad");
  EXPECT_EQ(machine.vm.failure().source, "@user_script");
  EXPECT_EQ(machine.vm.failure().line, 3);
}

TEST(ScriptVm, PausesASlowScriptAndKillsIt) {
  Machine machine;
  ScriptRun run;
  run.limit_micros = 1000;
  run.may_pause = true;
  EXPECT_TRUE(machine.Start("while true do pcall(function() while true do end end) end", run) ==
        ScriptOutcome::kPaused);
  EXPECT_TRUE(machine.vm.Resume("", false) == ScriptOutcome::kPaused);
  machine.vm.Kill();
  EXPECT_TRUE(machine.vm.Resume("", false) == ScriptOutcome::kFailed);
  EXPECT_EQ(machine.vm.failure().text, "ERR Script killed by user with SCRIPT KILL...");
  EXPECT_EQ(machine.Result("return 1"), ":1\r\n");
}

TEST(ScriptVm, EndsASlowScriptThatMayNotPauseUnlessItHasWritten) {
  Machine machine;
  ScriptRun run;
  run.limit_micros = 1000;
  EXPECT_TRUE(machine.Start("while true do end", run) == ScriptOutcome::kFailed);
  EXPECT_TRUE(machine.Start("redis.call('SET', 'a', 1) for i = 1, 3e6 do end return 2", run) ==
        ScriptOutcome::kCall);
  EXPECT_TRUE(machine.vm.Resume("+OK\r\n", true) == ScriptOutcome::kDone);
}

TEST(ScriptVm, KillsCoroutinesToo) {
  Machine machine;
  ScriptRun run;
  run.limit_micros = 1000;
  EXPECT_TRUE(machine.Start("local co = coroutine.wrap(function() while true do "
                      "pcall(function() while true do end end) end end) co()",
                      run) == ScriptOutcome::kFailed);
}

TEST(ScriptVm, MayBeDestroyedInTheMiddleOfAScript) {
  Machine machine;
  EXPECT_TRUE(machine.Start("local t = {} for i = 1, 100 do t[i] = {i} end redis.call('PING')") ==
        ScriptOutcome::kCall);
}

// Each was a way out of the memory of Lua 5.1.5, or of the stack of C.
TEST(ScriptVm, SurvivesWhatHasBrokenOthers) {
  Machine machine;
  const std::string_view scripts[] = {
      "return string.find(string.rep('a', 100000), string.rep('a?', 100000))",
      "return string.find(string.rep('x', 50000), string.rep('(x', 31) .. string.rep('.-', 50000))",
      "return unpack({}, -2147483648, 2147483647)",
      "return bit.tohex(1, -2147483648)",
      "return loadstring(string.dump(function() end))()",
      "return loadstring('\\27Lua')",
      "local f = loadstring('return ' .. string.rep('(', 300) .. '1' .. string.rep(')', 300)) f()",
      "return loadstring('return [' .. string.rep('=', 1000000) .. '[x]]')",
      "local function f(...) return f(1, ...) end f()",
      "local function f() return coroutine.wrap(f)() end f()",
      "local t = {} for i = 1, 100000 do t = {t} end return cjson.encode(t)",
      "cjson.encode_max_depth(1e9) local t = {} for i = 1, 1e5 do t = {t} end "
      "return cjson.encode(t)",
      "cjson.decode_max_depth(1e9) return cjson.decode(string.rep('[', 1000000))",
      "return cmsgpack.unpack(string.rep('\\145', 1000000))",
      "local t = {} t[1] = t return t",
      "getmetatable('').__index = nil",
      "getmetatable('').__gc = function() end",
      "return struct.unpack('I2147483647', 'x')",
      "return struct.pack('c2147483647', 'x')",
      "local s = '' for i = 1, 200 do s = s .. 'local a' .. i .. ' ' end return loadstring(s)()",
      "collectgarbage('setpause', 0) collectgarbage('step', 1) for i = 1, 100 do "
      "loadstring('return ' .. i, string.rep('n', 1000) .. i) end return 1",
      "return setmetatable(redis, {})",
      "error(setmetatable({}, {__index = function() error('again') end}))",
      "return table.concat(setmetatable({}, {__index = error}))",
      "local co co = coroutine.wrap(function() co() end) co()",
      "return xpcall(function() error('a') end, function() error('b') end)",
      "return string.format('%99.99f', 1e308)",
      "return ('x'):rep(1e8):byte(1, -1)",
  };
  ScriptRun run;
  run.limit_micros = 300'000;  // for those without an end
  for (const std::string_view script : scripts) {
    const ScriptOutcome outcome = machine.Start(script, run);
    EXPECT_TRUE(outcome == ScriptOutcome::kDone || outcome == ScriptOutcome::kFailed);
  }
  EXPECT_EQ(machine.Result("return 'alive'"), "$5\r\nalive\r\n");
}

TEST(ScriptVm, KeepsGlobalsFromScripts) {
  Machine machine;
  for (const std::string_view script :
       {"x = 1", "_G.x = 1", "rawset(_G, 'x', 1)", "string.x = 1", "redis.call = nil",
        "setmetatable(_G, {})", "getmetatable(_G).__index = nil", "return x", "KEYS = 1",
        "return print", "return os", "return io", "return require", "return dofile",
        "return newproxy", "return getfenv", "return debug", "table.insert(math, 1)"}) {
    EXPECT_TRUE(machine.Start(script) == ScriptOutcome::kFailed);
  }
}

TEST(ScriptVm, LoadsALibraryAndCallsItsFunctions) {
  Machine machine(ScriptVm::Kind::kFunctions);
  EXPECT_TRUE(machine.vm.Load("#!lua name=lib\nlocal n = 0\n"
                        "redis.register_function('next', function(keys, args)\n"
                        "  n = n + 1 return {n, keys[1], args[1]} end)",
                        1'000'000) == ScriptOutcome::kDone);
  EXPECT_EQ(machine.vm.registrations().size(), 1u);
  const int ref = machine.vm.registrations()[0].ref;
  const std::string_view keys[] = {"k"};
  const std::string_view arguments[] = {"a"};
  ScriptRun run;
  run.keys = keys;
  run.arguments = arguments;
  EXPECT_TRUE(machine.vm.Run(ref, run) == ScriptOutcome::kDone);
  EXPECT_EQ(machine.vm.result(), "*3\r\n:1\r\n$1\r\nk\r\n$1\r\na\r\n");
  EXPECT_TRUE(machine.vm.Run(ref, run) == ScriptOutcome::kDone);
  EXPECT_EQ(machine.vm.result(), "*3\r\n:2\r\n$1\r\nk\r\n$1\r\na\r\n");
  machine.vm.Forget(ref);
}

TEST(ScriptVm, RefusesALibraryThatTakesTooLong) {
  Machine machine(ScriptVm::Kind::kFunctions);
  EXPECT_TRUE(machine.vm.Load("#!lua name=lib\nwhile true do end", 1000) == ScriptOutcome::kFailed);
  EXPECT_EQ(machine.vm.failure().text,
           "ERR Error registering functions: ERR FUNCTION LOAD timeout");
}

class Doubler final : public NativeCommands {
 public:
  NativeOutcome TryNative(const ScriptCall& call, ByteBuffer& reply, bool& wrote) override {
    if (call.words[0] == "BREAK") return NativeOutcome::kBroken;
    if (call.words[0] != "DOUBLE") return NativeOutcome::kLeft;
    wrote = true;
    const std::string word(call.words[1]);
    reply.Append("$" + std::to_string(2 * word.size()) + "\r\n" + word + word + "\r\n");
    return NativeOutcome::kDone;
  }
};

TEST(ScriptVm, RunsNativeCommandsWithoutItsHost) {
  Machine machine;
  Doubler commands;
  machine.vm.set_commands(&commands);
  EXPECT_EQ(machine.Result("return redis.call('DOUBLE', 'ab')"), "$4\r\nabab\r\n");
  EXPECT_TRUE(machine.vm.wrote());
  EXPECT_TRUE(machine.Start("return redis.call('OTHER')") == ScriptOutcome::kCall);
  EXPECT_TRUE(machine.vm.Resume("+OK\r\n", false) == ScriptOutcome::kDone);
  EXPECT_TRUE(machine.Start("return redis.pcall('BREAK')") == ScriptOutcome::kBroken);
  EXPECT_TRUE(machine.vm.Resume("-ERR why\r\n", true) == ScriptOutcome::kDone);
  EXPECT_EQ(machine.vm.result(), "-ERR why\r\n");
}

TEST(ScriptVm, ConvertsRepliesOfBothVersions) {
  Machine machine;
  ScriptRun run;
  run.client_resp = 3;
  EXPECT_TRUE(machine.Start("redis.setresp(3) return redis.call('X')", run) ==
              ScriptOutcome::kCall);
  const std::string_view reply =
      "*9\r\n%1\r\n$1\r\na\r\n:1\r\n~1\r\n+m\r\n,1.5\r\n#t\r\n#f\r\n(123\r\n=5\r\ntxt:x\r\n"
      "$0\r\n\r\n:3\r\n";
  EXPECT_TRUE(machine.vm.Resume(reply, false) == ScriptOutcome::kDone);
  EXPECT_EQ(machine.vm.result(),
           "*9\r\n%1\r\n$1\r\na\r\n:1\r\n~1\r\n+m\r\n,1.5\r\n#t\r\n#f\r\n(123\r\n=5\r\ntxt:x\r\n"
           "$0\r\n\r\n:3\r\n");
}

}  // namespace
}  // namespace snapfork
