/* sv48.c - the engine, compiled for RISC-V Sv48. */
#define RISCV_NAME "sv48"
#define RISCV_LEVELS 4
#define RISCV_GUEST 0
#include "page_table/formats/riscv.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_sv48 = ENGINE_FORMAT;
