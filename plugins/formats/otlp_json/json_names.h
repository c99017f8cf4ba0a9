// SPDX-License-Identifier: Apache-2.0
//
// The names that fields and types have in JSON.
#ifndef SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NAMES_H
#define SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NAMES_H

#include <optional>
#include <string_view>

#include "plugins/wire/schema.h"

namespace sluice::formats {

/// The camelCase name of a field of the schema's tables.
std::string_view json_name(wire::Message message, const wire::Field& field) noexcept;

/// The field of that name, in camelCase or snake_case; null if there is none.
const wire::Field* field_by_json_name(wire::Message message, std::string_view name) noexcept;

inline constexpr std::string_view kTypeUrlPrefix = "type.googleapis.com/";

/// The message type of a type URL, among the details of a Status.
std::optional<wire::Message> detail_type(std::string_view type_url) noexcept;

}  // namespace sluice::formats

#endif  // SLUICE_PLUGINS_FORMATS_OTLP_JSON_JSON_NAMES_H
