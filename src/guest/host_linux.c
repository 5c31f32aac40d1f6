/*
 * host_linux.c - guest memory from the host: the only file of this room that knows an operating
 * system (hosted builds only). On others than Linux there is no such memory, only the caller's.
 */
#if defined(__linux__)
#define _GNU_SOURCE /* memfd_create, fallocate, MADV_* */
#endif

#include <mset/guest.h>

#if defined(__linux__)

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Older headers lack them; the numbers are the kernel's. */
enum { HUGE_SHIFT = 26, HUGE_MEMFD = 4 };

#define TRANSPARENT_SIZE ((size_t)2 << 20)

static int refusal(void) {
    return errno == ENOMEM ? MSET_NO_MEMORY : -errno;
}

static bool wants_huge_pages(const struct mset_memory_wish *wish) {
    return wish->huge_page > MSET_HUGE_TRANSPARENT;
}

static unsigned log2_of(uint64_t power) {
    unsigned n = 0;
    while (power >> n > 1) {
        n++;
    }
    return n;
}

/* What is mapped: whole pages. 0 if that cannot be told. */
static size_t mapped_size(const struct mset_memory *memory) {
    const uint64_t page =
        wants_huge_pages(&memory->wish) ? memory->wish.huge_page : (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t rounded = (memory->size + (page - 1)) & ~(page - 1);
    return rounded <= SIZE_MAX / 2 ? (size_t)rounded : 0;
}

static int populate_flag(const struct mset_memory_wish *wish) {
    return wish->populate ? MAP_POPULATE : 0;
}

static int take(struct mset_memory *memory, void *host) {
    if (host == MAP_FAILED) {
        return refusal();
    }
    memory->host = host;
    return 0;
}

/* ---- anonymous ------------------------------------------------------------------------------ */

static void trim(unsigned char *from, const unsigned char *to) {
    if (from != to) {
        (void)munmap(from, (size_t)(to - from));
    }
}

static void *map_nothing(size_t size, int flags) {
    // cppcheck-suppress invalidFunctionArg; that is how there is no file
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* Where huge pages can begin. Asking for them is all that can be done. */
static int map_transparent(struct mset_memory *memory, size_t size) {
    unsigned char *const raw = map_nothing(size + TRANSPARENT_SIZE, MAP_NORESERVE);
    if (raw == MAP_FAILED) {
        return refusal();
    }
    unsigned char *const host = raw + (-(uintptr_t)raw & (TRANSPARENT_SIZE - 1));
    trim(raw, host);
    trim(host + size, raw + size + TRANSPARENT_SIZE);
    (void)madvise(host, size, MADV_HUGEPAGE);
    if (memory->wish.populate) {
        for (size_t at = 0; at < size; at += (size_t)sysconf(_SC_PAGESIZE)) {
            *(volatile unsigned char *)(host + at) = 0;
        }
    }
    memory->host = host;
    return 0;
}

static int map_anonymous(struct mset_memory *memory, size_t size) {
    if (memory->wish.huge_page == MSET_HUGE_TRANSPARENT) {
        return map_transparent(memory, size);
    }
    const int kind = wants_huge_pages(&memory->wish)
                         ? MAP_HUGETLB | (int)(log2_of(memory->wish.huge_page) << HUGE_SHIFT)
                         : MAP_NORESERVE;
    return take(memory, map_nothing(size, kind | populate_flag(&memory->wish)));
}

/* ---- with a descriptor ---------------------------------------------------------------------- */

static int map_descriptor(struct mset_memory *memory, size_t size, int sharing) {
    const int code = take(memory, mmap(NULL, size, PROT_READ | PROT_WRITE,
                                       sharing | populate_flag(&memory->wish), memory->fd,
                                       (off_t)memory->file_offset));
    if (code != 0) {
        (void)close(memory->fd);
        memory->fd = -1;
    } else if (memory->wish.huge_page == MSET_HUGE_TRANSPARENT) {
        (void)madvise(memory->host, size, MADV_HUGEPAGE);
    }
    return code;
}

static int map_memfd(struct mset_memory *memory, size_t size) {
    unsigned flags = MFD_CLOEXEC;
    if (wants_huge_pages(&memory->wish)) {
        flags |= HUGE_MEMFD | log2_of(memory->wish.huge_page) << HUGE_SHIFT;
    }
    memory->fd = memfd_create("guest", flags);
    if (memory->fd < 0) {
        return refusal();
    }
    if (ftruncate(memory->fd, (off_t)size) != 0) {
        const int code = refusal();
        (void)close(memory->fd);
        memory->fd = -1;
        return code;
    }
    return map_descriptor(memory, size, MAP_SHARED);
}

/* Beyond the end of a file there is a signal, not memory. */
static bool file_is_long_enough(int fd, uint64_t offset, size_t size) {
    struct stat stat;
    return fstat(fd, &stat) == 0 &&
           (!S_ISREG(stat.st_mode) ||
            ((uint64_t)stat.st_size >= offset && (uint64_t)stat.st_size - offset >= size));
}

static int map_file(struct mset_memory *memory, size_t size) {
    const struct mset_memory_wish *const wish = &memory->wish;
    if (wish->file_offset > INT64_MAX ||
        !file_is_long_enough(wish->fd, wish->file_offset, (size_t)memory->size)) {
        return MSET_INVALID_PARAM;
    }
    memory->fd = fcntl(wish->fd, F_DUPFD_CLOEXEC, 0);
    memory->file_offset = wish->file_offset;
    return memory->fd < 0 ? refusal()
                          : map_descriptor(memory, size, wish->shared ? MAP_SHARED : MAP_PRIVATE);
}

/* ---- the host ------------------------------------------------------------------------------- */

static int obtain(void *context, struct mset_memory *memory) {
    (void)context;
    if ((memory->wish.huge_page & (memory->wish.huge_page - 1)) != 0) {
        return MSET_INVALID_PARAM;
    }
    const size_t size = mapped_size(memory);
    if (size == 0) {
        return MSET_NO_MEMORY;
    }
    const enum mset_memory_source source = memory->wish.source;
    return source == MSET_MEMORY_ANONYMOUS ? map_anonymous(memory, size)
           : source == MSET_MEMORY_MEMFD   ? map_memfd(memory, size)
           : source == MSET_MEMORY_FILE    ? map_file(memory, size)
                                           : MSET_UNSUPPORTED;
}

static void release(void *context, struct mset_memory *memory) {
    (void)context;
    (void)munmap(memory->host, mapped_size(memory));
    if (memory->fd >= 0) {
        (void)close(memory->fd);
    }
}

/* A memfd keeps pages that nobody has mapped: there they have to be taken out of the file. */
static int discard(void *context, const struct mset_memory *memory, uint64_t offset,
                   uint64_t size) {
    (void)context;
    const bool punch = memory->wish.source == MSET_MEMORY_MEMFD;
    const int result =
        punch ? fallocate(memory->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
                          (off_t)size)
              : madvise((unsigned char *)memory->host + offset, (size_t)size, MADV_DONTNEED);
    return result == 0 ? 0 : refusal();
}

const struct mset_memory_host *mset_memory_host_default(void) {
    static const struct mset_memory_host host = {obtain, release, discard, NULL};
    return &host;
}

#else

const struct mset_memory_host *mset_memory_host_default(void) {
    return NULL;
}

#endif
