/*
 * judge.c - the set against the kernel, and the page table against the set.
 *
 * The page table cannot say everything: it knows no MSET_SHARED, what may be written or executed
 * is readable as well (x86-64), and memory without access may or may not have entries. So both
 * sides are brought to what a processor could tell before they are compared. With the lazy
 * backend only pages that are there are compared.
 */
#include "judge.h"

#define EXPLAINED 5

struct explanation {
    FILE *to;
    const char *name, *left, *right;
    unsigned told;
};

static void explain(void *arg, const struct maps_difference *difference) {
    struct explanation *explanation = arg;
    char left[5], right[5];
    if (explanation->told++ == EXPLAINED) {
        fprintf(explanation->to, "%s: ...\n", explanation->name);
    }
    if (explanation->told > EXPLAINED) {
        return;
    }
    fprintf(explanation->to, "%s: %llx-%llx %s %s, %s %s\n", explanation->name,
            (unsigned long long)difference->start, (unsigned long long)difference->end,
            explanation->left, maps_access_text(difference->left, left), explanation->right,
            maps_access_text(difference->right, right));
}

/* What a processor could tell of an area. */
static unsigned visible(unsigned access) {
    access &= MAPS_READ | MAPS_WRITE | MAPS_EXEC;
    return access == 0 ? 0 : access | MAPS_READ | MAPS_MAPPED;
}

static bool append_visible(const struct maps *from, struct maps *to, struct ranges *where) {
    for (size_t at = 0; at < from->count; at++) {
        struct maps_area area = from->at[at];
        area.access = visible(area.access);
        if (!maps_append(to, area) || (where != NULL && !ranges_add(where, area.start, area.end))) {
            return false;
        }
    }
    return true;
}

static uint64_t judge_pages(const struct findings *findings, enum machine_kind machine,
                            struct explanation *explanation, bool *complete) {
    struct maps areas = {0}, pages = {0};
    struct ranges where = {0};
    uint64_t found = 0;
    *complete = append_visible(&findings->areas, &areas, machine == MACHINE_LAZY ? NULL : &where) &&
                append_visible(&findings->pages, &pages, &where);
    if (*complete) {
        found = maps_compare(&areas, &pages, &where, explain, explanation);
    }
    maps_free(&areas);
    maps_free(&pages);
    ranges_free(&where);
    return found;
}

uint64_t judge(const struct findings *findings, const struct maps *kernel,
               enum machine_kind machine, const char *name, FILE *to, bool *complete) {
    struct explanation explanation = {to, name, "set", "kernel", 0};
    const uint64_t found =
        maps_compare(&findings->areas, kernel, &findings->known, explain, &explanation);
    *complete = true;
    if (machine == MACHINE_NONE) {
        return found;
    }
    explanation = (struct explanation){to, name, "set", "page table", 0};
    return found + judge_pages(findings, machine, &explanation, complete);
}
