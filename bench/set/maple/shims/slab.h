/* slab.h - whose objects <linux/slab.h> hands out: each tree has its own. */
#ifndef SHIM_SLAB_H
#define SHIM_SLAB_H

struct slab {
    struct chunk *chunks;
    struct object *free;
};

/* From now on objects come from it, and go to it. Zeroed, it is empty. */
void slab_use(struct slab *slab);

/* Frees everything. */
void slab_end(struct slab *slab);

#endif
