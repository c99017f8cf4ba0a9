// SPDX-License-Identifier: Apache-2.0
// SLUICE_ENTRY turns component classes into a plugin; it stands once, alone, in a plugin's entry.cc:
//
//   SLUICE_ENTRY("batch", SLUICE_PLUGIN_VERSION,
//                sluice::component<Batch>({.type = "batch",
//                                          .inputs = sluice::kAllSignals,
//                                          .outputs = sluice::kAllSignals,
//                                          .flags = SLUICE_ACKS_EARLY,
//                                          .stability = SLUICE_BETA}))
//
// What it exports is constant data: loading a plugin runs no code of it. The functions behind it are the exception
// barrier: each catches everything and answers with the failure that sluice_plugin.h documents for its slot.
#ifndef SLUICE_PLUGINS_SDK_ENTRY_H
#define SLUICE_PLUGINS_SDK_ENTRY_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/abi/sluice_plugin.h"
#include "plugins/sdk/component.h"
#include "plugins/sdk/settings.h"

namespace sluice {

struct About {
  const char* type = nullptr;
  std::array<const char*, 8> aliases{};     // at most 7
  std::array<const char*, 8> interfaces{};  // ids that get_interface() answers, at most 7
  uint32_t inputs = 0, outputs = 0;         // signals
  uint32_t flags = 0;                       // SLUICE_SERIAL, SLUICE_ACKS_EARLY
  int32_t stability = SLUICE_DEVELOPMENT;
};

namespace detail {

// What the current exception says. Anything may be thrown, also what is no std::exception.
inline std::string exception_text() noexcept {
  try {
    try {
      throw;
    } catch (const std::exception& e) {
      return std::string("exception: ") + e.what();
    } catch (...) {
      return "exception of an unknown type";
    }
  } catch (...) {
    return {};
  }
}

// The functions by which the core calls a component; their `self` is the object.
template <class T>
struct Face {
  static const sluice_instance* fill(T* object) {
    sluice_instance& face = object->face_;
    face.struct_size = sizeof face;
    face.self = object;
    face.init = [](void* self) noexcept { return guard_control(self, "init", [](T& t) { return t.init(); }); };
    face.start = [](void* self) noexcept { return guard_control(self, "start", [](T& t) { return t.start(); }); };
    face.drain = [](void* self) noexcept { guard(self, "drain", [](T& t) { t.drain(); }); };
    face.stop = [](void* self, uint64_t deadline) noexcept {
      guard(self, "stop", [deadline](T& t) { t.stop(deadline); });
    };
    face.destroy = [](void* self) noexcept { delete static_cast<T*>(self); };
    if constexpr (T::kKind != SLUICE_RECEIVER && T::kKind != SLUICE_EXTENSION) face.consume = &consume;
    face.sent = [](void* self, void* user, const sluice_result* result) noexcept {
      guard(self, "sent", [user, result](T& t) { t.sent(user, *result); });
    };
    face.resume = [](void* self, uint32_t output) noexcept {
      guard(self, "resume", [output](T& t) { t.resume(output); });
    };
    face.timer = [](void* self, uint32_t index) noexcept { guard(self, "timer", [index](T& t) { t.timer(index); }); };
    face.get_interface = [](void* self, const char* id) noexcept {
      const void* found = nullptr;
      guard(self, "get_interface", [id, &found](T& t) { found = t.get_interface(id); });
      return found;
    };
    return &face;
  }

 private:
  // Answers by complete(): the object may have answered, or have destroyed its Answer while unwinding; the core takes
  // the first answer only.
  static sluice_status consume(void* self, const sluice_call* call) noexcept {
    T& object = *static_cast<T*>(self);
    try {
      return object.consume(Call(object.host(), *call));
    } catch (...) {
      const std::string text = say(object, "consume");
      sluice_result result{};
      result.struct_size = sizeof result;
      result.status = SLUICE_FAILED_RETRYABLE;
      result.code = static_cast<int32_t>(Code::internal);
      result.text = str(text);
      object.host().complete(call->token, result);
      return SLUICE_PENDING;
    }
  }
  template <class F>
  static void guard(void* self, const char* where, F&& f) noexcept {
    T& object = *static_cast<T*>(self);
    try {
      f(object);
    } catch (...) {
      say(object, where);
    }
  }
  template <class F>
  static sluice_status guard_control(void* self, const char* where, F&& f) noexcept {
    T& object = *static_cast<T*>(self);
    try {
      return f(object);
    } catch (...) {
      return object.host().fail(say(object, where), Code::internal);
    }
  }
  static std::string say(T& object, const char* where) noexcept {
    std::string text = exception_text();
    try {
      object.host().error(text, {{"in", where}});
    } catch (...) {  // no memory for the entry: the answer still tells
    }
    return text;
  }
};

template <class T>
const sluice_instance* create(const sluice_host* host, const sluice_value* config) noexcept {
  try {
    std::vector<Problem> problems;
    typename T::Config settings = Settings::read_from<typename T::Config>(*config, problems);
    for (const Problem& problem : problems)
      host->config_problem(host, problem.at, SLUICE_ERROR, str("config.check"), str(problem.text));
    if (!problems.empty()) {
      Host(host).fail(problems.front().text, Code::invalid_argument);
      return nullptr;
    }
    return Face<T>::fill(new T(Host(host), std::move(settings)));
  } catch (...) {
    Host(host).fail(exception_text(), Code::internal);
    return nullptr;
  }
}

template <class T>
const char* schema() noexcept {
  try {
    // Never destroyed: the core may read it as long as the code is there.
    static const auto* const text = new std::string(Settings::schema_of<typename T::Config>());
    return text->c_str();
  } catch (...) {
    return nullptr;
  }
}

struct Declared {
  About about;
  sluice_kind kind;
  const char* (*schema)(void);
  const sluice_instance* (*create)(const sluice_host*, const sluice_value*);
};

constexpr sluice_component describe(const Declared& declared) {
  sluice_component component{};
  component.struct_size = sizeof component;
  component.kind = declared.kind;
  component.type = declared.about.type;
  component.aliases = declared.about.aliases.data();
  component.schema = declared.schema;
  component.interfaces = declared.about.interfaces.data();
  component.input_signals = declared.about.inputs;
  component.output_signals = declared.about.outputs;
  component.flags = declared.about.flags;
  component.stability = declared.about.stability;
  component.create = declared.create;
  return component;
}

template <size_t kCount>
constexpr std::array<sluice_component, kCount> describe_all(const Declared (&declared)[kCount]) {
  std::array<sluice_component, kCount> components{};
  for (size_t i = 0; i < kCount; ++i) components[i] = describe(declared[i]);
  return components;
}

template <size_t kCount>
constexpr std::array<const sluice_component*, kCount + 1> null_ended(
    const std::array<sluice_component, kCount>& components) {
  std::array<const sluice_component*, kCount + 1> pointers{};
  for (size_t i = 0; i < kCount; ++i) pointers[i] = &components[i];
  return pointers;
}

}  // namespace detail

template <class T>
constexpr detail::Declared component(About about) {
  return {about, T::kKind, &detail::schema<T>, &detail::create<T>};
}

}  // namespace sluice

// In a plugin the one exported symbol; in tests, which hold several plugins, the name that the build gives.
#ifndef SLUICE_STATIC_ENTRY
#define SLUICE_STATIC_ENTRY sluice_plugin_entry_v0
#endif
#ifndef SLUICE_PLUGIN_BUILD_ID
#define SLUICE_PLUGIN_BUILD_ID ""
#endif

#define SLUICE_ENTRY(plugin_name, plugin_version, ...)                                                         \
  namespace {                                                                                                  \
  constexpr ::sluice::detail::Declared kSluiceDeclared[] = {__VA_ARGS__};                                      \
  constexpr auto kSluiceComponents = ::sluice::detail::describe_all(kSluiceDeclared);                          \
  constexpr auto kSluicePointers = ::sluice::detail::null_ended(kSluiceComponents);                            \
  }                                                                                                            \
  extern "C" {                                                                                                 \
  extern __attribute__((visibility("default"))) const sluice_entry SLUICE_STATIC_ENTRY;                        \
  constinit const sluice_entry SLUICE_STATIC_ENTRY = {                                                         \
      SLUICE_ABI_MAGIC, sizeof(sluice_entry), SLUICE_ABI_MAJOR,       SLUICE_ABI_MINOR,      SLUICE_ABI_NEEDS, \
      plugin_name,      plugin_version,       SLUICE_PLUGIN_BUILD_ID, kSluicePointers.data()};                 \
  }

#endif  // SLUICE_PLUGINS_SDK_ENTRY_H
