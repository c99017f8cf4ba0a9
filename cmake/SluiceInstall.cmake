# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` gives authors of plugins, beside the program and its plugins: the border's headers and the CMake
# package SluicePlugin, which needs nothing but a C++20 compiler.
include_guard(GLOBAL)
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

foreach(part abi sdk wire)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/plugins/${part} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sluice/plugins
    FILES_MATCHING PATTERN "*.h")
endforeach()

set(SLUICE_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/SluicePlugin)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/SluicePluginConfig.cmake.in
  ${CMAKE_BINARY_DIR}/SluicePluginConfig.cmake INSTALL_DESTINATION ${SLUICE_PACKAGE_DIR}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/SluicePluginConfigVersion.cmake COMPATIBILITY SameMinorVersion
  ARCH_INDEPENDENT)
install(FILES ${CMAKE_BINARY_DIR}/SluicePluginConfig.cmake ${CMAKE_BINARY_DIR}/SluicePluginConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/plugin.map DESTINATION ${SLUICE_PACKAGE_DIR})
