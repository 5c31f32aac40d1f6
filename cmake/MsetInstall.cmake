# Headers, library, CMake package (find_package(mset), target mset::mset) and pkg-config file.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/mset)

install(TARGETS mset EXPORT mset FILE_SET HEADERS)
install(TARGETS mset_conformance EXPORT mset)
if(TARGET mset_kvm)
    install(TARGETS mset_kvm EXPORT mset)
endif()
install(EXPORT mset NAMESPACE mset:: FILE msetTargets.cmake DESTINATION ${package_dir})
if(MSET_HAVE_JEMALLOC)
    install(TARGETS mset_jemalloc EXPORT mset)
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/msetConfig.cmake.in
    ${CMAKE_CURRENT_BINARY_DIR}/msetConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/msetConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/msetConfig.cmake
    ${CMAKE_CURRENT_BINARY_DIR}/msetConfigVersion.cmake DESTINATION ${package_dir})

# Relative to where the file lies, so that `cmake --install --prefix` may put it anywhere.
file(RELATIVE_PATH pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
configure_file(${CMAKE_CURRENT_LIST_DIR}/mset.pc.in ${CMAKE_CURRENT_BINARY_DIR}/mset.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/mset.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
