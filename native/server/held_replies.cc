// held_replies.cc - a queue, and send(2).

#include "server/held_replies.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

namespace snapfork {
namespace {

// A larger buffer is given back.
constexpr size_t kSpareBytesMax = 1 << 20;

}  // namespace

void HeldReplies::Outlet::Block() {
  const std::lock_guard<std::mutex> lock(lock_);
  is_blocked_ = true;
}

bool HeldReplies::Outlet::TakeRest(ByteBuffer& to) {
  const std::lock_guard<std::mutex> lock(lock_);
  is_blocked_ = !rest_.empty();
  if (rest_.empty()) return false;
  to.Append(rest_.view());
  bytes_ -= rest_.view().size();
  rest_ = ByteBuffer();
  return true;
}

void HeldReplies::Outlet::Close() {
  const std::lock_guard<std::mutex> lock(lock_);
  fd_ = -1;
}

void HeldReplies::Hold(const std::shared_ptr<Outlet>& outlet, uint64_t logged,
                       std::string_view bytes) {
  outlet->bytes_ += bytes.size();
  // Another log counts from its own start.
  last_logged_ = empty() ? logged : std::max(last_logged_, logged);
  const std::lock_guard<std::mutex> lock(lock_);
  is_empty_ = false;
  filling_.bytes.Append(bytes);
  filling_.entries.push_back({outlet, logged, bytes.size()});
}

void HeldReplies::TellWhenSent(const std::shared_ptr<Outlet>& outlet) {
  outlet->is_awaited_ = true;
  if (outlet->bytes() == 0 && outlet->is_awaited_.exchange(false)) Tell(outlet, What::kSent);
}

std::vector<HeldReplies::Told> HeldReplies::TakeTold() {
  const std::lock_guard<std::mutex> lock(lock_);
  return std::exchange(told_, {});
}

void HeldReplies::Tell(const std::shared_ptr<Outlet>& outlet, What what) {
  {
    const std::lock_guard<std::mutex> lock(lock_);
    told_.push_back({outlet, what});
  }
  wake_.Raise();
}

// What was held so far.
void HeldReplies::TakeFilled() {
  const std::lock_guard<std::mutex> lock(lock_);
  if (filling_.entries.empty()) return;
  going_.push_back(std::exchange(filling_, std::move(spare_)));
  spare_ = Batch();
}

void HeldReplies::Spare(Batch& batch) {
  if (batch.bytes.capacity() > kSpareBytesMax) return;
  spare_ = std::move(batch);
  spare_.bytes.clear();
  spare_.entries.clear();
  spare_.next = spare_.offset = 0;
}

void HeldReplies::Release(uint64_t durable) {
  const std::lock_guard<std::mutex> sending(sending_);
  ReleaseLocked(durable);
}

void HeldReplies::Offer(uint64_t durable) {
  if (empty()) return;
  offered_ = durable;
  wake_.Raise();
}

// Whoever sends on the log's thread knows of more bytes than were offered before.
void HeldReplies::TakeOffer() {
  const uint64_t durable = offered_.exchange(0);
  if (durable == 0) return;
  const std::unique_lock<std::mutex> sending(sending_, std::try_to_lock);
  if (sending.owns_lock()) ReleaseLocked(durable);
}

void HeldReplies::ReleaseLocked(uint64_t durable) {
  TakeFilled();
  while (!going_.empty()) {
    Batch& batch = going_.front();
    for (; batch.next < batch.entries.size(); ++batch.next) {
      const Entry& entry = batch.entries[batch.next];
      if (entry.logged > durable) return;
      Send(entry.outlet, batch.bytes.view().substr(batch.offset, entry.bytes));
      batch.offset += entry.bytes;
    }
    Spare(batch);
    going_.pop_front();
  }
  const std::lock_guard<std::mutex> lock(lock_);
  is_empty_ = filling_.entries.empty();
}

void HeldReplies::Send(const std::shared_ptr<Outlet>& outlet, std::string_view bytes) {
  size_t done = bytes.size();
  {
    const std::lock_guard<std::mutex> lock(outlet->lock_);
    if (outlet->fd_ >= 0) {
      const bool was_blocked = outlet->is_blocked_;
      const ssize_t sent = was_blocked ? 0
                                       : send(outlet->fd_, bytes.data(), bytes.size(),
                                              MSG_DONTWAIT | MSG_NOSIGNAL);
      done = static_cast<size_t>(std::max<ssize_t>(sent, 0));
      if (done < bytes.size()) {
        outlet->is_blocked_ = true;
        outlet->rest_.Append(bytes.substr(done));
        // Whoever has blocked it looks for a rest.
        if (!was_blocked) Tell(outlet, What::kStuck);
      }
    }
  }
  if ((outlet->bytes_ -= done) == 0 && outlet->is_awaited_.exchange(false)) {
    Tell(outlet, What::kSent);
  }
}

void HeldReplies::End(bool is_durable) {
  offered_ = 0;
  is_durable ? Release(UINT64_MAX) : Abandon();
}

void HeldReplies::Abandon() {
  const std::lock_guard<std::mutex> sending(sending_);
  TakeFilled();
  for (Batch& batch : std::exchange(going_, {})) {
    for (; batch.next < batch.entries.size(); ++batch.next) {
      Tell(batch.entries[batch.next].outlet, What::kLost);
    }
  }
  const std::lock_guard<std::mutex> lock(lock_);
  is_empty_ = filling_.entries.empty();
}

}  // namespace snapfork
