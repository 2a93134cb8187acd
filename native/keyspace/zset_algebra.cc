// zset_algebra.cc - unions, intersections, differences, and sorted sets stored as a whole.

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "ds/pack_builder.h"
#include "keyspace/set_ops.h"
#include "keyspace/value_build.h"
#include "keyspace/zset_ops.h"

namespace snapfork {
namespace {

// A set or sorted set to be combined; an empty view if there is none.
class Input {
 public:
  Input(const Keyspace& keyspace, EntryView entry) : keyspace_(&keyspace), entry_(entry) {}

  bool is_set() const { return entry_.type() == ValueType::kSet; }
  uint64_t size() const {
    if (!entry_) return 0;
    return is_set() ? SetSize(*keyspace_, entry_) : ZsetSize(*keyspace_, entry_);
  }
  bool Score(std::string_view member, double& score) const {
    if (!entry_) return false;
    if (!is_set()) return ZsetScore(*keyspace_, entry_, member, score);
    score = 1;
    return SetContains(*keyspace_, entry_, member);
  }
  // Calls `visit(std::string_view, double)` until it returns false.
  template <typename Visit>
  void ForEach(Visit&& visit) const {
    if (!entry_) return;
    char scratch[kIntegerTextMax];
    if (is_set()) {
      VisitMembers(*keyspace_, entry_,
                   [&](const PackElement& member) { return visit(member.Text(scratch), 1.0); });
      return;
    }
    bool going = true;
    VisitRanks(*keyspace_, entry_, 0, size(), false,
               [&](const PackElement& member, double score) {
                 going = going && visit(member.Text(scratch), score);
               });
  }

 private:
  const Keyspace* keyspace_;
  EntryView entry_;
};

Status LookupInputs(Keyspace& keyspace, uint32_t db, const std::vector<std::string_view>& keys,
                    std::vector<Input>& inputs) {
  for (const std::string_view key : keys) {
    const Found found = keyspace.Lookup(db, key);
    if (found.entry && found.entry.type() != ValueType::kSet) {
      SF_RETURN_IF_ERROR(CheckType(found, ValueType::kSortedSet));
    }
    keyspace.CountLookup(static_cast<bool>(found.entry));
    inputs.emplace_back(keyspace, found.entry);
  }
  return Status();
}

// Infinities of both signs add up to nothing, as Redis has it.
double Add(double a, double b) {
  const double sum = a + b;
  return std::isnan(sum) ? 0 : sum;
}

double Weigh(double score, double weight) {
  const double product = score * weight;
  return std::isnan(product) ? 0 : product;
}

double Combine(Aggregate aggregate, double a, double b) {
  if (aggregate == Aggregate::kSum) return Add(a, b);
  return aggregate == Aggregate::kMin ? std::min(a, b) : std::max(a, b);
}

void SortByScore(ScoredMembers& members) { std::sort(members.begin(), members.end()); }

}  // namespace

Status ZsetCombine(Keyspace& keyspace, uint32_t db, ZsetOperation operation,
                   const std::vector<std::string_view>& keys, const std::vector<double>& weights,
                   Aggregate aggregate, ScoredMembers& result) {
  std::vector<Input> inputs;
  SF_RETURN_IF_ERROR(LookupInputs(keyspace, db, keys, inputs));
  std::vector<std::pair<size_t, double>> order;  // index and weight
  for (size_t i = 0; i < inputs.size(); ++i) {
    order.emplace_back(i, weights.empty() ? 1.0 : weights[i]);
  }
  if (operation != ZsetOperation::kDifference) {
    // Small ones first, as Redis does: sums of fractions depend on it.
    std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      return inputs[a.first].size() < inputs[b.first].size();
    });
  }
  const auto score_of = [&](size_t at, double score) { return Weigh(score, order[at].second); };
  if (operation == ZsetOperation::kUnion) {
    std::unordered_map<std::string, double> scores;
    for (size_t at = 0; at < order.size(); ++at) {
      inputs[order[at].first].ForEach([&](std::string_view member, double score) {
        const double weighed = score_of(at, score);
        const auto [place, is_new] = scores.try_emplace(std::string(member), weighed);
        if (!is_new) place->second = Combine(aggregate, place->second, weighed);
        return true;
      });
    }
    for (auto& [member, score] : scores) result.emplace_back(score, member);
  } else {
    inputs[order[0].first].ForEach([&](std::string_view member, double score) {
      const bool intersects = operation == ZsetOperation::kIntersection;
      double sum = intersects ? score_of(0, score) : score;
      bool keeps = true;
      for (size_t at = 1; at < order.size() && keeps; ++at) {
        double other = 0;
        const bool has = inputs[order[at].first].Score(member, other);
        keeps = has == intersects;
        if (has && intersects) sum = Combine(aggregate, sum, score_of(at, other));
      }
      if (keeps) result.emplace_back(sum, member);
      return true;
    });
  }
  SortByScore(result);
  return Status();
}

Status ZsetIntersectionSize(Keyspace& keyspace, uint32_t db,
                            const std::vector<std::string_view>& keys, uint64_t limit,
                            uint64_t& size) {
  std::vector<Input> inputs;
  SF_RETURN_IF_ERROR(LookupInputs(keyspace, db, keys, inputs));
  std::stable_sort(inputs.begin(), inputs.end(),
                   [](const Input& a, const Input& b) { return a.size() < b.size(); });
  size = 0;
  inputs[0].ForEach([&](std::string_view member, double) {
    double score;
    const bool in_all = std::all_of(inputs.begin() + 1, inputs.end(), [&](const Input& input) {
      return input.Score(member, score);
    });
    if (in_all) ++size;
    return limit == 0 || size < limit;
  });
  return Status();
}

Status ZsetStore(Keyspace& keyspace, uint32_t db, std::string_view key,
                 const ScoredMembers& members) {
  const Found found = keyspace.Lookup(db, key);
  if (members.empty()) {
    if (!found.entry) return Status();
    keyspace.Remove(db, found);
    ++keyspace.counters().changes;
    return Status();
  }
  EntryContent content;
  std::string storage;
  PackBuilder elements;
  for (const auto& [score, member] : members) {
    elements.Append(PackValue(std::string_view(member)));
    elements.Append(ScoreItem(score, ScoreItem::Form::kBytes).value());
  }
  SF_RETURN_IF_ERROR(BuildSortedSet(keyspace, db, elements.range(), ScoreItem::Form::kBytes,
                                    content, storage));
  content.key = key;
  SF_RETURN_IF_ERROR(PutContent(keyspace, db, found, content));
  ++keyspace.counters().changes;
  return Status();
}

}  // namespace snapfork
