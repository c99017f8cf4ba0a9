// SPDX-License-Identifier: Apache-2.0
// The writer of the two text formats; make_writer() makes it.
#ifndef SLUICE_PLUGINS_FORMATS_PROMETHEUS_TEXT_WRITER_H
#define SLUICE_PLUGINS_FORMATS_PROMETHEUS_TEXT_WRITER_H

#include <string>
#include <string_view>

#include "plugins/formats/prometheus/exposition.h"

namespace sluice::formats::prometheus {

class TextWriter final : public ExpositionWriter {
 public:
  TextWriter(std::string& out, bool open_metrics, const WriterOptions& options)
      : out_(out), open_metrics_(open_metrics), options_(options) {}

  void family(const FamilyHead& head) override;
  void number(std::string_view labels, double value, const Times& times, const Exemplar* exemplar) override;
  void histogram(std::string_view labels, const HistogramView& histogram, const Times& times) override;
  void native_histogram(std::string_view labels, const NativeHistogram& histogram, const Times& times) override;
  void summary(std::string_view labels, const SummaryView& summary, const Times& times) override;
  void finish() override;

 private:
  // What stands before labels, and around none.
  struct SampleName {
    SampleName() = default;
    explicit SampleName(const std::string& name);
    std::string open, bare;
    std::string_view bare_end;
  };
  std::string_view names_escaped(std::string_view labels);
  void begin(const SampleName& name, std::string_view labels, std::string_view last_label);
  void append_value(double value);
  void append_count(uint64_t count);
  void end(const Times& times, const Exemplar* exemplar);
  void sum_and_count(std::string_view labels, double sum, uint64_t count, const Times& times);

  std::string& out_;
  const bool open_metrics_;
  const WriterOptions options_;
  SampleName sample_, bucket_, sum_, count_;  // of the family in hand
  std::string escaped_;
};

}  // namespace sluice::formats::prometheus
#endif  // SLUICE_PLUGINS_FORMATS_PROMETHEUS_TEXT_WRITER_H
