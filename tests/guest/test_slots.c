/*
 * test_slots.c - the table of what KVM has (src/kvm/slots.c) against a list: so full, and with
 * addresses so alike, that entries often lie beside their place.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kvm/kvm.h"
#include "support/counting_allocator.h"
#include "support/rng.h"

enum { ADDRESSES = 400, MOST = 190 };

struct table {
    struct counting_allocator memory;
    struct mset_kvm kvm;
    uint32_t ids[ADDRESSES]; /* by address; NO_ID: no slot */
    unsigned used;
};

static uint64_t address(uint64_t i) {
    return i * MSET_KVM_PAGE;
}

static void compare(const struct table *table) {
    assert_int_equal(table->kvm.slots.used, table->used);
    for (uint64_t i = 0; i < ADDRESSES; i++) {
        const uint32_t id = mset_kvm_slots_find(&table->kvm.slots, address(i));
        assert_int_equal(id, table->ids[i]);
        if (id != NO_ID) {
            assert_int_equal(table->kvm.slots.slots[id].start, address(i));
            assert_int_equal(table->kvm.slots.slots[id].size, MSET_KVM_PAGE);
        }
    }
}

static void add(struct table *table, uint64_t i) {
    const struct kvm_slot slot = {.start = address(i), .size = MSET_KVM_PAGE};
    assert_int_equal(mset_kvm_slots_reserve(&table->kvm, 1), MSET_OK);
    const uint32_t id = mset_kvm_slots_next_id(&table->kvm.slots);
    for (uint64_t k = 0; k < ADDRESSES; k++) {
        assert_int_not_equal(table->ids[k], id); /* nobody else has it */
    }
    mset_kvm_slots_add(&table->kvm.slots, &slot);
    table->ids[i] = id;
    table->used++;
}

static void step(struct table *table, struct rng *rng) {
    const uint64_t i = rng_below(rng, ADDRESSES), k = rng_below(rng, ADDRESSES);
    if (table->ids[i] == NO_ID) {
        if (table->used < MOST) {
            add(table, i);
        }
    } else if (table->ids[k] == NO_ID && rng_chance(rng, 50)) {
        mset_kvm_slots_move(&table->kvm.slots, table->ids[i], address(k));
        table->ids[k] = table->ids[i];
        table->ids[i] = NO_ID;
    } else {
        mset_kvm_slots_remove(&table->kvm.slots, table->ids[i]);
        table->ids[i] = NO_ID;
        table->used--;
    }
}

static void test_random_slots(void **state) {
    struct table table;
    struct rng rng = {12};
    (void)state;
    memset(&table, 0, sizeof table);
    memset(table.ids, 0xff, sizeof table.ids);
    counting_allocator_open(&table.memory);
    table.kvm.allocator = table.memory.base;
    for (unsigned i = 0; i < 4000; i++) {
        step(&table, &rng);
        compare(&table);
    }
    assert_true(table.used > MOST / 2);
    assert_true(table.kvm.slots.ids <= MOST); /* used again */
    mset_kvm_slots_free(&table.kvm);
    assert_null(counting_allocator_complaint(&table.memory, true));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_slots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
