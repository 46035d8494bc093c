# What CPack's DEB generator is told.
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The weir developers <weir@weir.invalid>")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "choose, prove and hold rate limits of API gateways")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "weir simulates rate-limiting policies (any of the field's algorithms, by key
and with costs) on recorded or synthetic traffic, offline, and says how much
would be admitted and whom it would deny.
.
It sends the same requests to a running gateway over HTTP, compares each of
its decisions with the policy's model, and reports denials, Retry-After and
latency. It is also a gateway that holds any such policy, in memory or in
Redis.")

# Dated as the sources are: the same sources make the same package.
find_program(GIT git)
set(WEIR_SOURCE_DATE $ENV{SOURCE_DATE_EPOCH})
if(NOT WEIR_SOURCE_DATE AND GIT)
  execute_process(COMMAND ${GIT} -C ${CMAKE_SOURCE_DIR} log -1 --format=%ct
    OUTPUT_VARIABLE WEIR_SOURCE_DATE OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT WEIR_SOURCE_DATE)
  file(TIMESTAMP ${CMAKE_SOURCE_DIR}/CHANGELOG.md WEIR_SOURCE_DATE %s UTC)
endif()
set(ENV{SOURCE_DATE_EPOCH} ${WEIR_SOURCE_DATE})
string(TIMESTAMP WEIR_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
string(TIMESTAMP WEIR_YEAR "%Y" UTC)
unset(ENV{SOURCE_DATE_EPOCH})
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog.in debian/changelog @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/copyright.in debian/copyright @ONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/tree.cmake.in debian/tree.cmake @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_BINARY_DIR}/debian/tree.cmake)
