// SPDX-License-Identifier: Apache-2.0
#include "core/app/collector.h"

#include <array>
#include <random>
#include <utility>

#include "core/app/version.h"
#include "core/telemetry/balance.h"
#include "core/telemetry/own_metrics.h"
#include "core/telemetry/prometheus.h"

namespace sluice::app {
namespace {

// The extension that serves own metrics is found by what it offers, not by its name.
constexpr const char* kPrometheusReader = "sluice.reader.pull.prometheus/0";
constexpr unsigned kPoolThreads = 2;
constexpr uint64_t kTidyInterval = 1'000'000'000;

sluice_str str(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

// What such an extension gets as its settings: {host, port}.
struct Collector::ReaderSettings {
  explicit ReaderSettings(const config::PrometheusReader& reader) : host(reader.host) {
    children[0].kind = SLUICE_STRING;
    children[0].key = str("host");
    children[0].string = str(host);
    children[1].kind = SLUICE_INT;
    children[1].key = str("port");
    children[1].integer = reader.port;
    map.kind = SLUICE_MAP;
    map.child_count = children.size();
    map.children = children.data();
  }
  const std::string host;
  std::array<sluice_value, 2> children{};
  sluice_value map{};
};

Collector::Collector(loader::Plugins& plugins, uint64_t memory_bytes)
    : plugins_(plugins),
      began_mono_ns_(clock_.mono_ns()),
      log_(clock_),
      health_(clock_),
      budget_(memory_bytes),
      services_{clock_,  tasks_,       budget_, log_,     ledger_,  metrics_,
                health_, observatory_, calls_,  commons_, kVersion, std::random_device{}()},
      tasks_(clock_, kPoolThreads) {}

Collector::~Collector() = default;

std::vector<graph::ImpliedExtension> Collector::imply_readers() {
  const config::MetricTelemetry& metrics = loaded_->telemetry().metrics;
  std::vector<graph::ImpliedExtension> implied;
  if (metrics.level == config::MetricsLevel::none) return implied;
  std::vector<config::PrometheusReader> readers;
  for (const config::MetricReader& reader : metrics.readers) {
    if (reader.pull && reader.pull->exporter.prometheus) readers.push_back(*reader.pull->exporter.prometheus);
  }
  if (metrics.readers.empty()) readers.emplace_back();

  for (const config::PrometheusReader& reader : readers) {
    std::string problem;
    const config::ComponentType* type = plugins_.find_interface(kPrometheusReader, problem);
    if (!type) {
      telemetry::Logger(log_).warn("own metrics are not served", {{"error", problem}});
      break;
    }
    reader_settings_.push_back(std::make_unique<ReaderSettings>(reader));
    const std::string number = implied.empty() ? "" : "/" + std::to_string(implied.size());
    implied.push_back({type, type->type + number, &reader_settings_.back()->map});
    // Several readers differ in how they name things, so each has a text of its own.
    observatory_.provide(implied.size() == 1 ? "metrics" : "metrics@" + implied.back().id,
                         [this, reader, level = metrics.level] {
                           return telemetry::prometheus_text(metrics_.gather(level), resource_, reader);
                         });
  }
  return implied;
}

void Collector::provide() {
  sources_.push_back(metrics_.add_source([this](auto& sink) { telemetry::ledger_metrics(ledger_.read(), sink); }));
  sources_.push_back(
      metrics_.add_source([this](auto& sink) { telemetry::process_metrics(clock_.mono_ns() - began_mono_ns_, sink); }));
  sources_.push_back(metrics_.add_source([this](auto& sink) { telemetry::budget_metrics(budget_, sink); }));
  sources_.push_back(metrics_.add_source([](auto& sink) { telemetry::build_metrics(kVersion, sink); }));
  observatory_.provide("health", [this] { return health_.json(); });
  observatory_.provide("account", [this] { return telemetry::account_json(ledger_.read()); });
}

// What a slow reader of the log left behind goes out as soon as he reads again, though nobody logs; and memory that a
// peak has left behind.
void Collector::tidy_up_later() {
  tasks_.at(clock_.mono_ns() + kTidyInterval, [this] {
    log_.flush();
    if (heap_.due(budget_.used_bytes(), clock_.mono_ns())) base::give_back_freed_memory();
    tidy_up_later();
  });
}

bool Collector::load(const config::LoadOptions& options) {
  loaded_ = std::make_unique<config::Loaded>(config::load(options, plugins_, config::process_environment()));
  for (std::string_view secret : loaded_->secrets()) log_.add_secret(secret);
  resource_ =
      telemetry::make_resource(config::resource_attributes(loaded_->telemetry()), kVersion, telemetry::random_uuid());
  graph_ = std::make_unique<graph::Graph>(services_, plugins_);
  graph_->create(*loaded_, loaded_->ok() ? imply_readers() : std::vector<graph::ImpliedExtension>());
  return loaded_->ok();
}

std::string Collector::start() {
  std::string error;
  if (!log_.configure(loaded_->telemetry().logs, resource_, error)) return error;
  const telemetry::Logger logger(log_);
  logger.info("Starting sluice...", {{"Version", kVersion}, {"NumCPU", std::thread::hardware_concurrency()}});
  for (const std::string& problem : plugins_.errors()) logger.warn(problem);
  provide();
  tidy_up_later();
  error = graph_->start();
  if (error.empty()) logger.info("Everything is ready. Begin running and processing data.");
  return error;
}

bool Collector::stop(uint64_t grace_ns) {
  const telemetry::Logger logger(log_);
  logger.info("Starting shutdown...");
  const bool clean = graph_->stop(grace_ns);
  const telemetry::LedgerSnapshot books = ledger_.read();
  logger.info(telemetry::account_line(books));
  for (const telemetry::Imbalance& found : telemetry::imbalances(books)) {
    if (found.items) {
      logger.error("the books do not balance", {{"pipeline", found.pipeline}, {"items", found.items}});
    }
  }
  logger.info("Shutdown complete.");
  log_.flush(500);
  return clean;
}

}  // namespace sluice::app
