/* encoding.c - see encoding.h. */
#include "page_table/encoding/encoding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Physical, of the tables: 4 MiB, aligned for the largest of them. */
#define TABLES UINT64_C(0x5a00000000)
#define TABLES_BYTES (4 * MIB)

void encoding_open(struct encoding *e, const struct encoding_format *of,
                   const struct mset_pt_config *config) {
    *e = (struct encoding){.of = of};
    counting_allocator_open(&e->memory);
    e->storage = aligned_alloc(MSET_PAGE_SIZE, TABLES_BYTES);
    assert_non_null(e->storage);
    memset(e->storage, 0x5a, TABLES_BYTES); /* frames come with rubbish in them */
    const struct mset_buddy_config region = {TABLES, TABLES_BYTES, e->storage, &e->memory.base};
    assert_int_equal(mset_buddy_create(&region, &e->buddy), MSET_OK);
    struct mset_pt_config own = config != NULL ? *config : (struct mset_pt_config){.pa_bits = 0};
    own.format = of->format;
    own.frames = mset_buddy_frames(e->buddy);
    own.allocator = &e->memory.base;
    assert_int_equal(mset_pt_create(&own, &e->pt), MSET_OK);
}

static void validate(const struct encoding *e) {
    const char *const wrong = mset_pt_validate(e->pt);
    if (wrong != NULL) {
        fail_msg("%s: %s", e->of->format->name, wrong);
    }
}

void encoding_close(struct encoding *e) {
    validate(e);
    mset_pt_destroy(e->pt);
    assert_null(mset_buddy_validate(e->buddy));
    mset_buddy_destroy(e->buddy);
    free(e->storage);
    assert_null(counting_allocator_complaint(&e->memory, true));
}

uint64_t *encoding_at(const struct encoding *e, unsigned level, uint64_t va) {
    const struct encoding_format *const of = e->of;
    uint64_t table = mset_pt_root(e->pt);
    for (unsigned at = of->format->levels - 1;; at--) {
        const uint64_t bytes = UINT64_C(8) << of->index_bits[at];
        const uint64_t index = va >> of->shift[at] & (bytes / 8 - 1);
        assert_in_range(table, TABLES, TABLES + TABLES_BYTES - bytes);
        assert_int_equal(table % bytes, 0);
        uint64_t *const entries = (uint64_t *)(void *)(e->storage + (table - TABLES));
        if (at == level) {
            return &entries[index];
        }
        assert_int_equal(entries[index] & ~of->table_field, of->table_rest);
        table = (entries[index] & of->table_field) << of->table_shift;
    }
}

void encoding_map(struct encoding *e, uint64_t va, uint64_t pa, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_map(e->pt, va, pa, size, flags), MSET_OK);
    validate(e);
}

void encoding_protect(struct encoding *e, uint64_t va, uint64_t size, uint64_t flags) {
    assert_int_equal(mset_pt_protect(e->pt, va, size, flags), MSET_OK);
    mset_pt_flushed(e->pt);
    validate(e);
}

void encoding_is(const struct encoding *e, unsigned level, uint64_t va, uint64_t entry) {
    const uint64_t is = *encoding_at(e, level, va);
    if (is != entry) {
        fail_msg("%s, level %u, address %#llx: %#018llx should be %#018llx", e->of->format->name,
                 level, (unsigned long long)va, (unsigned long long)is, (unsigned long long)entry);
    }
}

void encoding_reads(const struct encoding *e, uint64_t va, uint64_t pa, uint64_t flags,
                    unsigned marks) {
    struct mset_pt_run run;
    assert_int_equal(mset_pt_query(e->pt, va, 0, &run), MSET_OK);
    assert_int_equal(run.pa, pa);
    assert_int_equal(run.flags, flags);
    assert_int_equal(run.present, (flags & MSET_ACCESS) != 0);
    assert_int_equal(run.accessed, (marks & MSET_PT_ACCESSED) != 0);
    assert_int_equal(run.dirty, (marks & MSET_PT_DIRTY) != 0);
}

/* ---- leaves ------------------------------------------------------------------------------- */

/* The marks of a new leaf. Formats whose processors always set them give none. */
static unsigned born(const struct encoding *e, const struct mset_pt_config *config,
                     uint64_t flags) {
    if (!e->of->format->marks_optional || (flags & MSET_ACCESS) == 0 ||
        (config != NULL && config->hardware_marks)) {
        return 0;
    }
    return MSET_PT_ACCESSED | (flags & MSET_WRITE ? MSET_PT_DIRTY : 0);
}

static void gone(struct encoding *e, const struct encoding_leaf *leaf) {
    const unsigned top = e->of->format->levels - 1;
    assert_int_equal(mset_pt_unmap(e->pt, leaf->va, leaf->size, NULL, NULL), MSET_OK);
    mset_pt_flushed(e->pt);
    encoding_is(e, top, leaf->va, e->of->empty[top > 0]);
}

void encoding_check_leaves(const struct encoding_format *of, const struct mset_pt_config *config,
                           const struct encoding_leaf *leaves, size_t n) {
    for (const struct encoding_leaf *leaf = leaves; leaf < leaves + n; leaf++) {
        struct encoding e;
        encoding_open(&e, of, config);
        encoding_map(&e, leaf->va, leaf->pa, leaf->size, leaf->flags);
        encoding_is(&e, leaf->level, leaf->va, leaf->entry);
        encoding_is(&e, leaf->level, leaf->va ^ (UINT64_C(1) << of->shift[leaf->level]),
                    of->empty[leaf->level > 0]);
        encoding_reads(&e, leaf->va, leaf->pa, leaf->flags, born(&e, config, leaf->flags));
        gone(&e, leaf);
        if (leaf->flags != MSET_PT_MARKER) { /* through a time without access */
            encoding_map(&e, leaf->va, leaf->pa, leaf->size, 0);
            for (unsigned round = 0; round < 2; round++) {
                encoding_protect(&e, leaf->va, leaf->size, leaf->flags);
                encoding_is(&e, leaf->level, leaf->va, leaf->entry);
                encoding_protect(&e, leaf->va, leaf->size, 0);
                encoding_reads(&e, leaf->va, leaf->pa, 0, born(&e, config, leaf->flags));
            }
            gone(&e, leaf);
        }
        encoding_close(&e);
    }
}

void encoding_check_flags(const struct encoding_format *of, const struct mset_pt_config *config,
                          uint64_t pa, const struct encoding_flags *cases, size_t n) {
    const uint64_t page = UINT64_C(1) << of->shift[0];
    for (size_t i = 0; i < n; i++) {
        const struct encoding_leaf leaf = {0, 5 * page, pa, page, cases[i].flags, cases[i].entry};
        encoding_check_leaves(of, config, &leaf, 1);
    }
}

void encoding_check_unsupported(const struct encoding_format *of, const uint64_t *flags, size_t n) {
    struct encoding e;
    encoding_open(&e, of, NULL);
    const uint64_t page = UINT64_C(1) << of->shift[0];
    encoding_map(&e, page, page, page, MSET_READ);
    const uint64_t entry = *encoding_at(&e, 0, page);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(mset_pt_map(e.pt, 8 * page, 0, page, flags[i]), MSET_UNSUPPORTED);
        assert_int_equal(mset_pt_protect(e.pt, page, page, flags[i]), MSET_UNSUPPORTED);
        encoding_is(&e, 0, page, entry);
        encoding_is(&e, 0, 8 * page, of->empty[0]);
    }
    encoding_close(&e);
}

/* ---- groups ------------------------------------------------------------------------------- */

static void group_is(const struct encoding *e, const struct encoding_group *group) {
    const uint64_t slot = UINT64_C(1) << e->of->shift[group->level];
    assert_int_equal(group->size, group->n * slot);
    assert_int_equal(group->first + (group->n - 1) * group->step, group->last);
    for (uint64_t i = 0; i < group->n; i++) {
        encoding_is(e, group->level, group->va + i * slot, group->first + i * group->step);
        encoding_reads(e, group->va + i * slot, group->pa + i * slot, group->flags,
                       born(e, NULL, group->flags));
    }
}

void encoding_check_groups(const struct encoding_format *of, const struct mset_pt_config *config,
                           const struct encoding_group *groups, size_t n) {
    for (const struct encoding_group *group = groups; group < groups + n; group++) {
        struct encoding e;
        struct mset_pt_statistics now;
        encoding_open(&e, of, config);
        encoding_map(&e, group->va, group->pa, group->size, group->flags);
        mset_pt_get_statistics(e.pt, &now);
        assert_int_equal(now.groups[group->level], 1);
        group_is(&e, group);
        encoding_close(&e);
    }
}

/* ---- marks -------------------------------------------------------------------------------- */

static bool count_runs(void *arg, const struct mset_pt_run *run) {
    (void)run;
    ++*(unsigned *)arg;
    return true;
}

void encoding_check_marks(const struct encoding_format *of, uint64_t pa,
                          const struct encoding_mark *cases, size_t n) {
    const struct mset_pt_config config = {.hardware_marks = true};
    const uint64_t page = UINT64_C(1) << of->shift[0], va = 5 * page;
    for (const struct encoding_mark *c = cases; c < cases + n; c++) {
        struct encoding e;
        unsigned seen = 0;
        encoding_open(&e, of, &config);
        encoding_map(&e, va, pa, page, c->flags);
        encoding_is(&e, 0, va, c->before);
        encoding_reads(&e, va, pa, c->flags, 0);
        *encoding_at(&e, 0, va) = c->after;
        encoding_reads(&e, va, pa, c->flags, c->marks);
        assert_int_equal(
            mset_pt_harvest(e.pt, va, page, MSET_PT_ACCESSED | MSET_PT_DIRTY, count_runs, &seen),
            MSET_OK);
        assert_int_equal(seen, c->marks != 0);
        encoding_is(&e, 0, va, c->before);
        if (c->marks != 0) { /* what a fault handler would do */
            assert_int_equal(mset_pt_mark(e.pt, va, c->marks), MSET_OK);
            encoding_is(&e, 0, va, c->after);
        }
        encoding_close(&e);
    }
}
