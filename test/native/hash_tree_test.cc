// hash_tree_test.cc - elements found by a hash against std::map, freezes among the changes.

#include "ds/hash_tree.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/hash.h"
#include "ds/pack_builder.h"
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

// Names that begin with "same" have one of three hashes.
class WeakHasher final : public ElementHasher {
 public:
  static uint64_t Of(std::string_view name) {
    const uint64_t hash = SipHash13(HashKey{1, 2}, name);
    return name.starts_with("same") ? hash % 3 << 40 : hash;
  }
  uint64_t HashOf(const uint8_t* at) const override {
    char scratch[kIntegerTextMax];
    return Of(Listpack::Get(at).Text(scratch));
  }
};

struct Element {
  std::string value;
  uint64_t expiry = 0;  // 0: none
  bool operator==(const Element&) const = default;
};
using Model = std::map<std::string, Element>;

Element ElementAt(const uint8_t* at, unsigned stride) {
  Element element;
  char scratch[kIntegerTextMax];
  if (stride > 1) {
    at = Listpack::Next(at);
    element.value = Listpack::Get(at).Text(scratch);
  }
  if (stride > 2) element.expiry = static_cast<uint64_t>(Listpack::Get(Listpack::Next(at)).integer);
  return element;
}

// A tree of elements of one stride.
class Tree {
 public:
  Tree(Arena& arena, unsigned stride)
      : arena_(arena),
        stride_(stride),
        tree_(arena, 1, root, stride == 3 ? SecondWord::kMinimum : SecondWord::kKey),
        hashes_(tree_, hasher_) {}

  // The name must not be there.
  void Insert(const std::string& name, const Element& element) {
    const uint64_t hash = WeakHasher::Of(name);
    HashPlace place;
    if (!root.empty()) FindInHashTree(tree_.reader(), root, hash, PackValue(name), place);
    ASSERT_TRUE(!place.found);
    const PackValue items[] = {PackValue(name), PackValue(element.value),
                               PackValue(static_cast<int64_t>(element.expiry))};
    const uint64_t expiry = stride_ == 3 && element.expiry != 0 ? element.expiry : UINT64_MAX;
    ASSERT_TRUE(hashes_.Insert(place, hash, {items, stride_}, expiry));
  }

  void Erase(const std::string& name) {
    HashPlace place;
    FindInHashTree(tree_.reader(), root, WeakHasher::Of(name), PackValue(name), place);
    ASSERT_TRUE(place.found);
    ASSERT_TRUE(hashes_.Erase(place));
  }

  Status Build(const Listpack& pack) {
    std::vector<HashedElement> elements = HashedElementsOf(PackRange::Of(pack), stride_, hasher_);
    return BuildHashTree(tree_, elements, stride_);
  }

  // (T1), (T2), the weights and the earliest expiries; that it holds what the model holds.
  void Check(const Model& model) {
    EXPECT_EQ(root.weight, model.size());
    if (!root.empty() && stride_ == 3) CheckMinimum(root);
    std::vector<std::pair<uint64_t, uint64_t>> bounds;  // lowest and highest hash
    std::vector<uint64_t> firsts;
    WalkPackTree(tree_.reader(), root, [&](const PackSlot& slot, const Listpack& leaf) {
      EXPECT_EQ(slot.mark(), stride_);
      EXPECT_EQ(leaf.count(), slot.weight * stride_);
      EXPECT_TRUE(ValidateListpack(leaf.address(), leaf.bytes(), PackCheck::kDeep));
      std::set<uint64_t> hashes;
      for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, stride_)) {
        hashes.insert(hasher_.HashOf(at));
      }
      EXPECT_TRUE(leaf.bytes() <= kHashLeafBytesMax || hashes.size() == 1);
      bounds.emplace_back(*hashes.begin(), *hashes.rbegin());
      firsts.push_back(slot.first);
      return true;
    });
    for (size_t i = 1; i < bounds.size(); ++i) {
      EXPECT_TRUE(bounds[i].first >= firsts[i]);
      EXPECT_TRUE(bounds[i - 1].second < firsts[i]);
    }
    EXPECT_TRUE(ModelOf(arena_, root, stride_) == model);
  }

  // Leaves in objects of more than `bytes_max` bytes, which are changed in place, are left out.
  static Model ModelOf(const Arena& arena, PackSlot root, unsigned stride,
                       size_t bytes_max = SIZE_MAX) {
    Model model;
    char scratch[kIntegerTextMax];
    WalkPackTree(PackTreeReader(arena.At(0)), root, [&](const PackSlot& slot, Listpack leaf) {
      if (arena.CapacityOf(slot.handle()) > bytes_max) return true;
      for (const uint8_t* at = leaf.begin(); at != leaf.end(); at = NextElement(at, stride)) {
        const std::string name(Listpack::Get(at).Text(scratch));
        EXPECT_TRUE(model.emplace(name, ElementAt(at, stride)).second);
      }
      return true;
    });
    return model;
  }

  size_t Leaves() {
    size_t leaves = 0;
    WalkPackTree(tree_.reader(), root, [&](const PackSlot&, const Listpack&) {
      ++leaves;
      return true;
    });
    return leaves;
  }

  PackSlot root;

 private:
  uint64_t CheckMinimum(const PackSlot& slot) {
    uint64_t minimum = UINT64_MAX;
    if (slot.height() == 0) {
      minimum = EarliestExpiryIn(tree_.reader().Leaf(slot));
    } else {
      const PackNode* const node = tree_.reader().Node(slot);
      for (uint64_t i = 0; i < node->count; ++i) {
        minimum = std::min(minimum, CheckMinimum(node->slots[i]));
      }
    }
    EXPECT_EQ(slot.second, minimum);
    return minimum;
  }

  Arena& arena_;
  const unsigned stride_;
  PackTree tree_;
  WeakHasher hasher_;
  HashTree hashes_;
};

std::string RandomName(sf::Random& random) {
  switch (random.Below(8)) {
    case 0:
      return std::to_string(static_cast<int64_t>(random.Below(4000)) - 2000);
    case 1:
      return "same:" + std::to_string(random.Below(200));
    case 2:
      return random.Bytes(random.Below(3));
    case 3:
      return "long:" + std::to_string(random.Below(40)) + std::string(random.Below(2) * 1500, 'x');
    default:
      return "name:" + std::to_string(random.Below(3000));
  }
}

Element RandomElement(sf::Random& random, unsigned stride) {
  Element element;
  if (stride > 1) {
    element.value = random.Below(50) == 0 ? std::string(random.Below(3000), 'v')
                                          : std::to_string(random.Below(100000));
  }
  if (stride > 2 && random.Below(2) == 0) element.expiry = 1 + random.Below(1u << 30);
  return element;
}

class RandomChanges {
 public:
  RandomChanges(Arena& arena, unsigned stride)
      : stride_(stride), random_(stride), tree(arena, stride) {}

  void Run(int steps, unsigned insertions_of_ten) {
    for (int step = 0; step < steps; ++step) {
      if (model.empty() || random_.Below(10) < insertions_of_ten) {
        const std::string name = RandomName(random_);
        const Element element = RandomElement(random_, stride_);
        if (model.emplace(name, element).second) tree.Insert(name, element);
      } else {
        auto at = model.lower_bound(RandomName(random_));
        if (at == model.end()) at = model.begin();
        tree.Erase(at->first);
        model.erase(at);
      }
    }
  }

 private:
  const unsigned stride_;
  sf::Random random_;

 public:
  Tree tree;
  Model model;
};

TEST(HashTree, AgreesWithAMapWhileFreezesComeAndGo) {  // (T1), (T2)
  for (unsigned stride = 1; stride <= kHashStrideMax; ++stride) {
    Fixture fixture;
    RandomChanges changes(fixture.arena, stride);
    for (int round = 0; round < 24; ++round) {
      const bool freezing = round % 2 == 1;
      const PackSlot frozen_root = changes.tree.root;
      const Model frozen_model =
          Tree::ModelOf(fixture.arena, frozen_root, stride, kMovedBytesMax);
      if (freezing) fixture.arena.BeginFreeze(fixture.passed.Fresh());
      changes.Run(1500, round % 8 < 5 ? 8 : 2);
      changes.tree.Check(changes.model);
      if (!freezing) continue;
      // The child's view: nothing that was there has changed.
      EXPECT_TRUE(Tree::ModelOf(fixture.arena, frozen_root, stride, kMovedBytesMax) ==
                  frozen_model);
      fixture.arena.EndFreeze();
      fixture.arena.PerformDeferred(SIZE_MAX);
    }
    FreePackTree(fixture.arena, changes.tree.root);
    EXPECT_EQ(fixture.arena.used_bytes(), 0);
  }
}

TEST(HashTree, EmptiesToNothing) {
  Fixture fixture;
  RandomChanges changes(fixture.arena, 2);
  changes.Run(20000, 10);
  EXPECT_TRUE(changes.tree.root.height() >= 1);
  changes.Run(static_cast<int>(changes.model.size()), 0);
  EXPECT_TRUE(changes.tree.root.empty());
  EXPECT_EQ(fixture.arena.used_bytes(), 0);
}

TEST(HashTree, JoinsLeavesThatLostMostOfTheirElements) {
  Fixture fixture;
  Tree tree(fixture.arena, 1);
  Model model;
  for (int i = 0; i < 20000; ++i) {
    const std::string name = "name:" + std::to_string(i);
    model.emplace(name, Element());
    tree.Insert(name, Element());
  }
  const size_t full = tree.Leaves();
  for (int i = 0; i < 20000; ++i) {
    if (i % 20 == 0) continue;
    const std::string name = "name:" + std::to_string(i);
    model.erase(name);
    tree.Erase(name);
  }
  tree.Check(model);
  // A twentieth of the elements, in leaves a quarter full at least.
  EXPECT_TRUE(tree.Leaves() * 4 < full);
  FreePackTree(fixture.arena, tree.root);
}

TEST(HashTree, IsBuiltFromAPackInAnyOrder) {
  for (unsigned stride = 1; stride <= kHashStrideMax; ++stride) {
    for (const size_t count : {1, 2, 30, 5000}) {
      Fixture fixture;
      sf::Random random(stride * 100 + count);
      Model model;
      while (model.size() < count) {
        model.emplace(RandomName(random), RandomElement(random, stride));
      }
      PackBuilder builder;
      for (const auto& [name, element] : model) {
        builder.Append(PackValue(name));
        if (stride > 1) builder.Append(PackValue(element.value));
        if (stride > 2) builder.Append(PackValue(static_cast<int64_t>(element.expiry)));
      }
      builder.Finish();
      Tree tree(fixture.arena, stride);
      ASSERT_OK(tree.Build(builder.pack()));
      tree.Check(model);
      // It goes on as one that grew.
      for (const auto& [name, element] : std::map(model)) {
        if (random.Below(2) == 0) continue;
        tree.Erase(name);
        model.erase(name);
      }
      tree.Check(model);
      FreePackTree(fixture.arena, tree.root);
      EXPECT_EQ(fixture.arena.used_bytes(), 0);
    }
  }
}

TEST(HashTree, IsNotBuiltFromAPackThatHasANameTwice) {
  Fixture fixture;
  Tree tree(fixture.arena, 1);
  PackBuilder builder;
  for (int i = 0; i < 100; ++i) builder.Append(PackValue("name:" + std::to_string(i % 99)));
  builder.Finish();
  EXPECT_EQ(tree.Build(builder.pack()), Status(StatusCode::kBadValue));
  FreePackTree(fixture.arena, tree.root);
}

TEST(HashTree, KeepsElementsOfEqualHashInOneLeaf) {
  Fixture fixture;
  Tree tree(fixture.arena, 2);
  Model model;
  for (int i = 0; i < 600; ++i) {
    const std::string name = "same:" + std::to_string(i);
    model.emplace(name, Element{"value"});
    tree.Insert(name, Element{"value"});
  }
  tree.Check(model);
  EXPECT_EQ(tree.Leaves(), 3);
  for (const auto& [name, element] : model) tree.Erase(name);
  EXPECT_TRUE(tree.root.empty());
}

}  // namespace
