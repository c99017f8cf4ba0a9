// SPDX-License-Identifier: Apache-2.0
#include "core/loader/plugin.h"

#include <dlfcn.h>
#include <elf.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>

namespace sluice::loader {
namespace {

std::string number(uint32_t n) {
  return std::to_string(n);
}

std::string abi(uint32_t major, uint32_t minor) {
  return number(major) + "." + number(minor);
}

// While the major number is 0, each minor is a border of its own.
std::string accepted() {
  return SLUICE_ABI_MAJOR == 0 ? "only " + abi(0, SLUICE_ABI_MINOR)
                               : abi(SLUICE_ABI_MAJOR, 0) + " to " + abi(SLUICE_ABI_MAJOR, SLUICE_ABI_MINOR);
}

std::string rebuild() {
  return "rebuild it against this collector's plugins/abi/sluice_plugin.h";
}

bool fits(uint32_t major, uint32_t minor, uint32_t needs) {
  if (major != SLUICE_ABI_MAJOR) return false;
  return major == 0 ? minor == SLUICE_ABI_MINOR : needs <= SLUICE_ABI_MINOR;
}

bool is_type(const char* type) {
  if (!type || !std::isalpha(static_cast<unsigned char>(type[0])) || std::strlen(type) > 63) return false;
  return std::all_of(type, type + std::strlen(type),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; });
}

// Empty if the component can be used.
std::string fault(const sluice_component& component) {
  if (component.struct_size < offsetof(sluice_component, create) + sizeof(component.create)) {
    return "has a component description of " + number(component.struct_size) + " bytes, too short to hold create()";
  }
  if (component.kind < SLUICE_RECEIVER || component.kind > SLUICE_EXTENSION) {
    return "has a component of kind " + std::to_string(component.kind) + "; accepted: 1 (receiver) to 5 (extension)";
  }
  if (!is_type(component.type)) {
    return "has a component without a valid type; a type is a letter, then letters, digits and _, 63 at most";
  }
  if (!component.create || !component.schema) {
    return "has no create() or no schema() for its component \"" + std::string(component.type) + "\"";
  }
  return {};
}

}  // namespace

Plugin check_entry(const std::string& file, const sluice_entry* entry) {
  Plugin plugin{file, nullptr, {}, {}};
  auto refuse = [&](const std::string& what) {
    plugin.error = file + ": " + what;
    return plugin;
  };
  if (entry->magic != SLUICE_ABI_MAGIC) {
    return refuse("the symbol " SLUICE_ENTRY_SYMBOL
                  " is there, but is no entry of a Sluice plugin (wrong magic number); " +
                  rebuild());
  }
  // Major and sizes stand first in every version of the struct.
  if (entry->struct_size >= offsetof(sluice_entry, abi_needs) + sizeof entry->abi_needs &&
      !fits(entry->abi_major, entry->abi_minor, entry->abi_needs)) {
    return refuse("built for plugin ABI " + abi(entry->abi_major, entry->abi_minor) + ", needs at least " +
                  abi(entry->abi_major, entry->abi_needs) + ", this collector loads " + accepted() + "; " + rebuild());
  }
  if (entry->struct_size < offsetof(sluice_entry, components) + sizeof entry->components) {
    return refuse("its entry has " + number(entry->struct_size) + " bytes, too short to list components; " + rebuild());
  }
  if (!entry->components || !entry->components[0]) return refuse("has no components");
  if (!entry->name || !entry->version) return refuse("its entry has no name or no version");
  for (const sluice_component* const* component = entry->components; *component; ++component) {
    if (std::string what = fault(**component); !what.empty()) return refuse(what);
    plugin.components.push_back(*component);
  }
  plugin.entry = entry;
  return plugin;
}

Plugin open_plugin(const std::string& file) {
  std::unique_ptr<char, decltype(&std::free)> real(realpath(file.c_str(), nullptr), &std::free);
  if (!real) return {file, nullptr, {}, file + ": cannot be opened: " + std::strerror(errno)};
  void* handle = dlopen(real.get(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!handle) {
    const char* why = dlerror();
    return {file, nullptr, {}, file + ": does not load: " + (why ? why : "no reason given")};
  }
  const void* symbol = dlsym(handle, SLUICE_ENTRY_SYMBOL);
  if (!symbol) {
    return {file,
            nullptr,
            {},
            file + ": is no Sluice plugin: it does not export " SLUICE_ENTRY_SYMBOL
                   "; write SLUICE_ENTRY(...) in one file"};
  }
  return check_entry(file, static_cast<const sluice_entry*>(symbol));
}

std::vector<std::string> other_exports(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  std::vector<std::string> names;
  auto at = [&](uint64_t offset, auto& into) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof into) return false;
    std::memcpy(&into, bytes.data() + offset, sizeof into);
    return true;
  };
  Elf64_Ehdr header;
  if (!at(0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return names;
  for (uint32_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr symbols, strings;
    if (!at(header.e_shoff + uint64_t{i} * header.e_shentsize, symbols) || symbols.sh_type != SHT_DYNSYM ||
        !at(header.e_shoff + uint64_t{symbols.sh_link} * header.e_shentsize, strings)) {
      continue;
    }
    Elf64_Sym symbol;
    for (uint64_t s = 0; s + sizeof symbol <= symbols.sh_size && at(symbols.sh_offset + s, symbol);
         s += sizeof symbol) {
      const uint64_t name = strings.sh_offset + symbol.st_name;
      if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL || name >= bytes.size()) continue;
      const std::string text(bytes.c_str() + name);
      if (text.starts_with("__odr_asan.")) continue;  // the address sanitizer's mark beside the entry
      if (!text.empty() && text != SLUICE_ENTRY_SYMBOL) names.push_back(text);
    }
  }
  return names;
}

}  // namespace sluice::loader
