/* processor.c - see processor.h. */
#include "page_table/processor.h"

#include <sched.h>
#include <string.h>

enum { PAUSED, RUNNING, STOPPED };
enum { PAGE_SHIFT = 12, INDEX_BITS = 9, LIVELY = 16 };

#define PAGE_SIZE (UINT64_C(1) << PAGE_SHIFT)

static uint64_t slot_size(unsigned level) {
    return PAGE_SIZE << (INDEX_BITS * level);
}

/* ---- one entry ----------------------------------------------------------------------------- */

static struct processor_seen leaf(uint64_t pa, uint64_t size) {
    return (struct processor_seen){SEEN_LEAF, pa & ~(size - 1), size};
}

static struct processor_seen table(uint64_t pa) {
    return (struct processor_seen){.kind = SEEN_TABLE, .pa = pa};
}

static const struct processor_seen nothing = {.kind = SEEN_NOTHING};

/* AMD64 vol. 2, 5.3.3 and 5.4: P 0, R/W 1, A 5, D 6, PS 7. A is set in entries of all levels. */
static struct processor_seen see_x86(uint64_t entry, unsigned level) {
    const uint64_t pa = entry & UINT64_C(0x000ffffffffff000);
    if ((entry & 1) == 0) {
        return nothing;
    }
    return level == 0 || (entry & 0x80) != 0 ? leaf(pa, slot_size(level)) : table(pa);
}

static uint64_t mark_x86(uint64_t entry, bool write) {
    if (write && (entry & 2) == 0) {
        return entry;
    }
    return entry | 0x20 | (write ? 0x40 : 0);
}

/* Arm ARM D8.3.1 and D8.5.3 to D8.5.5: AF 10, AP[2] 7 (read-only), DBM 51. */
static struct processor_seen see_aarch64(uint64_t entry, unsigned level) {
    const uint64_t pa = entry & UINT64_C(0x0000fffffffff000);
    if ((entry & 1) == 0 || (level == 0 && (entry & 2) == 0)) {
        return nothing;
    }
    return level > 0 && (entry & 2) != 0 ? table(pa) : leaf(pa, slot_size(level));
}

static uint64_t mark_aarch64(uint64_t entry, bool write) {
    const bool read_only = (entry >> 7 & 1) != 0, dirty_by_hardware = (entry >> 51 & 1) != 0;
    if (write && read_only && !dirty_by_hardware) {
        return entry;
    }
    return (write ? entry & ~UINT64_C(0x80) : entry) | UINT64_C(1) << 10;
}

/* RISC-V privileged, 12.3.2 and Svadu: V 0, R 1, W 2, X 3, A 6, D 7; Svnapot: N 63, 64 KiB. */
static struct processor_seen see_riscv(uint64_t entry, unsigned level) {
    const uint64_t pa = (entry >> 10 & UINT64_C(0xfffffffffff)) << PAGE_SHIFT;
    if ((entry & 1) == 0) {
        return nothing;
    }
    if ((entry & 0xa) == 0) {
        return level > 0 ? table(pa) : nothing;
    }
    return leaf(pa, entry >> 63 != 0 ? 16 * PAGE_SIZE : slot_size(level));
}

static uint64_t mark_riscv(uint64_t entry, bool write) {
    if (write ? (entry & 4) == 0 : (entry & 2) == 0) {
        return entry;
    }
    return entry | 0x40 | (write ? 0x80 : 0);
}

/* LoongArch vol. 1, 5.4.5, and the page table walker of 1.10: V 0, D 1, H 6, P 7, W 8. */
static struct processor_seen see_loongarch(uint64_t entry, unsigned level) {
    const uint64_t pa = entry & UINT64_C(0x0000fffffffff000);
    if (level > 0 && (entry & 0x40) == 0) {
        return table(pa);
    }
    return (entry & 0x80) != 0 ? leaf(pa, slot_size(level)) : nothing;
}

static uint64_t mark_loongarch(uint64_t entry, bool write) {
    if (write && (entry & 0x100) == 0) {
        return entry;
    }
    return entry | 1 | (write ? 2 : 0);
}

const struct processor_kind *processor_find(const char *name) {
    static const struct processor_kind kinds[] = {
        {"x86-64", 4, see_x86, mark_x86, 0x20},
        {"aarch64-4k", 4, see_aarch64, mark_aarch64, 0},
        {"sv39", 3, see_riscv, mark_riscv, 0},
        {"loongarch64", 4, see_loongarch, mark_loongarch, 0},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* ---- one access ---------------------------------------------------------------------------- */

/* NULL where no table can be: whoever unlinked it must have left something else in its place. */
static uint64_t *entry_at(const struct processor *processor, uint64_t table_pa, unsigned level,
                          uint64_t va) {
    const uint64_t index = va >> (PAGE_SHIFT + INDEX_BITS * level) & ((1u << INDEX_BITS) - 1);
    const uint64_t offset = table_pa - processor->base + index * sizeof(uint64_t);
    return offset < processor->bytes ? (uint64_t *)(void *)(processor->storage + offset) : NULL;
}

static bool exchange(uint64_t *entry, uint64_t old, uint64_t fresh) {
    return __atomic_compare_exchange_n(entry, &old, fresh, false, __ATOMIC_ACQ_REL,
                                       __ATOMIC_RELAXED);
}

static void log_write(struct processor *processor, uint64_t pa) {
    const uint64_t frame = (pa - processor->frames) >> PAGE_SHIFT;
    if (frame < PROCESSOR_FRAMES) {
        __atomic_store_n(&processor->dirtied[frame], 1, __ATOMIC_RELAXED);
    }
}

/* If the exchange fails, the entry has changed, and a processor would walk anew. */
static void touch_leaf(struct processor *processor, uint64_t *entry, uint64_t old, unsigned level,
                       uint64_t va, bool write) {
    const uint64_t marked = processor->kind->mark(old, write);
    if (marked != old && exchange(entry, old, marked) && write) {
        const struct processor_seen seen = processor->kind->see(old, level);
        log_write(processor, seen.pa + (va & (seen.size - 1)));
    }
}

static void keep_table(struct processor *processor, uint64_t table_pa, uint64_t va) {
    processor->kept_table = table_pa;
    processor->kept_slot = va / slot_size(1);
}

static void touch(struct processor *processor, uint64_t va, bool write, bool from_root) {
    const bool kept = processor->kept_table != 0 && processor->kept_slot == va / slot_size(1);
    const bool low = kept && !from_root;
    uint64_t table_pa = low ? processor->kept_table : processor->root;
    for (unsigned level = low ? 0 : processor->kind->levels - 1;; level--) {
        uint64_t *const entry = entry_at(processor, table_pa, level, va);
        if (entry == NULL) {
            return;
        }
        const uint64_t old = __atomic_load_n(entry, __ATOMIC_ACQUIRE);
        const struct processor_seen seen = processor->kind->see(old, level);
        if (seen.kind == SEEN_LEAF) {
            touch_leaf(processor, entry, old, level, va, write);
        }
        const uint64_t marked = old | processor->kind->table_mark;
        if (seen.kind != SEEN_TABLE || (marked != old && !exchange(entry, old, marked))) {
            return;
        }
        table_pa = seen.pa;
        if (level == 1) {
            keep_table(processor, table_pa, va);
        }
    }
}

/* ---- the thread ---------------------------------------------------------------------------- */

static void touch_somewhere(struct processor *processor) {
    struct rng *const rng = &processor->rng;
    const uint64_t page = rng_below(rng, processor->pages);
    touch(processor, processor->va + page * PAGE_SIZE, rng_chance(rng, 80), rng_chance(rng, 70));
    __atomic_fetch_add(&processor->accesses, 1, __ATOMIC_RELAXED);
}

static void *live(void *arg) {
    struct processor *const processor = arg;
    for (;;) {
        const int state = __atomic_load_n(&processor->state, __ATOMIC_ACQUIRE);
        if (state == STOPPED) {
            return NULL;
        }
        __atomic_store_n(&processor->resting, state == PAUSED, __ATOMIC_RELEASE);
        if (state == PAUSED) {
            processor->kept_table = 0;
            (void)sched_yield();
        } else {
            touch_somewhere(processor);
        }
    }
}

bool processor_start(struct processor *processor) {
    processor->state = PAUSED;
    processor->resting = 0;
    processor->there = pthread_create(&processor->thread, NULL, live, processor) == 0;
    return processor->there;
}

void processor_stop(struct processor *processor) {
    if (processor->there) {
        __atomic_store_n(&processor->state, STOPPED, __ATOMIC_RELEASE);
        (void)pthread_join(processor->thread, NULL);
        processor->there = false;
    }
}

void processor_run(struct processor *processor, uint64_t va, uint64_t pages) {
    processor->va = va;
    processor->pages = pages;
    const uint64_t before = __atomic_load_n(&processor->accesses, __ATOMIC_RELAXED);
    __atomic_store_n(&processor->state, RUNNING, __ATOMIC_RELEASE);
    while (__atomic_load_n(&processor->accesses, __ATOMIC_ACQUIRE) < before + LIVELY) {
        (void)sched_yield();
    }
}

void processor_pause(struct processor *processor) {
    __atomic_store_n(&processor->state, PAUSED, __ATOMIC_RELEASE);
    while (__atomic_load_n(&processor->resting, __ATOMIC_ACQUIRE) == 0) {
        (void)sched_yield();
    }
}
