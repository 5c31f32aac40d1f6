/* spans.c - see spans.h. */
#include "page_table/spans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <mset/page_table.h>

size_t spans_at(const struct spans *spans, uint64_t va) {
    size_t i = 0;
    while (i < spans->count && spans->span[i].last < va) {
        i++;
    }
    return i;
}

const struct span *spans_find(const struct spans *spans, uint64_t va) {
    const size_t i = spans_at(spans, va);
    return i < spans->count && spans->span[i].start <= va ? &spans->span[i] : NULL;
}

bool spans_free(const struct spans *spans, uint64_t va, uint64_t last) {
    const size_t i = spans_at(spans, va);
    return i == spans->count || spans->span[i].start > last;
}

static void insert(struct spans *spans, size_t at, struct span span) {
    assert_true(spans->count < SPANS);
    memmove(&spans->span[at + 1], &spans->span[at], (spans->count - at) * sizeof span);
    spans->span[at] = span;
    spans->count++;
}

static struct span behind(struct span span, uint64_t va) {
    span.pa += span.flags == MSET_PT_MARKER ? 0 : va - span.start;
    span.start = va;
    return span;
}

/* Makes va the start of a span, if one reaches across it. */
static void cut(struct spans *spans, uint64_t va) {
    const size_t i = spans_at(spans, va);
    if (i < spans->count && spans->span[i].start < va) {
        insert(spans, i + 1, behind(spans->span[i], va));
        spans->span[i].last = va - 1;
    }
}

/* Cuts both ends; the spans in the range are then [return, *end). */
static size_t isolate(struct spans *spans, uint64_t va, uint64_t last, size_t *end) {
    cut(spans, va);
    if (last != UINT64_MAX) {
        cut(spans, last + 1);
    }
    const size_t from = spans_at(spans, va);
    *end = from;
    while (*end < spans->count && spans->span[*end].start <= last) {
        ++*end;
    }
    return from;
}

void spans_remove(struct spans *spans, uint64_t va, uint64_t last) {
    size_t end;
    const size_t from = isolate(spans, va, last, &end);
    memmove(&spans->span[from], &spans->span[end], (spans->count - end) * sizeof *spans->span);
    spans->count -= end - from;
}

void spans_put(struct spans *spans, struct span span) {
    spans_remove(spans, span.start, span.last);
    insert(spans, spans_at(spans, span.start), span);
}

void spans_fill(struct spans *spans, struct span span) {
    for (uint64_t va = span.start;;) {
        const size_t i = spans_at(spans, va);
        const bool rest = i == spans->count || spans->span[i].start > span.last;
        const uint64_t hole_last = rest ? span.last : spans->span[i].start - 1;
        if (rest || spans->span[i].start > va) {
            struct span part = behind(span, va);
            part.last = hole_last;
            insert(spans, i, part);
        }
        if (rest || spans_find(spans, hole_last + 1)->last >= span.last) {
            return;
        }
        va = spans_find(spans, hole_last + 1)->last + 1;
    }
}

void spans_protect(struct spans *spans, uint64_t va, uint64_t last, uint64_t flags) {
    size_t end;
    for (size_t i = isolate(spans, va, last, &end); i < end; i++) {
        if (spans->span[i].flags != MSET_PT_MARKER) {
            spans->span[i].flags = flags;
        }
    }
}

void spans_move(struct spans *spans, uint64_t from, uint64_t last, uint64_t to) {
    static struct spans moved;
    size_t end;
    moved.count = 0;
    for (size_t i = isolate(spans, from, last, &end); i < end; i++) {
        struct span span = spans->span[i];
        span.start += to - from;
        span.last += to - from;
        moved.span[moved.count++] = span;
    }
    spans_remove(spans, from, last);
    for (size_t i = 0; i < moved.count; i++) {
        spans_put(spans, moved.span[i]);
    }
}

uint64_t spans_bytes(const struct spans *spans, uint64_t va, uint64_t last, bool present_only) {
    uint64_t bytes = 0;
    for (size_t i = spans_at(spans, va); i < spans->count && spans->span[i].start <= last; i++) {
        const struct span *const span = &spans->span[i];
        const uint64_t from = span->start > va ? span->start : va;
        const uint64_t to = span->last < last ? span->last : last;
        bytes += !present_only || (span->flags & MSET_ACCESS) != 0 ? to - from + 1 : 0;
    }
    return bytes;
}
