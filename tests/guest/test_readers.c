/*
 * test_readers.c - threads that look up and write while the map changes under them. Every page of
 * RAM holds its own number; a reader that is led to another page, or to memory that has gone, sees
 * it.
 *
 * Readers announce themselves: an odd number while they are inside. What options.synchronize waits
 * for is that every reader that was inside has come out.
 */
#include "scene.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "support/rng.h"
#include "support/scale.h"

enum { READERS = 2, PAGES = 64 };
#define BASE UINT64_C(0x100000)
#define BAR UINT64_C(0x4000000)

struct reader {
    struct mset_guest *guest;
    uint64_t seed;
    _Atomic uint64_t sections; /* odd: inside */
    _Atomic uint64_t found;    /* looked at while they run */
    uint64_t missing, wrong;
};

static struct reader readers[READERS];
static atomic_bool stop;
static atomic_bool running;

static void synchronize(void *context) {
    (void)context;
    for (int i = 0; i < READERS && atomic_load(&running); i++) {
        const uint64_t before = atomic_load(&readers[i].sections);
        while (before % 2 != 0 && atomic_load(&readers[i].sections) == before) {
            (void)sched_yield();
        }
    }
}

/* RAM always has its number; the BAR has it, or is not there. */
static void look(struct reader *reader, struct mset_guest_cursor *cursor, struct rng *rng) {
    const bool in_bar = rng_chance(rng, 30);
    const uint64_t page = rng_below(rng, in_bar ? 4 : PAGES);
    const uint64_t address =
        in_bar ? BAR + (rng_next(rng) & 3) * 0x100000 + page * PAGE : BASE + page * PAGE;
    uint64_t value = 0;
    const mset_status status = mset_guest_load(cursor, address, 8, &value);
    reader->found += status == MSET_OK;
    reader->missing += status == MSET_NOT_FOUND && in_bar;
    reader->wrong += status == MSET_OK ? value != (in_bar ? 1000 + page : page)
                                       : !(status == MSET_NOT_FOUND && in_bar);
}

static void *read_on(void *context) {
    struct reader *const reader = context;
    struct mset_guest_cursor cursor;
    struct rng rng = {reader->seed};
    mset_guest_cursor_init(&cursor, reader->guest);
    while (!atomic_load(&stop)) {
        (void)atomic_fetch_add(&reader->sections, 1);
        for (int i = 0; i < 50; i++) {
            look(reader, &cursor, &rng);
        }
        (void)atomic_fetch_add(&reader->sections, 1);
    }
    return NULL;
}

static void number_pages(struct scene *scene, const struct mset_region *region, uint64_t pages,
                         uint64_t first) {
    (void)scene;
    for (uint64_t i = 0; i < pages; i++) {
        const uint64_t value = first + i;
        memcpy(host_of(region) + i * PAGE, &value, sizeof value);
    }
}

/* The BAR is made hidden, because its pages have to get their numbers first. */
static struct mset_region *add_bar(struct scene *scene) {
    struct mset_region_config config = ram_at(BAR, 4);
    config.hidden = true;
    struct mset_region *const bar = add(scene, config);
    number_pages(scene, bar, 4, 1000);
    assert_int_equal(mset_guest_show(scene->guest, bar, true), MSET_OK);
    return bar;
}

/* Cuts RAM and joins it, moves the BAR, and takes its memory away altogether. */
static void change(struct scene *scene, struct mset_region *window, struct rng *rng,
                   uint64_t rounds) {
    for (uint64_t round = 0; round < rounds; round++) {
        struct mset_region *const bar = add_bar(scene);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(mset_guest_show(scene->guest, window, i % 2 == 0), MSET_OK);
            assert_int_equal(mset_guest_move(scene->guest, bar, BAR + rng_below(rng, 4) * 0x100000),
                             MSET_OK);
        }
        assert_int_equal(mset_guest_remove(scene->guest, bar), MSET_OK);
    }
}

static void test_readers(void **state) {
    struct scene scene;
    pthread_t threads[READERS];
    struct rng rng = {4};
    (void)state;
    scene_open_with(&scene, (struct mset_guest_options){.synchronize = synchronize});
    struct mset_region *const ram = add(&scene, ram_at(BASE, PAGES));
    number_pages(&scene, ram, PAGES, 0);
    struct mset_region_config config = alias_at(BASE + 16 * PAGE, 4, ram, 16);
    config.read_only = true;
    config.hidden = true;
    struct mset_region *const window = add(&scene, config);
    atomic_store(&running, true);
    for (int i = 0; i < READERS; i++) {
        readers[i] = (struct reader){.guest = scene.guest, .seed = (uint64_t)i + 1};
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
    }
    change(&scene, window, &rng, test_scaled(40));
    while (readers[0].found == 0 || readers[1].found == 0) {
        (void)sched_yield();
    }
    atomic_store(&stop, true);
    uint64_t found = 0;
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(readers[i].wrong, 0);
        found += readers[i].found;
    }
    atomic_store(&running, false);
    print_message("%llu reads\n", (unsigned long long)found);
    scene_close(&scene);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_readers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
