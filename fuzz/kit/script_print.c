/*
 * script_print.c - an input as a unit test of tests/set: it needs scene.h, and an entry in main().
 */
#include "script.h"

#include <inttypes.h>

#include "target.h"

static const char *truth(bool value) {
    return value ? "true" : "false";
}

void script_print_begin(const struct script_mix *mix, const struct twin_options *o) {
    fuzz_print("static void test_found_by_%s(void **state) {\n"
               "    (void)state;\n"
               "    struct twin twin;\n"
               "    struct mset_cursor cursor = {0};\n"
               "    struct mset_area area = {0};\n"
               "    const struct twin_options options = {.base = %#" PRIx64
               ", .page_size = %#" PRIx64 ", .pages = %zu,\n"
               "        .merge = %s, .unobserved = %s, .no_split = %" PRIu64
               ", .no_merge = %" PRIu64 ", .guard = %#" PRIx64 ",\n"
               "        .max_areas = %" PRIu64 ", .max_bytes = %#" PRIx64 "};\n"
               "    twin_open(&twin, &options);\n",
               mix->name, o->base, o->page_size, o->pages, truth(o->merge), truth(o->unobserved),
               o->no_split, o->no_merge, o->guard, o->max_areas, o->max_bytes);
}

static void print_manner(const struct twin *twin) {
    static const char *const ways[] = {"WAY_DIRECT", "WAY_PLANNED", "WAY_DROPPED", "WAY_IN_ROOM"};
    const struct refusal *const r = &twin->refusal;
    if (twin->way != WAY_DIRECT) {
        fuzz_print("    twin.way = %s;\n", ways[twin->way]);
    }
    if (r->calls != 0 || r->prepares != 0) {
        fuzz_print("    twin.refusal = (struct refusal){%#" PRIx64 ", %d, %#" PRIx64 ", %s};\n",
                   r->calls, r->code, r->prepares, truth(r->breaks_promises));
    }
    if (twin->starve_at != 0) {
        fuzz_print("    twin.starve_at = %" PRIu64 ";\n    twin.starve_on = %s;\n", twin->starve_at,
                   truth(twin->starve_on));
    }
}

void script_print_operation(const struct twin *twin, const struct operation *o) {
    static const char *const kinds[OP_KINDS] = {
        "OP_MAP",       "OP_UNMAP",  "OP_CLEAR",          "OP_PROTECT",          "OP_MOVE",
        "OP_GROW",      "OP_SHRINK", "OP_UNMAP_METADATA", "OP_REPLACE_METADATA", "OP_FAULT",
        "OP_SET_LIMITS"};
    char text[640];
    if (!fuzz_prints()) {
        return;
    }
    print_manner(twin);
    fuzz_print("    /* %s */\n", operation_text(o, twin->way, text, sizeof text));
    fuzz_print("    agree(&twin, twin_apply(&twin, &(struct operation){.kind = %s, .holes = %d,\n"
               "        .start = %#" PRIx64 ", .size = %#" PRIx64 ", .to = %#" PRIx64
               ", .flags = %#" PRIx64 ", .offset = %#" PRIx64 ",\n"
               "        .backend = %d, .how = %#x, .side = %#x, .update = %d}));\n",
               kinds[o->kind], (int)o->holes, o->start, o->size, o->to, o->flags, o->offset,
               (int)o->backend, o->how, o->side, (int)o->update);
}

void script_print_gap(const struct mset_gap_request *wish) {
    fuzz_print("    {\n"
               "        const struct mset_gap_request wish = {.size = %#" PRIx64
               ", .align = %#" PRIx64 ", .lo = %#" PRIx64 ", .hi = %#" PRIx64 ",\n"
               "            .hint = %#" PRIx64 ", .guard = %#" PRIx64 ", .flags = %#x};\n"
               "        uint64_t start = 1, want = 1;\n"
               "        const mset_status status = model_find_free_by_edges(&twin.model, &wish, "
               "&want);\n"
               "        assert_int_equal(mset_find_free(twin.set, &wish, &start), status);\n"
               "        assert_int_equal(start, want);\n"
               "    }\n",
               wish->size, wish->align, wish->lo, wish->hi, wish->hint, wish->guard, wish->flags);
}

void script_print_end(void) {
    fuzz_print("    mset_cursor_close(&cursor);\n"
               "    (void)area;\n"
               "    agree(&twin, twin_compare(&twin, TWIN_FULL));\n"
               "    agree(&twin, twin_close(&twin));\n"
               "}\n");
}
