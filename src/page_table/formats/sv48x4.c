/* sv48x4.c - the engine, compiled for RISC-V guest-physical addresses of 50 bits. */
#define RISCV_NAME "sv48x4"
#define RISCV_LEVELS 4
#define RISCV_GUEST 1
#include "page_table/formats/riscv.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_sv48x4 = ENGINE_FORMAT;
