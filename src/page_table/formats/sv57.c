/* sv57.c - the engine, compiled for RISC-V Sv57. */
#define RISCV_NAME "sv57"
#define RISCV_LEVELS 5
#define RISCV_GUEST 0
#include "page_table/formats/riscv.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_sv57 = ENGINE_FORMAT;
