// key_watch.cc - keys by their hashes.

#include "keyspace/key_watch.h"

#include <algorithm>
#include <set>

namespace snapfork {

void KeyWatch::Add(uint32_t db, uint64_t hash, std::string_view key) {
  std::vector<Counted>& same = keys_[hash];
  for (Counted& one : same) {
    if (one.key.db == db && one.key.key == key) {
      ++one.count;
      return;
    }
  }
  same.push_back({{db, std::string(key)}, 1});
}

void KeyWatch::Remove(uint32_t db, uint64_t hash, std::string_view key) {
  const auto found = keys_.find(hash);
  if (found == keys_.end()) return;
  std::vector<Counted>& same = found->second;
  for (Counted& one : same) {
    if (one.key.db != db || one.key.key != key) continue;
    if (--one.count > 0) return;
    std::swap(one, same.back());
    same.pop_back();
    break;
  }
  if (same.empty()) keys_.erase(found);
}

bool KeyWatch::Contains(uint32_t db, uint64_t hash, std::string_view key) const {
  if (all_) return true;
  const auto found = keys_.find(hash);
  return found != keys_.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const Counted& one) {
           return one.key.db == db && one.key.key == key;
         });
}

void KeyWatch::OnLookup(uint32_t db, uint64_t hash, std::string_view key, bool exists) {
  if (!Contains(db, hash, key)) return;
  if (notes_.size() <= kNotesCompared) {
    for (const Note& note : notes_) {
      if (note.key.db == db && note.key.key == key) return;
    }
  }
  notes_.push_back({{db, std::string(key)}, hash, exists});
}

void KeyWatch::DropRepeated() {
  std::set<Place> seen;
  const auto is_repeated = [&](const Note& note) {
    return !seen.insert({note.key.db, note.hash}).second;
  };
  notes_.erase(std::remove_if(notes_.begin(), notes_.end(), is_repeated), notes_.end());
}

void KeyWatch::OnGone(uint32_t db, uint64_t hash, std::string_view key, KeyChange change) {
  if (Contains(db, hash, key)) changed_.push_back({db, std::string(key), change});
}

}  // namespace snapfork
