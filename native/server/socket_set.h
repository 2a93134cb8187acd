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
// Those that tell of a change of the log may be held here until the disk has it, and those behind
// them: in the lane lie the bytes, and here stands how far the log was. The caller may let replies
// wait by its own count (ExpressLane::Hold); then nothing of that lane is run here.
//
// Invariants
//   (K1) A descriptor is closed here alone, and is taken out of epoll first: a forked child may
//        hold what it stands for.
//   (K2) Whoever is told may do anything with any socket, also remove it.
//   (K3) What waits in a lane goes in its order, whoever lets it go: what is held here is older
//        than what the caller holds, and the disk has it sooner.
//
// Runs in: the owner's thread.

#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/status.h"
#include "server/express_lane.h"

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
  kHold,  // as well, but for what tells of something logged: that waits for Release
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
  // Has Serve called when an eventfd is raised.
  Status Watch(int event_fd);
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

  // Whether replies are held, of any socket.
  bool holds() const { return !waiting_.empty(); }
  size_t HeldBytes(uint32_t id) const;
  // Puts what the lane has gathered behind what is held; false if nothing is.
  bool HoldBehind(uint32_t id);
  // The disk has so many bytes of the log: what tells of no more is sent.
  void Release(uint64_t durable);
  // It may never have more: those who wait are told that their sockets are broken.
  void Abandon();

 private:
  struct Held {
    uint64_t logged;  // bytes of the log that are to be on disk
    size_t bytes;
  };

  struct Socket {
    int fd;
    ExpressLane& lane;
    SocketReading reading = SocketReading::kRun;
    uint32_t awaited = 0;    // of epoll
    bool has_ended = false;  // the other end has
    bool ends = false;       // when all is sent
    std::deque<Held> held{};
    size_t held_bytes = 0;

    bool IsDone() const { return held.empty() && lane.ready().empty(); }
  };

  Socket* At(uint32_t id) const { return id < sockets_.size() ? sockets_[id].get() : nullptr; }
  void Await(uint32_t id, Socket& socket);
  void Receive(uint32_t id, ServeMode mode);
  void EndReading(uint32_t id, Socket& socket, SocketEvent event);
  void Run(uint32_t id, Socket& socket, std::string_view chunk, ServeMode mode);
  void Hold(uint32_t id, Socket& socket, uint64_t logged);
  void ReleaseOf(uint32_t id, uint64_t durable);
  void SendGathered(uint32_t id);
  void SendRest(uint32_t id);

  LaneShared& shared_;
  SocketObserver& observer_;
  int epoll_ = -1;
  size_t size_ = 0;
  std::vector<std::unique_ptr<Socket>> sockets_;  // by the number of the lane
  std::vector<uint32_t> gathered_;                // have replies of this Serve
  std::vector<uint32_t> waiting_;                 // hold replies; or are gone
  std::unique_ptr<char[]> received_;
};

}  // namespace snapfork
