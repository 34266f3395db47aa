# What `cmake --install` puts where: headers, libraries, CMake package, pkg-config file.
include(CMakePackageConfigHelpers)

set(netipc_installed netipc_static)
if(NETIPC_SHARED_LIBRARY)
  list(APPEND netipc_installed netipc_shared)
endif()
install(TARGETS ${netipc_installed} EXPORT netipc-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/netipc DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h")

set(netipc_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/netipc)
install(EXPORT netipc-targets NAMESPACE netipc:: DESTINATION ${netipc_package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/netipc-config.cmake.in
  ${PROJECT_BINARY_DIR}/netipc-config.cmake INSTALL_DESTINATION ${netipc_package_dir})
# Below 1.0 a minor version may break programs.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/netipc-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/netipc-config.cmake ${PROJECT_BINARY_DIR}/netipc-config-version.cmake
  DESTINATION ${netipc_package_dir})

# The file finds the prefix from its own place, so that `cmake --install --prefix` and moved trees work; an absolute
# folder stands for itself.
set(NETIPC_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" up ${up})
  set(NETIPC_PC_PREFIX "\${pcfiledir}/${up}")
endif()
foreach(dir LIBDIR INCLUDEDIR)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(NETIPC_PC_${dir} "${CMAKE_INSTALL_${dir}}")
  else()
    set(NETIPC_PC_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/netipc.pc.in ${PROJECT_BINARY_DIR}/netipc.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/netipc.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
