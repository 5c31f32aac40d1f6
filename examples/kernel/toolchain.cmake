# What a kernel for x86-64 is compiled and linked with: clang and lld, no operating system below.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER clang)
set(CMAKE_ASM_COMPILER clang)
set(CMAKE_C_COMPILER_TARGET x86_64-none-elf)
set(CMAKE_ASM_COMPILER_TARGET x86_64-none-elf)
find_program(CMAKE_LINKER ld.lld REQUIRED)

# Programs that CMake tries to compile cannot be linked: there is no libc.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# No red zone: interrupts come on the same stack. No vector registers: nobody saves them.
set(CMAKE_C_FLAGS_INIT
    "-ffreestanding -mno-red-zone -mgeneral-regs-only -fno-pic -fno-stack-protector \
-ffunction-sections -fdata-sections")
set(CMAKE_C_LINK_EXECUTABLE
    "<CMAKE_LINKER> <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
