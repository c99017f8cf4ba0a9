# SPDX-License-Identifier: Apache-2.0
# The few functions with which every target is declared.
include_guard(GLOBAL)
include(GNUInstallDirs)

# sluice_add_parts(<folder>...): adds each named folder, or, where it has no CMakeLists.txt, each folder in it that has one.
function(sluice_add_parts)
  foreach(folder IN LISTS ARGN)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    else()
      file(GLOB parts CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*/CMakeLists.txt)
      foreach(part IN LISTS parts)
        get_filename_component(part ${part} DIRECTORY)
        add_subdirectory(${part})
      endforeach()
    endif()
  endforeach()
endfunction()

# sluice_add_library(<name> SOURCES ... DEPS ...): a static library `sluice_<name>`, alias `sluice::<name>`;
# without SOURCES, header-only. All DEPS are public.
function(sluice_add_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  if(arg_SOURCES)
    add_library(sluice_${name} STATIC ${arg_SOURCES})
    target_link_libraries(sluice_${name} PUBLIC sluice::options ${arg_DEPS})
  else()
    add_library(sluice_${name} INTERFACE)
    target_link_libraries(sluice_${name} INTERFACE sluice::options ${arg_DEPS})
  endif()
  add_library(sluice::${name} ALIAS sluice_${name})
endfunction()

# sluice_add_test(<name> SOURCES ... DEPS ...): a Catch2 program whose cases are single tests of ctest.
function(sluice_add_test name)
  if(NOT SLUICE_TESTS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS")
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE sluice::options sluice::catch_main ${arg_DEPS})
  target_compile_definitions(${name} PRIVATE SLUICE_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/testdata")
  target_link_options(${name} PRIVATE -fno-lto)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  catch_discover_tests(${name} TEST_PREFIX "${name}: " PROPERTIES TIMEOUT 600)
endfunction()

# sluice_add_fuzzer(<name> SOURCE x_fuzz.cc DEPS ... [TEST <test>]): the libFuzzer program fuzz_<name>, where the build has SLUICE_FUZZ.
# The first of DEPS is the code that is fuzzed. TEST replays the corpus, tests/fuzz/<name>.
function(sluice_add_fuzzer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "SOURCE;TEST" "DEPS")
  if(SLUICE_TESTS AND arg_TEST)
    target_sources(${arg_TEST} PRIVATE ${arg_SOURCE} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay_test.cc)
    target_compile_definitions(${arg_TEST} PRIVATE SLUICE_FUZZ_CORPUS="${PROJECT_SOURCE_DIR}/tests/fuzz/${name}")
  endif()
  if(NOT SLUICE_FUZZ)
    return()
  endif()
  list(GET arg_DEPS 0 fuzzed)
  get_target_property(fuzzed ${fuzzed} ALIASED_TARGET)
  target_compile_options(${fuzzed} PRIVATE -fsanitize=fuzzer-no-link)
  add_executable(fuzz_${name} ${arg_SOURCE})
  target_link_libraries(fuzz_${name} PRIVATE ${arg_DEPS})
  target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()

# sluice_add_component(KIND receiver NAME otlp SOURCES component.cc ... [DEPS ...] [TESTS x_test.cc ...] [TEST_DEPS ...])
# declares, from a component's folder with its entry.cc:
#   sluice_<kind>_<name>          the plugin <kind>_<name>.so, exporting the one entry symbol
#   sluice::<kind>_<name>_static  the same code with the entry under <kind>_<name>_sluice_plugin_entry_v0, for tests
#   <kind>_<name>_test            its unit tests
function(sluice_add_component)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "KIND;NAME" "SOURCES;DEPS;TESTS;TEST_DEPS")
  set(id ${arg_KIND}_${arg_NAME})
  add_library(sluice_${id}_objects OBJECT ${arg_SOURCES})
  target_link_libraries(sluice_${id}_objects PUBLIC sluice::options sluice::sdk ${arg_DEPS})

  add_library(sluice_${id} MODULE entry.cc)
  target_link_libraries(sluice_${id} PRIVATE sluice_${id}_objects)
  target_compile_definitions(sluice_${id} PRIVATE SLUICE_PLUGIN_VERSION="${PROJECT_VERSION}")
  sluice_plugin_properties(sluice_${id} ${id} ${SLUICE_PLUGIN_DIR})
  set_property(GLOBAL APPEND PROPERTY SLUICE_PLUGINS sluice_${id})
  install(TARGETS sluice_${id} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sluice/plugins COMPONENT collector)

  add_library(sluice_${id}_static STATIC entry.cc)
  target_compile_definitions(sluice_${id}_static PRIVATE SLUICE_PLUGIN_VERSION="${PROJECT_VERSION}"
    SLUICE_STATIC_ENTRY=${id}_sluice_plugin_entry_v0)
  target_link_libraries(sluice_${id}_static PUBLIC sluice_${id}_objects)
  add_library(sluice::${id}_static ALIAS sluice_${id}_static)

  if(arg_TESTS)
    sluice_add_test(${id}_test SOURCES ${arg_TESTS} DEPS sluice::${id}_static sluice::plugin_testing ${arg_TEST_DEPS})
  endif()
endfunction()

# sluice_plugin_properties(<target> <file name> <folder>): what makes a MODULE library a plugin (R7 of the border's rules).
function(sluice_plugin_properties target file folder)
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${file} LIBRARY_OUTPUT_DIRECTORY ${folder})
  target_link_options(${target} PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/plugin.map -Wl,--exclude-libs,ALL)
  set_target_properties(${target} PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/plugin.map)
  if(NOT SLUICE_SANITIZE)
    target_link_options(${target} PRIVATE -Wl,-z,defs)
  endif()
  if(SLUICE_LTO)
    target_link_options(${target} PRIVATE -flto=auto -O2)
  endif()
endfunction()

# The catalog beside the plugins: which file has which component. Written by `sluice` itself from the plugins.
function(sluice_write_catalog)
  get_property(plugins GLOBAL PROPERTY SLUICE_PLUGINS)
  if(NOT TARGET sluice OR NOT plugins)
    return()
  endif()
  set(catalog ${SLUICE_PLUGIN_DIR}/catalog)
  add_custom_command(OUTPUT ${catalog}
    COMMAND sluice plugin catalog ${SLUICE_PLUGIN_DIR}
    DEPENDS sluice ${plugins} VERBATIM COMMENT "Writing the catalog of plugins")
  add_custom_target(sluice_catalog ALL DEPENDS ${catalog})
  install(FILES ${catalog} DESTINATION ${CMAKE_INSTALL_LIBDIR}/sluice/plugins COMPONENT collector)
endfunction()

if(SLUICE_TESTS)
  find_package(Catch2 2 REQUIRED)
  include(Catch)
  add_library(sluice_catch_main STATIC ${CMAKE_CURRENT_LIST_DIR}/catch_main.cc)
  target_link_libraries(sluice_catch_main PUBLIC Catch2::Catch2 sluice::options)
  target_compile_definitions(sluice_catch_main PUBLIC CATCH_CONFIG_ENABLE_BENCHMARKING)
  add_library(sluice::catch_main ALIAS sluice_catch_main)
endif()
