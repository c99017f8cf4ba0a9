// SPDX-License-Identifier: Apache-2.0
// The writer of delimited protobuf, io.prometheus.client.MetricFamily; make_writer() makes it.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_PROTOBUF_WRITER_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_PROTOBUF_WRITER_H

#include <string>
#include <string_view>

#include "plugins/formats/prometheus/exposition.h"

namespace sluice::formats::prometheus {

class ProtobufWriter final : public ExpositionWriter {
 public:
  ProtobufWriter(std::string& out, const WriterOptions& options) : out_(out), options_(options) {}

  void family(const FamilyHead& head) override;
  void number(std::string_view labels, double value, const Times& times, const Exemplar* exemplar) override;
  void histogram(std::string_view labels, const HistogramView& histogram, const Times& times) override;
  void native_histogram(std::string_view labels, const NativeHistogram& histogram, const Times& times) override;
  void summary(std::string_view labels, const SummaryView& summary, const Times& times) override;
  void finish() override { end_family(); }

 private:
  template <class Fill>
  void metric(std::string_view labels, const Times& times, Fill&& fill);
  void end_family();

  std::string& out_;
  const WriterOptions options_;
  FamilyType type_ = FamilyType::untyped;
  size_t family_ = 0;  // where the message in hand begins, behind the room for its length
  bool open_ = false;
};

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_PROTOBUF_WRITER_H
