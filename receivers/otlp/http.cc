// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/http.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "plugins/formats/otlp_json/otlp_json.h"
#include "plugins/net/settings/headers.h"

namespace sluice::otlp {
namespace {

enum class Encoding : uint8_t { protobuf, json };

constexpr const char* kProtobuf = "application/x-protobuf";
constexpr const char* kJson = "application/json";

std::optional<Encoding> encoding_of(const net::HttpRequest& request) {
  std::string_view type = request.field("content-type");
  type = type.substr(0, type.find(';'));  // parameters, as charset
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  if (net::same_ignoring_case(type, kProtobuf)) return Encoding::protobuf;
  if (net::same_ignoring_case(type, kJson)) return Encoding::json;
  return std::nullopt;
}

// What OTLP/HTTP makes of gRPC's codes. A client sends again on 429 and 503, so without a hint when to come back
// RESOURCE_EXHAUSTED, which then is for good, must be something else: it was too large.
int http_status(const net::RpcStatus& status) {
  switch (static_cast<Code>(status.code)) {
    case Code::cancelled:
    case Code::deadline_exceeded:
    case Code::aborted:
    case Code::out_of_range:
    case Code::unavailable:
    case Code::data_loss:
      return 503;
    case Code::resource_exhausted:
      return status.retry_after ? 429 : 413;
    case Code::invalid_argument:
      return 400;
    case Code::unauthenticated:
      return 401;
    case Code::permission_denied:
      return 403;
    case Code::unimplemented:
      return 404;
    default:
      return 500;
  }
}

// The message in the encoding of the request.
std::string encode(Encoding encoding, wire::Message type, std::string message) {
  if (encoding == Encoding::protobuf) return message;
  std::string json;
  formats::message_to_json(type, wire::to_bytes(message), json);
  return json;
}

net::HttpResponse response_to(const Outcome& outcome, Encoding encoding, sluice_signal signal) {
  net::HttpResponse response;
  response.content_type = encoding == Encoding::json ? kJson : kProtobuf;
  if (outcome.ok()) {
    if (outcome.has_partial()) {
      response.body = encode(encoding, wire::export_response(static_cast<wire::Signal>(signal)),
                             net::encode_partial_success(outcome.partial));
    } else if (encoding == Encoding::json) {
      response.body = R"({"partialSuccess":{}})";
    }
    return response;
  }
  response.status = http_status(outcome.status);
  response.body = encode(encoding, wire::Message::rpc_status, net::encode_rpc_status(outcome.status));
  if (outcome.status.retry_after && (response.status == 429 || response.status == 503)) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*outcome.status.retry_after);
    response.headers.emplace_back("Retry-After", std::to_string(std::max<int64_t>(seconds.count(), 1)));
  }
  return response;
}

class HttpCall final : public Request {
 public:
  HttpCall(net::HttpReply reply, Encoding encoding, sluice_signal signal)
      : reply_(std::move(reply)), encoding_(encoding), signal_(signal) {}
  void answer(const Outcome& outcome) override { reply_.send(response_to(outcome, encoding_, signal_)); }

 private:
  net::HttpReply reply_;
  const Encoding encoding_;
  const sluice_signal signal_;
};

std::span<const uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// A batch of `message`, whose memory `owner` holds; without a copy, unless that would pin much more than it needs.
template <class Owner>
NewBatch make_batch(const Host& host, sluice_signal signal, std::string_view message, size_t capacity, Owner owner) {
  if (message.empty()) return {SLUICE_DONE, {}};
  if (capacity > message.size() * 2) return host.copy(signal, as_bytes(message));
  return host.adopt(signal, as_bytes(message), std::move(owner), capacity);
}

std::string absolute(const std::string& path) {
  return path.starts_with('/') ? path : '/' + path;
}

net::HttpServerOptions options(const Host& host) {
  net::HttpServerOptions options;
  options.thread_name = "otlp-http";
  options.threads = std::clamp(std::thread::hardware_concurrency(), 1u, 2u);
  options.log = [host](const std::string& text) { host.warn(text); };
  return options;
}

}  // namespace

HttpProtocol::HttpProtocol(const Intake& intake, HttpConfig config)
    : intake_(intake),
      paths_{absolute(config.traces_url_path), absolute(config.metrics_url_path), absolute(config.logs_url_path)},
      include_metadata_(config.include_metadata),
      metrics_(config, "POST", {paths_.begin(), paths_.end()}),
      server_(std::move(config), *this, options(intake.host())) {}

void HttpProtocol::drain() {
  server_.drain();  // first: who is refused from now on is also told to close
  draining_ = true;
}

std::optional<sluice_signal> HttpProtocol::signal_of(std::string_view path) const {
  for (const sluice_signal signal : kSignals) {
    if (paths_[static_cast<size_t>(signal)] == path && intake_.takes(signal)) return signal;
  }
  return std::nullopt;
}

std::optional<net::HttpResponse> HttpProtocol::admit(const net::HttpRequest& request) {
  net::HttpResponse response{.content_type = "text/plain"};
  if (!signal_of(request.path)) {
    response.status = 404;
    response.body = "404 page not found";
  } else if (request.method != "POST") {
    response.status = 405;
    response.body = "405 method not allowed, supported: [POST]";
    response.headers.emplace_back("Allow", "POST");
  } else if (!encoding_of(request)) {
    response.status = 415;
    response.body = "415 unsupported media type, supported: [application/json, application/x-protobuf]";
  } else {
    return std::nullopt;
  }
  return response;
}

bool HttpProtocol::reserve(uint64_t bytes) {
  const Host host = intake_.host();
  return host.get()->reserve(host.get(), bytes) == SLUICE_DONE;
}

void HttpProtocol::release(uint64_t bytes) {
  const Host host = intake_.host();
  host.get()->unreserve(host.get(), bytes);
}

// Only for requests that admit() let through.
net::HttpResponse HttpProtocol::refusal(const net::HttpRequest& request, int status, std::string_view text) {
  Outcome outcome;
  if (status == 503) {
    outcome = refuse_busy("the memory budget is used up");
  } else {
    outcome.status.code = static_cast<int32_t>(status == 413 ? Code::resource_exhausted : Code::invalid_argument);
    outcome.status.message = text;
  }
  const sluice_signal signal = signal_of(request.path).value_or(SLUICE_TRACES);
  return response_to(outcome, encoding_of(request).value_or(Encoding::protobuf), signal);
}

void HttpProtocol::handle(const net::HttpRequest& request, net::HttpBody body, net::HttpReply reply) {
  const sluice_signal signal = *signal_of(request.path);
  const Encoding encoding = *encoding_of(request);
  auto call = std::make_unique<HttpCall>(std::move(reply), encoding, signal);
  if (draining_) return call->answer(refuse_busy("the collector is stopping"));

  const Host host = intake_.host();
  NewBatch batch{SLUICE_DONE, {}};
  if (encoding == Encoding::json && body.size) {
    auto message = std::make_shared<std::string>();
    std::string error;
    if (!formats::json_to_otlp(static_cast<wire::Signal>(signal), body.view(), *message, error)) {
      Outcome outcome;
      outcome.status.code = static_cast<int32_t>(Code::invalid_argument);
      outcome.status.message = std::move(error);
      return call->answer(outcome);
    }
    body = {};
    batch = make_batch(host, signal, *message, message->capacity(), message);
  } else {
    auto memory = std::make_shared<net::HttpBody>(std::move(body));
    batch = make_batch(host, signal, memory->view(), memory->capacity, memory);
  }
  intake_.submit(signal, std::move(batch), make_context(request), 0, std::move(call));
}

ContextRef HttpProtocol::make_context(const net::HttpRequest& request) const {
  const Host host = intake_.host();
  std::vector<sluice_kv> pairs;
  if (include_metadata_) {
    pairs.reserve(request.fields.size());
    for (const net::HttpField& field : request.fields) pairs.push_back({str(field.name), str(field.value)});
  }
  sluice_context fields{};
  fields.struct_size = sizeof fields;
  fields.peer_address = str(request.peer);
  fields.transport = str("http");
  fields.metadata = pairs.data();
  fields.metadata_count = static_cast<uint32_t>(pairs.size());
  fields.received_unix_ns = host.now_unix_ns();
  return ContextRef::take(host.get(), host.get()->context_new(host.get(), &fields));
}

}  // namespace sluice::otlp
