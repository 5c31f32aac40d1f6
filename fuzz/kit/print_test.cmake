# print_test.cmake - the unit test that PROGRAM prints of INPUT, as a file OUT that can be compiled.
get_filename_component(target ${PROGRAM} NAME)
set(ENV{MSET_FUZZ_PRINT} 1)
execute_process(COMMAND ${PROGRAM} ${INPUT} OUTPUT_VARIABLE printed RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ${INPUT}: ${status}")
endif()
set(text "#include <setjmp.h>\n#include <stdarg.h>\n#include <stddef.h>\n#include <stdint.h>\n")
string(APPEND text "#include <string.h>\n\n#include <cmocka.h>\n\n")
foreach(header IN LISTS HEADERS)
    string(APPEND text "#include \"${header}\"\n")
endforeach()
string(APPEND text "\n${printed}\nint main(void) {\n"
    "    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found_by_${target})};\n"
    "    return cmocka_run_group_tests(tests, NULL, NULL);\n}\n")
file(WRITE ${OUT} "${text}")
