// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_http/component.h"

#include <memory>
#include <utility>

#include "exporters/otlp_http/outcome.h"
#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/compression.h"

namespace sluice::exporters {
namespace {

std::string url_of(const std::string& own, const std::string& base, const char* path) {
  if (!own.empty() || base.empty()) return own;
  return (base.ends_with('/') ? base.substr(0, base.size() - 1) : base) + path;
}

std::array<std::string, 3> urls_of(const OtlpHttpConfig& c) {
  return {url_of(c.traces_endpoint, c.endpoint, "/v1/traces"), url_of(c.metrics_endpoint, c.endpoint, "/v1/metrics"),
          url_of(c.logs_endpoint, c.endpoint, "/v1/logs")};
}

const char* name_of(net::Codec codec) {
  switch (codec) {
    case net::Codec::gzip:
      return "gzip";
    case net::Codec::zlib:
      return "zlib";
    case net::Codec::deflate:
      return "deflate";
    case net::Codec::snappy:
      return "snappy";
    case net::Codec::snappy_framed:
      return "x-snappy-framed";
    case net::Codec::zstd:
      return "zstd";
    case net::Codec::lz4:
      return "lz4";
    case net::Codec::none:
      break;
  }
  return "";
}

net::HttpClientOptions options(const Host& host) {
  net::HttpClientOptions options;
  options.thread_name = "otlp-http-out";
  options.user_agent = "Sluice/" + std::string(host.collector_version()) + " (linux)";
  options.log = [host](const std::string& text) { host.warn(text); };
  return options;
}

std::string_view text_of(const sluice_segment& segment) {
  return {reinterpret_cast<const char*>(segment.data), segment.length_bytes};
}

}  // namespace

OtlpHttp::OtlpHttp(Host host, Config config)
    : Exporter(host),
      encoding_(config.encoding),
      codec_(config.compression),
      level_(config.compression_params.level),
      urls_(urls_of(config)),
      client_(std::move(config), options(host)) {}

sluice_status OtlpHttp::init() {
  for (const sluice_port& input : host().inputs()) {
    if (!urls_[static_cast<size_t>(input.signal)].empty()) continue;
    return host().fail("either endpoint or " + std::string(signal_name(input.signal)) + "_endpoint must be specified",
                       Code::invalid_argument);
  }
  metrics_.define(host(), urls_);
  const std::string error = client_.init();
  return error.empty() ? SLUICE_DONE : host().fail(error, Code::failed_precondition);
}

sluice_status OtlpHttp::start() {
  client_.start();
  return SLUICE_DONE;
}

void OtlpHttp::stop(uint64_t) {
  client_.stop();
}

// Messages one behind the other are one message: a request is a TracesData, MetricsData or LogsData.
bool OtlpHttp::encode(const sluice_batch& batch, net::ByteBuffer& body) const {
  const std::span<const sluice_segment> parts = segments(batch);
  net::ByteBuffer joined;
  std::string_view whole;
  if (parts.size() == 1) {
    whole = text_of(parts.front());
  } else {
    joined.grow(batch.length_bytes);
    for (const sluice_segment& part : parts) joined.append(text_of(part));
    whole = joined.view();
  }
  std::string json;
  if (encoding_ == OtlpEncoding::json) {
    if (!formats::otlp_to_json(static_cast<wire::Signal>(batch.signal), wire::to_bytes(whole), json)) return false;
    whole = json;
  }
  return net::compress(codec_, level_, whole, body) == net::CodecStatus::ok;
}

sluice_status OtlpHttp::consume(const Call& call) {
  const sluice_signal signal = call.signal();
  const std::string& url = urls_[static_cast<size_t>(signal)];
  net::HttpPost post;
  post.url = url;
  if (!encode(call.batch(), post.body)) {
    return call.reply(Result::permanent(Code::internal, "the batch cannot be encoded"));
  }
  post.headers.emplace_back("Content-Type",
                            encoding_ == OtlpEncoding::json ? "application/json" : "application/x-protobuf");
  if (codec_ != net::Codec::none) post.headers.emplace_back("Content-Encoding", name_of(codec_));
  if (const uint64_t deadline = call.deadline_mono_ns()) {
    post.timeout = host().time_left(deadline);
    if (post.timeout.count() == 0)
      return call.reply(Result::retryable(Code::deadline_exceeded, "no time left to send"));
  }
  // A std::function must be copyable, an Answer is not.
  auto answer = std::make_shared<Answer>(call.answer_later());
  const uint64_t items = call.batch().item_count, begun = host().now_mono_ns(), size = post.body.size;
  client_.send(std::move(post), [this, answer, signal, items, begun, size, &url](const net::HttpAnswer& got) {
    metrics_.record(static_cast<size_t>(signal), got, std::chrono::nanoseconds(host().now_mono_ns() - begun), size);
    const Result result = outcome_of(got, signal, items, url);
    if (result.ok() && !result.plain()) warn_of_partial(signal, result);
    (*answer)(result);
  });
  return SLUICE_PENDING;
}

void OtlpHttp::warn_of_partial(sluice_signal signal, const Result& result) {
  constexpr const char* kDropped[] = {"dropped_spans", "dropped_data_points", "dropped_log_records"};
  if (auto passed = partial_limit_.pass(host().now_mono_ns())) {
    host().warn("Partial success response", {{"message", result.text()},
                                             {kDropped[signal], result.rejected_items()},
                                             {"similar_messages_held_back", *passed}});
  }
}

}  // namespace sluice::exporters
