// lane_sockets.h - the sockets of an engine's clients in the event loop of Node.
//
// A callback of its lane's own is called where a client needs JavaScript. While there are sockets
// they hold the engine and the process alive.
//
// Runs in: the owner's thread.

#pragma once

#include <node_api.h>
#include <uv.h>

#include <vector>

#include "server/socket_set.h"

namespace snapfork {

class EngineObject;
class LogObject;

class LaneSockets final : public SocketObserver {
 public:
  // null without a loop or a descriptor: `status` says why.
  static LaneSockets* Make(napi_env env, EngineObject& engine, Status& status);
  // Closes all sockets, and deletes this when the loop has let go of it.
  void Dispose();

  SocketSet& set() { return set_; }
  const SocketSet& set() const { return set_; }
  // Sends so much of what the caller holds, or with 0 what the lane has gathered; behind what waits
  // for the disk, if something does. How many bytes found no room.
  // REQUIRES: a socket of the lane.
  size_t Send(uint32_t lane_id, ExpressLane& lane, size_t held_bytes);
  // A log has ended, with all of it on disk or not.
  void OnLogEnd(bool is_durable) { set_.held().End(is_durable); }
  // Takes over another descriptor of a socket, which stays open without the first. -1 if there is
  // none left.
  int Attach(uint32_t lane_id, int fd, ExpressLane& lane, napi_value callback);
  void Detach(uint32_t lane_id);

  void OnOutcome(uint32_t id, ExpressLane& lane, ExpressLane::Outcome outcome) override;
  void OnEvent(uint32_t id, SocketEvent event) override;

 private:
  LaneSockets(napi_env env, EngineObject& engine);
  static void OnReadable(uv_poll_t* poll, int status, int events);
  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle, void* self);
  void Serve();
  ServeMode Mode() const;
  void AskForHeld();
  // Whether it is still the engine's: whoever is told of something may end it.
  bool HasLog(const LogObject* log) const;
  bool OpenScope();
  void Tell(uint32_t id, double what);

  napi_env env_;
  EngineObject* engine_;
  SocketSet set_;
  uv_poll_t poll_{};
  napi_async_cleanup_hook_handle cleanup_ = nullptr;
  napi_async_context context_ = nullptr;
  // By the number of the lane.
  std::vector<napi_ref> callbacks_;
  // Open from the first call of a Serve to its end.
  napi_handle_scope handles_ = nullptr;
  napi_callback_scope scope_ = nullptr;
};

}  // namespace snapfork
