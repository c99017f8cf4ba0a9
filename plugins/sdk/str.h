// SPDX-License-Identifier: Apache-2.0
// Text at the border: sluice_str to std::string_view and back. Neither direction copies.
#ifndef SLUICE_PLUGINS_SDK_STR_H
#define SLUICE_PLUGINS_SDK_STR_H

#include <string_view>

#include "plugins/abi/sluice_plugin.h"

namespace sluice {

inline std::string_view view(sluice_str s) {
  return s.len ? std::string_view(s.ptr, s.len) : std::string_view();
}

inline sluice_str str(std::string_view s) {
  return {s.data(), s.size()};
}

}  // namespace sluice
#endif  // SLUICE_PLUGINS_SDK_STR_H
