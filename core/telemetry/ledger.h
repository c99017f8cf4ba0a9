// SPDX-License-Identifier: Apache-2.0
// All books of the process, and what they add up to. The graph asks for a book once per place and writes into it;
// whoever scrapes, tests or stops reads one snapshot and does sums over it. A book lives as long as the ledger: a
// component that is replaced goes on in the book of its predecessor, so counters never go back.
#ifndef SLUICE_CORE_TELEMETRY_LEDGER_H
#define SLUICE_CORE_TELEMETRY_LEDGER_H

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/telemetry/books.h"
#include "plugins/abi/sluice_plugin.h"

namespace sluice::telemetry {

struct ComponentName {
  sluice_kind kind = 0;  // 0: no component
  std::string id;
  friend auto operator<=>(const ComponentName&, const ComponentName&) = default;
};

struct DoorKey {
  std::string receiver;
  sluice_signal signal = SLUICE_TRACES;
  std::string transport;  // "grpc", "http", "tcp" ..., or empty
  friend auto operator<=>(const DoorKey&, const DoorKey&) = default;
};

// An edge leads from a component's output to a component's input. Where a fan-out stands between them there are an edge
// into it (`to` empty) and one edge to each branch (`from` empty). A receiver that feeds several pipelines has a
// fan-out of its own, whose edge has no pipeline.
struct EdgeKey {
  std::string pipeline;
  sluice_signal signal = SLUICE_TRACES;
  ComponentName from;
  ComponentName to;
  bool entry = false;  // what is offered here came from a receiver: it is what the pipeline received
  friend auto operator<=>(const EdgeKey&, const EdgeKey&) = default;
};

// Processors and connectors only: receivers account at their door, exporters behind their wrapper.
struct ComponentKey {
  std::string pipeline;  // of its input
  sluice_signal signal = SLUICE_TRACES;
  ComponentName component;
  friend auto operator<=>(const ComponentKey&, const ComponentKey&) = default;
};

struct WrapperKey {
  std::string exporter;
  sluice_signal signal = SLUICE_TRACES;
  std::vector<std::string> pipelines;  // that end in it, ascending
  friend auto operator<=>(const WrapperKey&, const WrapperKey&) = default;
};

struct LedgerSnapshot {
  std::map<DoorKey, DoorSum> doors;
  std::map<EdgeKey, EdgeSum> edges;
  std::map<ComponentKey, ComponentSum> components;
  std::map<WrapperKey, WrapperSum> wrappers;
};

class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // The book of that place, new or known. [any thread, not on the data path: takes a lock]
  DoorBook& door(const DoorKey& key);
  EdgeBook& edge(const EdgeKey& key);
  ComponentBook& component(const ComponentKey& key);

  // While the returned object lives, `read` gives the wrapper's book: one consistent copy, under the wrapper's lock.
  // When it goes, `read` is called once more and the numbers stay. `read` calls nothing of the ledger; never register
  // or end a registration under the wrapper's lock.
  using ReadWrapper = std::function<WrapperSum()>;
  class [[nodiscard]] Registration {
   public:
    Registration() = default;
    Registration(Registration&& other) noexcept { *this = std::move(other); }
    Registration& operator=(Registration&& other) noexcept;
    ~Registration() { end(); }
    void end();

   private:
    friend class Ledger;
    Ledger* ledger_ = nullptr;
    uint64_t number_ = 0;
  };
  Registration wrapper(const WrapperKey& key, ReadWrapper read);

  // Each book is consistent in itself; between two books there is what is on its way at that moment (`open`).
  LedgerSnapshot read() const;

 private:
  struct Wrapper {
    WrapperKey key;
    ReadWrapper read;
  };

  void retire(uint64_t number);

  mutable std::mutex mutex_;
  std::map<DoorKey, std::unique_ptr<DoorBook>> doors_;
  std::map<EdgeKey, std::unique_ptr<EdgeBook>> edges_;
  std::map<ComponentKey, std::unique_ptr<ComponentBook>> components_;
  std::map<uint64_t, Wrapper> wrappers_;
  std::map<WrapperKey, WrapperSum> retired_;
  uint64_t last_number_ = 0;
};

}  // namespace sluice::telemetry
#endif  // SLUICE_CORE_TELEMETRY_LEDGER_H
