// socket_set.cc - epoll, recv(2) and send(2).

#include "server/socket_set.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace snapfork {
namespace {

constexpr size_t kReceivedBytesMax = 64 << 10;
constexpr int kServedAtOnce = 256;
// From so many on, replies are not kept until the end: the client has enough to do.
constexpr size_t kSentAtOnceBytes = 4 << 10;
// With more held the caller judges whether more is to be read.
constexpr size_t kHeldBytesMax = 1 << 20;
// Of the eventfd, where a socket has its number.
constexpr uint64_t kWakeUp = UINT64_MAX;

}  // namespace

SocketSet::~SocketSet() {
  for (uint32_t id = 0; id < sockets_.size(); ++id) Remove(id);
  if (epoll_ >= 0) close(epoll_);
}

Status SocketSet::Open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return Status::FromErrno(errno);
  SF_RETURN_IF_ERROR(held_.Open());
  // Nobody reads it: each time it is raised counts.
  epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.u64 = kWakeUp}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, held_.signal()->fd(), &event) != 0) {
    return Status::FromErrno(errno);
  }
  received_ = std::make_unique<char[]>(kReceivedBytesMax);
  return Status();
}

Status SocketSet::Add(uint32_t id, int fd, ExpressLane& lane) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = id}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    return Status::FromErrno(errno);
  }
  if (sockets_.size() <= id) sockets_.resize(id + 1);
  SF_CHECK(sockets_[id] == nullptr);
  sockets_[id] = std::make_unique<Socket>(Socket{.fd = fd, .lane = lane, .awaited = EPOLLIN});
  ++size_;
  return Status();
}

void SocketSet::Remove(uint32_t id) {
  const Socket* const socket = At(id);
  if (socket == nullptr) return;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, socket->fd, nullptr);  // (K1)
  if (socket->outlet != nullptr) socket->outlet->Close();
  close(socket->fd);
  sockets_[id].reset();
  --size_;
}

void SocketSet::Await(uint32_t id, Socket& socket) {
  uint32_t awaited = 0;
  if (socket.reading != SocketReading::kStop && !socket.has_ended) awaited |= EPOLLIN;
  if (!socket.lane.ready().empty()) awaited |= EPOLLOUT;
  if (awaited == socket.awaited) return;
  socket.awaited = awaited;
  epoll_event event{.events = awaited, .data = {.u64 = id}};
  epoll_ctl(epoll_, EPOLL_CTL_MOD, socket.fd, &event);
}

void SocketSet::SetReading(uint32_t id, SocketReading reading) {
  Socket* const socket = At(id);
  if (socket == nullptr) return;
  socket->reading = reading;
  Await(id, *socket);
  if (reading == SocketReading::kStop && socket->outlet != nullptr) {
    held_.TellWhenSent(socket->outlet);
  }
}

size_t SocketSet::Send(uint32_t id) {
  Socket* const socket = At(id);
  if (socket == nullptr) return 0;
  ExpressLane& lane = socket->lane;
  // Where something waits for room already, epoll tells of it.
  const bool waits = (socket->awaited & EPOLLOUT) != 0;
  if (!waits && !lane.ready().empty()) lane.Send(socket->fd);
  Await(id, *socket);
  return lane.ready().size();
}

void SocketSet::End(uint32_t id) {
  Socket* const socket = At(id);
  if (socket == nullptr) return;
  socket->reading = SocketReading::kDrop;
  socket->ends = true;
  if (socket->IsDone()) {
    shutdown(socket->fd, SHUT_WR);
  } else if (socket->outlet != nullptr) {
    held_.TellWhenSent(socket->outlet);
  }
  Await(id, *socket);
}

void SocketSet::Serve(ServeMode mode) {
  std::array<epoll_event, kServedAtOnce> events;
  const int count = epoll_wait(epoll_, events.data(), kServedAtOnce, 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.u64 == kWakeUp) {
      Attend();
      continue;
    }
    const auto id = static_cast<uint32_t>(events[i].data.u64);
    if ((events[i].events & EPOLLOUT) != 0) SendRest(id);
    if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) Receive(id, mode);
  }
  for (const uint32_t id : gathered_) SendGathered(id);
  gathered_.clear();
}

void SocketSet::Receive(uint32_t id, ServeMode mode) {
  Socket* const socket = At(id);
  if (socket == nullptr) return;
  // Nothing is awaited then but that it breaks.
  if (socket->has_ended) return EndReading(id, *socket, SocketEvent::kBroken);
  const ssize_t count = recv(socket->fd, received_.get(), kReceivedBytesMax, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count == 0) return EndReading(id, *socket, SocketEvent::kEnded);
  if (count < 0) return EndReading(id, *socket, SocketEvent::kBroken);
  const std::string_view chunk(received_.get(), static_cast<size_t>(count));
  shared_.received_bytes += chunk.size();
  if (socket->reading == SocketReading::kDrop) return;
  // (K3)
  const bool is_others = mode == ServeMode::kHold && socket->lane.holds();
  const bool runs = mode != ServeMode::kTell && !is_others;
  if (runs && socket->reading == SocketReading::kRun) {
    Run(id, *socket, chunk, mode);
  } else {
    socket->lane.Keep(chunk);
    const bool is_asked = socket->reading == SocketReading::kRun;
    if (is_asked || socket->lane.pending_bytes() > shared_.query_bytes_max) {
      observer_.OnEvent(id, SocketEvent::kReceived);
    }
  }
}

void SocketSet::EndReading(uint32_t id, Socket& socket, SocketEvent event) {
  socket.has_ended = true;
  Await(id, socket);
  observer_.OnEvent(id, event);
}

void SocketSet::Run(uint32_t id, Socket& socket, std::string_view chunk, ServeMode mode) {
  ExpressLane& lane = socket.lane;
  const uint64_t logged_before = shared_.log.appended();
  const ExpressLane::Outcome outcome = lane.Run(chunk);
  // What the last command has logged is not appended yet.
  const bool is_open =
      outcome == ExpressLane::Outcome::kBroken || outcome == ExpressLane::Outcome::kWatched;
  if (!is_open && !lane.output().empty() && !lane.holds()) {
    const uint64_t logged = shared_.log.appended();
    if (mode == ServeMode::kHold && logged > logged_before) {
      Hold(id, socket, logged);
    } else {
      HoldBehind(id);
    }
  }
  const size_t gathered_bytes = lane.output().view().size();
  if (outcome != ExpressLane::Outcome::kIdle || (gathered_bytes > 0 && lane.holds())) {
    observer_.OnOutcome(id, lane, outcome);
    return;
  }
  if (gathered_bytes > kSentAtOnceBytes) {
    SendGathered(id);
  } else if (gathered_bytes > 0) {
    gathered_.push_back(id);
  }
  const Socket* const left = At(id);
  if (left == nullptr) return;
  if (left->lane.pending_bytes() > shared_.query_bytes_max || left->held_bytes() > kHeldBytesMax) {
    observer_.OnEvent(id, SocketEvent::kReceived);
  }
}

void SocketSet::SendGathered(uint32_t id) {
  Socket* const socket = At(id);
  if (socket == nullptr || socket->lane.output().empty() || socket->lane.holds()) return;
  socket->lane.Clear(0);
  if (Send(id) > 0) observer_.OnEvent(id, SocketEvent::kStuck);
}

void SocketSet::SendRest(uint32_t id) {
  Socket* const socket = At(id);
  if (socket == nullptr || socket->lane.ready().empty()) return;
  socket->lane.Send(socket->fd);
  Settle(id, *socket);
}

size_t SocketSet::UnsentBytes(uint32_t id) const {
  const Socket* const socket = At(id);
  return socket == nullptr ? 0 : socket->lane.ready().size() + socket->held_bytes();
}

void SocketSet::Hold(uint32_t id, Socket& socket, uint64_t logged) {
  if (socket.outlet == nullptr) {
    socket.outlet = std::make_shared<HeldReplies::Outlet>(id, socket.fd);
  }
  if (!socket.lane.ready().empty()) socket.outlet->Block();  // (K3)
  held_.Hold(socket.outlet, logged, socket.lane.output().view());
  socket.lane.DropOutput();
}

bool SocketSet::HoldBehind(uint32_t id) {
  Socket* const socket = At(id);
  if (socket == nullptr || socket->held_bytes() == 0) return false;
  if (!socket->lane.output().empty()) Hold(id, *socket, 0);
  return true;
}

size_t SocketSet::SendHeld(uint32_t id, size_t bytes) {
  Socket* const socket = At(id);
  if (socket == nullptr) return 0;
  if (socket->held_bytes() == 0) {
    socket->lane.Clear(bytes);
    return Send(id);
  }
  held_.Hold(socket->outlet, 0, socket->lane.held().substr(0, bytes));
  socket->lane.DropHeld(bytes);
  return 0;
}

// Where all that was ready has gone: goes on with what found no room behind it, ends what is to
// end, and tells of it.
void SocketSet::Settle(uint32_t id, Socket& socket) {
  ExpressLane& lane = socket.lane;
  while (lane.ready().empty() && socket.outlet != nullptr) {
    if (!socket.outlet->TakeRest(lane.ready_bytes())) break;
    lane.Send(socket.fd);
  }
  Await(id, socket);
  if (!lane.ready().empty()) return;
  if (socket.held_bytes() > 0) return held_.TellWhenSent(socket.outlet);
  if (socket.ends) shutdown(socket.fd, SHUT_WR);
  observer_.OnEvent(id, SocketEvent::kDrained);
}

// To what the log's thread has told, and to what comes of it.
void SocketSet::Attend() {
  held_.Heed();
  for (const HeldReplies::Told& told : held_.TakeTold()) {
    const uint32_t id = told.outlet->id();
    const Socket* const socket = At(id);
    if (socket != nullptr && socket->outlet == told.outlet) AttendTo(id, told.what);
  }
}

void SocketSet::AttendTo(uint32_t id, HeldReplies::What what) {
  Socket& socket = *sockets_[id];
  switch (what) {
    case HeldReplies::What::kStuck:
      if (!socket.lane.ready().empty()) return;
      socket.outlet->TakeRest(socket.lane.ready_bytes());
      if (Send(id) > 0) return observer_.OnEvent(id, SocketEvent::kStuck);
      return Settle(id, socket);
    case HeldReplies::What::kSent:
      return Settle(id, socket);
    case HeldReplies::What::kLost:
      return observer_.OnEvent(id, SocketEvent::kBroken);
  }
}

}  // namespace snapfork
