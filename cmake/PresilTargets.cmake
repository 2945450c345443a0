# Warnings are errors for our code, not for the libraries' headers (they are SYSTEM includes).
add_library(presil_options INTERFACE)
target_compile_options(presil_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion -Wno-missing-field-initializers
                       -Werror)
target_include_directories(presil_options INTERFACE ${CMAKE_SOURCE_DIR})
if(PRESIL_SANITIZE)
  target_compile_options(presil_options INTERFACE -fsanitize=address,undefined
                         -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(presil_options INTERFACE -fsanitize=address,undefined)
endif()

# presil_layer(NAME LINK public-libraries... PRIVATE private-libraries...): library presil_NAME from
# every .cc in the folder NAME.
function(presil_layer name)
  cmake_parse_arguments(ARG "" "" "LINK;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cc)
  if(sources)
    add_library(presil_${name} STATIC ${sources})
    target_link_libraries(presil_${name} PUBLIC presil_options ${ARG_LINK} PRIVATE ${ARG_PRIVATE})
  else()
    add_library(presil_${name} INTERFACE)
    target_link_libraries(presil_${name} INTERFACE presil_options ${ARG_LINK})
  endif()
endfunction()

# presil_program(NAME FOLDER folder LINK libraries...)
function(presil_program name)
  cmake_parse_arguments(ARG "" "FOLDER" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${ARG_FOLDER}/*.cc)
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE presil_options ${ARG_LINK})
  target_compile_definitions(${name} PRIVATE PRESIL_VERSION="${PROJECT_VERSION}"
                             PRESIL_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endfunction()

# The TFLite schema (ours in models/tflite_schema.fbs) becomes a header in the build folder.
file(GLOB tflite_schema ${CMAKE_SOURCE_DIR}/models/tflite_schema.fbs)
add_library(presil_tflite_schema INTERFACE)
if(tflite_schema)
  find_program(FLATC flatc REQUIRED)
  set(generated ${CMAKE_BINARY_DIR}/generated)
  add_custom_command(OUTPUT ${generated}/tflite_schema_generated.h
    COMMAND ${FLATC} --cpp --scoped-enums -o ${generated} ${tflite_schema} DEPENDS ${tflite_schema})
  add_custom_target(presil_tflite_header DEPENDS ${generated}/tflite_schema_generated.h)
  add_dependencies(presil_tflite_schema presil_tflite_header)
  target_include_directories(presil_tflite_schema SYSTEM INTERFACE ${generated})
endif()
