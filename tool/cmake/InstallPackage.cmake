# Install rules: headers, runtime, plugin, and the files that make find_package(adstencil) work.
#
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/adstencil")

install(TARGETS adstencil_plugin LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(TARGETS adstencil adstencil_cuda adstencil_runtime EXPORT adstencilTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/runtime/include/adstencil" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
install(EXPORT adstencilTargets NAMESPACE adstencil:: DESTINATION "${package_dir}")

configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/adstencil-config.cmake.in"
  "${PROJECT_BINARY_DIR}/package/adstencil-config.cmake" INSTALL_DESTINATION "${package_dir}"
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/adstencil-config-version.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/package/adstencil-config.cmake"
  "${PROJECT_BINARY_DIR}/package/adstencil-config-version.cmake"
  "${CMAKE_CURRENT_LIST_DIR}/AdstencilCuda.cmake" DESTINATION "${package_dir}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/adstencil")
