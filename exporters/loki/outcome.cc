// SPDX-License-Identifier: Apache-2.0
#include "exporters/loki/outcome.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "plugins/net/http_outcome.h"

namespace sluice::exporters {
namespace {

using formats::loki::Push;
using formats::loki::Refused;
using formats::loki::Run;
using formats::loki::Stream;

constexpr std::string_view kManyLike = " errors like: ";

bool contains(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}
bool contains_any(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::any_of(list.begin(), list.end(), [text](std::string_view words) { return contains(text, words); });
}

// The number at the front, which is taken off.
std::optional<uint64_t> take_number(std::string_view& text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

// Just behind a Go string literal that begins with `text`.
size_t end_of_literal(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return std::min(at + 1, text.size());
}

// {a="b", service_name="c"} without the label that Loki adds by itself.
std::string without_service_name(std::string_view labels) {
  constexpr std::string_view kName = "service_name=\"";
  std::string out;
  size_t at = 0;
  while (at < labels.size()) {
    const bool is_name =
        labels.substr(at).starts_with(kName) && at != 0 && (labels[at - 1] == '{' || labels[at - 1] == ' ');
    if (is_name) {
      at += kName.size() - 1;
      at += end_of_literal(labels.substr(at));
      if (labels.substr(at).starts_with(", "))
        at += 2;
      else if (out.ends_with(", "))
        out.resize(out.size() - 2);
    } else {
      const size_t length = labels[at] == '"' ? end_of_literal(labels.substr(at)) : 1;
      out += labels.substr(at, length);
      at += length;
    }
  }
  return out;
}

// The labels that an error names between apostrophes, braces included. Values may have both in them.
std::string_view labels_in(std::string_view text) {
  const size_t first = text.find("'{");
  if (first == std::string_view::npos) return {};
  size_t at = first + 1;
  while (at < text.size() && text[at] != '}') at += text[at] == '"' ? end_of_literal(text.substr(at)) : 1;
  return text.substr(first + 1, at - first);
}

// How many entries one error costs.
std::optional<uint64_t> entries_of(std::string_view error, const Push& push) {
  const bool whole_stream =
      contains_any(error, {" label names; limit ", " has label name too long", " has label value too long",
                           " has duplicate label name", "missing required labels"});
  if (!whole_stream) return 1;
  if (push.streams.size() == 1) return push.streams.front().entries;
  const std::string_view labels = labels_in(error);
  const std::string ours = without_service_name(labels);
  for (const Stream& stream : push.streams) {
    if (stream.labels == labels || stream.labels == ours) return stream.entries;
  }
  return std::nullopt;
}

// Where the next group of equal errors begins: "; 3 errors like: ". A label's value cannot pretend to be one, since
// quotes are passed over.
size_t next_group(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at += end_of_literal(text.substr(at));
      continue;
    }
    if (text.substr(at).starts_with("; ")) {
      std::string_view rest = text.substr(at + 2);
      if (take_number(rest) && rest.starts_with(kManyLike)) return at;
    }
    ++at;
  }
  return text.size();
}

// The valid entries are stored, also if there are none.
Result partial(std::string_view body, const Push& push, std::string text) {
  if (const auto rejected = rejected_by(body, push)) {
    return Result::partial(std::min(*rejected, push.entries), std::move(text));
  }
  return Result::partial(push.entries, std::move(text)).unattributed();
}

uint64_t total(const Refused& refused) {
  uint64_t sum = 0;
  for (const uint64_t count : refused.counts) sum += count;
  return sum;
}

// All were taken, but for what Loki has rejected and for what was never sent.
Result taken(std::span<const Result> results, const Refused& refused) {
  uint64_t rejected = 0;
  const Result* first = nullptr;
  bool unattributed = false;
  for (const Result& result : results) {
    rejected += result.rejected_items();
    if (first == nullptr && result.rejected_items() != 0) first = &result;
    unattributed = unattributed || (result.flags() & SLUICE_RESULT_UNATTRIBUTED) != 0;
  }
  if (first == nullptr) {
    Result result = Result::partial(0, describe(refused));
    for (const Run& run : refused.items) {
      result.range(run.first, run.count, SLUICE_FAILED_PERMANENT, Code::invalid_argument);
    }
    return result;
  }
  if (results.size() == 1 && refused.items.empty()) return *first;
  // Nobody knows which ones Loki has rejected, so there are no ranges for the others either.
  std::string text = first->text();
  if (!refused.items.empty()) text += "; " + describe(refused);
  Result result = Result::partial(rejected + total(refused), std::move(text));
  if (unattributed) result.unattributed();
  return result;
}

// None was taken: the one answer that lets all of them come again, if there is one.
Result not_taken(std::span<const Result> results) {
  const auto of_status = [results](sluice_status status) {
    return std::find_if(results.begin(), results.end(), [status](const Result& one) { return one.status() == status; });
  };
  auto chosen = of_status(SLUICE_FAILED_RETRYABLE);
  if (chosen == results.end()) chosen = of_status(SLUICE_TOO_LARGE);
  if (chosen == results.end()) chosen = results.begin();
  Result result = *chosen;
  for (const Result& one : results) {
    if (one.flags() & SLUICE_RESULT_UNKNOWN) result.outcome_unknown();
    if (one.retry_after() > result.retry_after()) result.retry_after(one.retry_after());
  }
  return result;
}

// Some were taken. A count cannot stand beside ranges, so the first items of a tenant stand for those it has lost.
Result partly_taken(std::span<const Push> pushes, std::span<const Result> results, const Refused& refused) {
  std::vector<sluice_range> ranges;
  for (const Run& run : refused.items) {
    ranges.push_back({run.first, run.count, SLUICE_FAILED_PERMANENT, static_cast<int32_t>(Code::invalid_argument)});
  }
  std::string text;
  std::chrono::nanoseconds pause{};
  bool unknown = false;
  for (size_t i = 0; i < pushes.size(); ++i) {
    const Result& result = results[i];
    const bool again = !result.ok();
    // Alone, it gets the answer that this one is: to be cut, or held, or refused.
    const Code code = result.status() == SLUICE_FAILED_RETRYABLE ? result.code() : Code::aborted;
    uint64_t left = again ? pushes[i].entries : result.rejected_items();
    for (const Run& run : pushes[i].items) {
      const uint64_t count = std::min(run.count, left);
      if (count == 0) break;
      ranges.push_back({run.first, count, again ? SLUICE_FAILED_RETRYABLE : SLUICE_FAILED_PERMANENT,
                        static_cast<int32_t>(again ? code : Code::invalid_argument)});
      left -= count;
    }
    if (again && text.empty()) text = result.text();
    pause = std::max(pause, result.retry_after());
    unknown = unknown || (result.flags() & SLUICE_RESULT_UNKNOWN) != 0;
  }
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  Result all = Result::partial(0, std::move(text)).retry_after(pause);
  for (const sluice_range& range : ranges)
    all.range(range.first, range.count, range.status, static_cast<Code>(range.code));
  if (unknown) all.outcome_unknown();
  return all;
}

}  // namespace

std::optional<uint64_t> rejected_by(std::string_view text, const Push& push) {
  // The ingester's words, of one stream.
  constexpr std::string_view kIgnored = "total ignored: ";
  if (const size_t at = text.rfind(kIgnored); at != std::string_view::npos) {
    text.remove_prefix(at + kIgnored.size());
    return take_number(text);
  }
  // The distributor's, of one entry or stream: alone, or grouped and counted.
  if (std::string_view rest = text; !take_number(rest) || !rest.starts_with(kManyLike)) {
    const bool known =
        contains_any(text, {" has timestamp too old", " has timestamp too new", "max entry size ",
                            " structured metadata", " label names; limit ", " has label name too long",
                            " has label value too long", " has duplicate label name", "missing required labels"});
    return known ? entries_of(text, push) : std::nullopt;
  }
  uint64_t rejected = 0;
  while (!text.empty()) {
    const uint64_t times = take_number(text).value_or(0);
    text.remove_prefix(kManyLike.size());
    const size_t end = next_group(text);
    const auto entries = entries_of(text.substr(0, end), push);
    if (!entries) return std::nullopt;
    rejected += times * *entries;
    text.remove_prefix(std::min(end + 2, text.size()));
  }
  return rejected;
}

Result outcome_of(const net::HttpAnswer& answer, const Push& push, std::string_view url) {
  if (answer.status == 0) return net::no_answer(answer);
  if (answer.status >= 200 && answer.status < 300 && answer.status != 260) return Result::done();

  const std::string_view body = answer.body;
  std::string text =
      "request to " + net::printable_url(url) + " responded with HTTP Status Code " + std::to_string(answer.status);
  if (std::string words = net::in_one_line(body); !words.empty()) text += ", Message=" + words;
  const auto pause = answer.retry_after.value_or(std::chrono::nanoseconds(0));
  switch (answer.status) {
    case 260:
      return net::blocked(push.entries, text);
    case 400:
      if (contains(body, "request body too large")) return Result::too_large(std::move(text));
      // The one text of a 400 for which the good entries are lost with the bad.
      if (contains(body, "couldn't parse labels")) return Result::permanent(Code::invalid_argument, std::move(text));
      return partial(body, push, std::move(text));
    case 401:
      return Result::permanent(Code::unauthenticated, std::move(text));
    case 403:
      return Result::permanent(Code::permission_denied, std::move(text));
    case 404:
      return Result::permanent(Code::unimplemented, std::move(text));
    case 413:
      return Result::too_large(std::move(text));
    case 429: {
      Result result = Result::retryable(Code::resource_exhausted, std::move(text), pause);
      // The limit of all that a tenant sends stores nothing; those of single streams store the other streams.
      if (!contains(body, "ingestion rate limit exceeded")) result.outcome_unknown();
      return result;
    }
    default:
      break;
  }
  if (answer.status < 500) return Result::permanent(Code::unknown, std::move(text));
  // So it says if the distributor's gRPC limit is smaller than its HTTP limit.
  if (contains(body, "received message larger than max")) return Result::too_large(std::move(text));
  Result result = Result::retryable(Code::unavailable, std::move(text), pause);
  // 503 is said before anything is stored; behind the others some ingester may have it.
  if (answer.status != 503) result.outcome_unknown();
  return result;
}

Result combine(std::span<const Push> pushes, std::span<const Result> results, const Refused& refused) {
  const auto ok = [](const Result& result) { return result.ok(); };
  if (std::all_of(results.begin(), results.end(), ok)) return taken(results, refused);
  if (std::none_of(results.begin(), results.end(), ok)) return not_taken(results);
  return partly_taken(pushes, results, refused);
}

std::string describe(const Refused& refused) {
  constexpr std::string_view kWords[] = {"without labels", "with an unknown loki.format",
                                         "with a tenant that cannot be a header's value"};
  std::string text;
  for (size_t i = 0; i < formats::loki::kRefusals; ++i) {
    if (refused.counts[i] == 0) continue;
    if (!text.empty()) text += ", ";
    text += std::to_string(refused.counts[i]) + " log records " + std::string(kWords[i]);
  }
  return text;
}

}  // namespace sluice::exporters
