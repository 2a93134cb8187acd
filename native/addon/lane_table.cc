// lane_table.cc - lanes opened and closed, and their way to the log.

#include "addon/lane_table.h"

#include "addon/engine_object.h"

namespace snapfork {

LaneTable::LaneTable(EngineObject& engine)
    : engine_(engine), shared_{.keyspace = engine.keyspace(), .log = *this} {}

uint32_t LaneTable::Open() {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(lanes_.size()));
    lanes_.emplace_back();
  }
  const uint32_t id = free_.back();
  free_.pop_back();
  lanes_[id] = std::make_unique<ExpressLane>(shared_);
  return id;
}

void LaneTable::Close(uint32_t id) {
  if (At(id) == nullptr) return;
  lanes_[id].reset();
  free_.push_back(id);
}

double LaneTable::HandOver(const ExpressLane& lane, ExpressLane::Outcome outcome) {
  size_t count = 0;
  if (outcome == ExpressLane::Outcome::kIdle) {
    count = lane.output().view().size();
  } else if (outcome != ExpressLane::Outcome::kOutput && outcome != ExpressLane::Outcome::kBad) {
    engine_.SetArguments(lane.words());
    count = lane.words().size();
  }
  return Encode(count, static_cast<size_t>(outcome));
}

bool LaneTable::MayWrite(bool needs_memory) {
  if (!engine_.guards_writes()) return true;
  if (needs_memory && !engine_.evictor().MakeRoom()) return false;
  return engine_.WriteRefusal().ok();
}

void LaneTable::Add(uint32_t db, std::span<const std::string_view> words) {
  LogObject* const log = engine_.log();
  if (log == nullptr) return;
  const uint64_t changes = engine_.keyspace().counters().changes;
  if (changes != log->seen_changes) log->commands.Add(db, words);
  log->seen_changes = changes;
}

void LaneTable::Commit() {
  if (LogObject* const log = engine_.log()) log->commands.Commit(true);
}

uint64_t LaneTable::appended() const {
  const LogObject* const log = engine_.log();
  return log == nullptr ? 0 : log->thread.appended();
}

}  // namespace snapfork
