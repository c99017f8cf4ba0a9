// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/component.h"

#include <algorithm>
#include <string>
#include <utility>

#include "exporters/prometheus/ingest.h"
#include "exporters/prometheus/scrape.h"
#include "exporters/prometheus/short_lived.h"
#include "plugins/formats/prometheus/negotiation.h"

namespace sluice::exporters {
namespace {

constexpr std::string_view kCodings[] = {"zstd", "gzip"};
constexpr int32_t kLevel = 1;  // of compression: a scrape comes often, its body is seldom kept
constexpr uint32_t kMaxConnections = 256;
constexpr uint32_t kExpiryTimer = 0;
constexpr size_t kLineBytes = 256;  // of a series, about

}  // namespace

Prometheus::Prometheus(Host host, Config config)
    : Exporter(host), config_(std::move(config)), translator_(config_, table_.hasher()), server_(host) {}

sluice_status Prometheus::init() {
  series_metric_ = host().define({.type = SLUICE_GAUGE,
                                  .name = "sluice_exporter_prometheus_series",
                                  .unit = "{series}",
                                  .help = "Series that are shown now, target_info among them."});
  scrapes_metric_ = host().define(
      {.name = "sluice_exporter_prometheus_scrapes", .unit = "{scrape}", .help = "Scrapes that were answered."});
  return SLUICE_DONE;
}

sluice_status Prometheus::start() {
  const sluice_status status = server_.start(config_, *this, "prometheus", kMaxConnections);
  if (status != SLUICE_DONE) return status;
  host().info("serving metrics", {{"endpoint", config_.endpoint}, {"port", server_.port()}, {"path", "/metrics"}});
  look_again();
  return SLUICE_DONE;
}

void Prometheus::stop(uint64_t deadline_mono_ns) {
  server_.stop(deadline_mono_ns);
}

// Series expire also where nobody scrapes.
void Prometheus::look_again() {
  host().set_timer_in(kExpiryTimer, config_.metric_expiration);
}

void Prometheus::timer(uint32_t) {
  {
    const std::lock_guard lock(mutex_);
    expire();
  }
  look_again();
}

void Prometheus::expire() {
  const uint64_t now = host().now_mono_ns();
  const auto kept = static_cast<uint64_t>(config_.metric_expiration.count());
  if (now > kept) table_.expire(now - kept);
  series_metric_.record(static_cast<double>(table_.size()));
}

sluice_status Prometheus::consume(const Call& call) {
  std::unique_lock lock(mutex_);
  Ingest ingest(
      table_, translator_, host().now_mono_ns(),
      [&lock] {
        lock.unlock();
        lock.lock();
      },
      [this](std::string_view metric, std::string_view help, std::string_view kept) {
        help_conflict(metric, help, kept);
      });
  const Result result = ingest.take(call.batch());
  series_metric_.record(static_cast<double>(table_.size()));
  lock.unlock();
  if (const Rejected& rejected = ingest.rejected(); rejected.items > 0) {
    if (const auto passed = rejections_.pass(host().now_mono_ns())) {
      host().warn("data points cannot be shown", {{"metric", rejected.metric},
                                                  {"reason", rejected.reason},
                                                  {"rejected items", rejected.items},
                                                  {"more such batches since the last", *passed}});
    }
  }
  return call.reply(result);
}

void Prometheus::help_conflict(std::string_view metric, std::string_view help, std::string_view kept) {
  if (const auto passed = help_conflicts_.pass(host().now_mono_ns())) {
    host().info("a metric has two descriptions, the first one is shown",
                {{"metric", metric}, {"existing", kept}, {"dropped", help}, {"more since the last", *passed}});
  }
}

std::optional<net::HttpResponse> Prometheus::admit(const net::HttpRequest& request) {
  return net::admit_metrics(request);
}

void Prometheus::handle(const net::HttpRequest& request, net::HttpBody, net::HttpReply reply) {
  const auto negotiated = formats::prometheus::negotiate(request.field("accept"), config_.enable_open_metrics);
  net::HttpResponse response;
  response.content_type = negotiated.content_type();
  const size_t last = last_body_bytes_;
  {
    const std::lock_guard lock(mutex_);
    expire();
    reserve_short_lived(response.body, std::max(last + last / 8, table_.size() * kLineBytes));
    const auto writer = formats::prometheus::make_writer(
        negotiated.format, response.body, {.escaping = negotiated.escaping, .plain_names = translator_.plain_names()});
    write_all(table_, config_.send_timestamps, *writer);
  }
  last_body_bytes_ = response.body.size();
  scrapes_metric_.add();
  response.headers.emplace_back("Vary", "Accept, Accept-Encoding");
  net::compress_page(request, kCodings, kLevel, response);
  reply.send(std::move(response));
}

}  // namespace sluice::exporters
