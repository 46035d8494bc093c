# `cmake --install` and `cpack`: the program, its manual and completions (written by the program
# itself from its option definitions), the JSON Schemas, and the bundled scenarios as examples.
include(GNUInstallDirs)
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

install(TARGETS weir RUNTIME)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(WEIR_DOCUMENTS ${CMAKE_BINARY_DIR}/documents)
install(CODE "
  file(REMOVE_RECURSE ${WEIR_DOCUMENTS})
  execute_process(COMMAND $<TARGET_FILE:weir> documents ${WEIR_DOCUMENTS} COMMAND_ERROR_IS_FATAL ANY)
  file(COPY_FILE ${CMAKE_SOURCE_DIR}/CHANGELOG.md ${WEIR_DOCUMENTS}/changelog)
  file(GLOB pages ${WEIR_DOCUMENTS}/man1/*.1)
  execute_process(COMMAND gzip -9n \${pages} ${WEIR_DOCUMENTS}/changelog COMMAND_ERROR_IS_FATAL ANY)")
install(DIRECTORY ${WEIR_DOCUMENTS}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${WEIR_DOCUMENTS}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${WEIR_DOCUMENTS}/completions/weir.bash
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME weir)
install(FILES ${WEIR_DOCUMENTS}/completions/_weir
  DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${WEIR_DOCUMENTS}/completions/weir.fish
  DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(DIRECTORY ${WEIR_DOCUMENTS}/schema DESTINATION ${CMAKE_INSTALL_DATADIR}/weir)

# Scenarios find their schema at schema/scenario.json, here as in the sources. Those that replay
# recorded traffic from outside the sources would find none.
file(GLOB WEIR_EXAMPLES CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/scenarios/*.jsonc)
foreach(example ${WEIR_EXAMPLES})
  file(STRINGS ${example} outside REGEX "\"(\\.\\./)+shared/")
  if(NOT outside)
    install(FILES ${example} DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
  endif()
endforeach()
install(DIRECTORY ${CMAKE_SOURCE_DIR}/scenarios/schema DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
if(IS_DIRECTORY ${CMAKE_SOURCE_DIR}/scenarios/cluster)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/scenarios/cluster
    DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_PACKAGE_VENDOR "the weir developers")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
  GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
include(${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
include(CPack)
