# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` gives, in two components: `collector`, the program, its plugins and their catalog, and `sdk`, what
# authors of plugins need: the border's headers, the test kit as sources (each author builds it with his own compiler and
# standard library), sluice-conformance, the template and the CMake package Sluice. Nothing in it knows where it lies.
include_guard(GLOBAL)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(SLUICE_HEADER_DIR ${CMAKE_INSTALL_INCLUDEDIR}/sluice)
set(SLUICE_SHARE_DIR ${CMAKE_INSTALL_DATADIR}/sluice)
set(SLUICE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Sluice)

# testing/config.h checks YAML with the collector's own code, which stays inside: authors have `sluice plugin check`.
foreach(part abi sdk wire testing)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/${part} DESTINATION ${SLUICE_HEADER_DIR}/plugins COMPONENT sdk
    FILES_MATCHING PATTERN "*.h" PATTERN "testing/config.h" EXCLUDE)
endforeach()
get_target_property(testing sluice_plugin_testing SOURCES)
list(TRANSFORM testing PREPEND ${PROJECT_SOURCE_DIR}/plugins/testing/)
install(FILES ${testing} DESTINATION ${SLUICE_SHARE_DIR}/testing COMPONENT sdk)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/template DESTINATION ${SLUICE_SHARE_DIR} COMPONENT sdk)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/SluiceConfig.cmake.in ${CMAKE_BINARY_DIR}/SluiceConfig.cmake
  INSTALL_DESTINATION ${SLUICE_PACKAGE_DIR} PATH_VARS CMAKE_INSTALL_BINDIR SLUICE_HEADER_DIR SLUICE_SHARE_DIR)
# While the version begins with 0, each minor version has a border of its own.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/SluiceConfigVersion.cmake COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(FILES ${CMAKE_BINARY_DIR}/SluiceConfig.cmake ${CMAKE_BINARY_DIR}/SluiceConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/plugin.map DESTINATION ${SLUICE_PACKAGE_DIR} COMPONENT sdk)
