/* sv39.c - the engine, compiled for RISC-V Sv39. */
#define RISCV_NAME "sv39"
#define RISCV_LEVELS 3
#define RISCV_GUEST 0
#include "page_table/formats/riscv.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_sv39 = ENGINE_FORMAT;
