/* call.c - see call.h. */
#include "call.h"

#include <inttypes.h>
#include <stdio.h>

enum { LINE = 320 };

const char *flags_text(uint64_t flags, char *text, size_t size) {
    static const struct {
        uint64_t bit;
        const char *name;
    } known[] = {
        {MSET_READ, "MSET_READ"},     {MSET_WRITE, "MSET_WRITE"},   {MSET_EXEC, "MSET_EXEC"},
        {MSET_USER, "MSET_USER"},     {MSET_GLOBAL, "MSET_GLOBAL"}, {MSET_SHARED, "MSET_SHARED"},
        {MSET_SOFT_0, "MSET_SOFT_0"},
    };
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((flags & known[i].bit) != 0) {
            length += (size_t)snprintf(text + length, size - length, "%s%s",
                                       length == 0 ? "" : " | ", known[i].name);
            flags &= ~known[i].bit;
        }
    }
    if (flags != 0 || length == 0) {
        (void)snprintf(text + length, size - length, "%s%#" PRIx64, length == 0 ? "" : " | ",
                       flags);
    }
    return text;
}

/* ---- arguments ------------------------------------------------------------------------------ */

static const char *how_text(const struct call *call) {
    return call->replace ? "MSET_MAP_REPLACE" : "MSET_MAP_FAIL";
}

static void map_text(const struct call *call, char *text, size_t size) {
    char flags[LINE / 2];
    char backend[32] = "&partner.backend";
    if (call->backend != PARTNER) {
        (void)snprintf(backend, sizeof backend, "world.backend[%d]", call->backend);
    }
    (void)snprintf(text, size,
                   "&(struct mset_area){%#" PRIx64 ", %#" PRIx64 ", %s, %s, %#" PRIx64 "}, %s",
                   call->start, call->size, flags_text(call->flags, flags, sizeof flags), backend,
                   call->offset, how_text(call));
}

static const char *arguments(const struct call *call, char *text, size_t size) {
    char flags[LINE / 2];
    const char *const side = call->high ? "MSET_HIGH" : "MSET_LOW";
    (void)flags_text(call->flags, flags, sizeof flags);
    switch (call->kind) {
    case CALL_MAP:
        map_text(call, text, size);
        break;
    case CALL_UNMAP:
        (void)snprintf(text, size, "%#" PRIx64 ", %#" PRIx64, call->start, call->size);
        break;
    case CALL_PROTECT:
        (void)snprintf(text, size,
                       "%#" PRIx64 ", %#" PRIx64
                       ", MSET_HOLES_SKIP, mset_conformance_set_flags, &(uint64_t){%s}",
                       call->start, call->size, flags);
        break;
    case CALL_MOVE:
        (void)snprintf(text, size, "%#" PRIx64 ", %#" PRIx64 ", %#" PRIx64 ", %s", call->start,
                       call->size, call->to, how_text(call));
        break;
    case CALL_FAULT:
        (void)snprintf(text, size, "%#" PRIx64 ", %s", call->start, flags);
        break;
    case CALL_CLEAR:
        text[0] = '\0';
        break;
    default:
        (void)snprintf(text, size, "%#" PRIx64 ", %s, %#" PRIx64, call->start, side, call->size);
    }
    return text;
}

static const char *name_of(enum call_kind kind) {
    static const char *const names[] = {"map",  "unmap",  "protect", "move",
                                        "grow", "shrink", "clear",   "fault"};
    return names[kind];
}

/* ---- lines --------------------------------------------------------------------------------- */

static void print_line(mset_conformance_print print, void *arg, const char *line) {
    print(arg, "    ");
    print(arg, line);
    print(arg, "\n");
}

static void print_fail(uint64_t nth, bool on, mset_conformance_print print, void *arg) {
    char line[LINE];
    (void)snprintf(line, sizeof line, "subject.fail(subject.context, %" PRIu64 ", %s);", nth,
                   on ? "true" : "false");
    print_line(print, arg, line);
}

static void print_refuse(uint64_t nth, mset_conformance_print print, void *arg) {
    char line[LINE];
    (void)snprintf(line, sizeof line, "partner.refuse = %" PRIu64 ";", nth);
    print_line(print, arg, line);
}

static void print_plan(const struct call *call, bool starved, mset_conformance_print print,
                       void *arg) {
    if (call->mode == CALL_DROP) {
        print_line(print, arg, "mset_plan_drop(plan);");
        return;
    }
    if (starved) {
        print_fail(1, true, print, arg);
    }
    print_line(print, arg, "mset_plan_commit(plan);");
}

void call_print(const struct call *call, bool prepared, mset_conformance_print print, void *arg) {
    char text[LINE];
    char line[LINE + 64];
    const bool planned = call->mode != CALL_DIRECT;
    const bool starved = call->mode == CALL_COMMIT && prepared;
    if (call->refuse != 0) {
        print_refuse(call->refuse, print, arg);
    }
    if (call->fail != 0) {
        print_fail(call->fail, call->fail_on, print, arg);
    }
    (void)arguments(call, text, sizeof text);
    (void)snprintf(line, sizeof line, "mset_%s%s(set%s%s, world.page_table%s);",
                   planned ? "plan_" : "", name_of(call->kind), text[0] == '\0' ? "" : ", ", text,
                   planned ? ", &plan" : "");
    print_line(print, arg, line);
    if (planned) {
        print_plan(call, starved, print, arg);
    }
    if (call->fail != 0 || starved) {
        print_fail(0, false, print, arg);
    }
    if (call->refuse != 0) {
        print_refuse(0, print, arg);
    }
}
