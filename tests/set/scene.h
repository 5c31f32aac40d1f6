/*
 * scene.h - the shorthand of the tests of the set: a twin of 4 KiB pages, operations by page
 * number, and assertions that print what led to the failure.
 */
#ifndef MSET_TEST_SET_SCENE_H
#define MSET_TEST_SET_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/twin.h"

#define R MSET_READ
#define RW (MSET_READ | MSET_WRITE)
#define RX (MSET_READ | MSET_EXEC)

#define PAGE MSET_PAGE_SIZE
/* The address of page n of the usual universe. */
#define SCENE_BASE UINT64_C(0x400000)
#define AT(n) (SCENE_BASE + (uint64_t)(n)*PAGE)

/* Fails the test with the complaint, after printing the operations that led to it. */
static inline void agree(const struct twin *twin, const char *wrong) {
    if (wrong != NULL) {
        (void)fprintf(stderr, "%s set of %zu pages at %#llx: the last operations\n",
                      twin->options.merge ? "merging" : "plain", twin->options.pages,
                      (unsigned long long)twin->options.base);
        twin_print_history(twin);
        fail_msg("%s", wrong);
    }
}

/* The run that begins on this page; without pages it is all zero. */
static inline void assert_run(const struct mset_area *run, size_t page, size_t pages) {
    assert_int_equal(run->start, pages == 0 ? 0 : AT(page));
    assert_int_equal(run->size, pages * PAGE);
}

/* A set of `pages` pages at SCENE_BASE. */
static inline void scene_open(struct twin *twin, size_t pages, bool merge) {
    const struct twin_options options = {
        .base = SCENE_BASE, .page_size = PAGE, .pages = pages, .merge = merge};
    twin_open(twin, &options);
}

static inline void scene_close(struct twin *twin) {
    agree(twin, twin_compare(twin, TWIN_FULL));
    agree(twin, twin_close(twin));
}

/* Applies, expects this status of both, compares all. */
static inline void expect(struct twin *twin, mset_status status, struct operation operation) {
    agree(twin, twin_apply(twin, &operation));
    if (twin->status != status) {
        twin_print_history(twin);
        fail_msg("status is \"%s\", not \"%s\"", mset_status_text(twin->status),
                 mset_status_text(status));
    }
    agree(twin, twin_compare(twin, TWIN_FULL));
}

/* The next operation: calls whose bits are set in `mask` are refused with `code`. */
static inline void refuse(struct twin *twin, uint64_t mask, int code) {
    twin->refusal = (struct refusal){.calls = mask, .code = code};
}

/* The next operation: prepares whose bits are set in `mask` are refused with `code`. */
static inline void refuse_to_prepare(struct twin *twin, uint64_t mask, int code) {
    twin->refusal = (struct refusal){.prepares = mask, .code = code};
}

/* The next operation is carried out in this way. */
static inline void by(struct twin *twin, enum operation_way way) {
    twin->way = way;
}

/* ---- operations by page number; offsets equal addresses unless said otherwise --------------- */

static inline struct operation map(size_t page, size_t pages, uint64_t flags,
                                   enum recorder_kind backend, unsigned how) {
    return (struct operation){.kind = OP_MAP,
                              .start = AT(page),
                              .size = pages * PAGE,
                              .flags = flags,
                              .offset = AT(page),
                              .backend = backend,
                              .how = how};
}

static inline struct operation unmap(size_t page, size_t pages) {
    return (struct operation){.kind = OP_UNMAP, .start = AT(page), .size = pages * PAGE};
}

static inline struct operation clear(void) {
    return (struct operation){.kind = OP_CLEAR};
}

static inline struct operation protect(size_t page, size_t pages, enum update_rule rule,
                                       uint64_t flags) {
    return (struct operation){.kind = OP_PROTECT,
                              .start = AT(page),
                              .size = pages * PAGE,
                              .flags = flags,
                              .update = rule};
}

static inline struct operation move(size_t page, size_t pages, size_t to, unsigned how) {
    return (struct operation){
        .kind = OP_MOVE, .start = AT(page), .size = pages * PAGE, .to = AT(to), .how = how};
}

static inline struct operation resize(enum operation_kind kind, size_t page, unsigned side,
                                      size_t pages) {
    return (struct operation){.kind = kind, .start = AT(page), .size = pages * PAGE, .side = side};
}

/* Not over holes. */
static inline struct operation strictly(struct operation operation) {
    operation.holes = MSET_HOLES_FAIL;
    return operation;
}

static inline struct operation set_limits(uint64_t max_areas, uint64_t max_bytes) {
    return (struct operation){.kind = OP_SET_LIMITS, .start = max_areas, .size = max_bytes};
}

static inline struct operation metadata(struct operation operation) {
    operation.kind = operation.kind == OP_UNMAP ? OP_UNMAP_METADATA : OP_REPLACE_METADATA;
    return operation;
}

static inline struct operation fault(uint64_t address, uint64_t access) {
    return (struct operation){.kind = OP_FAULT, .start = address, .flags = access};
}

/* ---- what the library says, in literal numbers ---------------------------------------------- */

/* Area number `index` (from 0) covers these pages with these flags. */
static inline void assert_area(const struct twin *twin, size_t index, size_t page, size_t pages,
                               uint64_t flags) {
    struct mset_cursor cursor;
    struct mset_area area = {0};
    mset_cursor_all(&cursor, twin->set);
    for (size_t i = 0; i <= index; i++) {
        assert_true(mset_cursor_next(&cursor, &area));
    }
    mset_cursor_close(&cursor);
    assert_int_equal(area.start, AT(page));
    assert_int_equal(area.size, pages * PAGE);
    assert_int_equal(area.flags, flags);
}

static inline void assert_count(const struct twin *twin, uint64_t count) {
    assert_int_equal(mset_count(twin->set), count);
}

/* How many calls the backends got in the last operation, prepares and aborts not counted. */
static inline void assert_calls(const struct twin *twin, size_t calls) {
    assert_int_equal(twin->stage.told, calls);
}

/* Change number `index` (from 0), by pages; no pages: no area before it, or after it. */
static inline void assert_change(const struct change_list *list, size_t index,
                                 enum mset_change_kind kind, size_t old_page, size_t old_pages,
                                 size_t new_page, size_t new_pages) {
    assert_true(index < list->count);
    const struct mset_change *change = &list->changes[index];
    assert_string_equal(mset_change_text(change->kind), mset_change_text(kind));
    assert_run(&change->old_run, old_page, old_pages);
    assert_run(&change->new_run, new_page, new_pages);
}

/* Call number `index` of those that the stage has recorded, prepares and aborts among them. */
static inline const struct call *assert_call(const struct stage *stage, size_t index,
                                             enum call_kind kind, enum recorder_kind backend,
                                             size_t page, size_t pages) {
    assert_true(index < stage->calls.count);
    const struct call *call = &stage->calls.calls[index];
    assert_int_equal(call->kind, kind);
    assert_ptr_equal(call->run.backend, &stage->recorders[backend].base);
    assert_run(&call->run, page, pages);
    return call;
}

#endif
