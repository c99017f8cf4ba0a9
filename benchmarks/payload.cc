// SPDX-License-Identifier: Apache-2.0
#include "benchmarks/payload.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>
#include <type_traits>

#include "plugins/wire/check.h"
#include "plugins/wire/writer.h"

namespace sluice::benchmarks {
namespace {

constexpr uint64_t kStart = 1'767'225'600'000'000'000;  // 2026-01-01
constexpr uint32_t kPointsPerMetric = 10;               // as an instrument with a few sets of attributes has
constexpr char kMagic[8] = {'S', 'L', 'U', 'P', 'A', 'Y', '0', '1'};
constexpr std::array<std::string_view, 6> kNames = {"traces", "logs",       "sums",
                                                    "gauges", "histograms", "exponential_histograms"};

// Ids look random, as real ones do, and tell the number: multiplication by an odd number can be undone.
constexpr uint64_t kScatter = 0x9e37'79b9'7f4a'7c15;
constexpr uint64_t inverse(uint64_t odd) {
  uint64_t x = odd;
  for (int i = 0; i < 6; ++i) x *= 2 - odd * x;
  return x;
}
static_assert(kScatter * inverse(kScatter) == 1);

class Maker {
  using Writer = wire::Writer<std::vector<uint8_t>>;

 public:
  explicit Maker(const Shape& shape) : shape_(shape), random_(shape.seed) {}

  std::vector<uint8_t> request() {
    std::vector<uint8_t> message;
    Writer writer(message);
    writer.message(1, [&](Writer& resource_items) {
      resource_items.message(1, [&](Writer& resource) {
        attribute(resource, 1, "service.name", "checkout");
        attribute(resource, 1, "service.instance.id", hex(32));
        attribute(resource, 1, "deployment.environment", "benchmark");
      });
      resource_items.message(2, [&](Writer& scope_items) {
        scope_items.message(1, [&](Writer& scope) { scope.text(1, "io.example.http"); });
        for (uint32_t left = shape_.items_per_request; left != 0;) left -= add(scope_items, left);
      });
    });
    return message;
  }

 private:
  // Writes the next span, log record or metric; returns how many items that are, at most `left`.
  uint32_t add(Writer& scope_items, uint32_t left) {
    if (signal_of(shape_.kind) == wire::Signal::metrics) {
      const uint32_t points = std::min(left, kPointsPerMetric);
      scope_items.message(2, [&](Writer& metric) { fill_metric(metric, points); });
      return points;
    }
    scope_items.message(2, [&](Writer& item) {
      if (shape_.kind == Kind::logs) {
        fill_log(item);
      } else if (shape_.item_bytes != 0) {
        small_span(item);
      } else {
        fill_span(item);
      }
    });
    ++number_;
    return 1;
  }

  std::string id() const {
    const uint64_t scattered = (number_ + 1) * kScatter;
    std::string bytes(8, '\0');
    std::memcpy(bytes.data(), &scattered, 8);
    return bytes;
  }

  void small_span(Writer& span) {
    const size_t begin = span.out().size();
    span.bytes(1, wire::to_bytes(raw(16)));
    span.bytes(2, wire::to_bytes(id()));
    span.text(5, "GET");
    span.fixed64(7, kStart);
    span.fixed64(8, kStart + 1000);
    pad(span, 9, begin);
  }

  void fill_span(Writer& span) {
    const uint64_t start = kStart + random_() % 1'000'000'000;
    span.bytes(1, wire::to_bytes(raw(16)));
    span.bytes(2, wire::to_bytes(id()));
    span.bytes(4, wire::to_bytes(raw(8)));
    span.text(5, "GET /api/v1/orders/{id}");
    span.varint(6, 2);
    span.fixed64(7, start);
    span.fixed64(8, start + random_() % 100'000'000);
    attribute(span, 9, "http.request.method", "GET");
    attribute(span, 9, "url.path", "/api/v1/orders/" + hex(12));
    attribute(span, 9, "url.scheme", "https");
    attribute(span, 9, "server.address", "orders.svc.cluster.local");
    attribute(span, 9, "client.address", hex(11));
    attribute(span, 9, "user_agent.original", "client/1.0 " + hex(25));
    attribute(span, 9, "http.route", "/api/v1/orders/{id}");
    attribute(span, 9, "enduser.id", hex(32));
    attribute(span, 9, "http.response.status_code", 200);
    attribute(span, 9, "http.response.body.size", 10'000 + random_() % 90'000);
    attribute(span, 9, "thread.id", random_() % 100);
    attribute(span, 9, "network.protocol.version", "1.1");
    if (number_ % 2 == 1) {
      span.message(11, [&](Writer& event) {
        event.fixed64(1, start + 1000);
        event.text(2, "cache.miss");
        attribute(event, 3, "cache.key", hex(17));
      });
    }
    span.message(15, [&](Writer& status) { status.varint(3, 1); });
  }

  void fill_log(Writer& log) {
    const size_t begin = log.out().size();
    log.fixed64(1, kStart + random_() % 1'000'000'000);
    log.varint(2, 9);
    log.text(3, "INFO");
    if (shape_.item_bytes == 0) {
      log.message(5,
                  [&](Writer& body) { body.text(1, "order " + hex(40) + " accepted for shipping from " + hex(31)); });
      attribute(log, 6, "http.request.method", "POST");
      attribute(log, 6, "url.path", "/api/v1/orders/" + hex(12));
      attribute(log, 6, "http.response.status_code", 201);
      attribute(log, 6, "enduser.id", hex(24));
      attribute(log, 6, "thread.name", "worker-" + std::to_string(random_() % 64));
    }
    log.bytes(9, wire::to_bytes(raw(16)));
    log.bytes(10, wire::to_bytes(id()));
    if (shape_.item_bytes != 0) pad(log, 6, begin);
  }

  void fill_metric(Writer& metric, uint32_t points) {
    static constexpr uint32_t kField[] = {0, 0, 7, 5, 9, 10};
    metric.text(1, "http.server.request." + std::string(kNames[static_cast<size_t>(shape_.kind)]));
    metric.text(3, "s");
    metric.message(kField[static_cast<size_t>(shape_.kind)], [&](Writer& data) {
      for (uint32_t i = 0; i < points; ++i, ++number_) data.message(1, [&](Writer& point) { fill_point(point); });
      if (shape_.kind != Kind::gauges) data.varint(2, 2);  // cumulative
      if (shape_.kind == Kind::sums) data.varint(3, 1);
    });
  }

  void fill_point(Writer& point) {
    const size_t begin = point.out().size();
    const bool bucketed = shape_.kind == Kind::histograms || shape_.kind == Kind::exponential_histograms;
    const uint32_t attributes = shape_.kind == Kind::histograms               ? 9
                                : shape_.kind == Kind::exponential_histograms ? 1
                                                                              : 7;
    if (shape_.item_bytes == 0) {
      attribute(point, attributes, "http.route", "/api/v1/orders/{id}");
      attribute(point, attributes, "http.request.method", "GET");
      attribute(point, attributes, "k8s.pod.name", "o-" + hex(8));
      attribute(point, attributes, "http.response.status_code", 200);
    }
    point.fixed64(2, kStart - 60'000'000'000);
    point.fixed64(3, kStart + number_);
    if (shape_.kind == Kind::histograms) {
      static constexpr std::array<double, 14> kBounds = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                                         0.5,   0.75, 1,     2.5,  5,     7.5, 10};
      point.fixed64(4, 15 * 15);
      point.float64(5, 37.5);
      packed(point, 6, std::vector<uint64_t>(kBounds.size() + 1, 15));
      packed(point, 7, std::vector<double>(kBounds.begin(), kBounds.end()));
    } else if (shape_.kind == Kind::exponential_histograms) {
      point.fixed64(4, 20 * 7);
      point.float64(5, 37.5);
      point.zigzag(6, 3);
      point.message(8, [](Writer& positive) {
        positive.zigzag(1, -12);
        positive.message(2, [](Writer& counts) {
          for (int i = 0; i < 20; ++i) wire::append_varint(counts.out(), 7);
        });
      });
    } else {
      point.float64(4, static_cast<double>(random_() % 1'000'000) / 7);
    }
    if (shape_.item_bytes != 0 && !bucketed) pad(point, attributes, begin);
  }

  template <typename T>
  static void packed(Writer& writer, uint32_t number, const std::vector<T>& values) {
    writer.bytes(number, {reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)});
  }

  void pad(Writer& item, uint32_t number, size_t begin) {
    const size_t used = item.out().size() - begin + 14;  // tags and lengths of the attribute
    attribute(item, number, "pad", hex(shape_.item_bytes > used ? shape_.item_bytes - used : 0));
  }

  template <typename T>
  void attribute(Writer& owner, uint32_t number, std::string_view key, const T& value) {
    owner.message(number, [&](Writer& pair) {
      pair.text(1, key);
      pair.message(2, [&](Writer& any) {
        if constexpr (std::is_integral_v<T>) {
          any.varint(3, static_cast<uint64_t>(value));
        } else {
          any.text(1, value);
        }
      });
    });
  }

  std::string raw(size_t size) {
    std::string bytes;
    while (bytes.size() < size) bytes.push_back(static_cast<char>(random_() % 255 + 1));
    return bytes;
  }
  std::string hex(size_t size) {
    std::string text;
    while (text.size() < size) text.push_back("0123456789abcdef"[random_() % 16]);
    return text;
  }

  const Shape shape_;
  std::mt19937_64 random_;
  uint64_t number_ = 0;
};

template <typename T>
void put(std::ofstream& out, T value) {
  out.write(reinterpret_cast<const char*>(&value), sizeof value);
}

template <typename T>
T get(std::ifstream& in) {
  T value{};
  in.read(reinterpret_cast<char*>(&value), sizeof value);
  return value;
}

}  // namespace

std::optional<Kind> kind_of(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

wire::Signal signal_of(Kind kind) {
  if (kind == Kind::traces) return wire::Signal::traces;
  return kind == Kind::logs ? wire::Signal::logs : wire::Signal::metrics;
}

Payload Payload::make(const Shape& shape) {
  Payload payload{shape, {}};
  Maker maker(shape);
  for (uint32_t i = 0; i < shape.requests; ++i) {
    payload.requests.push_back(maker.request());
    const auto checked = wire::check(signal_of(shape.kind), payload.requests.back());
    if (!checked.ok || checked.items != shape.items_per_request)
      throw std::runtime_error("made a wrong payload: " + checked.describe());
  }
  return payload;
}

Payload Payload::read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  char magic[sizeof kMagic] = {};
  in.read(magic, sizeof magic);
  if (!in || std::memcmp(magic, kMagic, sizeof magic) != 0) throw std::runtime_error(file + " is no payload file");
  Payload payload;
  payload.shape.kind = static_cast<Kind>(get<uint32_t>(in));
  payload.shape.requests = get<uint32_t>(in);
  payload.shape.items_per_request = get<uint32_t>(in);
  for (uint32_t i = 0; in && i < payload.shape.requests; ++i) {
    std::vector<uint8_t> request(get<uint32_t>(in));
    in.read(reinterpret_cast<char*>(request.data()), static_cast<std::streamsize>(request.size()));
    payload.requests.push_back(std::move(request));
  }
  if (!in) throw std::runtime_error(file + " is cut short");
  return payload;
}

void Payload::write(const std::string& file) const {
  std::ofstream out(file, std::ios::binary);
  out.write(kMagic, sizeof kMagic);
  put(out, static_cast<uint32_t>(shape.kind));
  put(out, static_cast<uint32_t>(requests.size()));
  put(out, shape.items_per_request);
  for (const auto& request : requests) {
    put(out, static_cast<uint32_t>(request.size()));
    out.write(reinterpret_cast<const char*>(request.data()), static_cast<std::streamsize>(request.size()));
  }
  if (!out.flush()) throw std::runtime_error(file + " cannot be written");
}

uint64_t Payload::bytes() const {
  uint64_t sum = 0;
  for (const auto& request : requests) sum += request.size();
  return sum;
}

std::optional<uint64_t> item_number(wire::Signal signal, wire::Bytes item) {
  const uint32_t field = signal == wire::Signal::traces ? 2 : signal == wire::Signal::logs ? 10 : 3;
  for (wire::Cursor cursor(item); cursor.next();) {
    if (cursor.tag() >> 3 != field) continue;
    if (signal == wire::Signal::metrics)
      return cursor.value() >= kStart ? std::optional(cursor.value() - kStart) : std::nullopt;
    if (cursor.bytes().size() != 8) return std::nullopt;
    uint64_t scattered;
    std::memcpy(&scattered, cursor.bytes().data(), 8);
    return scattered * inverse(kScatter) - 1;
  }
  return std::nullopt;
}

}  // namespace sluice::benchmarks
