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

bool HeldReplies::Outlet::TakeRest(ByteBuffer& to) {
  is_blocked_ = !rest_.empty();
  if (rest_.empty()) return false;
  to.Append(rest_.view());
  bytes_ -= rest_.view().size();
  rest_ = ByteBuffer();
  return true;
}

void HeldReplies::Hold(const std::shared_ptr<Outlet>& outlet, uint64_t logged,
                       std::string_view bytes) {
  // Another log counts from its own start.
  last_logged_ = empty() ? logged : std::max(last_logged_, logged);
  outlet->bytes_ += bytes.size();
  bytes_.Append(bytes);
  entries_.push_back({outlet, logged, bytes.size()});
  signal_->Await(true);
}

void HeldReplies::TellWhenSent(const std::shared_ptr<Outlet>& outlet) {
  outlet->is_awaited_ = outlet->bytes_ > 0;
  if (!outlet->is_awaited_) Tell(outlet, What::kSent);
}

std::vector<HeldReplies::Told> HeldReplies::TakeTold() { return std::exchange(told_, {}); }

void HeldReplies::Tell(const std::shared_ptr<Outlet>& outlet, What what) {
  told_.push_back({outlet, what});
  signal_->Raise();
}

void HeldReplies::Heed() {
  const LogSignal::News news = signal_->Take();
  if (news.durable > 0) Release(news.durable);
  if (news.is_lost) Abandon();
}

void HeldReplies::Release(uint64_t durable) {
  for (; next_ < entries_.size() && entries_[next_].logged <= durable; ++next_) {
    const Entry& entry = entries_[next_];
    Send(entry.outlet, bytes_.view().substr(offset_, entry.bytes));
    offset_ += entry.bytes;
  }
  DropSent();
}

// What is left is moved only when it is less than what was sent.
void HeldReplies::DropSent() {
  if (!empty() && (next_ < entries_.size() / 2 || offset_ < bytes_.view().size() / 2)) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(next_));
  bytes_.DropFirst(offset_);
  if (bytes_.empty() && bytes_.capacity() > kSpareBytesMax) bytes_ = ByteBuffer();
  next_ = offset_ = 0;
  if (empty()) signal_->Await(false);
}

void HeldReplies::Send(const std::shared_ptr<Outlet>& outlet, std::string_view bytes) {
  size_t done = bytes.size();
  if (outlet->fd_ >= 0) {
    const bool was_blocked = outlet->is_blocked_;
    const ssize_t sent =
        was_blocked
            ? 0
            : send(outlet->fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    done = static_cast<size_t>(std::max<ssize_t>(sent, 0));
    if (done < bytes.size()) {
      outlet->is_blocked_ = true;
      outlet->rest_.Append(bytes.substr(done));
      // Whoever has blocked it looks for a rest.
      if (!was_blocked) Tell(outlet, What::kStuck);
    }
  }
  outlet->bytes_ -= done;
  if (outlet->bytes_ == 0 && std::exchange(outlet->is_awaited_, false)) Tell(outlet, What::kSent);
}

void HeldReplies::End(bool is_durable) {
  signal_->Take();
  is_durable ? Release(UINT64_MAX) : Abandon();
}

void HeldReplies::Abandon() {
  for (; next_ < entries_.size(); ++next_) {
    Tell(entries_[next_].outlet, What::kLost);
    offset_ += entries_[next_].bytes;
  }
  DropSent();
}

}  // namespace snapfork
