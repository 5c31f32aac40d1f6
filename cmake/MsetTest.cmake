# mset_test(NAME
#     SOURCES file...      the test program
#     [VARIANTS v...]      builds of the library to run it on: inside (default), small, portable.
#                          One ctest per variant: NAME, NAME-small, NAME-portable.
#     [LIBS lib...]        more libraries. Naming mset or a build of it here replaces VARIANTS.
#     [LABELS label...]    slow: seconds, left out of the quick run. valgrind: cheap enough for it.
#     [TIMEOUT seconds]    default 60 (ten times that under MSET_TEST_WRAPPER)
#     [ARGS arg...])       arguments of the program
# Every test is also labelled with its folder, links cmocka and, where it exists, mset_test_support.
find_package(PkgConfig REQUIRED)
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)

function(mset_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;VARIANTS;LIBS;LABELS;ARGS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "mset_test(${name}): what is ${arg_UNPARSED_ARGUMENTS}?")
    endif()
    set(own_build ${arg_LIBS})
    list(FILTER own_build INCLUDE REGEX "^(mset|mset::mset|mset_inside|mset_small|mset_portable)$")
    if(NOT arg_VARIANTS AND NOT own_build)
        set(arg_VARIANTS inside)
    endif()
    if(own_build)
        mset_test_program(${name} "")
    endif()
    foreach(variant IN LISTS arg_VARIANTS)
        if(variant STREQUAL "inside")
            mset_test_program(${name} mset_inside)
        else()
            mset_test_program(${name}-${variant} mset_${variant})
        endif()
    endforeach()
endfunction()

# One program and its ctest; the rest of mset_test's arguments are seen through its scope.
function(mset_test_program program build)
    cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME room)
    set(target test-${program})
    add_executable(${target} ${arg_SOURCES})
    mset_defaults(${target})
    if(build MATCHES "small|portable")
        set_target_properties(${target} PROPERTIES EXPORT_COMPILE_COMMANDS OFF)
    endif()
    # Support before the library: it calls the build of the library that the test chose.
    if(TARGET mset_test_support)
        target_link_libraries(${target} PRIVATE mset_test_support)
    endif()
    target_link_libraries(${target} PRIVATE ${arg_LIBS} ${build} PkgConfig::CMOCKA)

    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 60)
    endif()
    if(MSET_TEST_WRAPPER)
        math(EXPR arg_TIMEOUT "${arg_TIMEOUT} * 10")
    endif()
    add_test(NAME ${program} COMMAND ${MSET_TEST_WRAPPER} $<TARGET_FILE:${target}> ${arg_ARGS})
    set_tests_properties(${program} PROPERTIES
        LABELS "${room};${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
endfunction()
