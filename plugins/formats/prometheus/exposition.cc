// SPDX-License-Identifier: Apache-2.0
#include "plugins/formats/prometheus/exposition.h"

#include <cmath>
#include <utility>

#include "plugins/formats/prometheus/protobuf_writer.h"
#include "plugins/formats/prometheus/text.h"
#include "plugins/formats/prometheus/text_writer.h"

namespace sluice::formats::prometheus {
namespace {

std::vector<std::string> le_labels(std::span<const double> bounds, void (*append)(std::string&, double)) {
  std::vector<std::string> labels;
  for (size_t i = 0; i <= bounds.size(); ++i) {
    std::string& label = labels.emplace_back("le=\"");
    append(label, i < bounds.size() ? bounds[i] : INFINITY);
    label += '"';
  }
  return labels;
}

}  // namespace

BucketBounds::BucketBounds(std::vector<double> bounds)
    : values_(std::move(bounds)),
      text_(le_labels(values_, append_number)),
      open_metrics_text_(le_labels(values_, append_open_metrics_number)) {}

std::unique_ptr<ExpositionWriter> make_writer(Format format, std::string& out, const WriterOptions& options) {
  if (format == Format::protobuf) return std::make_unique<ProtobufWriter>(out, options);
  return std::make_unique<TextWriter>(out, format == Format::open_metrics, options);
}

}  // namespace sluice::formats::prometheus
