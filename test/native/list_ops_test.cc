// list_ops_test.cc - lists against a model, compact and large.

#include "keyspace/list_ops.h"

#include <algorithm>
#include <deque>
#include <string>

#include "collection_trials.h"
#include "test.h"

namespace {

using namespace snapfork;

using ModelList = std::deque<std::string>;

ModelList ElementsOf(const Keyspace& keyspace, EntryView list) {
  ModelList elements;
  VisitElements(keyspace, list, 0, ListLength(keyspace, list), [&](const PackElement& element) {
    char scratch[kIntegerTextMax];
    elements.emplace_back(element.Text(scratch));
  });
  return elements;
}

class ListModel : public sf::CollectionModel<ModelList> {
 public:
  using CollectionModel::CollectionModel;

  bool Same(EntryView entry, const ModelList& list) const override {
    return ListLength(keyspace_, entry) == list.size() && ElementsOf(keyspace_, entry) == list;
  }

  bool Step() override {
    const auto db = static_cast<uint32_t>(random_.Below(2));
    const std::string key = Key();
    switch (random_.Below(24)) {
      case 0:
      case 1:
      case 2:
        return Pop(db, key);
      case 3:
      case 4:
        return Set(db, key);
      case 5:
      case 6:
        return Insert(db, key);
      case 7:
        return Remove(db, key);
      case 8:
        return random_.Below(4) != 0 || Trim(db, key);
      case 9:
        return Move(db, key);
      case 10:
      case 11:
        return Read(db, key);
      case 12:
        return random_.Below(8) != 0 || ChangeKey(db, key);
      default:
        return Push(db, key);
    }
  }

 private:
  static constexpr uint64_t kKinds = 40;

  ModelList* Find(uint32_t db, const std::string& key) {
    const auto at = values.find({db, key});
    return at == values.end() ? nullptr : &at->second;
  }
  size_t LengthOf(uint32_t db, const std::string& key) {
    const ModelList* const list = Find(db, key);
    return list == nullptr ? 0 : list->size();
  }
  void DropIfEmpty(uint32_t db, const std::string& key) {
    if (LengthOf(db, key) == 0) values.erase({db, key});
  }

  bool Push(uint32_t db, const std::string& key) {
    const std::string element = Element(kKinds);
    const auto end = random_.Below(2) == 0 ? ListEnd::kLeft : ListEnd::kRight;
    const bool only_if_there = random_.Below(6) == 0;
    uint64_t length = 0;
    if (!Done(ListPush(keyspace_, db, key, element, end, only_if_there, length))) return true;
    if (only_if_there && Find(db, key) == nullptr) return EXPECT_EQ(length, 0);
    ModelList& list = values[{db, key}];
    end == ListEnd::kLeft ? list.push_front(element) : list.push_back(element);
    return EXPECT_EQ(length, list.size());
  }

  // Takes an element off the model; false if there is none.
  bool Take(uint32_t db, const std::string& key, ListEnd end, std::string& element) {
    ModelList* const list = Find(db, key);
    if (list == nullptr) return false;
    element = end == ListEnd::kLeft ? list->front() : list->back();
    end == ListEnd::kLeft ? list->pop_front() : list->pop_back();
    DropIfEmpty(db, key);
    return true;
  }

  bool Pop(uint32_t db, const std::string& key) {
    const auto end = random_.Below(2) == 0 ? ListEnd::kLeft : ListEnd::kRight;
    std::string element;
    std::string expected;
    bool popped = false;
    if (!Done(ListPop(keyspace_, db, key, end, element, popped))) return true;
    return EXPECT_EQ(popped, Take(db, key, end, expected)) && EXPECT_EQ(element, expected);
  }

  bool Move(uint32_t db, const std::string& key) {
    const std::string to = Key();
    const auto end = random_.Below(2) == 0 ? ListEnd::kLeft : ListEnd::kRight;
    const auto to_end = random_.Below(2) == 0 ? ListEnd::kLeft : ListEnd::kRight;
    std::string element;
    std::string expected;
    bool moved = false;
    if (!Done(ListMove(keyspace_, db, key, end, to, to_end, element, moved))) return true;
    if (!EXPECT_EQ(moved, Take(db, key, end, expected))) return false;
    if (!moved) return true;
    ModelList& list = values[{db, to}];
    to_end == ListEnd::kLeft ? list.push_front(expected) : list.push_back(expected);
    return EXPECT_EQ(element, expected);
  }

  bool Set(uint32_t db, const std::string& key) {
    const auto length = static_cast<int64_t>(LengthOf(db, key));
    const int64_t index =
        static_cast<int64_t>(random_.Below(static_cast<uint64_t>(2 * length + 3))) - length - 1;
    const std::string element = Element(kKinds);
    const Status status = ListSet(keyspace_, db, key, index, element);
    if (length == 0) return EXPECT_EQ(status.code(), StatusCode::kNoSuchKey);
    if (index < -length || index >= length) {
      return EXPECT_EQ(status.code(), StatusCode::kIndexOutOfRange);
    }
    if (!Done(status)) return true;
    (*Find(db, key))[static_cast<size_t>(index < 0 ? index + length : index)] = element;
    return true;
  }

  bool Insert(uint32_t db, const std::string& key) {
    const std::string pivot = Element(kKinds);
    const std::string element = Element(kKinds);
    const bool before = random_.Below(2) == 0;
    int64_t length = 0;
    if (!Done(ListInsert(keyspace_, db, key, before, pivot, element, length))) return true;
    ModelList* const list = Find(db, key);
    if (list == nullptr) return EXPECT_EQ(length, 0);
    const auto at = std::find(list->begin(), list->end(), pivot);
    if (at == list->end()) return EXPECT_EQ(length, -1);
    list->insert(before ? at : at + 1, element);
    return EXPECT_EQ(length, list->size());
  }

  bool Remove(uint32_t db, const std::string& key) {
    const std::string element = Element(kKinds);
    const int64_t count = static_cast<int64_t>(random_.Below(7)) - 3;
    uint64_t removed = 0;
    const Status status = ListRemove(keyspace_, db, key, count, element, removed);
    if (!Done(status)) return ReadBack(db, key);
    ModelList* const list = Find(db, key);
    if (list == nullptr) return EXPECT_EQ(removed, 0);
    const bool from_back = count < 0;
    auto left = static_cast<uint64_t>(count == 0 ? INT64_MAX : from_back ? -count : count);
    uint64_t expected = 0;
    if (from_back) std::reverse(list->begin(), list->end());
    std::erase_if(*list, [&](const std::string& one) {
      if (one != element || left == 0) return false;
      --left;
      ++expected;
      return true;
    });
    if (from_back) std::reverse(list->begin(), list->end());
    DropIfEmpty(db, key);
    return EXPECT_EQ(removed, expected);
  }

  bool Trim(uint32_t db, const std::string& key) {
    const auto length = static_cast<int64_t>(LengthOf(db, key));
    const int64_t start = static_cast<int64_t>(random_.Below(6)) - 2;
    const int64_t stop = length - static_cast<int64_t>(random_.Below(6));
    if (!Done(ListTrim(keyspace_, db, key, start, stop))) return ReadBack(db, key);
    ModelList* const list = Find(db, key);
    if (list == nullptr) return true;
    uint64_t first = 0;
    uint64_t count = 0;
    if (!ClampRange(list->size(), start, stop, first, count)) count = 0;
    *list = count == 0 ? ModelList()
                       : ModelList(list->begin() + static_cast<long>(first),
                                   list->begin() + static_cast<long>(first + count));
    DropIfEmpty(db, key);
    return true;
  }

  // After a removal of several elements that had no memory in the middle: a part may be gone, and
  // nothing has changed its place.
  bool ReadBack(uint32_t db, const std::string& key) {
    ModelList* const list = Find(db, key);
    const EntryView entry = keyspace_.Lookup(db, key).entry;
    if (list == nullptr || !entry) return EXPECT_EQ(list != nullptr, static_cast<bool>(entry));
    const ModelList now = ElementsOf(keyspace_, entry);
    auto at = list->begin();
    for (const std::string& element : now) {
      at = std::find(at, list->end(), element);
      if (!EXPECT_TRUE(at != list->end())) return false;
      ++at;
    }
    *list = now;
    return true;
  }

  bool Read(uint32_t db, const std::string& key) {
    EntryView entry;
    if (!EXPECT_OK(ListLookup(keyspace_, db, key, entry))) return false;
    const ModelList* const list = Find(db, key);
    if (!EXPECT_EQ(static_cast<bool>(entry), list != nullptr)) return false;
    if (list == nullptr) return true;
    const auto index = static_cast<int64_t>(random_.Below(list->size()));
    PackElement element;
    char scratch[kIntegerTextMax];
    if (!EXPECT_TRUE(ListElementAt(keyspace_, entry, index, element))) return false;
    const std::string& held = (*list)[static_cast<size_t>(index)];
    if (!EXPECT_EQ(element.Text(scratch), held)) return false;
    const auto places = ListPositions(keyspace_, entry, held, -1, 1, 0);
    const auto last = std::find(list->rbegin(), list->rend(), held);
    return EXPECT_EQ(places.size(), 1) &&
           EXPECT_EQ(places[0], list->size() - 1 - static_cast<size_t>(last - list->rbegin()));
  }
};

// Compact hardly ever, soon large, large nodes.
constexpr int64_t kSizes[] = {1, 8, -2};

EncodingLimits LimitsOf(int64_t size) {
  EncodingLimits limits;
  limits.list_max_listpack_size = size;
  return limits;
}

TEST(ListOps, AgreeWithTheModelInEveryForm) {
  for (const int64_t size : kSizes) {
    sf::AgreesWithTheModel<ListModel>(LimitsOf(size), 500 + static_cast<uint64_t>(size + 2));
  }
}

TEST(ListOps, ShowAForkedChildTheInstantOfTheFork) {
  for (const int64_t size : kSizes) {
    sf::ShowsAForkedChildTheInstantOfTheFork<ListModel>(LimitsOf(size), 520);
  }
}

TEST(ListOps, KeepTheirOrderWhenMemoryRunsOut) {
  for (const int64_t size : kSizes) {
    sf::ChangesNothingWithoutMemory<ListModel>(LimitsOf(size), 530);
  }
}

TEST(ListOps, BecomeLargeBehindANode) {
  const auto keyspace = sf::OpenWith(LimitsOf(3));
  uint64_t length = 0;
  const auto push = [&] {
    return ListPush(*keyspace, 0, "key", "element", ListEnd::kRight, false, length);
  };
  for (int i = 0; i < 3; ++i) ASSERT_OK(push());
  EXPECT_EQ(std::string(KeyEncoding(*keyspace, 0, "key")), "listpack");
  ASSERT_OK(push());
  EXPECT_EQ(std::string(KeyEncoding(*keyspace, 0, "key")), "quicklist");
}

TEST(ListOps, RefuseAKeyOfAnotherType) {
  const auto keyspace = sf::OpenWith({});
  bool done = false;
  uint64_t count = 0;
  int64_t length = 0;
  std::string text;
  EntryView view;
  const Status wrong(StatusCode::kWrongType);
  ASSERT_OK(StringSet(*keyspace, 0, "key", "value", 0, kNoExpiry, done));
  EXPECT_EQ(ListPush(*keyspace, 0, "key", "e", ListEnd::kLeft, false, count), wrong);
  EXPECT_EQ(ListPop(*keyspace, 0, "key", ListEnd::kLeft, text, done), wrong);
  EXPECT_EQ(ListLookup(*keyspace, 0, "key", view), wrong);
  EXPECT_EQ(ListSet(*keyspace, 0, "key", 0, "e"), wrong);
  EXPECT_EQ(ListInsert(*keyspace, 0, "key", true, "p", "e", length), wrong);
  EXPECT_EQ(ListRemove(*keyspace, 0, "key", 0, "e", count), wrong);
  EXPECT_EQ(ListTrim(*keyspace, 0, "key", 0, 1), wrong);
  ASSERT_OK(ListPush(*keyspace, 0, "list", "e", ListEnd::kLeft, false, count));
  EXPECT_EQ(ListMove(*keyspace, 0, "list", ListEnd::kLeft, "key", ListEnd::kLeft, text, done),
            wrong);
  ASSERT_OK(ListLookup(*keyspace, 0, "list", view));
  EXPECT_EQ(ListLength(*keyspace, view), 1);
}

}  // namespace
