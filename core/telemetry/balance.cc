// SPDX-License-Identifier: Apache-2.0
#include "core/telemetry/balance.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <utility>

namespace sluice::telemetry {

namespace {

constexpr sluice_signal kSignals[] = {SLUICE_TRACES, SLUICE_METRICS, SLUICE_LOGS, SLUICE_PROFILES};

void add(Reasons& to, const Reasons& from) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

void add(Balance& balance, const EdgeSum& edge) {
  balance.fanned += edge.fanned;
  add(balance.returned, edge.returned);
}

void add(Balance& balance, const ComponentSum& component) {
  balance.added += component.added;
  balance.regained += component.regained;
  balance.filtered += component.filtered;
  balance.held += component.held;
  add(balance.dropped, component.dropped);
}

void add(Balance& balance, const WrapperSum& wrapper) {
  const flow::Book& book = wrapper.book;
  balance.recovered += book.recovered;
  balance.delivered += book.delivered;
  balance.left += book.left;
  balance.waiting += static_cast<int64_t>(book.waiting);
  balance.queued += static_cast<int64_t>(book.queued);
  balance.in_flight += static_cast<int64_t>(book.in_flight);
  add(balance.dropped, book.dropped);
  add(balance.returned, book.returned);
}

// Which pipelines belong together: those that share an exporter, or hand items of one signal on by a connector.
class Groups {
 public:
  explicit Groups(const LedgerSnapshot& snapshot) {
    for (const auto& [key, sum] : snapshot.wrappers) {
      for (const auto& pipeline : key.pipelines) join(key.signal, "exporter " + key.exporter, pipeline);
    }
    for (const auto& [key, sum] : snapshot.edges) {
      if (key.pipeline.empty()) continue;
      find({key.signal, key.pipeline});
      for (const ComponentName* end : {&key.from, &key.to}) {
        if (end->kind == SLUICE_CONNECTOR) join(key.signal, "connector " + end->id, key.pipeline);
      }
    }
    for (const auto& [key, sum] : snapshot.components) find({key.signal, key.pipeline});
  }

  using Member = std::pair<sluice_signal, std::string>;

  Member find(const Member& member) {
    Member& above = above_.try_emplace(member, member).first->second;
    if (above != member) above = find(Member(above));
    return above;
  }

  // All pipelines, by the first of their group.
  std::map<Member, PipelineBalance> balances() {
    std::vector<Member> members;
    for (const auto& entry : above_) members.push_back(entry.first);
    std::map<Member, PipelineBalance> balances;
    for (const auto& member : members) {
      PipelineBalance& balance = balances[find(member)];
      balance.signal = member.first;
      balance.pipelines.push_back(member.second);
    }
    return balances;
  }

 private:
  void join(sluice_signal signal, const std::string& bridge, const std::string& pipeline) {
    Member member = find({signal, pipeline});
    auto [known, is_new] = bridges_.try_emplace({signal, bridge}, member);
    if (!is_new) above_[member] = find(known->second);
  }

  std::map<Member, Member> above_;
  std::map<std::pair<sluice_signal, std::string>, Member> bridges_;
};

// Both sides of the identity, each term once, in the order in which they are told.
struct Term {
  const char* key;
  const char* words;
  int64_t value;
  const Reasons* reasons = nullptr;
};

std::vector<Term> left_terms(const Balance& b) {
  auto number = [](uint64_t n) { return static_cast<int64_t>(n); };
  return {{"received", "received", number(b.received)},
          {"recovered", "recovered", number(b.recovered)},
          {"added", "added", number(b.added)},
          {"fanned", "fanned out", b.fanned},
          {"regained", "offered again", number(b.regained)}};
}

std::vector<Term> right_terms(const Balance& b) {
  auto number = [](uint64_t n) { return static_cast<int64_t>(n); };
  return {{"delivered", "delivered", number(b.delivered)},
          {"dropped", "dropped", number(total(b.dropped)), &b.dropped},
          {"returned", "returned", number(total(b.returned)), &b.returned},
          {"turned_away", "turned away", number(b.turned_away)},
          {"filtered", "filtered", number(b.filtered)},
          {"held", "held", b.held},
          {"waiting", "waiting", b.waiting},
          {"queued", "queued", b.queued},
          {"in_flight", "in flight", b.in_flight},
          {"left", "left on disk", number(b.left)}};
}

int64_t sum(const std::vector<Term>& terms) {
  return std::accumulate(terms.begin(), terms.end(), int64_t{0}, [](int64_t n, const Term& t) { return n + t.value; });
}

// Terms that are 0 are left out, but the first.
void tell(std::string& line, const std::vector<Term>& terms) {
  for (size_t i = 0; i < terms.size(); ++i) {
    const Term& term = terms[i];
    if (i > 0 && term.value == 0) continue;
    if (i > 0) line += " + ";
    line.append(term.words).append(" ").append(std::to_string(term.value));
    if (term.reasons == nullptr || term.value == 0) continue;
    const char* separator = " (";
    for (size_t reason = 0; reason < term.reasons->size(); ++reason) {
      if ((*term.reasons)[reason] == 0) continue;
      line.append(separator).append(flow::kReasonNames[reason]).append(" ");
      line += std::to_string((*term.reasons)[reason]);
      separator = ", ";
    }
    line += ")";
  }
}

void tell_json(std::string& line, const std::vector<Term>& terms) {
  for (const Term& term : terms) {
    line.append("\"").append(term.key).append("\":");
    if (term.reasons == nullptr) {
      line += std::to_string(term.value) + ",";
      continue;
    }
    line += "{";
    for (size_t reason = 0; reason < term.reasons->size(); ++reason) {
      if ((*term.reasons)[reason] == 0) continue;
      line.append(line.back() == '{' ? "\"" : ",\"").append(flow::kReasonNames[reason]).append("\":");
      line += std::to_string((*term.reasons)[reason]);
    }
    line += "},";
  }
}

std::string to_json(const Balance& balance) {
  std::string line = "{";
  tell_json(line, left_terms(balance));
  tell_json(line, right_terms(balance));
  return line + "\"in_transit\":" + std::to_string(balance.in_transit()) + "}";
}

Balance whole_balance(const LedgerSnapshot& snapshot) {
  Balance whole;
  for (sluice_signal signal : kSignals) whole += process_balance(snapshot, signal);
  return whole;
}

}  // namespace

int64_t Balance::in_transit() const {
  return sum(left_terms(*this)) - sum(right_terms(*this));
}

bool Balance::empty() const {
  auto is_zero = [](const Term& term) { return term.value == 0; };
  auto left = left_terms(*this), right = right_terms(*this);
  return std::all_of(left.begin(), left.end(), is_zero) && std::all_of(right.begin(), right.end(), is_zero);
}

Balance& Balance::operator+=(const Balance& other) {
  received += other.received;
  recovered += other.recovered;
  added += other.added;
  regained += other.regained;
  fanned += other.fanned;
  turned_away += other.turned_away;
  delivered += other.delivered;
  filtered += other.filtered;
  left += other.left;
  held += other.held;
  waiting += other.waiting;
  queued += other.queued;
  in_flight += other.in_flight;
  add(dropped, other.dropped);
  add(returned, other.returned);
  return *this;
}

Balance process_balance(const LedgerSnapshot& snapshot, sluice_signal signal) {
  Balance balance;
  for (const auto& [key, door] : snapshot.doors) {
    if (key.signal != signal) continue;
    balance.received += door.received;
    balance.turned_away += door.turned_away;
  }
  auto add_all = [&](const auto& books) {
    for (const auto& [key, sum] : books) {
      if (key.signal == signal) add(balance, sum);
    }
  };
  add_all(snapshot.edges);
  add_all(snapshot.components);
  add_all(snapshot.wrappers);
  return balance;
}

std::vector<PipelineBalance> pipeline_balances(const LedgerSnapshot& snapshot) {
  Groups groups(snapshot);
  auto balances = groups.balances();
  auto of = [&](sluice_signal signal, const std::string& pipeline) -> Balance& {
    return balances.at(groups.find({signal, pipeline})).balance;
  };
  for (const auto& [key, edge] : snapshot.edges) {
    if (key.pipeline.empty()) continue;
    Balance& balance = of(key.signal, key.pipeline);
    add(balance, edge);
    if (key.entry) balance.received += edge.offered;
  }
  for (const auto& [key, component] : snapshot.components) add(of(key.signal, key.pipeline), component);
  for (const auto& [key, wrapper] : snapshot.wrappers) {
    if (!key.pipelines.empty()) add(of(key.signal, key.pipelines.front()), wrapper);
  }
  std::vector<PipelineBalance> result;
  for (auto& entry : balances) result.push_back(std::move(entry.second));
  return result;
}

std::vector<Imbalance> imbalances(const LedgerSnapshot& snapshot) {
  std::map<std::pair<std::string, sluice_signal>, uint64_t> items;
  auto count = [&](const std::string& pipeline, sluice_signal signal, int64_t difference) {
    items[{pipeline, signal}] += static_cast<uint64_t>(std::llabs(difference));
  };
  for (const auto& [key, door] : snapshot.doors) count("", key.signal, door.imbalance());
  for (const auto& [key, edge] : snapshot.edges) count(key.pipeline, key.signal, edge.imbalance());
  for (const auto& [key, wrapper] : snapshot.wrappers) {
    for (const auto& pipeline : key.pipelines) count(pipeline, key.signal, static_cast<int64_t>(wrapper.imbalance));
  }
  std::vector<Imbalance> result;
  for (const auto& [key, n] : items) result.push_back({key.first, key.second, n});
  return result;
}

std::string account_line(const LedgerSnapshot& snapshot) {
  Balance whole = whole_balance(snapshot);
  std::string line;
  tell(line, left_terms(whole));
  line += " = ";
  tell(line, right_terms(whole));
  if (int64_t lost = whole.in_transit(); lost != 0) line += " + unaccounted " + std::to_string(lost);
  return line;
}

std::string account_json(const LedgerSnapshot& snapshot) {
  std::string line = "{\"total\":" + to_json(whole_balance(snapshot));
  for (sluice_signal signal : kSignals) {
    Balance balance = process_balance(snapshot, signal);
    if (balance.empty()) continue;
    line.append(",\"").append(signal_name(signal)).append("\":").append(to_json(balance));
  }
  return line + "}";
}

std::string_view signal_name(sluice_signal signal) {
  switch (signal) {
    case SLUICE_TRACES:
      return "traces";
    case SLUICE_METRICS:
      return "metrics";
    case SLUICE_LOGS:
      return "logs";
    case SLUICE_PROFILES:
      return "profiles";
    default:
      return "unknown";
  }
}

std::string_view item_name(sluice_signal signal) {
  switch (signal) {
    case SLUICE_TRACES:
      return "spans";
    case SLUICE_METRICS:
      return "metric_points";
    case SLUICE_LOGS:
      return "log_records";
    case SLUICE_PROFILES:
      return "profile_samples";
    default:
      return "items";
  }
}

std::string_view kind_name(sluice_kind kind) {
  switch (kind) {
    case SLUICE_RECEIVER:
      return "receiver";
    case SLUICE_PROCESSOR:
      return "processor";
    case SLUICE_CONNECTOR:
      return "connector";
    case SLUICE_EXPORTER:
      return "exporter";
    case SLUICE_EXTENSION:
      return "extension";
    default:
      return "unknown";
  }
}

}  // namespace sluice::telemetry
