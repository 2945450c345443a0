# The page of the HTML reports: profiler/page becomes one script and one style sheet, held by a
# generated .cc of the profiler. npm installs and esbuild bundles in the build folder; the source
# tree is only read. Without npm presil builds all the same, and `--report` says what it lacks.

option(PRESIL_PAGE "Bundle the page of the HTML reports (needs node and npm)" ON)
set(PRESIL_PAGE_FOLDER ${CMAKE_BINARY_DIR}/page)

function(presil_page target)
  find_program(NODE node nodejs)
  find_program(NPM npm)
  unset(PRESIL_PAGE_NODE CACHE)
  set(missing "")
  if(NOT PRESIL_PAGE)
    set(missing "it was configured with PRESIL_PAGE=OFF")
  elseif(NOT NODE OR NOT NPM)
    set(missing "node or npm was not found when it was configured")
  endif()
  if(missing)
    message(STATUS "no page, --report will not work: ${missing}")
    configure_file(${CMAKE_SOURCE_DIR}/cmake/page_bundle_absent.cc.in ${PRESIL_PAGE_FOLDER}/page_absent.cc @ONLY)
    target_sources(${target} PRIVATE ${PRESIL_PAGE_FOLDER}/page_absent.cc)
    return()
  endif()

  set(page ${CMAKE_SOURCE_DIR}/profiler/page)
  set(packages ${page}/package.json ${page}/package-lock.json ${page}/.npmrc)
  add_custom_command(OUTPUT ${PRESIL_PAGE_FOLDER}/installed.stamp
    COMMAND ${CMAKE_COMMAND} -E copy ${packages} ${PRESIL_PAGE_FOLDER}
    COMMAND ${NPM} ci --prefer-offline --loglevel=error
    COMMAND ${CMAKE_COMMAND} -E touch installed.stamp
    DEPENDS ${packages} WORKING_DIRECTORY ${PRESIL_PAGE_FOLDER} VERBATIM
    COMMENT "Installing the page's packages (npm ci)")

  # Of all that is copied only the bundle reaches the program: it is a byproduct, rewritten when its
  # text changes, so that an edited test does not compile anything.
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${page}/src/* ${page}/test/*)
  list(APPEND sources ${page}/bundle.mjs ${page}/tsconfig.json)
  add_custom_command(OUTPUT ${PRESIL_PAGE_FOLDER}/bundled.stamp
    BYPRODUCTS ${PRESIL_PAGE_FOLDER}/page_bundle.cc
    COMMAND ${CMAKE_COMMAND} -E rm -rf src test
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${page}/src src
    COMMAND ${CMAKE_COMMAND} -E copy_directory ${page}/test test
    COMMAND ${CMAKE_COMMAND} -E copy ${page}/bundle.mjs ${page}/tsconfig.json .
    COMMAND ${NODE} bundle.mjs
    COMMAND ${CMAKE_COMMAND} -E touch bundled.stamp
    DEPENDS ${PRESIL_PAGE_FOLDER}/installed.stamp ${sources}
    WORKING_DIRECTORY ${PRESIL_PAGE_FOLDER} VERBATIM COMMENT "Bundling the page (esbuild)")
  file(MAKE_DIRECTORY ${PRESIL_PAGE_FOLDER})
  target_sources(${target} PRIVATE ${PRESIL_PAGE_FOLDER}/page_bundle.cc
                 ${PRESIL_PAGE_FOLDER}/bundled.stamp)
  set(PRESIL_PAGE_NODE ${NODE} CACHE INTERNAL "runs the page's tests")
endfunction()
