// hot_commands_test.cc - the express lane: what it runs, what it leaves, and keys that are watched.

#include "commands/hot_commands.h"

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "keyspace/key_ops.h"
#include "server/express_lane.h"
#include "test.h"

namespace {

using namespace snapfork;

class Log final : public LaneLog {
 public:
  bool MayWrite(bool) override { return may_write; }
  void Add(uint32_t, std::span<const std::string_view> words) override {
    for (const std::string_view word : words) text += std::string(word) + " ";
  }
  void Commit() override { text += "| "; }
  uint64_t appended() const override { return text.size(); }

  bool may_write = true;
  std::string text;
};

struct Fixture {
  Fixture() { Check(keyspace.Open({.databases = 2})); }
  static void Check(Status status) { EXPECT_EQ(status, Status()); }

  // What a client gets for what it sends; a word for each command that is left to the caller.
  std::string Send(std::string_view text) {
    ExpressLane::Outcome outcome = lane.Run(text);
    while (outcome != ExpressLane::Outcome::kIdle) {
      if (outcome == ExpressLane::Outcome::kCommand) {
        lane.output().Append("<" + std::string(lane.words()[0]) + ">");
      } else {
        lane.output().Append("<" + std::to_string(static_cast<int>(outcome)) + ">");
        changed = keyspace.watch().TakeChanged();
        if (outcome == ExpressLane::Outcome::kBad) break;
      }
      outcome = lane.Run("");
    }
    std::string replies(lane.output().view());
    Drop();
    return replies;
  }

  void Drop() {
    lane.Clear(0);
    lane.DropReady();
  }

  Keyspace keyspace;
  Log log;
  LaneShared shared{.keyspace = keyspace, .log = log};
  ExpressLane lane{shared};
  std::vector<WatchedKey> changed;
};

TEST(HotCommands, AreFoundByNameInAnyCaseAndByTheNumberOfWords) {
  for (const HotCommand& command : HotCommands()) {
    const auto words = static_cast<size_t>(command.arity < 0 ? -command.arity : command.arity);
    EXPECT_TRUE(FindHotCommand(command.name, words) == &command);
    std::string lower(command.name);
    for (char& c : lower) c = static_cast<char>(c - 'A' + 'a');
    EXPECT_TRUE(FindHotCommand(lower, words) == &command);
    EXPECT_TRUE(FindHotCommand(command.name, words - 1) == nullptr);
    EXPECT_TRUE(FindHotCommand(std::string(command.name) + "X", words) == nullptr);
  }
  EXPECT_TRUE(FindHotCommand("NOSUCH", 2) == nullptr);
  EXPECT_TRUE(FindHotCommand("", 1) == nullptr);
}

TEST(ExpressLane, RepliesInOrder) {
  Fixture lane;
  EXPECT_EQ(lane.Send("SET a 1\r\nGET a\r\nINCR a\r\nNOSUCH\r\nGET none\r\nPING\r\n"),
            "+OK\r\n$1\r\n1\r\n:2\r\n<NOSUCH>$-1\r\n+PONG\r\n");
  EXPECT_EQ(lane.log.text, "SET a 1 | GET a | INCR a | GET none | PING | ");
}

TEST(ExpressLane, LeavesWhatItCannotWord) {
  Fixture lane;
  EXPECT_EQ(lane.Send("RPUSH l x\r\nGET l\r\nINCR l\r\nSET a x\r\nINCR a\r\nLPUSH a b\r\n"),
            ":1\r\n<GET><INCR>+OK\r\n<INCR><LPUSH>");
  EXPECT_EQ(lane.Send("SET a 1 EX 0\r\nSET a 1 NX XX\r\nZADD z nan m\r\nHSET h f\r\n"),
            "<SET><SET><ZADD><HSET>");
  EXPECT_EQ(lane.keyspace.counters().changes, 2);
}

TEST(ExpressLane, LogsTimesAsAbsoluteOnesAndWhatChanceHasChosen) {
  Fixture lane;
  lane.keyspace.SetClock(1'000'000);
  lane.Send("SET a 1 EX 10\r\nEXPIRE a 20\r\nEXPIRE a -1\r\nSADD s m\r\nSPOP s\r\n");
  EXPECT_EQ(lane.log.text,
            "SET a 1 PXAT 1010000 | PEXPIREAT a 1020000 | DEL a | SADD s m | SREM s m | ");
}

TEST(ExpressLane, LeavesWritesWhenTheyAreNotTaken) {
  Fixture lane;
  lane.log.may_write = false;
  EXPECT_EQ(lane.Send("SET a 1\r\nGET a\r\n"), "<SET>$-1\r\n");
  lane.shared.runs_reads = false;
  EXPECT_EQ(lane.Send("GET a\r\n"), "<GET>");
}

TEST(ExpressLane, SendsInOrderWhatHasWaitedAndWhatHasNot) {
  Fixture lane;
  int sockets[2];
  ASSERT_TRUE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  lane.lane.Run("PING 1\r\n");
  EXPECT_EQ(lane.lane.Hold(), 7u);
  lane.lane.Run("PING 2\r\nPING 3\r\n");
  EXPECT_EQ(lane.lane.Hold(), 14u);
  // The second waits on behind the first.
  for (const size_t held : {7, 14}) {
    lane.lane.Clear(held);
    EXPECT_EQ(lane.lane.Send(sockets[0]), held);
    EXPECT_TRUE(lane.lane.ready().empty());
  }
  lane.lane.Run("PING 4\r\n");
  lane.lane.Clear(0);
  EXPECT_EQ(lane.lane.Send(sockets[0]), 7u);
  char received[64];
  const ssize_t bytes = read(sockets[1], received, sizeof(received));
  EXPECT_EQ(std::string(received, static_cast<size_t>(bytes)),
            "$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n");
  close(sockets[0]);
  close(sockets[1]);
}

TEST(ExpressLane, LeavesWhatTheSocketHasNoRoomFor) {
  Fixture lane;
  int sockets[2];
  ASSERT_TRUE(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
  const std::string value(300'000, 'x');
  lane.Send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$300000\r\n" + value + "\r\n");
  std::string expected;
  for (int i = 0; i < 3; ++i) {
    lane.lane.Run("GET a\r\n");
    expected += "$300000\r\n" + value + "\r\n";
  }
  lane.lane.Clear(0);
  const size_t sent = lane.lane.Send(sockets[0]);
  EXPECT_TRUE(sent > 0 && sent < expected.size());
  EXPECT_TRUE(lane.lane.ready() == std::string_view(expected).substr(sent));
  // Nobody reads any more: it is not an error of the sender's, and no signal.
  close(sockets[1]);
  EXPECT_EQ(lane.lane.Send(sockets[0]), 0u);
  EXPECT_EQ(lane.lane.ready().size(), expected.size() - sent);
  close(sockets[0]);
}

TEST(ExpressLane, StopsWhenMuchIsToBeSent) {
  Fixture lane;
  const std::string value(300'000, 'x');
  lane.Send("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$300000\r\n" + value + "\r\n");
  std::string requests;
  for (int i = 0; i < 8; ++i) requests += "GET a\r\n";
  EXPECT_TRUE(lane.lane.Run(requests) == ExpressLane::Outcome::kOutput);
  EXPECT_TRUE(lane.lane.output().view().size() < ExpressLane::kOutputBytesMax + 400'000);
  lane.Drop();
  EXPECT_TRUE(lane.lane.Run("") == ExpressLane::Outcome::kOutput);
}

TEST(ExpressLane, StopsBehindAChangeOfAWatchedKey) {
  Fixture lane;
  KeyWatch& watch = lane.keyspace.watch();
  watch.Add(0, lane.keyspace.HashOf("w"), "w");
  const std::string watched = "<" + std::to_string(static_cast<int>(
                                        ExpressLane::Outcome::kWatched)) + ">";
  EXPECT_EQ(lane.Send("SET a 1\r\nGET w\r\n"), "+OK\r\n$-1\r\n");
  EXPECT_EQ(lane.Send("SET w 1\r\nGET w\r\n"), "+OK\r\n" + watched + "$1\r\n1\r\n");
  ASSERT_EQ(lane.changed.size(), 1);
  EXPECT_EQ(lane.changed[0].key, "w");
  // Of a key that is still missing, nothing has changed.
  lane.Send("DEL w\r\n");
  EXPECT_EQ(lane.Send("DEL w a\r\n"), ":1\r\n");
  watch.Remove(0, lane.keyspace.HashOf("w"), "w");
  EXPECT_TRUE(!watch.is_active());
  EXPECT_EQ(lane.Send("SET w 1\r\n"), "+OK\r\n");
}

TEST(KeyWatch, CountsWhoWatchesAndNotesWhatGoes) {
  Fixture lane;
  KeyWatch& watch = lane.keyspace.watch();
  const uint64_t hash = lane.keyspace.HashOf("w");
  watch.Add(0, hash, "w");
  watch.Add(0, hash, "w");
  watch.Remove(0, hash, "w");
  EXPECT_TRUE(watch.is_active());
  lane.keyspace.SetClock(1000);
  lane.Send("SET w 1 PX 10\r\n");
  lane.keyspace.EndWatchedCommand();
  watch.TakeChanged();
  lane.keyspace.SetClock(2000);
  lane.Send("GET w\r\n");
  EXPECT_EQ(lane.changed.size(), 1);
  lane.Send("SET w 1\r\n");
  lane.keyspace.Flush(0);
  lane.keyspace.EndWatchedCommand();
  EXPECT_EQ(watch.TakeChanged().size(), 1);
}

TEST(KeyWatch, TellsOfWhatWasWrittenAndNotOfWhatWasReadBesideIt) {
  Fixture lane;
  Keyspace& keyspace = lane.keyspace;
  KeyWatch& watch = keyspace.watch();
  watch.WatchAll(true, false);
  lane.Send("SET from 1\r\nSET old 1\r\n");
  // More of them than are compared with one another, and one that is removed and made again.
  std::vector<std::string> read;
  for (int i = 0; i < 100; ++i) read.push_back("read" + std::to_string(i));
  for (int round = 0; round < 2; ++round) {
    for (const std::string& key : read) keyspace.Lookup(0, key);
    bool done = false;
    EXPECT_TRUE(KeyCopy(keyspace, 0, "from", 0, "old", true, done).ok());
    EXPECT_TRUE(KeyRemove(keyspace, 0, "old"));
    EXPECT_TRUE(KeyCopy(keyspace, 0, "from", 0, "old", true, done).ok());
    keyspace.EndWatchedCommand();
    const std::vector<WatchedKey> changed = watch.TakeChanged();
    ASSERT_EQ(changed.size(), 1);
    EXPECT_EQ(changed[0].key, "old");
    EXPECT_TRUE(changed[0].change == KeyChange::kChanged);
    read.resize(3);
  }
}

TEST(KeyWatch, TellsWhatWasCreatedAndWhatWasMissedIfThatIsAskedFor) {
  Fixture lane;
  KeyWatch& watch = lane.keyspace.watch();
  lane.keyspace.SetClock(1000);
  const auto told = [&](std::string_view commands) {
    lane.changed.clear();
    lane.Send(commands);
    std::string text;
    for (const WatchedKey& one : lane.changed) {
      text += one.key + std::to_string(static_cast<int>(one.change)) + " ";
    }
    return text;
  };
  watch.WatchAll(true, false);
  EXPECT_EQ(told("GET a\r\n"), "");
  EXPECT_EQ(told("SET a 1\r\n"), "a3 ");
  EXPECT_EQ(told("SET a 2\r\n"), "a0 ");
  watch.WatchAll(true, true);
  EXPECT_EQ(told("GET a\r\n"), "");
  EXPECT_EQ(told("GET b\r\n"), "b4 ");
  EXPECT_EQ(told("SET b 1 PX 10\r\n"), "b4 b3 ");
  lane.keyspace.SetClock(2000);
  EXPECT_EQ(told("GET b\r\n"), "b1 b4 ");
  lane.Send("SET b 1 PX 10\r\n");
  lane.keyspace.SetClock(3000);
  EXPECT_EQ(told("SET b 1\r\n"), "b1 b4 b3 ");
  watch.WatchAll(false, false);
  EXPECT_TRUE(!watch.is_active());
}

}  // namespace
