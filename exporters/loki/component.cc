// SPDX-License-Identifier: Apache-2.0
#include "exporters/loki/component.h"

#include <atomic>
#include <memory>
#include <utility>
#include <vector>

#include "exporters/loki/outcome.h"
#include "plugins/net/compression.h"

namespace sluice::exporters {
namespace {

using formats::loki::Push;
using formats::loki::Refusal;

net::HttpClientOptions options(const Host& host) {
  net::HttpClientOptions options;
  options.thread_name = "loki-out";
  options.user_agent = "Sluice/" + std::string(host.collector_version()) + " (linux)";
  options.keep_bytes = options.max_body_bytes;  // each entry that is refused has its own line in the answer
  options.log = [host](const std::string& text) { host.warn(text); };
  return options;
}

}  // namespace

// The last of its requests to be answered answers for the batch.
struct Loki::Batch {
  Batch(Answer answer_to, std::vector<Push> parts, formats::loki::Refused not_sent)
      : answer(std::move(answer_to)),
        pushes(std::move(parts)),
        refused(std::move(not_sent)),
        results(pushes.size(), Result::done()),
        open(pushes.size()) {}

  Answer answer;
  const std::vector<Push> pushes;
  const formats::loki::Refused refused;
  std::vector<Result> results;  // each written by one callback
  std::atomic<size_t> open;
};

Loki::Loki(Host host, Config config)
    : Exporter(host),
      default_labels_(config.default_labels_enabled),
      keep_order_(config.keep_order),
      codec_(config.compression),
      level_(config.compression_params.level),
      url_(config.endpoint),
      client_(std::move(config), options(host)) {}

sluice_status Loki::init() {
  missing_labels_ = host().define({.name = "otelcol_lokiexporter_send_failed_due_to_missing_labels",
                                   .unit = "{records}",
                                   .help = "Number of log records failed to send because labels were missing."});
  if (keep_order_) {
    if (const sluice_status status = host().set_limits(0, 0, 1); status != SLUICE_DONE) return status;
  }
  const std::string error = client_.init();
  return error.empty() ? SLUICE_DONE : host().fail(error, Code::failed_precondition);
}

sluice_status Loki::start() {
  client_.start();
  return SLUICE_DONE;
}

void Loki::stop(uint64_t) {
  client_.stop();
}

// Loki reads protobuf only as one snappy block; `gzip` goes around it.
bool Loki::encode(Push& push, net::HttpPost& post) const {
  net::ByteBuffer snapped;
  if (net::compress(net::Codec::snappy, 0, push.take_message(), snapped) != net::CodecStatus::ok) return false;
  post.url = url_;
  post.headers.emplace_back("Content-Type", "application/x-protobuf");
  if (!push.tenant.empty()) post.headers.emplace_back("X-Scope-OrgID", push.tenant);
  if (codec_ == net::Codec::snappy) post.headers.emplace_back("Content-Encoding", "snappy");
  if (codec_ != net::Codec::gzip) {
    post.body = std::move(snapped);
    return true;
  }
  post.headers.emplace_back("Content-Encoding", "gzip");
  return net::compress(codec_, level_, snapped.view(), post.body) == net::CodecStatus::ok;
}

sluice_status Loki::consume(const Call& call) {
  std::chrono::nanoseconds timeout{0};
  if (const uint64_t deadline = call.deadline_mono_ns()) {
    timeout = host().time_left(deadline);
    if (timeout.count() == 0) return call.reply(Result::retryable(Code::deadline_exceeded, "no time left to send"));
  }
  // A record without a time gets that of its arrival: the same again when it is sent again.
  const uint64_t arrived = call.context().received_unix_ns;
  formats::loki::PushBuilder builder(default_labels_, arrived != 0 ? arrived : host().now_unix_ns());
  for_each_message(call.batch(), [&builder](std::span<const uint8_t> message, uint64_t) { builder.add(message); });

  std::vector<Push> pushes = builder.take_pushes();
  const uint64_t without_labels = builder.refused().counts[static_cast<size_t>(Refusal::no_labels)];
  if (pushes.empty()) {
    const Result result = combine({}, {}, builder.refused());
    finish(result, without_labels);
    return call.reply(result);
  }
  std::vector<net::HttpPost> posts(pushes.size());
  for (size_t i = 0; i < pushes.size(); ++i) {
    if (!encode(pushes[i], posts[i])) {
      return call.reply(Result::permanent(Code::internal, "the batch cannot be compressed"));
    }
    posts[i].timeout = timeout;
  }
  // A std::function must be copyable, an Answer is not.
  auto batch = std::make_shared<Batch>(call.answer_later(), std::move(pushes), builder.refused());
  for (size_t i = 0; i < posts.size(); ++i) {
    client_.send(std::move(posts[i]), [this, batch, i, without_labels](const net::HttpAnswer& answer) {
      batch->results[i] = outcome_of(answer, batch->pushes[i], url_);
      if (batch->open.fetch_sub(1) != 1) return;
      const Result result = combine(batch->pushes, batch->results, batch->refused);
      if (result.ok()) finish(result, without_labels);
      batch->answer(result);
    });
  }
  return SLUICE_PENDING;
}

// Counted and said once: what is sent again is refused again.
void Loki::finish(const Result& result, uint64_t without_labels) {
  if (without_labels != 0) missing_labels_.add(static_cast<int64_t>(without_labels));
  if (result.rejected_items() == 0) return;
  if (auto passed = rejected_limit_.pass(host().now_mono_ns())) {
    host().warn("not all log records were taken by Loki", {{"message", result.text()},
                                                           {"dropped_log_records", result.rejected_items()},
                                                           {"similar_messages_held_back", *passed}});
  }
}

}  // namespace sluice::exporters
