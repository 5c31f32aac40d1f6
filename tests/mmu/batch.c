/* batch.c - random tables. See batch.h; judging is in verdict.c, spoiling in damage.c. */
#include "batch.h"

#include <string.h>

#include <mset/formats.h>

#include "shelf.h"

enum { CALLS = 48 };

/* Where things are, by the sizes of the format's leaves. */
struct places {
    uint64_t page, slot_1, slot_2, group;
    uint64_t window, window_size;
    uint64_t data, data_last;
};

static struct places places_of(const struct mset_pt_format *format, const struct mmu_row *row,
                               bool high) {
    const uint64_t sizes = format->leaf_sizes & ~format->optional_sizes;
    struct places p = {.page = sizes & -sizes};
    p.slot_1 = p.page * (p.page / 8);
    p.slot_2 = p.slot_1 * (p.page / 8);
    p.group = p.page * (p.page == 0x4000 ? 128 : p.page == 0x10000 ? 32 : 16);
    p.window_size = 2 * p.slot_2;
    const uint64_t top = format->high_first != 0 ? 0
                         : row->top != 0         ? row->top
                                                 : format->low_last + 1;
    p.window = high ? top - p.window_size : 16 * p.slot_2;
    p.data = row->ram + DATA_OFFSET;
    p.data_last = row->ram + (RAM_BYTES - 1);
    return p;
}

static uint64_t pick_va(struct rng *rng, const struct places *p) {
    const uint64_t near[] = {
        0, p->slot_1, 2 * p->slot_1, p->slot_2 - p->slot_1, p->slot_2, p->slot_2 + p->slot_1};
    const uint64_t spread[] = {1, 4, 2 * p->group / p->page, p->slot_1 / p->page};
    return p->window + near[rng_below(rng, 6)] +
           rng_below(rng, spread[rng_below(rng, 4)]) * p->page;
}

static uint64_t pick_size(struct rng *rng, const struct places *p, uint64_t va) {
    const uint64_t sizes[] = {p->page,   3 * p->page,   p->group, p->slot_1 - p->page,
                              p->slot_1, 2 * p->slot_1, p->slot_2};
    const bool gigabytes = p->slot_2 <= UINT64_C(1) << 30 && rng_chance(rng, 25);
    uint64_t size = gigabytes ? p->slot_2 : sizes[rng_below(rng, 6)];
    if (rng_chance(rng, 50)) { /* up to a boundary */
        size = (va / size + 1) * size - va;
    }
    const uint64_t room = p->window + p->window_size - va;
    return size <= room ? size : room;
}

/* Somewhere in the data, alike va below some size of leaf; the size may have to shrink. */
static uint64_t pick_pa(struct rng *rng, const struct places *p, uint64_t va, uint64_t *size) {
    const uint64_t large = p->slot_2 <= UINT64_C(1) << 30 ? p->slot_2 : p->slot_1;
    const uint64_t alike[] = {large, large, p->slot_1, p->group, p->page};
    const uint64_t below = alike[rng_below(rng, 5)];
    const uint64_t base = p->data + rng_below(rng, (UINT64_C(2) << 30) / large) * large;
    const uint64_t pa = base + va % below;
    if (*size > p->data_last - pa + 1) {
        *size = p->data_last - pa + 1;
    }
    return pa;
}

uint64_t batch_pick_flags(struct rng *rng, const struct mset_pt_format *format) {
    static const uint64_t all[] = {
        0,
        MSET_READ,
        MSET_READ | MSET_WRITE,
        MSET_READ | MSET_WRITE | MSET_USER,
        MSET_READ | MSET_EXEC | MSET_USER,
        MSET_READ | MSET_EXEC | MSET_GLOBAL,
        MSET_ACCESS,
        MSET_ACCESS | MSET_USER,
        MSET_EXEC,
        MSET_EXEC | MSET_USER,
        MSET_WRITE,
        MSET_READ | MSET_USER | MSET_SOFT_0,
        MSET_READ | MSET_WRITE | MSET_UNCACHED,
    };
    for (;;) {
        const uint64_t flags = all[rng_below(rng, sizeof all / sizeof *all)];
        const bool unread = (flags & MSET_READ) == 0 && (flags & format->implies_read) != 0;
        if ((flags & ~format->flags) == 0 && !unread) {
            return flags;
        }
    }
}

static void map_at_random(struct batch *batch, const struct places *p) {
    struct rng *const rng = batch->rng;
    const uint64_t va = pick_va(rng, p);
    uint64_t size = pick_size(rng, p, va);
    const bool marker = rng_chance(rng, 8);
    const uint64_t pa = marker ? rng_next(rng) & UINT32_MAX : pick_pa(rng, p, va, &size);
    const uint64_t flags =
        marker ? MSET_PT_MARKER : batch_pick_flags(rng, mset_pt_get_format(batch->table));
    const enum mset_pt_overlap overlap = rng_chance(rng, 50) ? MSET_PT_REPLACE : MSET_PT_KEEP;
    const struct span span = {va, va + (size - 1), flags, pa};
    if (mset_pt_map_over(batch->table, va, pa, size, flags, overlap, NULL, NULL) == MSET_OK) {
        if (overlap == MSET_PT_KEEP) {
            spans_fill(&batch->spans, span);
        } else {
            spans_put(&batch->spans, span);
        }
    }
}

static void move_at_random(struct batch *batch, const struct places *p, uint64_t va,
                           uint64_t size) {
    const uint64_t to = pick_va(batch->rng, p);
    if (to - p->window <= p->window_size - size &&
        mset_pt_move(batch->table, va, to, size) == MSET_OK) {
        spans_move(&batch->spans, va, va + (size - 1), to);
    }
}

static void call_at_random(struct batch *batch, const struct places *p) {
    struct rng *const rng = batch->rng;
    const uint64_t va = pick_va(rng, p), size = pick_size(rng, p, va), last = va + (size - 1);
    const uint64_t flags = batch_pick_flags(rng, mset_pt_get_format(batch->table));
    switch (rng_below(rng, 12)) {
    case 0:
    case 1:
        if (mset_pt_unmap(batch->table, va, size, NULL, NULL) == MSET_OK) {
            spans_remove(&batch->spans, va, last);
        }
        break;
    case 2:
    case 3:
        if (mset_pt_protect(batch->table, va, size, flags) == MSET_OK) {
            spans_protect(&batch->spans, va, last, flags);
        }
        break;
    case 4:
        move_at_random(batch, p, va, size);
        break;
    case 5:
        (void)mset_pt_split(batch->table, va, p->slot_1, p->page);
        break;
    case 6:
        (void)mset_pt_promote(batch->table, va, size);
        break;
    default:
        map_at_random(batch, p);
        break;
    }
}

/* ---- the guest itself ----------------------------------------------------------------------- */

/* All below the tables to itself; on x86 the 16th megabyte is the user's. */
static mset_status map_guest(struct mset_page_table *table, const struct mmu_row *row) {
    const uint64_t user = row->ram + (UINT64_C(15) << 20), end = row->ram + TABLES_OFFSET;
    const uint64_t behind = user + (1 << 20);
    const uint64_t user_flags = MSET_ACCESS | (row->ram == 0 ? MSET_USER : 0);
    mset_status status = mset_pt_map(table, row->ram, row->ram, user - row->ram, MSET_ACCESS);
    if (status == MSET_OK) {
        status = mset_pt_map(table, user, user, behind - user, user_flags);
    }
    return status == MSET_OK ? mset_pt_map(table, behind, behind, end - behind, MSET_ACCESS)
                             : status;
}

static mset_status make_tables(struct batch *batch, bool high) {
    const struct mmu_row *const row = batch->machine->row;
    const struct mset_pt_format *const format = mset_pt_format_find(row->format);
    struct mset_pt_config config = {.format = format,
                                    .frames = mset_buddy_frames(batch->machine->tables),
                                    .leaf_sizes = format->leaf_sizes &
                                                  (row->no_gigabytes ? 0x3fffffff : UINT64_MAX),
                                    .pa_bits = row->pa_bits,
                                    .upper = high && format->two_roots,
                                    .promote = rng_chance(batch->rng, 50)};
    mset_status status = mset_pt_create(&config, &batch->table);
    if (status == MSET_OK && config.upper) {
        config.upper = false;
        status = mset_pt_create(&config, &batch->lower);
    }
    if (status == MSET_OK && row->translated) {
        status = map_guest(batch->lower != NULL ? batch->lower : batch->table, row);
    }
    return status;
}

/* ---- probes ------------------------------------------------------------------------------- */

/* Code that loads the low half of pa and comes back to the supervisor, or the user. */
static void fill_code(const struct mmu_row *row, unsigned char *to, uint32_t pa, bool user) {
    const uint32_t low = pa & 0xffff, high = pa >> 16;
    if (row->guest[0] == 'x') { /* mov $pa, %eax; ret */
        to[0] = 0xb8;
        memcpy(to + 1, &pa, sizeof pa);
        to[5] = 0xc3;
    } else if (row->guest[0] == 'r') { /* lui s5, pa; ecall */
        const uint32_t code[] = {(pa & 0xfffff000) | 21 << 7 | 0x37, 0x73};
        memcpy(to, code, sizeof code);
    } else { /* movz x7, low; movk x7, high; then ret, svc or hvc */
        const bool second = strstr(row->guest, "s2") != NULL;
        const uint32_t code[] = {0xd2800007 | low << 5, 0xf2a00007 | high << 5,
                                 second ? 0xd4000002
                                 : user ? 0xd4000001
                                        : 0xd65f03c0};
        memcpy(to, code, sizeof code);
    }
}

/* Words and instructions of the page: see mailbox.h. */
static void fill_page(const struct machine *machine, uint64_t pa) {
    unsigned char *const page = machine_at(machine, pa);
    memcpy(page, &pa, sizeof pa);
    fill_code(machine->row, page + SUPERVISOR_CODE, (uint32_t)pa, false);
    fill_code(machine->row, page + USER_CODE, (uint32_t)pa, true);
}

/* The offset of a word in the page that no other probe writes, marked so. False: all are taken. */
static bool own_word(const struct batch *batch, uint64_t pa, uint64_t *offset) {
    const uint64_t words = (MSET_PAGE_SIZE - WRITTEN) / 8;
    uint64_t *const word = machine_at(batch->machine, pa + WRITTEN);
    uint64_t i = rng_below(batch->rng, words);
    for (uint64_t k = 0; k < words && word[i] != 0; k++) {
        i = (i + 1) % words;
    }
    if (word[i] != 0) {
        return false;
    }
    word[i] = UNWRITTEN;
    *offset = 8 * i;
    return true;
}

/* Data only: not what the guest itself stands on, nor where firmware writes. */
static bool may_probe(const struct machine *machine, uint64_t va, const struct span *span) {
    const struct mmu_row *const row = machine->row;
    if (row->translated && va - row->ram < TABLES_OFFSET) {
        return false;
    }
    if (span == NULL || span->flags == MSET_PT_MARKER) {
        return true;
    }
    const uint64_t offset = span->pa + (va - span->start) - row->ram;
    return offset >= DATA_OFFSET && offset < RAM_BYTES - FIRMWARE_BYTES;
}

bool batch_add_probe(struct batch *batch, uint64_t va, unsigned op) {
    const struct span *const span = spans_find(&batch->spans, va);
    if (!may_probe(batch->machine, va, span)) {
        return false;
    }
    if (span != NULL && span->flags != MSET_PT_MARKER) {
        const uint64_t pa = span->pa + (va - span->start);
        fill_page(batch->machine, pa);
        uint64_t offset = 0;
        if (op % 3 == WRITE && !own_word(batch, pa, &offset)) {
            return false;
        }
        va |= offset;
    }
    batch->probes[batch->count++] = (struct mailbox_probe){.va = va, .op = op};
    return true;
}

static bool translates(const struct mset_page_table *table, uint64_t va) {
    struct mset_pt_run run;
    return mset_pt_query(table, va, 0, &run) != MSET_INVALID_PARAM;
}

/* Mostly at the ends of spans and beside them. */
static void add_some_probe(struct batch *batch, const struct places *p) {
    struct rng *const rng = batch->rng;
    uint64_t va = p->window + rng_below(rng, p->window_size);
    if (batch->spans.count != 0 && !rng_chance(rng, 5)) {
        const struct span *const span = &batch->spans.span[rng_below(rng, batch->spans.count)];
        const uint64_t inside = span->start + rng_below(rng, span->last - span->start + 1);
        const uint64_t choices[] = {span->start, span->last, inside, span->start - 1,
                                    span->last + 1};
        va = choices[rng_below(rng, 5)];
    }
    va &= ~(MSET_PAGE_SIZE - 1);
    if (translates(batch->table, va)) {
        (void)batch_add_probe(batch, va, (unsigned)rng_below(rng, batch->machine->row->ops));
    }
}

const char *batch_make(struct batch *batch, struct machine *machine, struct rng *rng,
                       unsigned index, size_t count) {
    *batch = (struct batch){.machine = machine, .rng = rng};
    const struct mset_pt_format *const format = mset_pt_format_find(machine->row->format);
    const bool high = index % 3 == 2;
    if (make_tables(batch, high) != MSET_OK) {
        return "the tables cannot be made";
    }
    const struct places p = places_of(format, machine->row, high);
    batch->probes = (struct mailbox_probe *)(void *)(machine->ram + machine->next_probe);
    const char *wrong = shelf_fill(batch, p.window, p.window_size, high);
    if (wrong != NULL) {
        return wrong;
    }
    for (unsigned i = 0; i < CALLS; i++) {
        call_at_random(batch, &p);
    }
    mset_pt_flushed(batch->table);
    if (batch->lower != NULL) {
        mset_pt_flushed(batch->lower);
    }
    if (mset_pt_validate(batch->table) != NULL) {
        return mset_pt_validate(batch->table);
    }
    while (batch->count < count) {
        add_some_probe(batch, &p);
    }
    wrong = shelf_count(batch);
    if (wrong != NULL) {
        return wrong;
    }
    struct mailbox_batch *const mail = &machine->mailbox->batch[index];
    const uint64_t root = mset_pt_root(batch->table);
    const bool two = batch->lower != NULL;
    machine->row->registers(machine->row, two ? mset_pt_root(batch->lower) : root, two ? root : 0,
                            mail->regs);
    mail->probes = count;
    mail->address = machine->row->ram + machine->next_probe;
    machine->next_probe += (count + 16) * sizeof *batch->probes;
    machine->mailbox->batches = index + 1;
    return NULL;
}

void batch_free(struct batch *batch) {
    mset_pt_destroy(batch->table);
    mset_pt_destroy(batch->lower);
}
