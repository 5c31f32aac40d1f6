# What every target of this project is compiled with.

# Language, warnings, visibility: link it PRIVATE, it is never installed.
add_library(mset_warnings INTERFACE)
target_compile_options(mset_warnings INTERFACE
    -Wall -Wextra -Wconversion -Wshadow
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wundef>)

# The public headers without the library: for code that must not pull in a particular build of it
# (the test support library serves several).
add_library(mset_headers INTERFACE)
target_include_directories(mset_headers INTERFACE ${PROJECT_SOURCE_DIR}/include)

# C11 without GNU language extensions, everything hidden that a header does not export.
function(mset_defaults target)
    set_target_properties(${target} PROPERTIES
        C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF
        CXX_STANDARD 17 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
    target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:mset_warnings>)
    if(MSET_SANITIZE)
        target_compile_options(${target} PRIVATE
            -fsanitize=${MSET_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(${target} PRIVATE -fsanitize=${MSET_SANITIZE})
    endif()
endfunction()

# A program of this project that is not a test: mset_program(NAME SOURCES ... LIBS ...)
function(mset_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
    add_executable(${name} ${arg_SOURCES})
    mset_defaults(${name})
    target_link_libraries(${name} PRIVATE ${arg_LIBS})
endfunction()

# Each room lists its files in src/<room>/sources.cmake with these two. Core files are freestanding
# C11; hosted files may use libc. One list, because the same files are compiled several times.
macro(mset_list_sources list)
    foreach(file IN ITEMS ${ARGN})
        list(APPEND ${list} ${CMAKE_CURRENT_LIST_DIR}/${file})
    endforeach()
    set(${list} ${${list}} PARENT_SCOPE)
endmacro()
function(mset_core_sources)
    mset_list_sources(MSET_CORE_SOURCES ${ARGN})
endfunction()
function(mset_hosted_sources)
    mset_list_sources(MSET_HOSTED_SOURCES ${ARGN})
endfunction()

# mset_vector_source(FILE MACRO FLAGS...): a core file for processors with more than the baseline.
# Builds that choose at run time compile it with FLAGS and see MACRO as 1, or as 0 where the
# compiler or the processor family does not have them. Portable builds and the freestanding object
# compile it like any other file, so there it has to be empty unless the compiler is told otherwise.
include(CheckCCompilerFlag)
function(mset_vector_source file macro)
    mset_list_sources(MSET_CORE_SOURCES ${file})
    list(JOIN ARGN " " flags)
    check_c_compiler_flag("${flags}" ${macro})
    if(${macro})
        set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/${file} PROPERTIES
            COMPILE_OPTIONS "$<$<BOOL:$<TARGET_PROPERTY:MSET_VECTOR>>:${ARGN}>")
        set(MSET_VECTOR_MACROS ${MSET_VECTOR_MACROS} ${macro}=1 PARENT_SCOPE)
    else()
        set(MSET_VECTOR_MACROS ${MSET_VECTOR_MACROS} ${macro}=0 PARENT_SCOPE)
    endif()
endfunction()
