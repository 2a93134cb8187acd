// access_info.h - when, or how often, a key was used.
//
//   kTime        note = seconds                         24 bits: 194 days
//   kFrequency   note = minutes << 8 | counter          16 bits, 8 bits
//
// The counter is logarithmic: a use adds one with a probability that falls as it grows, and minutes
// without use take from it. Nothing is noted, and nothing paid, while neither is asked for.
//
// Runs in: the owner's thread; an AccessReader also in the forked child.

#pragma once

#include <cstdint>

#include "mem/object_notes.h"

namespace snapfork {

enum class AccessKind : uint8_t { kNone, kTime, kFrequency };

// What a file or a command says of a key's use; -1: nothing.
struct EntryAccess {
  int32_t idle_seconds = -1;
  int32_t frequency = -1;
};

// What it takes to read of a key's use, at the time the reader was made.
struct AccessReader {
  // By so much a clock may be set back; times are not told apart beyond the rest of the 24 bits.
  static constexpr uint32_t kSetBackSecondsMax = 1u << 16;
  static constexpr uint32_t kIdleSecondsMax = ObjectNotes::kNoteMax - kSetBackSecondsMax;

  NotesReader notes;
  AccessKind kind = AccessKind::kNone;
  uint32_t decay_minutes = 1;
  uint64_t now_seconds = 0;

  SF_CHILD_SAFE uint64_t IdleSeconds(Handle handle) const;
  SF_CHILD_SAFE uint32_t Frequency(Handle handle) const;
  SF_CHILD_SAFE uint32_t Seconds() const {
    return static_cast<uint32_t>(now_seconds) & ObjectNotes::kNoteMax;
  }
  SF_CHILD_SAFE uint32_t Minutes() const {
    return static_cast<uint32_t>(now_seconds / 60) & 0xffff;
  }
};

class AccessInfo {
 public:
  static constexpr uint32_t kFrequencyMax = 255;
  // What a new key begins with, so that it is not the first to go.
  static constexpr uint32_t kFrequencyFirst = 5;
  static constexpr uint32_t kIdleSecondsMax = AccessReader::kIdleSecondsMax;

  explicit AccessInfo(const PageHeap& pages) : notes_(pages) {}

  // Notes one or the other, or nothing. Of another kind than before, what there is counts as used
  // now, and as if new. O(1).
  void Track(AccessKind kind);
  // The larger the factor, the more uses the counter takes to saturate; a counter loses one for
  // each `decay_minutes` without use, or none with 0.
  void SetFrequencyRules(uint32_t log_factor, uint32_t decay_minutes) {
    log_factor_ = log_factor;
    decay_minutes_ = decay_minutes;
  }

  bool on() const { return kind_ != AccessKind::kNone; }
  AccessKind kind() const { return kind_; }

  void SetNow(int64_t now_ms) { now_seconds_ = static_cast<uint64_t>(now_ms) / 1000; }
  // Whether the time is to be set before the next use is noted: often enough, and not each time.
  bool IsTimeDue() { return (++uses_ & 63) == 0; }

  // REQUIRES for all of them: on().
  void Begin(Handle handle) { notes_.Set(handle, First()); }
  void Touch(Handle handle);
  void Move(Handle from, Handle to) { notes_.Set(to, notes_.Get(from)); }
  // What is of the other kind is passed over.
  void Set(Handle handle, const EntryAccess& access);
  void SetIdleSeconds(Handle handle, uint64_t seconds);
  void SetFrequency(Handle handle, uint32_t frequency);
  uint64_t IdleSeconds(Handle handle) const { return reader().IdleSeconds(handle); }
  uint32_t Frequency(Handle handle) const { return reader().Frequency(handle); }

  AccessReader reader() const { return {notes_.reader(), kind_, decay_minutes_, now_seconds_}; }

  // Of an empty keyspace.
  void Forget() { notes_.Clear(First()); }
  size_t bytes() const { return notes_.bytes(); }

 private:
  uint32_t First() const {
    const AccessReader now = reader();
    return kind_ == AccessKind::kFrequency ? now.Minutes() << 8 | kFrequencyFirst : now.Seconds();
  }
  bool Counts(uint32_t frequency);

  ObjectNotes notes_;
  AccessKind kind_ = AccessKind::kNone;
  uint32_t log_factor_ = 10;
  uint32_t decay_minutes_ = 1;
  uint64_t now_seconds_ = 0;
  uint32_t uses_ = 0;
  uint64_t random_state_ = 0x9e3779b97f4a7c15ull;
};

inline uint64_t AccessReader::IdleSeconds(Handle handle) const {
  // A clock that was set back leaves times that are yet to come: used just now, not half a year
  // ago.
  const uint32_t idle = (Seconds() - notes.Get(handle)) & ObjectNotes::kNoteMax;
  return idle > kIdleSecondsMax ? 0 : idle;
}

inline uint32_t AccessReader::Frequency(Handle handle) const {
  const uint32_t note = notes.Get(handle);
  const uint32_t counter = note & 0xff;
  if (decay_minutes == 0) return counter;
  const uint32_t lost = ((Minutes() - (note >> 8)) & 0xffff) / decay_minutes;
  return lost > counter ? 0 : counter - lost;
}

}  // namespace snapfork
