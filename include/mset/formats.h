/*
 * formats.h - the page-table formats.
 *
 *     name              levels  leaves, groups in ()          addresses   manual
 *     x86-64              4     4K 2M 1G                      48, signed  AMD64 vol. 2, 5.3
 *     x86-64-5            5     4K 2M 1G                      57, signed  AMD64 vol. 2, 5.3
 *     npt                 4     4K 2M 1G                      48          AMD64 vol. 2, 15.25
 *     ept                 4     4K 2M 1G                      48          Intel SDM vol. 3C, 29.3
 *     aarch64-4k          4     4K (64K) 2M (32M) 1G (16G)    48          Arm ARM, D8
 *     aarch64-16k         4     16K (2M) 32M (1G)             48
 *     aarch64-64k         3     64K (2M) 512M (16G)           48
 *     aarch64-s2-4k       4     as stage 1                    48
 *     aarch64-s2-4k-ipa40 3     as stage 1, two root tables   40
 *     aarch64-s2-16k      3     as stage 1, two root tables   48
 *     aarch64-s2-64k      3     as stage 1                    48
 *     sv39 sv48 sv57    3 4 5   4K (64K: Svnapot) 2M 1G, 512G from sv48, 256T from sv57, signed
 *                                                                         RISC-V privileged, 12.3
 *     sv39x4 sv48x4     3 4     the same                      41, 50      RISC-V privileged, 18.5
 *     loongarch64         4     4K 2M 1G                      48, signed  LoongArch vol. 1, 5.4
 *
 * What flags become
 *
 *   x86-64, npt: read is implied. Needs EFER.NXE, and CR0.WP where the kernel itself shall honour
 *   read-only pages. Memory types assume the PAT entries 0..3 to be write-back, write-combining,
 *   UC-, UC, as in IA32_PAT = 0x0407050600070106: in this order they are MSET_WRITE_BACK,
 *   MSET_WRITE_COMBINE, MSET_UNCACHED and MSET_DEVICE. With the value after reset
 *   (0x0007040600070406) MSET_WRITE_COMBINE is write-through; the other three mean the same.
 *   npt knows neither MSET_USER (every leaf is the user's, as the walk wants it) nor MSET_GLOBAL.
 *
 *   ept: MSET_WRITE needs MSET_READ; MSET_EXEC alone needs a processor with execute-only
 *   translations. Memory types 6 (write-back), 1 (write-combining) and 0: MSET_UNCACHED lets the
 *   guest's PAT have its say, MSET_DEVICE does not (IPAT). Marks need bit 6 of the EPT pointer.
 *
 *   aarch64: read is implied in stage 1, nothing is in stage 2. Assumes in MAIR_EL1 attribute 0
 *   write-back (0xff), 1 write-combining (0x44), 2 uncached (0x44), 3 device (0x04). A leaf with
 *   MSET_EXEC is executable for the user if it has MSET_USER, else for the kernel; never for
 *   both. Stage 2 assumes HCR_EL2.FWB = 0: MemAttr 0xf write-back, 5 uncached, 1 device; it has
 *   no MSET_WRITE_COMBINE, MSET_USER or MSET_GLOBAL.
 *
 *   sv*: MSET_WRITE needs MSET_READ. MSET_UNCACHED is Svpbmt's NC, MSET_DEVICE its IO (a machine
 *   without Svpbmt must not be asked for them). sv39x4, sv48x4: no MSET_USER, no MSET_GLOBAL.
 *   64 KiB leaves need Svnapot and are chosen only if config.leaf_sizes has them.
 *
 *   loongarch64: MSET_UNCACHED is weakly, MSET_DEVICE strongly ordered uncached.
 *
 *   MSET_SOFT_0..2 are kept in software bits; RISC-V has room for the first two.
 */
#ifndef MSET_FORMATS_H
#define MSET_FORMATS_H

#include "page_table.h"

#ifdef __cplusplus
extern "C" {
#endif

MSET_API extern const struct mset_pt_format mset_pt_x86_64;
MSET_API extern const struct mset_pt_format mset_pt_x86_64_5;
MSET_API extern const struct mset_pt_format mset_pt_npt;
MSET_API extern const struct mset_pt_format mset_pt_ept;
MSET_API extern const struct mset_pt_format mset_pt_aarch64_4k;
MSET_API extern const struct mset_pt_format mset_pt_aarch64_16k;
MSET_API extern const struct mset_pt_format mset_pt_aarch64_64k;
MSET_API extern const struct mset_pt_format mset_pt_aarch64_s2_4k;
MSET_API extern const struct mset_pt_format mset_pt_aarch64_s2_4k_ipa40;
MSET_API extern const struct mset_pt_format mset_pt_aarch64_s2_16k;
MSET_API extern const struct mset_pt_format mset_pt_aarch64_s2_64k;
MSET_API extern const struct mset_pt_format mset_pt_sv39;
MSET_API extern const struct mset_pt_format mset_pt_sv48;
MSET_API extern const struct mset_pt_format mset_pt_sv57;
MSET_API extern const struct mset_pt_format mset_pt_sv39x4;
MSET_API extern const struct mset_pt_format mset_pt_sv48x4;
MSET_API extern const struct mset_pt_format mset_pt_loongarch64;

/* All of the above in this order; NULL from the first index behind them. */
MSET_API const struct mset_pt_format *mset_pt_format_at(size_t index);

/* The format of this name, or NULL. */
MSET_API const struct mset_pt_format *mset_pt_format_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
