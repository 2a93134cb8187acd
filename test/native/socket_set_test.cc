// socket_set_test.cc - sockets that are read, answered, held back, and dropped.

#include "server/socket_set.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "test.h"

namespace {

using namespace snapfork;

class Log final : public LaneLog {
 public:
  bool MayWrite(bool) override { return true; }
  void Add(uint32_t, std::span<const std::string_view> words) override {
    waiting += words[0] == "SET" ? 10 : 0;
  }
  void Commit() override { bytes += std::exchange(waiting, 0); }
  uint64_t appended() const override { return bytes; }

  uint64_t waiting = 0;
  uint64_t bytes = 0;
};

class Observer final : public SocketObserver {
 public:
  void OnOutcome(uint32_t id, ExpressLane& lane, ExpressLane::Outcome outcome) override {
    const bool is_command = outcome == ExpressLane::Outcome::kCommand;
    told += std::to_string(id) + ":" + (is_command ? std::string(lane.words()[0]) : "output") + " ";
    if (react) react(id);
  }
  void OnEvent(uint32_t id, SocketEvent event) override {
    constexpr const char* kNames[] = {"received", "ended", "broken", "stuck", "drained"};
    told += std::to_string(id) + ":" + kNames[static_cast<size_t>(event)] + " ";
    if (react) react(id);
  }

  std::string told;
  std::function<void(uint32_t id)> react;
};

struct Fixture {
  Fixture() {
    EXPECT_EQ(keyspace.Open({.databases = 1}), Status());
    EXPECT_EQ(set.Open(), Status());
    for (uint32_t id = 0; id < 2; ++id) {
      int pair[2];
      EXPECT_TRUE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
      peers.push_back(pair[1]);
      EXPECT_EQ(set.Add(id, pair[0], lanes[id]), Status());
    }
  }
  ~Fixture() {
    for (uint32_t id = 0; id < peers.size(); ++id) ClosePeer(id);
  }

  void ClosePeer(uint32_t id) {
    if (peers[id] >= 0) close(peers[id]);
    peers[id] = -1;
  }
  void Say(uint32_t id, std::string_view text) {
    EXPECT_EQ(send(peers[id], text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // What has come at the other end: `end` behind it if nothing more will.
  std::string Hear(uint32_t id) {
    std::string heard;
    char bytes[4096];
    while (true) {
      const ssize_t count = recv(peers[id], bytes, sizeof(bytes), MSG_DONTWAIT);
      if (count == 0) return heard + "end";
      if (count < 0) return heard;
      heard.append(bytes, static_cast<size_t>(count));
    }
  }
  // As the key `a`; nothing of that comes by a socket.
  void Store(const std::string& value) {
    const std::string length = std::to_string(value.size());
    lanes[0].Run("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$" + length + "\r\n" + value + "\r\n");
    lanes[0].Clear(0);
    lanes[0].DropReady();
  }
  // What the observer was told of.
  std::string Serve(ServeMode mode = ServeMode::kRun) {
    observer.told.clear();
    set.Serve(mode);
    return observer.told;
  }

  Keyspace keyspace;
  Log log;
  LaneShared shared{.keyspace = keyspace, .log = log};
  ExpressLane lanes[2]{ExpressLane(shared), ExpressLane(shared)};
  Observer observer;
  SocketSet set{shared, observer};
  std::vector<int> peers;
};

TEST(SocketSet, AnswersAllThatAreReadable) {
  Fixture clients;
  clients.Say(0, "SET a 1\r\nGET a\r\n");
  clients.Say(1, "GET a\r\nGE");
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.Hear(0), "+OK\r\n$1\r\n1\r\n");
  EXPECT_EQ(clients.Hear(1), "$1\r\n1\r\n");
  clients.Say(1, "T a\r\n");
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.Hear(1), "$1\r\n1\r\n");
  EXPECT_EQ(clients.shared.received_bytes, 30u);
  EXPECT_EQ(clients.shared.sent_bytes, 26u);
  EXPECT_EQ(clients.Serve(), "");
}

TEST(SocketSet, LeavesTheRestBehindACommandOfTheCallers) {
  Fixture clients;
  clients.Say(0, "SET a 1\r\nECHO x\r\nGET a\r\n");
  EXPECT_EQ(clients.Serve(), "0:ECHO ");
  EXPECT_EQ(clients.Hear(0), "");
  clients.lanes[0].output().Append("<x>");
  EXPECT_TRUE(clients.lanes[0].Run("") == ExpressLane::Outcome::kIdle);
  clients.lanes[0].Clear(0);
  EXPECT_EQ(clients.set.Send(0), 0u);
  EXPECT_EQ(clients.Hear(0), "+OK\r\n<x>$1\r\n1\r\n");
}

TEST(SocketSet, KeepsWhatIsNotToBeRun) {
  Fixture clients;
  clients.shared.query_bytes_max = 20;
  clients.Say(0, "GET a\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kTell), "0:received ");
  EXPECT_EQ(clients.lanes[0].pending_bytes(), 7u);
  clients.set.SetReading(0, SocketReading::kKeep);
  clients.Say(0, "GET b\r\n");
  EXPECT_EQ(clients.Serve(), "");
  clients.Say(0, "GET c\r\n");
  EXPECT_EQ(clients.Serve(), "0:received ");
  clients.set.SetReading(0, SocketReading::kStop);
  clients.Say(0, "GET d\r\n");
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.lanes[0].pending_bytes(), 21u);
  clients.set.SetReading(0, SocketReading::kDrop);
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.lanes[0].pending_bytes(), 21u);
  clients.set.SetReading(0, SocketReading::kRun);
  clients.Say(0, "GET e");
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.Hear(0), "$-1\r\n$-1\r\n$-1\r\n");
}

TEST(SocketSet, LeavesRepliesToTheCallerWhileOthersWait) {
  Fixture clients;
  clients.lanes[0].output().Append("first ");
  clients.lanes[0].Hold();
  clients.Say(0, "PING\r\n");
  EXPECT_EQ(clients.Serve(), "0:output ");
  EXPECT_EQ(clients.Hear(0), "");
  clients.lanes[0].Hold();
  clients.lanes[0].Clear(13);
  EXPECT_EQ(clients.set.Send(0), 0u);
  EXPECT_EQ(clients.Hear(0), "first +PONG\r\n");
}

TEST(SocketSet, SendsTheRestWhenThereIsRoom) {
  Fixture clients;
  const std::string value(300'000, 'x');
  clients.Store(value);
  clients.Say(0, "GET a\r\nGET a\r\n");
  EXPECT_EQ(clients.Serve(), "0:stuck ");
  EXPECT_TRUE(clients.set.Send(0) > 0);
  EXPECT_EQ(clients.Serve(), "");
  std::string heard = clients.Hear(0);
  clients.set.End(0);
  std::string told;
  for (int round = 0; round < 100 && told.empty(); ++round) {
    told = clients.Serve();
    heard += clients.Hear(0);
  }
  EXPECT_EQ(told, "0:drained ");
  const std::string reply = "$300000\r\n" + value + "\r\n";
  EXPECT_TRUE(heard == reply + reply + "end");
}

TEST(SocketSet, TellsOfTheEndAndOfWhatIsBroken) {
  Fixture clients;
  clients.Say(0, "GET a\r\n");
  shutdown(clients.peers[0], SHUT_WR);
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.Serve(), "0:ended ");
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.Hear(0), "$-1\r\n");
  clients.ClosePeer(0);
  EXPECT_EQ(clients.Serve(), "0:broken ");
  clients.set.Remove(0);
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.set.size(), 1u);
}

TEST(SocketSet, EndsBehindWhatIsSentAndDropsWhatComes) {
  Fixture clients;
  clients.set.End(0);
  EXPECT_EQ(clients.Hear(0), "end");
  clients.Say(0, "GET a\r\n");
  EXPECT_EQ(clients.Serve(), "");
  EXPECT_EQ(clients.Hear(0), "end");
  clients.ClosePeer(0);
  EXPECT_EQ(clients.Serve(), "0:ended ");
}

TEST(SocketSet, LetsWhoIsToldRemoveAny) {
  Fixture clients;
  clients.observer.react = [&](uint32_t) {
    clients.set.Remove(0);
    clients.set.Remove(1);
  };
  clients.Say(0, "ECHO x\r\n");
  clients.Say(1, "ECHO x\r\n");
  clients.Serve();
  EXPECT_EQ(clients.observer.told.size(), std::string("0:ECHO ").size());
  EXPECT_EQ(clients.set.size(), 0u);
  clients.set.Remove(1);
  EXPECT_EQ(clients.Serve(), "");
}

TEST(SocketSet, HoldsWhatTellsOfTheLogAndWhatComesBehind) {
  Fixture clients;
  HeldReplies& held = clients.set.held();
  clients.Say(0, "SET a 1\r\nGET a\r\n");
  clients.Say(1, "GET a\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  clients.Say(0, "PING\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(clients.Hear(0), "");
  EXPECT_EQ(clients.Hear(1), "$1\r\n1\r\n");
  EXPECT_EQ(clients.set.UnsentBytes(0), 19u);
  clients.Say(0, "SET a 2\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  clients.Say(1, "SET b 2\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(held.last_logged(), 30u);
  held.Release(9);
  EXPECT_EQ(clients.Hear(0), "");
  held.Release(10);
  EXPECT_EQ(clients.Hear(0), "+OK\r\n$1\r\n1\r\n+PONG\r\n");
  EXPECT_EQ(clients.set.UnsentBytes(0), 5u);
  held.Release(20);
  EXPECT_EQ(clients.Hear(0), "+OK\r\n");
  EXPECT_FALSE(held.empty());
  EXPECT_EQ(clients.Hear(1), "");
  held.Release(30);
  EXPECT_EQ(clients.Hear(1), "+OK\r\n");
  EXPECT_TRUE(held.empty());
  EXPECT_EQ(clients.shared.sent_bytes, 36u);
  // Nothing is held: it goes at once.
  clients.Say(0, "PING\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(clients.Hear(0), "+PONG\r\n");
}

TEST(SocketSet, SendsWhatTheLogHasToldToBeOnDisk) {
  Fixture clients;
  LogSignal& log = *clients.set.held().signal();
  log.Tell(30);
  clients.Say(0, "SET a 1\r\n");
  clients.Say(1, "SET b 2\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  // Nobody had waited for the first word of it.
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  log.Tell(10);
  EXPECT_EQ(clients.Hear(0) + clients.Hear(1), "");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(clients.Hear(0) + clients.Hear(1), "+OK\r\n");
  log.Tell(20);
  log.TellLost();
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(clients.Hear(0) + clients.Hear(1), "+OK\r\n");
  EXPECT_TRUE(clients.set.held().empty());
}

TEST(SocketSet, ForgetsWhatALogHasToldThatHasEnded) {  // (H3)
  Fixture clients;
  HeldReplies& held = clients.set.held();
  clients.Say(0, "SET a 1\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  held.signal()->Tell(10);
  held.End(true);
  EXPECT_EQ(clients.Hear(0), "+OK\r\n");
  clients.log.bytes = 0;
  clients.Say(0, "SET a 2\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(clients.Hear(0), "");
  EXPECT_FALSE(held.empty());
  held.Release(10);
  EXPECT_EQ(clients.Hear(0), "+OK\r\n");
}

TEST(SocketSet, PutsRepliesOfTheCallerBehindWhatIsHeld) {  // (K3)
  Fixture clients;
  clients.Say(0, "SET a 1\r\nECHO x\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "0:ECHO ");
  EXPECT_EQ(clients.set.UnsentBytes(0), 5u);
  clients.lanes[0].output().Append("<x>");
  EXPECT_TRUE(clients.set.HoldBehind(0));
  EXPECT_FALSE(clients.set.HoldBehind(1));
  // Another one that the caller holds by itself: nothing is run until it has gone.
  clients.lanes[0].output().Append("<y>");
  EXPECT_EQ(clients.lanes[0].Hold(), 3u);
  clients.Say(0, "PING\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "0:received ");
  EXPECT_EQ(clients.set.SendHeld(0, 3), 0u);
  EXPECT_EQ(clients.Hear(0), "");
  clients.set.held().Release(10);
  EXPECT_EQ(clients.Hear(0), "+OK\r\n<x><y>");
  clients.Say(0, "PING\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "");
  EXPECT_EQ(clients.Hear(0), "+PONG\r\n+PONG\r\n");
}

TEST(SocketSet, LeavesTheReplyOfAnOpenUnitToTheCaller) {
  Fixture clients;
  clients.keyspace.watch().Add(0, clients.keyspace.HashOf("w"), "w");
  clients.Say(0, "SET a 1\r\nSET w 1\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "0:output ");
  EXPECT_EQ(clients.set.UnsentBytes(0), 0u);
  EXPECT_EQ(clients.lanes[0].output().view(), "+OK\r\n+OK\r\n");
}

TEST(SocketSet, EndsBehindWhatIsHeld) {
  Fixture clients;
  clients.Say(0, "SET a 1\r\n");
  clients.Serve(ServeMode::kHold);
  clients.set.End(0);
  EXPECT_EQ(clients.Hear(0), "");
  clients.set.held().Release(10);
  EXPECT_EQ(clients.Hear(0), "+OK\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "0:drained ");
  EXPECT_EQ(clients.Hear(0), "end");
}

TEST(SocketSet, TellsWhoHasMuchHeldAndWhoIsStoppedWhenItHasGone) {
  Fixture clients;
  const std::string value(400'000, 'x');
  clients.Store(value);
  clients.Say(0, "SET b 1\r\nGET a\r\nGET a\r\nGET a\r\nGET a\r\nPING\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "0:output ");
  EXPECT_TRUE(clients.set.UnsentBytes(0) > (1u << 20));
  EXPECT_TRUE(clients.lanes[0].Run("") == ExpressLane::Outcome::kIdle);
  EXPECT_TRUE(clients.set.HoldBehind(0));
  clients.Say(0, "PING\r\n");
  EXPECT_EQ(clients.Serve(ServeMode::kHold), "0:received ");
  clients.set.SetReading(0, SocketReading::kStop);
  clients.set.held().Release(20);
  std::string heard;
  std::string told;
  for (int round = 0; round < 1000 && !told.ends_with("drained "); ++round) {
    told += clients.Serve(ServeMode::kHold);
    heard += clients.Hear(0);
  }
  EXPECT_EQ(told, "0:stuck 0:drained ");
  EXPECT_EQ(heard.size(), 5 + 4 * (value.size() + 11) + 14);
  EXPECT_TRUE(heard.ends_with("\r\n+PONG\r\n+PONG\r\n"));
}

TEST(SocketSet, TellsThoseWhoWaitForNothing) {
  Fixture clients;
  clients.Say(0, "SET a 1\r\n");
  clients.Say(1, "SET b 1\r\n");
  clients.Serve(ServeMode::kHold);
  clients.observer.react = [&](uint32_t) {
    clients.set.Remove(0);
    clients.set.Remove(1);
  };
  clients.set.held().End(false);
  EXPECT_EQ(clients.Serve(), "0:broken ");
  EXPECT_TRUE(clients.set.held().empty());
}

// What a thread of its own tells of, while the owner goes on and the other end reads slowly.
TEST(SocketSet, KeepsTheOrderOfWhatIsHeld) {  // (H1)
  Fixture clients;
  const int small = 4096;
  clients.ClosePeer(0);
  clients.set.Remove(0);
  int pair[2];
  ASSERT_TRUE(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
  clients.peers[0] = pair[1];
  ASSERT_OK(clients.set.Add(0, pair[0], clients.lanes[0]));
  std::atomic<uint64_t> synced{0};
  std::atomic<bool> is_over{false};
  HeldReplies& held = clients.set.held();
  std::thread syncer([&] {
    while (!is_over) held.signal()->Tell(synced);
  });
  sf::Random random(7);
  constexpr int kRounds = 3000;
  std::string heard;
  std::string expected;
  for (int round = 1; round <= kRounds; ++round) {
    if (random.Below(3) > 0) {
      clients.Say(0, "SET a " + std::string(random.Below(200), 'v') + "\r\nGET a\r\nINCR n\r\n");
    } else {
      clients.Say(0, "INCR n\r\n");
    }
    clients.Serve(random.Below(10) == 0 ? ServeMode::kRun : ServeMode::kHold);
    expected += ":" + std::to_string(round) + "\r\n";
    if (random.Below(4) == 0) synced = clients.log.bytes;
    if (random.Below(20) == 0) heard += clients.Hear(0);
  }
  synced = clients.log.bytes;
  for (int round = 0; round < 10'000 && clients.set.UnsentBytes(0) > 0; ++round) {
    clients.Serve(ServeMode::kHold);
    heard += clients.Hear(0);
  }
  heard += clients.Hear(0);
  is_over = true;
  syncer.join();
  EXPECT_TRUE(held.empty());
  std::string numbers;
  for (size_t at = 0; at < heard.size();) {
    const size_t end = heard.find("\r\n", at) + 2;
    if (heard[at] == ':') numbers += heard.substr(at, end - at);
    at = end;
  }
  EXPECT_TRUE(numbers == expected);
}

}  // namespace
