// lane_table.h - the express lanes of an engine's clients, known to JavaScript by number.

#pragma once

#include <memory>
#include <vector>

#include "server/express_lane.h"

namespace snapfork {

class EngineObject;

class LaneTable final : public LaneLog {
 public:
  explicit LaneTable(EngineObject& engine);

  uint32_t Open();
  void Close(uint32_t id);
  // As lib/native/lanes.ts reads it.
  static double Encode(size_t count, size_t kind) { return static_cast<double>(count * 8 + kind); }
  // Hands a lane's outcome to JavaScript: words become the argument vector, and their number is
  // encoded with it; with kIdle, how many bytes of replies were gathered.
  double HandOver(const ExpressLane& lane, ExpressLane::Outcome outcome);
  // null for a number that is of no lane.
  ExpressLane* At(uint32_t id) { return id < lanes_.size() ? lanes_[id].get() : nullptr; }
  LaneShared& shared() { return shared_; }

  bool MayWrite(bool needs_memory) override;
  void Add(uint32_t db, std::span<const std::string_view> words) override;
  void Commit() override;
  uint64_t appended() const override;

 private:
  EngineObject& engine_;
  LaneShared shared_;
  std::vector<std::unique_ptr<ExpressLane>> lanes_;
  std::vector<uint32_t> free_;
};

}  // namespace snapfork
