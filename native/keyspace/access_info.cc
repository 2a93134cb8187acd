// access_info.cc - what a use changes.

#include "keyspace/access_info.h"

#include <algorithm>

namespace snapfork {

void AccessInfo::Track(AccessKind kind) {
  if (kind == kind_) return;
  kind_ = kind;
  notes_.Clear(First());
}

void AccessInfo::Touch(Handle handle) {
  if (kind_ == AccessKind::kTime) {
    notes_.Set(handle, reader().Seconds());
  } else {
    const uint32_t frequency = Frequency(handle);
    SetFrequency(handle, frequency + (Counts(frequency) ? 1 : 0));
  }
}

// Whether one more use raises the counter.
bool AccessInfo::Counts(uint32_t frequency) {
  if (frequency >= kFrequencyMax) return false;
  const uint32_t grown = frequency > kFrequencyFirst ? frequency - kFrequencyFirst : 0;
  const uint64_t odds = uint64_t{grown} * log_factor_ + 1;
  if (odds == 1) return true;
  random_state_ ^= random_state_ >> 12;
  random_state_ ^= random_state_ << 25;
  random_state_ ^= random_state_ >> 27;
  const uint64_t drawn = (random_state_ * 0x2545f4914f6cdd1dull) >> 32;
  return drawn * odds >> 32 == 0;
}

void AccessInfo::Set(Handle handle, const EntryAccess& access) {
  if (kind_ == AccessKind::kFrequency) {
    if (access.frequency >= 0) SetFrequency(handle, static_cast<uint32_t>(access.frequency));
  } else if (access.idle_seconds >= 0) {
    SetIdleSeconds(handle, static_cast<uint64_t>(access.idle_seconds));
  }
}

void AccessInfo::SetIdleSeconds(Handle handle, uint64_t seconds) {
  const auto idle = static_cast<uint32_t>(std::min<uint64_t>(seconds, kIdleSecondsMax));
  notes_.Set(handle, (reader().Seconds() - idle) & ObjectNotes::kNoteMax);
}

void AccessInfo::SetFrequency(Handle handle, uint32_t frequency) {
  notes_.Set(handle, reader().Minutes() << 8 | frequency);
}

}  // namespace snapfork
