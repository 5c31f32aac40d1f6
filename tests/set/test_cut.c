/*
 * test_cut.c - may_map and cut: which backends are asked, where, and in which order; and that a
 * refusal of either leaves everything as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <mset/set.h>

#define PAGE MSET_PAGE_SIZE

/* Writes one letter and a page number per call: a(sk), c(ut), m(ap), u(nmap), p(rotect), v. */
struct scribe {
    struct mset_backend backend;
    char log[128];
    char refuse; /* the letter of the call to refuse */
};

static int note(struct mset_backend *backend, char letter, uint64_t address) {
    struct scribe *scribe = (struct scribe *)(void *)backend;
    const size_t used = strlen(scribe->log);
    (void)snprintf(scribe->log + used, sizeof scribe->log - used, "%c%u ", letter,
                   (unsigned)(address / PAGE));
    return letter == scribe->refuse ? -7 : 0;
}

static int may_map(struct mset_backend *b, const struct mset_area *run, void *page_table) {
    (void)page_table;
    return note(b, 'a', run->start);
}

static int cut(struct mset_backend *b, const struct mset_area *area, uint64_t at,
               void *page_table) {
    (void)page_table;
    assert_true(at > area->start && at - area->start < area->size);
    return note(b, 'c', at);
}

static int map(struct mset_backend *b, const struct mset_area *run, void *page_table) {
    (void)page_table;
    return note(b, 'm', run->start);
}

static int unmap(struct mset_backend *b, const struct mset_area *run, void *page_table) {
    (void)page_table;
    return note(b, 'u', run->start);
}

static int protect(struct mset_backend *b, const struct mset_area *run, uint64_t flags,
                   void *page_table) {
    (void)flags;
    (void)page_table;
    return note(b, 'p', run->start);
}

static int move(struct mset_backend *b, const struct mset_area *run, uint64_t to,
                void *page_table) {
    (void)to;
    (void)page_table;
    return note(b, 'v', run->start);
}

static const struct mset_backend_ops ops = {
    .may_map = may_map, .cut = cut, .map = map, .unmap = unmap, .protect = protect, .move = move};

static bool to_write(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)arg;
    (void)piece;
    *flags = MSET_WRITE;
    return true;
}

/* Areas of pages [10, 20) and [20, 30). */
static struct mset *open_set(struct scribe *scribe) {
    struct mset *set;
    *scribe = (struct scribe){.backend = {&ops}};
    assert_int_equal(mset_create(NULL, &set), MSET_OK);
    for (uint64_t page = 10; page < 30; page += 10) {
        const struct mset_area area = {page * PAGE, 10 * PAGE, MSET_READ, &scribe->backend, 0};
        assert_int_equal(mset_map(set, &area, MSET_MAP_FAIL, NULL), MSET_OK);
    }
    assert_string_equal(scribe->log, "m10 m20 ");
    scribe->log[0] = '\0';
    return set;
}

static mset_status replace(struct mset *set, struct scribe *scribe, uint64_t page, uint64_t n) {
    const struct mset_area area = {page * PAGE, n * PAGE, MSET_READ, &scribe->backend, 0};
    return mset_map(set, &area, MSET_MAP_REPLACE, NULL);
}

static mset_status take(struct mset *set, struct scribe *scribe, uint64_t page, uint64_t n) {
    (void)scribe;
    return mset_unmap(set, page * PAGE, n * PAGE, NULL);
}

static mset_status change(struct mset *set, struct scribe *scribe, uint64_t page, uint64_t n) {
    (void)scribe;
    return mset_protect(set, page * PAGE, n * PAGE, to_write, NULL, NULL);
}

static mset_status carry(struct mset *set, struct scribe *scribe, uint64_t page, uint64_t n) {
    (void)scribe;
    return mset_move(set, page * PAGE, n * PAGE, 50 * PAGE, MSET_MAP_FAIL, NULL);
}

static mset_status forget(struct mset *set, struct scribe *scribe, uint64_t page, uint64_t n) {
    (void)scribe;
    return mset_unmap_metadata(set, page * PAGE, n * PAGE);
}

struct scene {
    mset_status (*operation)(struct mset *, struct scribe *, uint64_t page, uint64_t n);
    uint64_t page, n;
    const char *log;
};

static const struct scene scenes[] = {
    {replace, 12, 10, "a12 c12 c22 u12 u20 m12 "}, /* across both */
    {replace, 10, 20, "a10 u10 u20 m10 "},         /* whole areas: nothing to cut */
    {replace, 40, 2, "m40 "},                      /* nothing there: nobody is asked */
    {take, 12, 3, "c12 c15 u12 "},
    {take, 5, 10, "c15 u10 "},
    {take, 10, 10, "u10 "},
    {change, 15, 10, "c15 c25 p15 p20 "},
    {change, 10, 20, "p10 p20 "},
    {carry, 18, 4, "c18 c22 v18 v20 "},
    {forget, 12, 3, ""}, /* bookkeeping only */
};

static void cuts_come_first(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct scribe scribe;
        struct mset *set = open_set(&scribe);
        const struct scene *scene = &scenes[i];
        assert_int_equal(scene->operation(set, &scribe, scene->page, scene->n), MSET_OK);
        assert_string_equal(scribe.log, scene->log);
        assert_null(mset_validate(set));
        mset_destroy(set);
    }
}

/* Refused before anything was done, so there is nothing to undo. */
static void refusals_change_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        for (const char *letter = "ac"; *letter != '\0'; letter++) {
            struct scribe scribe;
            struct mset *set = open_set(&scribe);
            const struct scene *scene = &scenes[i];
            const char *asked = strchr(scene->log, *letter);
            scribe.refuse = *letter;
            const mset_status status = scene->operation(set, &scribe, scene->page, scene->n);
            assert_int_equal(status, asked == NULL ? MSET_OK : MSET_BAD_STATE);
            if (asked != NULL) {
                assert_null(strpbrk(scribe.log, "mupv"));
                assert_int_equal(mset_last_failure(set).code, -7);
                assert_int_equal(mset_last_failure(set).done_size, 0);
                assert_int_equal(mset_count(set), 2);
            }
            assert_null(mset_validate(set));
            mset_destroy(set);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_come_first),
        cmocka_unit_test(refusals_change_nothing),
    };
    return cmocka_run_group_tests_name("set, cuts", tests, NULL, NULL);
}
