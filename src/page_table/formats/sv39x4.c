/* sv39x4.c - the engine, compiled for RISC-V guest-physical addresses of 41 bits. */
#define RISCV_NAME "sv39x4"
#define RISCV_LEVELS 3
#define RISCV_GUEST 1
#include "page_table/formats/riscv.h"

#include "page_table/engine.h"

const struct mset_pt_format mset_pt_sv39x4 = ENGINE_FORMAT;
