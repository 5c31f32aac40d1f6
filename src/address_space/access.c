/* access.c - the memory behind a range of addresses, slice by slice. */
#include "address_space.h"

#include "base/memory.h"

/* ---- where pages are ----------------------------------------------------------------------- */

static void *memory_at(const struct mset_space *space, bool alloc, uint64_t pa) {
    const struct mset_space_config *const config = &space->config;
    if (alloc) {
        return mset_frames_virt(space->cow.pages.frames, pa);
    }
    return config->linear_memory == NULL ? NULL : config->linear_memory(config->context, pa);
}

/* How far memory follows each other, of `size` bytes that do in physical memory: the pages behind
   the first need not. */
static uint64_t contiguous(const struct mset_space *space, bool alloc,
                           const struct mset_space_slice *slice) {
    const uint64_t page = mset_page_size(space->set);
    uint64_t size = page - (slice->pa & (page - 1));
    while (size < slice->size &&
           memory_at(space, alloc, slice->pa + size) == (char *)slice->memory + size) {
        size += page;
    }
    return size < slice->size ? size : slice->size;
}

/* The page of the address is there; so many bytes are wanted of it and what follows. */
static mset_status look(const struct mset_space_slices *slices, struct mset_space_slice *slice) {
    const struct mset_space *const space = slices->space;
    struct mset_space_place place;
    struct mset_area area;
    const mset_status status =
        mset_space_translate(space, slices->address, slices->access, slices->left, &place);
    if (status != MSET_OK) {
        return status;
    }
    (void)mset_find(space->set, slices->address, &area);
    const bool alloc = mset_space_is_alloc(space, &area);
    slice->address = slices->address;
    slice->pa = place.pa;
    slice->size = place.size < slices->left ? place.size : slices->left;
    slice->memory = memory_at(space, alloc, place.pa);
    if (slice->memory == NULL) {
        return MSET_UNSUPPORTED;
    }
    slice->size = contiguous(space, alloc, slice);
    return MSET_OK;
}

/* Whether the access is legal is for the area to say, not for the leaf: see mset_fault(). */
static mset_status legal(const struct mset_space_slices *slices) {
    struct mset_area area;
    if (!mset_find(slices->space->set, slices->address, &area)) {
        return MSET_NOT_FOUND;
    }
    return (area.flags & slices->access) == slices->access ? MSET_OK : MSET_ACCESS_DENIED;
}

static mset_status next(const struct mset_space_slices *slices, struct mset_space_slice *slice) {
    mset_status status = legal(slices);
    if (status != MSET_OK) {
        return status;
    }
    status = look(slices, slice);
    if (status == MSET_NOT_FOUND || status == MSET_ACCESS_DENIED) {
        status = mset_space_fault(slices->space, slices->address, slices->access);
        status = status == MSET_OK ? look(slices, slice) : status;
    }
    return status;
}

mset_status mset_space_slices_init(struct mset_space_slices *slices, struct mset_space *space,
                                   uint64_t address, uint64_t size, uint64_t access) {
    const bool wraps = size != 0 && address + (size - 1) < address;
    const bool wrong = space == NULL || wraps || access == 0 || (access & ~MSET_ACCESS) != 0;
    if (slices == NULL) {
        return MSET_INVALID_PARAM;
    }
    *slices = (struct mset_space_slices){.space = space,
                                         .address = address,
                                         .left = wrong ? 0 : size,
                                         .access = access,
                                         .status = wrong ? MSET_INVALID_PARAM : MSET_OK};
    return slices->status;
}

bool mset_space_slices_next(struct mset_space_slices *slices, struct mset_space_slice *slice) {
    if (slices->left == 0 || slices->status != MSET_OK) {
        return false;
    }
    slices->status = next(slices, slice);
    if (slices->status != MSET_OK) {
        return false;
    }
    slices->address += slice->size;
    slices->left -= slice->size;
    return true;
}

/* ---- copying ------------------------------------------------------------------------------- */

/* Between `buffer` and the space: out of it to read, into it to write. */
static mset_status copy(struct mset_space *space, uint64_t address, unsigned char *buffer,
                        uint64_t size, uint64_t access, uint64_t *done) {
    struct mset_space_slices slices;
    struct mset_space_slice slice;
    uint64_t copied = 0;
    (void)mset_space_slices_init(&slices, space, address, size, access);
    if (buffer == NULL && size != 0) {
        slices.status = MSET_INVALID_PARAM;
    }
    while (mset_space_slices_next(&slices, &slice)) {
        if (access == MSET_READ) {
            memcpy(buffer + copied, slice.memory, slice.size);
        } else {
            memcpy(slice.memory, buffer + copied, slice.size);
        }
        copied += slice.size;
    }
    if (done != NULL) {
        *done = copied;
    }
    return slices.status;
}

mset_status mset_space_read(struct mset_space *space, uint64_t address, void *to, uint64_t size,
                            uint64_t *done) {
    return copy(space, address, to, size, MSET_READ, done);
}

/* Reads `from` only. */
mset_status mset_space_write(struct mset_space *space, uint64_t address, const void *from,
                             uint64_t size, uint64_t *done) {
    return copy(space, address, (unsigned char *)(uintptr_t)from, size, MSET_WRITE, done);
}
