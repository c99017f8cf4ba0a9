# SPDX-License-Identifier: Apache-2.0
# What every target of Sluice is compiled with. Presets (CMakePresets.json) choose among these options.
include_guard(GLOBAL)

option(SLUICE_TESTS "Build the tests" ON)
option(SLUICE_BENCHMARKS "Build the benchmarks" ON)
option(SLUICE_LTO "Optimise shipped binaries at link time" OFF)
option(SLUICE_HARDEN "Compile with the hardening flags of a release" OFF)
option(SLUICE_FUZZ "Build the fuzz targets with libFuzzer (clang)" OFF)
set(SLUICE_SANITIZE "" CACHE STRING "Sanitizers, as in -fsanitize=: address,undefined or thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(SLUICE_PLUGIN_DIR ${CMAKE_BINARY_DIR}/lib/sluice/plugins)

find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${SLUICE_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SLUICE_CCACHE})
endif()

find_package(Threads REQUIRED)

add_library(sluice_options INTERFACE)
add_library(sluice::options ALIAS sluice_options)
target_include_directories(sluice_options INTERFACE ${PROJECT_SOURCE_DIR})
target_link_libraries(sluice_options INTERFACE Threads::Threads)
target_compile_options(sluice_options INTERFACE -Wall -Wextra -Werror -Wno-missing-field-initializers)

if(SLUICE_HARDEN)
  target_compile_options(sluice_options INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
    -Wformat=2 -Werror=format-security)
  target_link_options(sluice_options INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
endif()
if(SLUICE_LTO)
  # Fat objects: what ships is linked with LTO, tests are linked without it and build quickly.
  target_compile_options(sluice_options INTERFACE -flto=auto -ffat-lto-objects)
endif()
if(SLUICE_SANITIZE)
  # GCC's flow analysis raises false alarms about the code that sanitizers add.
  target_compile_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(sluice_options INTERFACE -fsanitize=${SLUICE_SANITIZE})
  if(SLUICE_SANITIZE MATCHES undefined)
    target_compile_options(sluice_options INTERFACE -fno-sanitize-recover=undefined)
  endif()
endif()
