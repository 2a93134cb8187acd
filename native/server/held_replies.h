// held_replies.h - replies that wait for the disk, and are sent when it has what they tell of.
//
//   Hold --> queue --Heed: the log's thread has told that it is on disk--> socket
//                                     |
//                                     +-- no room --> rest, until there is
//
// The log's thread is the first to know that replies may go, and yet does not send them: with as
// much as that the next sync would begin later, and a socket that two cores write to and read from
// costs more. On two cores, over TCP, a tenth more requests a second is served so.
//
// Invariants
//   (H1) What waits of one socket goes in its order. While something of it is here, all that
//        follows comes here; what finds no room is followed by no other until that has gone.
//   (H2) Nothing is sent to a socket that was closed.
//   (H3) What a log has told ends with it: the next one counts from its own start.
//
// Runs in: the owner's thread.

#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/status.h"
#include "persist/log_signal.h"

namespace snapfork {

class HeldReplies {
 public:
  // One socket's way out.
  class Outlet {
   public:
    Outlet(uint32_t id, int fd) : id_(id), fd_(fd) {}
    uint32_t id() const { return id_; }
    // What waits of it.
    size_t bytes() const { return bytes_; }
    // The owner has something of its own to send first.
    void Block() { is_blocked_ = true; }
    // Moves what found no room behind `to`. False if there was nothing: it is blocked no more.
    bool TakeRest(ByteBuffer& to);
    // Nothing is sent there any more. (H2)
    void Close() { fd_ = -1; }

   private:
    friend class HeldReplies;

    const uint32_t id_;
    int fd_;  // or -1
    bool is_blocked_ = false;
    bool is_awaited_ = false;
    ByteBuffer rest_;
    size_t bytes_ = 0;
  };

  enum class What { kStuck, kSent, kLost };
  struct Told {
    std::shared_ptr<Outlet> outlet;
    What what;
  };

  Status Open() { return signal_->Open(); }
  // By which the log's thread tells; raised, too, when there is something to be taken here.
  const std::shared_ptr<LogSignal>& signal() const { return signal_; }

  // Sends it when the disk has `logged` bytes of the log, and all that was held before has gone.
  void Hold(const std::shared_ptr<Outlet>& outlet, uint64_t logged, std::string_view bytes);
  // Has the owner told when nothing of it waits.
  void TellWhenSent(const std::shared_ptr<Outlet>& outlet);
  bool empty() const { return next_ == entries_.size(); }
  // How far the disk must be for all of them.
  uint64_t last_logged() const { return last_logged_; }
  std::vector<Told> TakeTold();

  // Does what the log's thread has told.
  void Heed();
  // The disk has so many bytes of the log.
  void Release(uint64_t durable);
  // The log has ended and its thread with it, with all of it on disk or not. (H3)
  void End(bool is_durable);

 private:
  struct Entry {
    std::shared_ptr<Outlet> outlet;
    uint64_t logged;
    size_t bytes;
  };

  // The disk may never have them: whoever waits is told that it is lost.
  void Abandon();
  void DropSent();
  void Send(const std::shared_ptr<Outlet>& outlet, std::string_view bytes);
  void Tell(const std::shared_ptr<Outlet>& outlet, What what);

  // Outlives this, as the log's thread may have it.
  std::shared_ptr<LogSignal> signal_ = std::make_shared<LogSignal>();
  uint64_t last_logged_ = 0;
  // What was sent, up to `next_` and `offset_`, is dropped now and then.
  std::vector<Entry> entries_;
  ByteBuffer bytes_;
  size_t next_ = 0;
  size_t offset_ = 0;
  std::vector<Told> told_;
};

}  // namespace snapfork
