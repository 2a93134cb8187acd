// pack_tree_test.cc - trees of packs against a sorted vector, freezes among the changes.

#include "ds/pack_tree.h"

#include <algorithm>
#include <string>
#include <vector>

#include "passed_bits.h"
#include "test.h"

namespace {

using namespace snapfork;

struct Fixture {
  Fixture() {
    EXPECT_OK(arena.Open(Backing::kSmallPages, 2));
    EXPECT_OK(keeper.Start());
  }
  ~Fixture() { keeper.Stop(); }

  Keeper keeper;
  Arena arena{keeper};
  sf::PassedBits passed;
};

std::string PackOf(const std::vector<int64_t>& values) {
  std::string pack(kListpackEmptyBytes + values.size() * 12, '\0');
  auto* const bytes = reinterpret_cast<uint8_t*>(pack.data());
  ListpackClear(bytes);
  for (const int64_t value : values) {
    const PackValue item(value);
    PackSplice splice;
    splice.offset = Listpack(bytes).bytes() - 1;
    splice.inserted = {&item, 1};
    ListpackSplice(bytes, splice);
  }
  pack.resize(Listpack(bytes).bytes());
  return pack;
}

std::vector<int64_t> ValuesOf(Listpack pack) {
  std::vector<int64_t> values;
  for (const uint8_t* at = pack.begin(); at != pack.end(); at = Listpack::Next(at)) {
    values.push_back(Listpack::Get(at).integer);
  }
  return values;
}

PackSlot KeyOf(uint64_t weight, int64_t first) {
  PackSlot key;
  key.weight = weight;
  key.first = static_cast<uint64_t>(first);
  return key;
}

// Positive integers in ascending order, a few a leaf.
class SortedTree {
 public:
  SortedTree(Arena& arena, size_t leaf_elements_max)
      : arena_(arena), tree_(arena, 1, root, SecondWord::kKey), leaf_max_(leaf_elements_max) {}

  void Insert(int64_t value) {
    if (root.empty()) {
      ASSERT_TRUE(tree_.Start(PackOf({value}), KeyOf(1, value)));
      return;
    }
    PackPath path;
    tree_.reader().SeekKey(root, path, static_cast<uint64_t>(value));
    ASSERT_TRUE(tree_.Own(path));
    const Listpack leaf = tree_.reader().Leaf(path.leaf());
    const uint8_t* at = leaf.begin();
    while (at != leaf.end() && Listpack::Get(at).integer < value) at = Listpack::Next(at);
    const PackValue item(value);
    PackSplice splice;
    splice.offset = leaf.OffsetOf(at);
    splice.inserted = {&item, 1};
    ASSERT_TRUE(tree_.Edit(path, splice, 1));
    if (path.leaf().weight > leaf_max_) Split(path);
  }

  // The value must be there.
  void Erase(int64_t value) {
    PackPath path;
    tree_.reader().SeekKey(root, path, static_cast<uint64_t>(value));
    ASSERT_TRUE(tree_.Own(path));
    if (path.leaf().weight == 1) {
      tree_.Remove(path);
      return;
    }
    const Listpack leaf = tree_.reader().Leaf(path.leaf());
    const uint8_t* const at = leaf.Find(leaf.begin(), PackValue(value), 1);
    ASSERT_TRUE(at != leaf.end());
    PackSplice splice;
    splice.offset = leaf.OffsetOf(at);
    splice.removed_bytes = static_cast<size_t>(Listpack::Next(at) - at);
    splice.removed_elements = 1;
    ASSERT_TRUE(tree_.Edit(path, splice, -1));
    if (path.leaf().weight <= leaf_max_ / 3) tree_.Merge(path, leaf_max_ * 4);
  }

  std::vector<int64_t> Values() { return ValuesBelow(arena_, root); }

  static std::vector<int64_t> ValuesBelow(const Arena& arena, PackSlot root) {
    std::vector<int64_t> values;
    WalkPackTree(PackTreeReader(arena.At(0)), root, [&](const PackSlot& slot, Listpack leaf) {
      const std::vector<int64_t> part = ValuesOf(leaf);
      EXPECT_EQ(slot.weight, part.size());
      EXPECT_TRUE(!part.empty());
      values.insert(values.end(), part.begin(), part.end());
      return true;
    });
    return values;
  }

  // Weights and keys of every inner node. (P1) to (P3)
  void Check() {
    if (!root.empty()) CheckBelow(root);
  }

  // Both ways to a key lead to the same leaf.
  void CheckWaysTo(uint64_t key) {
    PackPath path;
    PackPath path_of_hash;
    tree_.reader().SeekKey(root, path, key);
    tree_.reader().SeekHash(root, path_of_hash, key);
    EXPECT_TRUE(path.slots[0] == path_of_hash.slots[0]);
    for (unsigned height = 0; height < path.height; ++height) {
      EXPECT_EQ(path.index[height], path_of_hash.index[height]);
    }
  }

  // What SeekIndex and WeightBefore say of an index.
  int64_t At(uint64_t index) {
    PackPath path;
    const uint64_t rest = tree_.reader().SeekIndex(root, path, index);
    EXPECT_EQ(tree_.reader().WeightBefore(path) + rest, index);
    const Listpack leaf = tree_.reader().Leaf(path.leaf());
    return Listpack::Get(leaf.Seek(rest)).integer;
  }

  PackSlot root;

 private:
  void Split(PackPath& path) {
    const std::vector<int64_t> values = ValuesOf(tree_.reader().Leaf(path.leaf()));
    const size_t kept = values.size() / 2;
    const std::vector<int64_t> left(values.begin(), values.begin() + static_cast<long>(kept));
    const std::vector<int64_t> right(values.begin() + static_cast<long>(kept), values.end());
    ASSERT_TRUE(tree_.InsertAfter(path, PackOf(right), KeyOf(right.size(), right[0])));
    tree_.reader().SeekKey(root, path, static_cast<uint64_t>(left[0]));
    ASSERT_TRUE(tree_.Own(path));
    ASSERT_TRUE(tree_.Replace(path, PackOf(left), left.size()));
  }

  void CheckBelow(const PackSlot& slot) {
    if (slot.height() == 0) return;
    const PackNode* const node = tree_.reader().Node(slot);
    EXPECT_TRUE(node->count >= 1 && node->count <= kPackFanout);
    uint64_t weight = 0;
    for (uint64_t i = 0; i < node->count; ++i) {
      EXPECT_EQ(node->slots[i].height(), slot.height() - 1);
      if (i > 1) EXPECT_TRUE(node->slots[i - 1].first <= node->slots[i].first);
      if (i > 0) {
        const int64_t lowest = ValuesOf(tree_.reader().FirstLeaf(node->slots[i]))[0];
        EXPECT_TRUE(node->slots[i].first <= static_cast<uint64_t>(lowest));
      }
      weight += node->slots[i].weight;
      CheckBelow(node->slots[i]);
    }
    EXPECT_EQ(weight, slot.weight);
  }

  Arena& arena_;
  PackTree tree_;
  const size_t leaf_max_;
};

void FreeAll(Arena& arena, PackSlot root) {
  std::vector<PackSlot> pending{root};
  while (FreePackNodes(arena, pending, 100) > 0) continue;
}

TEST(PackTree, AgreesWithASortedVectorWhileFreezesComeAndGo) {
  Fixture fixture;
  sf::Random random;
  SortedTree tree(fixture.arena, 6);
  std::vector<int64_t> model;
  for (int round = 0; round < 40; ++round) {
    const bool freezing = round % 2 == 1;
    const PackSlot frozen_root = tree.root;
    const std::vector<int64_t> frozen_model = model;
    if (freezing) fixture.arena.BeginFreeze(fixture.passed.Fresh());
    const bool growing = round % 8 < 5;
    for (int step = 0; step < 800; ++step) {
      const bool inserts = model.empty() || random.Below(10) < (growing ? 8 : 2);
      const auto value = static_cast<int64_t>(random.Below(1u << 30));
      const auto place = std::lower_bound(model.begin(), model.end(), value);
      if (inserts) {
        if (place != model.end() && *place == value) continue;
        tree.Insert(value);
        model.insert(place, value);
      } else {
        const auto index = static_cast<long>(random.Below(model.size()));
        tree.Erase(model[static_cast<size_t>(index)]);
        model.erase(model.begin() + index);
      }
    }
    tree.Check();
    EXPECT_TRUE(tree.Values() == model);
    EXPECT_EQ(tree.root.weight, model.size());
    for (int i = 0; i < 20 && !model.empty(); ++i) {
      const uint64_t index = random.Below(model.size());
      EXPECT_EQ(tree.At(index), model[index]);
      // There, between, above all, and spread over all bits.
      tree.CheckWaysTo(static_cast<uint64_t>(model[index]));
      tree.CheckWaysTo(random.Below(1u << 31));
      tree.CheckWaysTo(random.Next());
      tree.CheckWaysTo(i % 2 == 0 ? 0 : UINT64_MAX);
    }
    if (!freezing) continue;
    // The child's view: nothing that was there has changed.
    if (!frozen_root.empty()) {
      EXPECT_TRUE(SortedTree::ValuesBelow(fixture.arena, frozen_root) == frozen_model);
    }
    fixture.arena.EndFreeze();
    fixture.arena.PerformDeferred(SIZE_MAX);
  }
  if (!tree.root.empty()) FreeAll(fixture.arena, tree.root);
  EXPECT_EQ(fixture.arena.used_bytes(), 0);
}

TEST(PackTree, EmptiesToNothing) {
  Fixture fixture;
  SortedTree tree(fixture.arena, 4);
  for (int64_t value = 1; value <= 5000; ++value) tree.Insert(value);
  EXPECT_TRUE(tree.root.height() >= 2);
  // From both ends and the middle, so that each kind of neighbour is joined.
  std::vector<int64_t> left = tree.Values();
  for (int turn = 0; !left.empty(); ++turn) {
    const size_t at = turn % 3 == 0 ? 0 : turn % 3 == 1 ? left.size() - 1 : left.size() / 2;
    tree.Erase(left[at]);
    left.erase(left.begin() + static_cast<long>(at));
    if (turn % 500 == 0) {
      tree.Check();
      EXPECT_TRUE(tree.Values() == left);
    }
  }
  EXPECT_TRUE(tree.root.empty());
  EXPECT_EQ(fixture.arena.used_bytes(), 0);
}

TEST(PackTree, AppendedLeavesFillTheirNodes) {
  Fixture fixture;
  PackSlot root;
  PackTree tree(fixture.arena, 1, root);
  constexpr int64_t kLeaves = 63 * 63;
  for (int64_t i = 0; i < kLeaves; ++i) {
    ASSERT_TRUE(tree.Append(PackOf({i}), KeyOf(1, i)));
  }
  // Two levels hold just that many, if no node was left half empty.
  EXPECT_EQ(root.height(), 2);
  EXPECT_EQ(SortedTree::ValuesBelow(fixture.arena, root).size(), kLeaves);
  FreeAll(fixture.arena, root);
}

TEST(PackTree, ClonesIntoAnotherHeap) {
  Fixture fixture;
  SortedTree tree(fixture.arena, 5);
  for (int64_t value = 1; value <= 3000; ++value) tree.Insert(value * 7 % 3001);
  const std::vector<int64_t> values = tree.Values();
  PackSlot copy;
  ASSERT_TRUE(ClonePackTree(fixture.arena, 0, tree.root, SecondWord::kKey, copy));
  for (int64_t value = 1; value <= 1500; ++value) tree.Erase(value);
  EXPECT_TRUE(SortedTree::ValuesBelow(fixture.arena, copy) == values);
  fixture.arena.FreeHeap(1);
  EXPECT_TRUE(SortedTree::ValuesBelow(fixture.arena, copy) == values);
  fixture.arena.FreeHeap(0);
  EXPECT_EQ(fixture.arena.used_bytes(), 0);
}

TEST(PackTree, WalksForthAndBack) {
  Fixture fixture;
  SortedTree tree(fixture.arena, 3);
  for (int64_t value = 1; value <= 2000; ++value) tree.Insert(value);
  const PackTreeReader reader(fixture.arena.At(0));
  PackPath path;
  reader.SeekLast(tree.root, path);
  std::vector<int64_t> values;
  do {
    std::vector<int64_t> part = ValuesOf(reader.Leaf(path.leaf()));
    values.insert(values.end(), part.rbegin(), part.rend());
  } while (reader.Previous(path));
  std::reverse(values.begin(), values.end());
  EXPECT_TRUE(values == tree.Values());
  FreeAll(fixture.arena, tree.root);
}

TEST(PackTree, KeepsTheMinimumOfTheSecondWord) {
  Fixture fixture;
  sf::Random random;
  PackSlot root;
  PackTree tree(fixture.arena, 1, root, SecondWord::kMinimum);
  std::vector<uint64_t> seconds;
  for (int64_t i = 0; i < 500; ++i) {
    PackSlot key = KeyOf(1, i);
    key.second = random.Below(1u << 20);
    seconds.push_back(key.second);
    ASSERT_TRUE(tree.Append(PackOf({i}), key));
    EXPECT_EQ(root.second, *std::min_element(seconds.begin(), seconds.end()));
  }
  for (int turn = 0; turn < 400; ++turn) {
    const uint64_t index = random.Below(seconds.size());
    PackPath path;
    tree.reader().SeekIndex(root, path, index);
    ASSERT_TRUE(tree.Own(path));
    if (turn % 2 == 0) {
      seconds[index] = random.Below(1u << 20);
      tree.SetMinimum(path, seconds[index]);
    } else {
      tree.Remove(path);
      seconds.erase(seconds.begin() + static_cast<long>(index));
    }
    EXPECT_EQ(root.second, *std::min_element(seconds.begin(), seconds.end()));
  }
  FreeAll(fixture.arena, root);
}

}  // namespace
