// bind_memory.cc - the engine's methods on mappings of memory, its own and the program's.

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "addon/background.h"
#include "addon/engine_object.h"

namespace snapfork {
namespace {

class RegionList {
 public:
  explicit RegionList(Napi::Env env) : env_(env), array_(Napi::Array::New(env)) {}

  void Append(const char* name, const void* start, size_t bytes) {
    if (bytes == 0) return;
    const uint64_t address = reinterpret_cast<uintptr_t>(start);
    Napi::Object range = Napi::Object::New(env_);
    range.Set("name", name);
    range.Set("start", Napi::BigInt::New(env_, address));
    range.Set("end", Napi::BigInt::New(env_, address + bytes));
    array_.Set(array_.Length(), range);
  }
  void Append(const char* name, const Region& region) {
    Append(name, region.base(), region.committed());
  }
  Napi::Array array() const { return array_; }

 private:
  Napi::Env env_;
  Napi::Array array_;
};

napi_value Regions(Call& call) {
  EngineObject& engine = call.engine();
  const PageHeap& pages = engine.keyspace().arena().page_heap();
  RegionList list(call.env());
  list.Append("data", pages.data_region());
  list.Append("meta", pages.chunk_table());
  list.Append("meta", pages.page_table());
  list.Append("meta", pages.live_bits());
  list.Append("index", engine.keyspace().blocks().region());
  list.Append("index", pages.dead_bits());
  list.Append("scratch", engine.snapshots().scratch());
  list.Append("control", engine.snapshots().shared().base(), engine.snapshots().shared().bytes());
  return list.array();
}

napi_value ChildMaps(Call& call) {
  return call.Bulk(call.engine().snapshots().mappings(), BulkMode::kLatin1);
}

napi_value HostMemoryMethod(Call& call) {
  Napi::Array flat = Napi::Array::New(call.env());
  for (const AddressRange& range : call.engine().snapshots().host_memory().ranges()) {
    flat.Set(flat.Length(), Napi::BigInt::New(call.env(), uint64_t{range.start}));
    flat.Set(flat.Length(), Napi::BigInt::New(call.env(), uint64_t{range.end}));
  }
  return flat;
}

// Addresses, first and end in turn.
napi_value SetHostMemory(Call& call) {
  uint32_t length = 0;
  napi_get_array_length(call.env(), call.argument(0), &length);
  std::vector<uintptr_t> addresses(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    uint64_t address = 0;
    bool lossless = false;
    napi_get_element(call.env(), call.argument(0), i, &element);
    if (napi_get_value_bigint_uint64(call.env(), element, &address, &lossless) != napi_ok) {
      return call.Throw(Status(StatusCode::kInvalidArgument));
    }
    addresses[i] = address;
  }
  std::vector<AddressRange> ranges;
  for (size_t i = 0; i + 1 < addresses.size(); i += 2) {
    ranges.push_back({addresses[i], addresses[i + 1]});
  }
  call.engine().snapshots().host_memory().SetRanges(std::move(ranges));
  return call.Undefined();
}

// Small files of the kernel, all in one step: Node would go to its pool and back for the opening,
// the size, each piece and the closing of each, and the kernel gives out a page at a time.
class ReadTextsWork final : public Background {
 public:
  ReadTextsWork(napi_env env, EngineObject& engine, std::vector<std::string> paths)
      : Background(env, engine, "snapfork.readTexts"),
        paths_(std::move(paths)),
        texts_(paths_.size()) {}

 private:
  static constexpr size_t kPieceBytes = 16u << 10;

  Status Work() override {
    for (size_t i = 0; i < paths_.size(); ++i) Read(paths_[i], texts_[i]);
    return Status();
  }
  void Settle(Status) override {}
  napi_value Result() override {
    Napi::Array list = Napi::Array::New(env_, texts_.size());
    for (size_t i = 0; i < texts_.size(); ++i) {
      const std::optional<std::string>& text = texts_[i];
      const auto at = static_cast<uint32_t>(i);
      if (text.has_value()) {
        list.Set(at, Napi::String::New(env_, *text));
      } else {
        list.Set(at, Napi::Env(env_).Null());
      }
    }
    return list;
  }

  // Nothing, if it cannot be read to its end.
  static void Read(const std::string& path, std::optional<std::string>& text) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    std::string read_so_far;
    ssize_t got;
    do {
      const size_t length = read_so_far.size();
      read_so_far.resize(length + kPieceBytes);
      got = read(fd, read_so_far.data() + length, kPieceBytes);
      read_so_far.resize(length + (got > 0 ? static_cast<size_t>(got) : 0));
    } while (got > 0);
    close(fd);
    if (got == 0) text = std::move(read_so_far);
  }

  const std::vector<std::string> paths_;
  std::vector<std::optional<std::string>> texts_;
};

napi_value ReadTexts(Call& call) {
  uint32_t count = 0;
  napi_get_array_length(call.env(), call.argument(0), &count);
  std::vector<std::string> paths(count);
  for (uint32_t i = 0; i < count; ++i) {
    napi_value path = nullptr;
    napi_get_element(call.env(), call.argument(0), i, &path);
    paths[i] = Napi::String(call.env(), path).Utf8Value();
  }
  return (new ReadTextsWork(call.env(), call.engine(), std::move(paths)))->Start();
}

}  // namespace

void AppendMemoryMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"regions", Method<Regions>},
                                    {"childMaps", Method<ChildMaps>},
                                    {"hostMemory", Method<HostMemoryMethod>},
                                    {"setHostMemory", Method<SetHostMemory>},
                                    {"readTexts", ApartMethod<ReadTexts>},
                                });
}

}  // namespace snapfork
