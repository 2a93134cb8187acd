// bind_memory.cc - the engine's methods on mappings of memory, its own and the program's.

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <utility>

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

// The kernel gives out a file of /proc in pieces of a page, so that Node would go to its pool and
// back a hundred times for the mappings of a process: this goes there once.
class ReadTextWork final : public Background {
 public:
  ReadTextWork(napi_env env, EngineObject& engine, std::string path)
      : Background(env, engine, "snapfork.readText"), path_(std::move(path)) {}

 private:
  static constexpr size_t kPieceBytes = 64u << 10;

  Status Work() override {
    const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Status::FromErrno(errno);
    ssize_t got;
    do {
      const size_t length = text_.size();
      text_.resize(length + kPieceBytes);
      got = read(fd, text_.data() + length, kPieceBytes);
      text_.resize(length + (got > 0 ? static_cast<size_t>(got) : 0));
    } while (got > 0);
    const int read_errno = errno;
    close(fd);
    return got < 0 ? Status::FromErrno(read_errno) : Status();
  }
  void Settle(Status) override {}
  napi_value Result() override {
    napi_value text = nullptr;
    napi_create_string_latin1(env_, text_.data(), text_.size(), &text);
    return text;
  }

  const std::string path_;
  std::string text_;
};

napi_value ReadText(Call& call) {
  std::string_view path;
  if (!call.ReadOperand(0, path)) return nullptr;
  return (new ReadTextWork(call.env(), call.engine(), std::string(path)))->Start();
}

}  // namespace

void AppendMemoryMethods(std::vector<MethodEntry>& methods) {
  methods.insert(methods.end(), {
                                    {"regions", Method<Regions>},
                                    {"childMaps", Method<ChildMaps>},
                                    {"hostMemory", Method<HostMemoryMethod>},
                                    {"setHostMemory", Method<SetHostMemory>},
                                    {"readText", ApartMethod<ReadText>},
                                });
}

}  // namespace snapfork
