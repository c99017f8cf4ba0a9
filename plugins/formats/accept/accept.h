// SPDX-License-Identifier: Apache-2.0
// The lists of HTTP's headers Accept and Accept-Encoding (RFC 9110, section 12.5).
#ifndef SLUICE_PLUGINS_FORMATS_ACCEPT_ACCEPT_H
#define SLUICE_PLUGINS_FORMATS_ACCEPT_ACCEPT_H

#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::formats {

// One entry of a list such as "text/plain;version=0.0.4;q=0.3, */*;q=0.1". Views into the header.
struct AcceptEntry {
  std::string_view value;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;  // without q; quotation marks taken off
  double weight = 1;  // q, from 0 to 1; 0 where it is no number: nobody is given what they may have refused

  std::string_view parameter(std::string_view name) const;  // empty: none
};

// In the header's order. Whatever the header says, there is an answer; empty entries are left out.
std::vector<AcceptEntry> read_accept(std::string_view list);

// Names of types, parameters and codings have no case.
bool same_token(std::string_view a, std::string_view b);

// Which of the content codings `offered` the client likes best; of equals the first. Empty: as it is (identity).
std::string_view favourite_coding(std::string_view accept_encoding, std::span<const std::string_view> offered);

}  // namespace sluice::formats
#endif  // SLUICE_PLUGINS_FORMATS_ACCEPT_ACCEPT_H
