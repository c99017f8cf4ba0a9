// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/protobuf_writer.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "plugins/formats/prometheus/labels.h"
#include "plugins/wire/writer.h"

namespace sluice::formats::prometheus {
namespace {

using Out = wire::Writer<std::string>;

constexpr size_t kLengthRoom = 5;     // for the length of a family, which is known at its end
constexpr size_t kUsualMetric = 200;  // bytes, a guess: two bytes of length

uint32_t type_number(FamilyType type) {
  constexpr uint32_t kNumbers[] = {0, 1, 4, 2, 3};  // counter, gauge, histogram, summary, untyped
  return kNumbers[static_cast<size_t>(type)];
}

void write_labels(Out& out, std::string_view labels, const WriterOptions& options) {
  const bool as_they_are = options.plain_names || options.escaping == Escaping::allow_utf8;
  for (LabelReader reader(labels); reader.next();) {
    out.message(1, [&](Out& label) {
      as_they_are ? label.text(1, reader.name()) : label.text(1, escape_name(reader.name(), options.escaping));
      label.text(2, reader.value());
    });
  }
}

void write_time(Out& out, uint32_t number, uint64_t unix_nano) {
  if (!unix_nano) return;
  out.message(number, [unix_nano](Out& time) {
    time.varint(1, unix_nano / 1'000'000'000);
    if (const uint64_t nanos = unix_nano % 1'000'000'000) time.varint(2, nanos);
  });
}

void write_exemplar(Out& out, uint32_t number, const Exemplar& exemplar) {
  out.message(number, [&exemplar](Out& e) {
    write_labels(e, exemplar.labels, {});
    e.float64(2, exemplar.value);
    write_time(e, 3, exemplar.time_unix_nano);
  });
}

void write_buckets(Out& out, uint32_t span_number, uint32_t delta_number, const ExponentialBuckets& buckets) {
  const EncodedBuckets encoded = encode(buckets);
  for (const BucketSpan& span : encoded.spans) {
    out.message(span_number, [&span](Out& s) {
      s.zigzag(1, span.offset);
      s.varint(2, span.length);
    });
  }
  for (const int64_t delta : encoded.deltas)
    out.varint(delta_number, (static_cast<uint64_t>(delta) << 1) ^ static_cast<uint64_t>(delta >> 63));
}

}  // namespace

void ProtobufWriter::end_family() {
  if (!std::exchange(open_, false)) return;
  const size_t size = out_.size() - family_;
  const size_t width = wire::varint_size(size);
  char* const room = out_.data() + family_ - kLengthRoom;
  std::memmove(room + width, out_.data() + family_, size);
  wire::store_varint(reinterpret_cast<uint8_t*>(room), size);
  out_.resize(out_.size() - (kLengthRoom - width));
}

void ProtobufWriter::family(const FamilyHead& head) {
  end_family();
  open_ = true;
  type_ = head.type;
  out_.append(kLengthRoom, '\0');
  family_ = out_.size();
  Out family(out_);
  family.text(1, escape_name(head.name, options_.escaping));
  family.text(2, head.help);
  family.varint(3, type_number(head.type));
}

template <class Fill>
void ProtobufWriter::metric(std::string_view labels, const Times& times, Fill&& fill) {
  Out out(out_);
  const size_t body = out.begin_message(4, kUsualMetric);
  write_labels(out, labels, options_);
  fill(out);
  if (times.sample_unix_ms) out.varint(6, times.sample_unix_ms);
  out.end_message(body);
}

void ProtobufWriter::number(std::string_view labels, double value, const Times& times, const Exemplar* exemplar) {
  metric(labels, times, [&](Out& out) {
    const uint32_t field = type_ == FamilyType::counter ? 3 : type_ == FamilyType::gauge ? 2 : 5;
    out.message(field, [&](Out& number) {
      number.float64(1, value);
      if (type_ != FamilyType::counter) return;
      if (exemplar) write_exemplar(number, 2, *exemplar);
      write_time(number, 3, times.created_unix_nano);
    });
  });
}

void ProtobufWriter::histogram(std::string_view labels, const HistogramView& histogram, const Times& times) {
  metric(labels, times, [&](Out& out) {
    const size_t body = out.begin_message(7, kUsualMetric);
    out.varint(1, histogram.count);
    out.float64(2, histogram.sum);
    const Exemplar* exemplar = histogram.exemplars.data();
    const Exemplar* const last = exemplar + histogram.exemplars.size();
    // The bucket up to infinity is implied; it is there where it has an exemplar.
    for (size_t i = 0; i < histogram.bounds.size() || exemplar != last; ++i) {
      const bool finite = i < histogram.bounds.size();
      out.message(3, [&](Out& bucket) {
        bucket.varint(1, i < histogram.cumulative.size() ? histogram.cumulative[i] : histogram.count);
        bucket.float64(2, finite ? histogram.bounds.values()[i] : INFINITY);
        if (exemplar != last && exemplar->bucket == i) write_exemplar(bucket, 3, *exemplar++);
      });
      if (!finite) break;
    }
    write_time(out, 15, times.created_unix_nano);
    out.end_message(body);
  });
}

void ProtobufWriter::native_histogram(std::string_view labels, const NativeHistogram& histogram, const Times& times) {
  metric(labels, times, [&](Out& out) {
    const size_t body = out.begin_message(7, kUsualMetric);
    out.varint(1, histogram.count);
    out.float64(2, histogram.sum);
    out.zigzag(5, histogram.schema);
    out.float64(6, histogram.zero_threshold);
    out.varint(7, histogram.zero_count);
    write_buckets(out, 9, 10, histogram.negative);
    write_buckets(out, 12, 13, histogram.positive);
    write_time(out, 15, times.created_unix_nano);
    out.end_message(body);
  });
}

void ProtobufWriter::summary(std::string_view labels, const SummaryView& summary, const Times& times) {
  metric(labels, times, [&](Out& out) {
    out.message(4, [&](Out& message) {
      message.varint(1, summary.count);
      message.float64(2, summary.sum);
      for (const SummaryView::Quantile& value : summary.quantiles) {
        message.message(3, [&value](Out& quantile) {
          quantile.float64(1, value.quantile);
          quantile.float64(2, value.value);
        });
      }
      write_time(message, 4, times.created_unix_nano);
    });
  });
}

}  // namespace sluice::formats::prometheus
