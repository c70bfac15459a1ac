# rollout_library(NAME [LINKS library...]): every .cpp file of the calling folder as the static library rollout_NAME.
# A library links only what stands above it, so an include of a lower layer does not link.
function(rollout_library name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(NOT sources)
    set(sources ${CMAKE_CURRENT_BINARY_DIR}/empty.cpp)
    file(WRITE ${sources} "")
  endif()
  add_library(rollout_${name} STATIC ${sources})
  target_link_libraries(rollout_${name} PUBLIC ${ARG_LINKS})
  rollout_flags(rollout_${name})
endfunction()

# The one object that the precompiled header is built with; every target with rollout_flags() uses it.
function(rollout_precompiled)
  if(NOT ROLLOUT_PRECOMPILE)
    return()
  endif()
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/precompiled.cpp CONTENT "// Only carries the precompiled header.\n")
  add_library(rollout_precompiled OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
  target_link_libraries(rollout_precompiled PRIVATE fmt::fmt)
  target_precompile_headers(rollout_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/cmake/precompiled.h)
  rollout_warnings(rollout_precompiled)
endfunction()

# Warnings are errors in our own code; third-party headers are system headers.
function(rollout_flags target)
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_include_directories(${target} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS})
  rollout_warnings(${target})
  if(TARGET rollout_precompiled)
    target_precompile_headers(${target} REUSE_FROM rollout_precompiled)
  endif()
endfunction()

function(rollout_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -Wno-missing-field-initializers)
  # Preprocessed text then names the precompiled header instead of holding it, which is what ccache reads.
  target_compile_options(${target} PRIVATE $<$<BOOL:${ROLLOUT_PRECOMPILE}>:-fpch-preprocess>)
  # GCC 12 at -O3 sees copies inside std::string that overlap (its bug 105651) or leave their arrays where none do, the
  # latter only behind a precompiled header. The Dev build has these warnings.
  target_compile_options(${target} PRIVATE
    $<$<CONFIG:Release>:-Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread>)
endfunction()

# rollout_embed(OUT [DIR folder] FILES name... HEADER path NAMESPACE name ARRAY "Type name"): the files' texts as a
# C++ file in the binary folder. DIR is the calling folder when it is not given.
function(rollout_embed out)
  cmake_parse_arguments(ARG "" "DIR;HEADER;NAMESPACE;ARRAY" "FILES" ${ARGN})
  if(NOT ARG_DIR)
    set(ARG_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
  set(target ${CMAKE_CURRENT_BINARY_DIR}/${out})
  list(TRANSFORM ARG_FILES PREPEND ${ARG_DIR}/ OUTPUT_VARIABLE sources)
  add_custom_command(
    OUTPUT ${target}
    COMMAND ${CMAKE_COMMAND} -DOUT=${target} -DDIR=${ARG_DIR} "-DFILES=${ARG_FILES}" -DHEADER=${ARG_HEADER}
            -DNAMESPACE=${ARG_NAMESPACE} "-DARRAY=${ARG_ARRAY}" -P ${script}
    DEPENDS ${sources} ${script}
    VERBATIM)
endfunction()
