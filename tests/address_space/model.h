/* model.h - what each process should see, page by page. */
#ifndef MSET_TEST_ADDRESS_SPACE_MODEL_H
#define MSET_TEST_ADDRESS_SPACE_MODEL_H

#include "world.h"

enum { MODEL_PAGES = 2048, MODEL_WORDS = 3 };

enum page_kind { PAGE_HOLE, PAGE_LINEAR, PAGE_ALLOC };

struct model_page {
    enum page_kind kind;
    bool touched; /* alloc: written since it was new */
    uint64_t flags, offset;
    uint64_t word[MODEL_WORDS]; /* alloc, touched: the first, the middle, the last one */
};

struct model {
    struct world *world;
    struct model_page page[WORLD_PROCESSES][MODEL_PAGES];
    struct model_page saved[MODEL_PAGES];
};

/* Where the word n of a page is in it. */
uint64_t model_place(const struct model *model, unsigned n);

/* What word n of page `at` should be; linear pages have theirs in the device. */
uint64_t model_word(const struct model *model, unsigned process, uint64_t at, unsigned n);
void model_write(struct model *model, unsigned process, uint64_t at, unsigned n, uint64_t word);

/* What an access should come to. */
mset_status model_access(const struct model *model, unsigned process, uint64_t at, uint64_t access);

bool model_is_free(const struct model *model, unsigned process, uint64_t first, uint64_t count);
bool model_is_covered(const struct model *model, unsigned process, uint64_t first, uint64_t count);
bool model_has(const struct model *model, unsigned process, uint64_t first, uint64_t count,
               enum page_kind kind);

void model_map(struct model *model, unsigned process, uint64_t first, uint64_t count,
               const struct model_page *page);
void model_protect(struct model *model, unsigned process, uint64_t first, uint64_t count,
                   uint64_t access);
void model_discard(struct model *model, unsigned process, uint64_t first, uint64_t count);
void model_move(struct model *model, unsigned process, uint64_t from, uint64_t count, uint64_t to);
void model_fork(struct model *model, unsigned from, unsigned to);

/* Complains where the process differs. */
void model_compare(struct model *model, unsigned process);

#endif
