// SPDX-License-Identifier: Apache-2.0
// The broken plugins do break what they are there to break: seen through the fake host, which keeps the rules. How the
// real core answers them is tested with its loader and its graph.
#include <dlfcn.h>

#include <catch2/catch.hpp>
#include <string>

#include "plugins/testing/conformance.h"
#include "plugins/testing/fake_host.h"
#include "plugins/testing/messages.h"
#include "plugins/testing/subject.h"

namespace sluice::testing {
namespace {

const sluice_entry* load(const std::string& name) {
  void* library = dlopen((SLUICE_ABI_PLUGINS "/" + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library) throw std::runtime_error(dlerror());
  return static_cast<const sluice_entry*>(dlsym(library, SLUICE_ENTRY_SYMBOL));
}

TEST_CASE("broken plugins: entries that no loader may take", "[abi]") {
  CHECK(load("no_symbol") == nullptr);
  CHECK(load("wrong_magic")->magic != SLUICE_ABI_MAGIC);
  CHECK(load("newer_major")->abi_major > SLUICE_ABI_MAJOR);
  CHECK(load("newer_needs")->abi_needs > SLUICE_ABI_MINOR);
  CHECK_FALSE(SLUICE_HAS(load("short_struct_size"), sluice_entry, components));
  CHECK(load("no_components")->components[0] == nullptr);
}

TEST_CASE("broken plugins: create that fails says why and where", "[abi]") {
  FakeHost host;
  const Subject subject(host, *load("create_fails"), "create_fails");
  CHECK_FALSE(subject.created());
  CHECK(host.last_error() == "the gates cannot be opened");
  REQUIRE(host.problems().size() == 1);
  CHECK(host.problems()[0].text == "nothing here is right");
}

TEST_CASE("broken plugins: answers that break the rules are refused and seen", "[abi]") {
  const auto [name, violation] = GENERATE(table<const char*, const char*>({
      {"completes_twice", "completed call 1 twice"},
      {"completes_and_returns", "call 1 was completed and returned permanent"},
      {"foreign_token", "completed a call that never was: 6148914691236517204"},
  }));
  FakeHost host;
  Subject subject(host, *load(name), name);
  REQUIRE(subject.start() == SLUICE_DONE);
  CHECK(subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer() == SLUICE_DONE);
  CHECK(host.violations() == std::vector<std::string>{violation});
}

TEST_CASE("broken plugins: call that is never answered stays open", "[abi]") {
  FakeHost host;
  Subject subject(host, *load("completes_never"), "completes_never");
  REQUIRE(subject.start() == SLUICE_DONE);
  CHECK_FALSE(subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer());
  CHECK(host.imbalance(SLUICE_LOGS) == "call 1 is open");
}

TEST_CASE("broken plugins: calls after stop are refused, and those that always work do", "[abi]") {
  FakeHost host;
  {
    Subject subject(host, *load("calls_after_stop"), "calls_after_stop");
    REQUIRE(subject.start() == SLUICE_DONE);
  }
  REQUIRE(host.logs().size() == 1);
  CHECK(host.logs()[0].text == "still calling after stop");
}

TEST_CASE("broken plugins: leaked batch is left behind", "[abi]") {
  FakeHost host;
  const BatchRef batch = host.batch(SLUICE_LOGS, message(SLUICE_LOGS, 1));
  {
    Subject subject(host, *load("leaks_batch"), "leaks_batch");
    REQUIRE(subject.start() == SLUICE_DONE);
    subject.consume(batch);
  }
  const auto* leaked = batch.get();
  host.get()->batch_release(leaked);  // what the plugin should have done; or the sanitizer would complain
  CHECK(host.live_batches() == 1);
}

TEST_CASE("broken plugins: exceptions of every type stop at the barrier of the SDK", "[abi]") {
  const char* what = GENERATE("std", "int", "pointer", "null");
  const sluice_entry& entry = *load("throws");
  {
    FakeHost host;
    Subject subject(host, entry, "throws", Tree::map({{"what", what}}));
    REQUIRE(subject.start() == SLUICE_DONE);
    CHECK(subject.consume(SLUICE_LOGS, message(SLUICE_LOGS, 1))->answer() == SLUICE_FAILED_RETRYABLE);
    CHECK(host.violations().empty());
  }
  FakeHost host;
  const Subject subject(host, entry, "throws", Tree::map({{"what", what}, {"in", "create"}}));
  CHECK_FALSE(subject.created());
}

TEST_CASE("conformance: finds what is broken and names the case", "[abi]") {
  const auto [name, found] = GENERATE(table<const char*, const char*>({
      {"completes_twice", "all is taken behind: completed call 1 twice"},
      {"completes_never",
       "all is taken behind: 63 of 63 calls are not answered, though all is taken behind; the first is call 1"},
      {"create_fails", "all is taken behind: create() fails with the given settings: the gates cannot be opened"},
      {"init_fails", "all is taken behind: start() fails with the given settings: no water in the river"},
  }));
  const ConformanceOptions impatient{.patience = std::chrono::milliseconds(1)};
  const auto problems = run_conformance_case("all is taken behind", component_of(*load(name), name), impatient);
  REQUIRE(!problems.empty());
  CHECK(problems[0] == found);
}

}  // namespace
}  // namespace sluice::testing
