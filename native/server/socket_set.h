// socket_set.h - the sockets of clients: what comes of them goes through their lanes, and replies
// go back, with no word to the caller as long as nothing else is needed.
//
//   epoll --Serve--> receive --> lane --kIdle--> replies of all that were ready --> send
//                       |          |                                                 |
//                       |          +-- another outcome: told                         +-- no room:
//                       +-- end; or the lane is not to be run: told                      told, and
//                                                                                        sent later
// Replies of one Serve go together at its end: a program that has many connections is woken once.
//
// Those that tell of a change of the log may be held until the disk has it, and those behind them:
// they go when that has synced them (HeldReplies). The caller may let replies wait by its
// own count (ExpressLane::Hold); then nothing of that lane is run here.
//
// Invariants
//   (K1) A descriptor is closed here alone, and is taken out of epoll first: a forked child may
//        hold what it stands for.
//   (K2) Whoever is told may do anything with any socket, also remove it.
//   (K3) What waits of a socket goes in its order: first what found no room, then what is held
//        here, then what the caller holds.
//
// Runs in: the owner's thread.

#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "server/express_lane.h"
#include "server/held_replies.h"

namespace snapfork {

// What becomes of what a client sends.
enum class SocketReading : uint32_t {
  kRun,   // goes through the lane
  kKeep,  // waits in the lane for a run of the caller's
  kDrop,  // nobody wants it
  kStop,  // stays where it is
};

enum class SocketEvent : uint32_t {
  kReceived,  // something waits in the lane, or more than may
  kEnded,     // no more will come
  kBroken,    // neither way is open
  kStuck,     // replies found no room
  kDrained,   // they have gone
};

// How much of what comes is done without the caller.
enum class ServeMode : uint32_t {
  kTell,  // nothing: it is kept in the lanes, and told of
  kRun,   // it is run and answered
  kHold,  // as well, but for what tells of something logged: that is held
};

class SocketObserver {
 public:
  // A lane has ended with another outcome than kIdle; or with it, and its replies are the
  // caller's, as others wait.
  virtual void OnOutcome(uint32_t id, ExpressLane& lane, ExpressLane::Outcome outcome) = 0;
  virtual void OnEvent(uint32_t id, SocketEvent event) = 0;

 protected:
  ~SocketObserver() = default;
};

class SocketSet {
 public:
  SocketSet(LaneShared& shared, SocketObserver& observer) : shared_(shared), observer_(observer) {}
  ~SocketSet();
  SocketSet(const SocketSet&) = delete;
  SocketSet& operator=(const SocketSet&) = delete;

  Status Open();
  // Readable when there is something to Serve.
  int fd() const { return epoll_; }
  size_t size() const { return size_; }

  // Owns a socket that is connected from now on. `id` is of the lane, which must outlive it here.
  Status Add(uint32_t id, int fd, ExpressLane& lane);
  // Closes it. Does nothing with a number that is of none.
  void Remove(uint32_t id);
  bool Contains(uint32_t id) const { return At(id) != nullptr; }

  void SetReading(uint32_t id, SocketReading reading);
  // Sends what the lane has ready, the rest when there is room. Returns how many bytes that is.
  size_t Send(uint32_t id);
  // Ends the connection behind what is to be sent; what comes is dropped until the other end does
  // so, too.
  void End(uint32_t id);

  // Reads all that are readable, once each.
  void Serve(ServeMode mode);

  HeldReplies& held() { return held_; }
  // Bytes that wait for room or for the disk, but for what the caller holds.
  size_t UnsentBytes(uint32_t id) const;
  // Puts what the lane has gathered behind what is held; false if nothing is.
  bool HoldBehind(uint32_t id);
  // Sends so much of what the caller holds, behind what is held here. Returns as Send.
  size_t SendHeld(uint32_t id, size_t bytes);

 private:
  struct Socket {
    int fd;
    ExpressLane& lane;
    SocketReading reading = SocketReading::kRun;
    uint32_t awaited = 0;    // of epoll
    bool has_ended = false;  // the other end has
    bool ends = false;       // when all is sent
    std::shared_ptr<HeldReplies::Outlet> outlet{};  // made when something is held

    size_t held_bytes() const { return outlet == nullptr ? 0 : outlet->bytes(); }
    bool IsDone() const { return lane.ready().empty() && held_bytes() == 0; }
  };

  Socket* At(uint32_t id) const { return id < sockets_.size() ? sockets_[id].get() : nullptr; }
  void Await(uint32_t id, Socket& socket);
  void Receive(uint32_t id, ServeMode mode);
  void EndReading(uint32_t id, Socket& socket, SocketEvent event);
  void Run(uint32_t id, Socket& socket, std::string_view chunk, ServeMode mode);
  void Hold(uint32_t id, Socket& socket, uint64_t logged);
  void Settle(uint32_t id, Socket& socket);
  void Attend();
  void AttendTo(uint32_t id, HeldReplies::What what);
  void SendGathered(uint32_t id);
  void SendRest(uint32_t id);

  LaneShared& shared_;
  SocketObserver& observer_;
  int epoll_ = -1;
  size_t size_ = 0;
  std::vector<std::unique_ptr<Socket>> sockets_;  // by the number of the lane
  std::vector<uint32_t> gathered_;                // have replies of this Serve
  std::unique_ptr<char[]> received_;
  HeldReplies held_;
};

}  // namespace snapfork
