# mset_core: the core rooms, for kernels. Link mset::core, as examples/kernel does, or take them as
# one relocatable object, mset_core.o (target mset_core_object). Compiled against
# the compiler's own headers only, so that a libc header cannot slip in; scripts/check-freestanding
# looks at the symbols. With MSET_PORTABLE=ON it also stays off vector and floating-point registers.
if(NOT MSET_CORE_SOURCES)
    return()
endif()
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-file-name=include
    OUTPUT_VARIABLE compiler_headers OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)

add_library(mset_core OBJECT EXCLUDE_FROM_ALL ${MSET_CORE_SOURCES})
add_library(mset::core ALIAS mset_core)
set_target_properties(mset_core PROPERTIES
    C_STANDARD 11 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF C_VISIBILITY_PRESET hidden
    EXPORT_COMPILE_COMMANDS OFF)
target_link_libraries(mset_core PRIVATE mset_warnings PUBLIC mset_headers)
target_include_directories(mset_core PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(mset_core PRIVATE ${usual})
target_compile_options(mset_core PRIVATE
    -ffreestanding -nostdinc "SHELL:-isystem ${compiler_headers}"
    -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    # gcc's <limits.h> and <immintrin.h> go on to libc's <limits.h> and <stdlib.h> unless told that
    # these are already there.
    target_compile_definitions(mset_core PRIVATE _LIBC_LIMITS_H_ _MM_MALLOC_H_INCLUDED)
endif()
if(MSET_PORTABLE AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|aarch64|arm64")
    target_compile_options(mset_core PRIVATE -mgeneral-regs-only)
endif()

set(core_object ${CMAKE_BINARY_DIR}/mset_core.o)
add_custom_command(OUTPUT ${core_object}
    COMMAND ${CMAKE_LINKER} -r -o ${core_object} $<TARGET_OBJECTS:mset_core>
    # What MSET_API does not export becomes local, as it would in a shared library.
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden ${core_object}
    DEPENDS mset_core $<TARGET_OBJECTS:mset_core>
    COMMAND_EXPAND_LISTS VERBATIM)
add_custom_target(mset_core_object DEPENDS ${core_object})
