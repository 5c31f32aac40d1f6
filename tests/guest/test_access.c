/*
 * test_access.c - reading and writing at the edges: hostile ranges, handlers that refuse or change
 * the map, byte granularity, atomic accesses, logged writes. Memory stands between guard bytes.
 */
#include "scene.h"

#include <stdlib.h>
#include <string.h>

enum { GUARD = 4096, PAGES = 4 };

/* Two pieces of RAM, with a hole of one page between them, ROM and a device. */
struct machine {
    struct scene scene;
    unsigned char *memory; /* guard, low RAM, guard, high RAM, guard */
    struct mset_region *low, *high, *rom, *device;
    uint64_t log[64];
    unsigned calls;
    mset_status answer; /* of the device */
    void (*act)(struct machine *machine);
};

#define LOW UINT64_C(0x10000)
#define HIGH (LOW + (PAGES + 1) * PAGE)
#define ROM (HIGH + PAGES * PAGE)
#define DEVICE (ROM + PAGE)

static void note(struct machine *machine, uint64_t what, uint64_t offset, unsigned width) {
    machine->log[machine->calls++ % 64] = what << 32 | offset << 8 | width;
    if (machine->act != NULL) {
        machine->act(machine);
    }
}

static mset_status device_read(void *context, uint64_t offset, unsigned width, uint64_t *value) {
    struct machine *const machine = context;
    *value = UINT64_C(0x8877665544332211) + offset;
    note(machine, 1, offset, width);
    return machine->answer;
}

static mset_status device_write(void *context, uint64_t offset, unsigned width, uint64_t value) {
    struct machine *const machine = context;
    (void)value;
    note(machine, 2, offset, width);
    return machine->answer;
}

static const struct mset_region_io device_io = {device_read, device_write};
static const struct mset_region_io deaf_io = {NULL, NULL};

static struct mset_region *add_memory(struct machine *machine, enum mset_region_kind kind,
                                      uint64_t start, uint64_t pages, unsigned char *host,
                                      const struct mset_region_io *io) {
    struct mset_region_config config = ram_at(start, pages);
    config.kind = kind;
    config.memory = (struct mset_memory_wish){.source = MSET_MEMORY_CALLER, .host = host};
    config.io = io;
    config.io_context = machine;
    return add(&machine->scene, config);
}

static void machine_open(struct machine *machine, struct mset_guest_options options) {
    const size_t size = (2 * PAGES + 1) * PAGE + 3 * (size_t)GUARD;
    *machine = (struct machine){.answer = MSET_OK};
    machine->memory = aligned_alloc(PAGE, size);
    assert_non_null(machine->memory);
    memset(machine->memory, 0xee, size);
    scene_open_with(&machine->scene, options);
    unsigned char *const low = machine->memory + GUARD, *const high = low + PAGES * PAGE + GUARD;
    machine->low = add_memory(machine, MSET_REGION_RAM, LOW, PAGES, low, NULL);
    machine->high = add_memory(machine, MSET_REGION_RAM, HIGH, PAGES, high, NULL);
    machine->rom = add_memory(machine, MSET_REGION_ROM, ROM, 1, high + PAGES * PAGE, &deaf_io);
    const struct mset_region_config device = {.kind = MSET_REGION_MMIO,
                                              .start = DEVICE,
                                              .size = PAGE,
                                              .io = &device_io,
                                              .io_context = machine};
    machine->device = add(&machine->scene, device);
}

static void machine_close(struct machine *machine) {
    const unsigned char *const low_end = machine->memory + GUARD + PAGES * PAGE;
    for (size_t i = 0; i < GUARD; i++) {
        assert_int_equal(machine->memory[i], 0xee);
        assert_int_equal(low_end[i], 0xee);
        assert_int_equal(low_end[GUARD + (PAGES + 1) * PAGE + i], 0xee);
    }
    scene_close(&machine->scene);
    free(machine->memory);
}

static const struct mset_guest_options usual = {.page_size = 0};

/* ---- ranges ------------------------------------------------------------------------------------
 */

static void test_ram_hole_ram(void **state) {
    struct machine machine;
    static unsigned char bytes[3 * PAGES * 4096];
    uint64_t done = 0;
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    assert_int_equal(mset_guest_fill(cursor, LOW, 0x11, PAGES * PAGE, &done), MSET_OK);
    assert_int_equal(done, PAGES * PAGE);
    assert_int_equal(mset_guest_fill(cursor, HIGH, 0x22, PAGES * PAGE, NULL), MSET_OK);
    assert_int_equal(mset_guest_read(cursor, LOW + 5, bytes, PAGES * PAGE, &done), MSET_NOT_FOUND);
    assert_int_equal(done, PAGES * PAGE - 5);
    assert_int_equal(bytes[done - 1], 0x11);
    assert_int_equal(bytes[done], 0);
    assert_int_equal(mset_guest_write(cursor, LOW + PAGE, bytes, PAGES * PAGE, &done),
                     MSET_NOT_FOUND);
    assert_int_equal(done, (PAGES - 1) * PAGE);
    /* Into ROM: what RAM there was is written. */
    assert_int_equal(mset_guest_fill(cursor, ROM - 3, 0x33, 10, &done), MSET_ACCESS_DENIED);
    assert_int_equal(done, 3);
    assert_int_equal(host_of(machine.rom)[0], 0xee);
    machine_close(&machine);
}

static void test_hostile_ranges(void **state) {
    struct machine machine;
    unsigned char byte = 0;
    static const uint64_t starts[] = {
        0,         1, LOW - 1, LOW, HIGH - 1, ROM + PAGE - 1, UINT64_C(1) << 63, UINT64_MAX - 4095,
        UINT64_MAX};
    uint64_t done = 0, value = 0;
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const uint64_t start = starts[i];
        const uint64_t wrapping[] = {UINT64_MAX, 0 - start + 1, UINT64_MAX - start + 2};
        for (size_t k = 0; k < 3; k++) {
            const uint64_t size = wrapping[k];
            if (size == 0 || start + (size - 1) >= start) {
                continue;
            }
            done = 1;
            assert_int_equal(mset_guest_read(cursor, start, &byte, size, &done),
                             MSET_INVALID_PARAM);
            assert_int_equal(done, 0);
            assert_int_equal(mset_guest_write(cursor, start, &byte, size, NULL),
                             MSET_INVALID_PARAM);
            assert_int_equal(mset_guest_fill(cursor, start, 0, size, NULL), MSET_INVALID_PARAM);
            assert_int_equal(mset_guest_copy(cursor, start, LOW, size, NULL), MSET_INVALID_PARAM);
            assert_int_equal(mset_guest_copy(cursor, LOW, start, size, NULL), MSET_INVALID_PARAM);
            assert_int_equal(mset_guest_wrote(cursor, start, size), MSET_INVALID_PARAM);
        }
        assert_int_equal(mset_guest_read(cursor, start, NULL, 0, &done), MSET_OK);
        assert_int_equal(mset_guest_load(cursor, start | 1, 8, &value), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_load(cursor, start, 3, &value), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_store(cursor, start, 0, value), MSET_INVALID_PARAM);
        assert_int_equal(mset_guest_store(cursor, start, 16, value), MSET_INVALID_PARAM);
    }
    /* A length that does not wrap, and ends behind everything there is. */
    assert_int_equal(mset_guest_fill(cursor, LOW, 1, UINT64_MAX - LOW, &done), MSET_NOT_FOUND);
    assert_int_equal(done, PAGES * PAGE);
    machine_close(&machine);
}

static void test_copies(void **state) {
    struct machine machine;
    uint64_t done = 0;
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    unsigned char *const low = host_of(machine.low), *const high = host_of(machine.high);
    for (size_t i = 0; i < PAGES * PAGE; i++) {
        low[i] = (unsigned char)(i * 3);
    }
    assert_int_equal(mset_guest_copy(cursor, HIGH, LOW, PAGES * PAGE, &done), MSET_OK);
    assert_memory_equal(low, high, PAGES * PAGE);
    assert_int_equal(mset_guest_copy(cursor, LOW, LOW + 1, 2, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_copy(cursor, LOW + 1, LOW, 2, NULL), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_copy(cursor, LOW, LOW, 0, &done), MSET_OK);
    /* From a device, and to it: aligned pieces; what it refuses ends the copy. */
    assert_int_equal(mset_guest_copy(cursor, LOW + 1, DEVICE + 1, 15, &done), MSET_OK);
    assert_int_equal(done, 15);
    assert_int_equal(low[1], 0x12);
    assert_int_equal(mset_guest_copy(cursor, DEVICE, LOW, 16, &done), MSET_OK);
    machine.answer = MSET_UNSUPPORTED;
    assert_int_equal(mset_guest_copy(cursor, DEVICE, LOW, 16, &done), MSET_UNSUPPORTED);
    assert_int_equal(done, 0);
    assert_int_equal(mset_guest_copy(cursor, LOW, DEVICE, 16, &done), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_copy(cursor, LOW, LOW + PAGES * PAGE, 16, &done), MSET_NOT_FOUND);
    machine_close(&machine);
}

/* A device reads a chain of buffers into memory of the guest, by its host address, and the guest
   has chosen both: they may overlap, as they may for a write. */
static void test_onto_itself(void **state) {
    struct machine machine;
    unsigned char before[64];
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    unsigned char *const low = host_of(machine.low);
    for (size_t i = 0; i < sizeof before; i++) {
        low[i] = before[i] = (unsigned char)(i * 5);
    }
    assert_int_equal(mset_guest_read(cursor, LOW, low + 1, 48, NULL), MSET_OK);
    assert_memory_equal(low + 1, before, 48);
    memcpy(before, low, sizeof before);
    assert_int_equal(mset_guest_write(cursor, LOW + 8, low, 48, NULL), MSET_OK);
    assert_memory_equal(low + 8, before, 48);
    machine_close(&machine);
}

/* ---- handlers ----------------------------------------------------------------------------------
 */

static void expect_calls(struct machine *machine, const uint64_t *calls, unsigned count) {
    assert_int_equal(machine->calls, count);
    assert_memory_equal(machine->log, calls, count * sizeof *calls);
    machine->calls = 0;
}

#define CALL(what, offset, width) ((uint64_t)(what) << 32 | (uint64_t)(offset) << 8 | (width))

static void test_pieces_of_devices(void **state) {
    struct machine machine;
    unsigned char bytes[32];
    uint64_t value = 0, done = 0;
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    assert_int_equal(mset_guest_read(cursor, DEVICE + 1, bytes, 19, NULL), MSET_OK);
    const uint64_t pieces[] = {CALL(1, 1, 1), CALL(1, 2, 2), CALL(1, 4, 4), CALL(1, 8, 8),
                               CALL(1, 16, 4)};
    expect_calls(&machine, pieces, 5);
    const unsigned char first[] = {0x12, 0x13, 0x22, 0x15, 0x22, 0x33, 0x44};
    assert_memory_equal(bytes, first, sizeof first);
    for (unsigned width = 1; width <= 8; width *= 2) {
        assert_int_equal(mset_guest_store(cursor, DEVICE + 8, width, 1), MSET_OK);
        const uint64_t stored = CALL(2, 8, width);
        expect_calls(&machine, &stored, 1);
        assert_int_equal(mset_guest_load(cursor, DEVICE + 16, width, &value), MSET_OK);
        const uint64_t loaded = CALL(1, 16, width);
        expect_calls(&machine, &loaded, 1);
    }
    machine.answer = MSET_OVER_LIMIT;
    assert_int_equal(mset_guest_read(cursor, DEVICE, bytes, 4, &done), MSET_OVER_LIMIT);
    assert_int_equal(mset_guest_write(cursor, DEVICE - PAGE, bytes, 4, &done), MSET_ACCESS_DENIED);
    assert_int_equal(mset_guest_store(cursor, ROM, 4, 0), MSET_ACCESS_DENIED);
    assert_int_equal(mset_guest_store(cursor, DEVICE, 4, 0), MSET_OVER_LIMIT);
    assert_int_equal(mset_guest_load(cursor, 0, 4, &value), MSET_NOT_FOUND);
    assert_int_equal(mset_guest_store(cursor, 0, 4, value), MSET_NOT_FOUND);
    machine_close(&machine);
}

static void test_deaf_devices(void **state) {
    struct machine machine;
    uint64_t value = 0;
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    const struct mset_region_config deaf = {
        .kind = MSET_REGION_MMIO, .start = 0, .size = PAGE, .io = &deaf_io};
    add(&machine.scene, deaf);
    assert_int_equal(mset_guest_load(cursor, 0, 4, &value), MSET_ACCESS_DENIED);
    assert_int_equal(mset_guest_store(cursor, 0, 4, value), MSET_ACCESS_DENIED);
    assert_int_equal(mset_guest_read(cursor, 0, &value, 4, NULL), MSET_ACCESS_DENIED);
    const struct mset_region_config silent = {
        .kind = MSET_REGION_MMIO, .start = PAGE, .size = PAGE};
    assert_int_equal(try_add(&machine.scene, silent), MSET_INVALID_PARAM);
    machine_close(&machine);
}

static void move_away(struct machine *machine) {
    machine->act = NULL;
    assert_int_equal(mset_guest_move(machine->scene.guest, machine->device, UINT64_C(1) << 40),
                     MSET_OK);
}

static void remove_memory(struct machine *machine) {
    machine->act = NULL;
    assert_int_equal(mset_guest_remove(machine->scene.guest, machine->low), MSET_OK);
}

static void remove_itself(struct machine *machine) {
    machine->act = NULL;
    assert_int_equal(mset_guest_remove(machine->scene.guest, machine->device), MSET_OK);
}

/* The access sees the new map from the next piece on. */
static void test_handlers_that_change_the_map(void **state) {
    void (*const acts[])(struct machine *) = {move_away, remove_itself};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct machine machine;
        unsigned char bytes[32];
        uint64_t done = 0;
        machine_open(&machine, usual);
        machine.act = acts[i];
        assert_int_equal(mset_guest_read(&machine.scene.cursor, DEVICE, bytes, 32, &done),
                         MSET_NOT_FOUND);
        assert_int_equal(done, 8);
        machine_close(&machine);
    }
}

/* The memory that is copied to the device goes while it is copied. */
static void test_copied_memory_goes(void **state) {
    struct machine machine;
    uint64_t done = 0;
    (void)state;
    machine_open(&machine, usual);
    machine.act = remove_memory;
    assert_int_equal(mset_guest_copy(&machine.scene.cursor, DEVICE, LOW, 64, &done),
                     MSET_NOT_FOUND);
    assert_int_equal(done, 8);
    machine_close(&machine);
}

/* ---- the rest ----------------------------------------------------------------------------------
 */

static uint64_t wrote_at[8], wrote_size[8];
static unsigned wrote_count;

static void wrote(void *context, uint64_t address, uint64_t size) {
    assert_ptr_equal(context, &wrote_count);
    wrote_at[wrote_count % 8] = address;
    wrote_size[wrote_count++ % 8] = size;
}

static void test_logged_writes(void **state) {
    struct machine machine;
    (void)state;
    machine_open(&machine, (struct mset_guest_options){.wrote = wrote, .context = &wrote_count});
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    wrote_count = 0;
    assert_int_equal(mset_guest_store(cursor, HIGH, 4, 1), MSET_OK);
    assert_int_equal(wrote_count, 0);
    assert_int_equal(mset_guest_set_logged(machine.scene.guest, machine.high, true), MSET_OK);
    assert_int_equal(mset_guest_store(cursor, HIGH + 8, 4, 1), MSET_OK);
    assert_int_equal(mset_guest_fill(cursor, HIGH + 100, 1, 50, NULL), MSET_OK);
    assert_int_equal(mset_guest_copy(cursor, HIGH + 200, LOW, 60, NULL), MSET_OK);
    assert_int_equal(mset_guest_write(cursor, HIGH + 300, "abc", 3, NULL), MSET_OK);
    assert_int_equal(mset_guest_copy(cursor, LOW, HIGH, 60, NULL), MSET_OK); /* not logged */
    assert_int_equal(mset_guest_wrote(cursor, HIGH + 400, 70), MSET_OK);
    assert_int_equal(mset_guest_wrote(cursor, HIGH - 1, 2), MSET_NOT_FOUND);
    const uint64_t at[] = {HIGH + 8, HIGH + 100, HIGH + 200, HIGH + 300, HIGH + 400};
    const uint64_t size[] = {4, 50, 60, 3, 70};
    assert_int_equal(wrote_count, 5);
    assert_memory_equal(wrote_at, at, sizeof at);
    assert_memory_equal(wrote_size, size, sizeof size);
    assert_int_equal(mset_guest_set_logged(machine.scene.guest, NULL, false), MSET_OK);
    assert_int_equal(mset_guest_fill(cursor, HIGH, 1, 50, NULL), MSET_OK);
    assert_int_equal(wrote_count, 5);
    machine_close(&machine);
}

/* Registers of 16 bytes over RAM: the page around them is in no slot, and accesses are cut there.
 */
static void test_byte_granularity(void **state) {
    struct machine machine;
    unsigned char bytes[64];
    uint64_t value = 0;
    (void)state;
    machine_open(&machine, (struct mset_guest_options){.page_size = 1});
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    const struct mset_region_config registers = {.kind = MSET_REGION_MMIO,
                                                 .start = LOW + 0x13,
                                                 .size = 0x10,
                                                 .priority = 1,
                                                 .io = &device_io,
                                                 .io_context = &machine};
    add(&machine.scene, registers);
    assert_int_equal(mset_guest_fill(cursor, LOW, 0x44, 0x13, NULL), MSET_OK);
    assert_int_equal(mset_guest_read(cursor, LOW, bytes, 64, NULL), MSET_OK);
    assert_int_equal(bytes[0x12], 0x44);
    assert_int_equal(bytes[0x13], 0x11);
    const uint64_t pieces[] = {CALL(1, 0, 8), CALL(1, 8, 8)};
    expect_calls(&machine, pieces, 2);
    /* Not one access: it begins in RAM, or askew in the device, or ends behind it. */
    assert_int_equal(mset_guest_load(cursor, LOW + 0x10, 4, &value), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_load(cursor, LOW + 0x14, 4, &value), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_store(cursor, LOW + 0x20, 8, value), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_load(cursor, LOW + 0x14, 1, &value), MSET_OK);
    machine_close(&machine);
}

/* Where regions are bytes they may lie askew on the host; then a value is not one access there. */
static void test_askew_memory(void **state) {
    struct machine machine;
    uint64_t value = 0;
    (void)state;
    machine_open(&machine, (struct mset_guest_options){.page_size = 1});
    struct mset_region_config config = alias_at(3, 1, machine.low, 0);
    add(&machine.scene, config);
    assert_int_equal(mset_guest_load(&machine.scene.cursor, 4, 4, &value), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_load(&machine.scene.cursor, 7, 1, &value), MSET_OK);
    machine_close(&machine);
}

static void test_slices(void **state) {
    struct machine machine;
    struct mset_slice slices[4];
    size_t count = 0;
    uint64_t done = 0;
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    assert_int_equal(
        mset_guest_slices(cursor, HIGH + 3, PAGES * PAGE, MSET_READ, slices, 4, &count, &done),
        MSET_OK); /* ROM lies behind RAM on the host, too */
    assert_int_equal(count, 1);
    assert_ptr_equal(slices[0].host, host_of(machine.high) + 3);
    assert_int_equal(slices[0].size, PAGES * PAGE);
    assert_int_equal(
        mset_guest_slices(cursor, HIGH + 3, PAGES * PAGE, MSET_WRITE, slices, 4, &count, NULL),
        MSET_ACCESS_DENIED);
    assert_int_equal(count, 1);
    assert_int_equal(mset_guest_slices(cursor, UINT64_MAX, 2, MSET_READ, slices, 4, &count, &done),
                     MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_slices(cursor, LOW, 8, MSET_READ, slices, 0, &count, &done),
                     MSET_OVER_LIMIT);
    machine_close(&machine);
}

/* The cursor must not keep what has changed; and it knows two places. */
static void test_cursor(void **state) {
    struct machine machine;
    void *host = NULL;
    uint64_t bytes = 0;
    (void)state;
    machine_open(&machine, usual);
    struct mset_guest_cursor *const cursor = &machine.scene.cursor;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(mset_guest_translate(cursor, LOW, MSET_WRITE, &host, &bytes), MSET_OK);
        assert_int_equal(mset_guest_translate(cursor, ROM, MSET_READ, &host, &bytes), MSET_OK);
        assert_int_equal(mset_guest_translate(cursor, ROM, MSET_WRITE, &host, &bytes),
                         MSET_ACCESS_DENIED);
        assert_int_equal(mset_guest_translate(cursor, DEVICE, MSET_READ, &host, &bytes),
                         MSET_ACCESS_DENIED);
        assert_int_equal(mset_guest_translate(cursor, DEVICE, 0, &host, &bytes),
                         MSET_ACCESS_DENIED);
    }
    assert_int_equal(mset_guest_set_read_only(machine.scene.guest, machine.low, true), MSET_OK);
    assert_int_equal(mset_guest_translate(cursor, LOW, MSET_WRITE, &host, &bytes),
                     MSET_ACCESS_DENIED);
    assert_int_equal(mset_guest_remove(machine.scene.guest, machine.rom), MSET_OK);
    assert_int_equal(mset_guest_translate(cursor, ROM, MSET_READ, &host, &bytes), MSET_NOT_FOUND);
    machine_close(&machine);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ram_hole_ram),
        cmocka_unit_test(test_hostile_ranges),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_onto_itself),
        cmocka_unit_test(test_pieces_of_devices),
        cmocka_unit_test(test_deaf_devices),
        cmocka_unit_test(test_handlers_that_change_the_map),
        cmocka_unit_test(test_copied_memory_goes),
        cmocka_unit_test(test_logged_writes),
        cmocka_unit_test(test_byte_granularity),
        cmocka_unit_test(test_askew_memory),
        cmocka_unit_test(test_slices),
        cmocka_unit_test(test_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
