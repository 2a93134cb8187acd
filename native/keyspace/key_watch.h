// key_watch.h - keys that somebody waits for or watches: which of them a command has changed.
//
// A watched key that a command looks up is noted. If the command writes it and counts a change, it
// counts as changed, or as created if it was absent; but for keys that were absent and still are.
// Of keys that are absent at first it is told, too, that they were missed, if somebody wants to
// know.
//
// Runs in: the owner's thread.

#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace snapfork {

// What has become of a watched key.
enum class KeyChange : uint32_t { kChanged, kExpired, kEvicted, kCreated, kMissed };

struct WatchedKey {
  uint32_t db;
  std::string key;
  KeyChange change = KeyChange::kChanged;
};

class KeyWatch {
 public:
  // Keys are counted: each Add needs its Remove. `hash` is that of the keyspace.
  void Add(uint32_t db, uint64_t hash, std::string_view key);
  void Remove(uint32_t db, uint64_t hash, std::string_view key);
  // Every key is watched, or those that were added. A database that is emptied or exchanged is told
  // of in neither case but for the latter.
  void WatchAll(bool all, bool tells_missed) {
    all_ = all;
    tells_missed_ = tells_missed;
  }
  bool is_active() const { return all_ || !keys_.empty(); }

  void OnLookup(uint32_t db, uint64_t hash, std::string_view key, bool exists);
  // A key that was looked up is written.
  void OnWrite(uint32_t db, uint64_t hash) {
    const Place place{db, hash};
    if (!notes_.empty() && (written_.empty() || written_.back() != place)) {
      written_.push_back(place);
    }
  }
  // A key went though no command has changed it.
  void OnGone(uint32_t db, uint64_t hash, std::string_view key, KeyChange change);
  // The watched keys of a database are all looked at: it is emptied, or another one takes its
  // place. `exists(key)` says whether one is there.
  template <typename Exists>
  void OnDatabase(uint32_t db, Exists&& exists) {
    for (const auto& [hash, watched] : keys_) {
      for (const Counted& one : watched) {
        if (one.key.db != db) continue;
        notes_.push_back({one.key, hash, exists(one.key.key)});
        OnWrite(db, hash);
      }
    }
  }

  // Ends a command: `changes` is the keyspace's number of changes then.
  template <typename Exists>
  void EndCommand(uint64_t changes, Exists&& exists) {
    if (notes_.size() > kNotesCompared) DropRepeated();
    std::sort(written_.begin(), written_.end());
    for (Note& note : notes_) {
      if (tells_missed_ && !note.existed) Tell(note.key, KeyChange::kMissed);
      if (changes == seen_changes_ || !IsWritten(note)) continue;
      if (note.existed) {
        Tell(std::move(note.key), KeyChange::kChanged);
      } else if (exists(note.key)) {
        Tell(std::move(note.key), KeyChange::kCreated);
      }
    }
    notes_.clear();
    written_.clear();
    seen_changes_ = changes;
  }
  bool has_changed() const { return !changed_.empty(); }
  std::vector<WatchedKey> TakeChanged() { return std::move(changed_); }

 private:
  struct Counted {
    WatchedKey key;
    uint32_t count;
  };
  struct Note {
    WatchedKey key;
    uint64_t hash;
    bool existed;
  };
  using Place = std::pair<uint32_t, uint64_t>;  // a database and the hash of a key

  // Up to so many notes, a key is looked for among them before it is noted.
  static constexpr size_t kNotesCompared = 16;

  // What a key was at first counts.
  void DropRepeated();
  bool IsWritten(const Note& note) const {
    return std::binary_search(written_.begin(), written_.end(), Place{note.key.db, note.hash});
  }
  bool Contains(uint32_t db, uint64_t hash, std::string_view key) const;
  void Tell(WatchedKey key, KeyChange change) {
    key.change = change;
    changed_.push_back(std::move(key));
  }

  std::unordered_map<uint64_t, std::vector<Counted>> keys_;
  bool all_ = false;
  bool tells_missed_ = false;
  uint64_t seen_changes_ = 0;
  std::vector<Note> notes_;
  std::vector<Place> written_;
  std::vector<WatchedKey> changed_;
};

}  // namespace snapfork
