// held_replies.h - replies that wait for the disk, sent when it has what they tell of.
//
//   owner --Hold--> queue --Release: the disk has what it tells of--> socket
//                                       |
//                                       +-- no room --> rest --the owner is told--> owner
//
// The log's thread is the first to know that a reply may go. With nothing to write it sends it: the
// owner, who is at work for others then, is not woken for that. Else the disk comes first, and the
// owner sends (Offer, TakeOffer). An owner who does not come to it is not waited for: the thread
// sends all of it behind its next sync.
//
// Invariants
//   (H1) What waits of one socket goes in its order. While something of it is here, all that
//        follows comes here; what finds no room is followed by no other until the owner has sent
//        it.
//   (H2) No socket is closed while something is sent there.
//   (H3) An offer ends with its log: the next one counts from its own start.
//
// Runs in: Release, Offer and Abandon on the log's thread; the rest on the owner's.

#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/event_fd.h"
#include "base/status.h"

namespace snapfork {

class HeldReplies {
 public:
  // One socket's way out.
  class Outlet {
   public:
    Outlet(uint32_t id, int fd) : id_(id), fd_(fd) {}
    uint32_t id() const { return id_; }
    // What waits of it; to the owner 0 means that nothing is sent by anybody else.
    size_t bytes() const { return bytes_.load(); }
    // The owner has something of its own to send first.
    void Block();
    // Moves what found no room behind `to`. False if there was nothing: it is blocked no more.
    bool TakeRest(ByteBuffer& to);
    // Nothing is sent there any more. (H2)
    void Close();

   private:
    friend class HeldReplies;

    const uint32_t id_;
    std::mutex lock_;
    int fd_;  // or -1. Under the lock, as the next two.
    bool is_blocked_ = false;
    ByteBuffer rest_;
    std::atomic<size_t> bytes_{0};
    std::atomic<bool> is_awaited_{false};
  };

  enum class What { kStuck, kSent, kLost };
  struct Told {
    std::shared_ptr<Outlet> outlet;
    What what;
  };

  Status Open() { return wake_.Open(); }
  // Raised when there is something to be told.
  int wake_fd() const { return wake_.fd(); }

  // Sends it when the disk has `logged` bytes of the log, and all that was held before has gone.
  void Hold(const std::shared_ptr<Outlet>& outlet, uint64_t logged, std::string_view bytes);
  // Has the owner told when nothing of it waits.
  void TellWhenSent(const std::shared_ptr<Outlet>& outlet);
  bool empty() const { return is_empty_.load(); }
  // How far the disk must be for all of them.
  uint64_t last_logged() const { return last_logged_; }
  std::vector<Told> TakeTold();

  // The disk has so many bytes of the log.
  void Release(uint64_t durable);
  // As well, but the owner is to send: it is woken.
  void Offer(uint64_t durable);
  // Sends what is offered, if something is; does not wait for the other thread, should that send.
  void TakeOffer();
  // The disk may never have them: whoever waits is told that it is lost.
  void Abandon();
  // The log has ended and its thread with it, with all of it on disk or not. (H3)
  void End(bool is_durable);

 private:
  struct Entry {
    std::shared_ptr<Outlet> outlet;
    uint64_t logged;
    size_t bytes;
  };
  struct Batch {
    ByteBuffer bytes;
    std::vector<Entry> entries;
    size_t next = 0;    // entry
    size_t offset = 0;  // its bytes
  };

  // REQUIRES: sending_, as for the next two.
  void ReleaseLocked(uint64_t durable);
  void TakeFilled();
  void Spare(Batch& batch);
  void Send(const std::shared_ptr<Outlet>& outlet, std::string_view bytes);
  void Tell(const std::shared_ptr<Outlet>& outlet, What what);

  EventFd wake_;
  uint64_t last_logged_ = 0;  // the owner's

  std::mutex lock_;
  Batch filling_;
  std::vector<Told> told_;
  std::atomic<bool> is_empty_{true};

  std::atomic<uint64_t> offered_{0};  // bytes of the log, or 0

  std::mutex sending_;  // before lock_
  // Under it.
  std::deque<Batch> going_;
  Batch spare_;
};

}  // namespace snapfork
