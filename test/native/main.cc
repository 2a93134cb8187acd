// main.cc - runs the native tests and prints TAP 14.
//
// usage: snapfork_native_test [filter]     runs the tests whose "Suite.Name" contains the filter

#include <sys/random.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "test.h"

namespace sf {
namespace {

// Plain pointers: tests register before any constructor here would have run.
constinit Test* first_test = nullptr;
constinit Test** last_link = &first_test;
constinit std::vector<std::string>* failures = nullptr;

uint64_t MakeSeed() {
  if (const char* given = std::getenv("SF_SEED")) return std::strtoull(given, nullptr, 0);
  uint64_t seed = 0;
  return getrandom(&seed, sizeof(seed), 0) == sizeof(seed) ? seed : 1;
}

}  // namespace

Test::Test(const char* suite_name, const char* test_name, void (*test_body)())
    : suite(suite_name), name(test_name), body(test_body) {
  *last_link = this;
  last_link = &next;
}

void Fail(const char* file, int line, const std::string& message) {
  constexpr size_t kFailuresMax = 20;  // A loop that fails says so often enough.
  if (failures->size() == kFailuresMax) return;
  failures->push_back(std::string(file) + ":" + std::to_string(line) + ": " + message);
}

uint64_t Seed() {
  static const uint64_t seed = MakeSeed();
  return seed;
}

uint64_t Random::Next() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

std::string Random::Bytes(size_t count) {
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(Next());
  return bytes;
}

}  // namespace sf

int main(int argument_count, char** arguments) {
  const std::string filter = argument_count > 1 ? arguments[1] : "";
  std::vector<sf::Test*> chosen;
  for (sf::Test* test = sf::first_test; test != nullptr; test = test->next) {
    const std::string full = std::string(test->suite) + "." + test->name;
    if (full.find(filter) != std::string::npos) chosen.push_back(test);
  }
  std::printf("TAP version 14\n# SF_SEED=0x%llx\n1..%zu\n",
              static_cast<unsigned long long>(sf::Seed()), chosen.size());
  bool passed = true;
  for (size_t i = 0; i < chosen.size(); ++i) {
    std::fflush(stdout);  // A test that forks must not print this twice.
    std::vector<std::string> failures;
    sf::failures = &failures;
    chosen[i]->body();
    std::printf("%s %zu - %s.%s\n", failures.empty() ? "ok" : "not ok", i + 1, chosen[i]->suite,
                chosen[i]->name);
    for (const std::string& failure : failures) std::printf("  # %s\n", failure.c_str());
    passed = passed && failures.empty();
  }
  return passed && !chosen.empty() ? 0 : 1;
}
