/* test_host.c - memory from Linux: anonymous, memfd, file, huge pages; giving it back. */
#include "scene.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static struct mset_region_config wish(uint64_t pages, struct mset_memory_wish memory) {
    struct mset_region_config config = ram_at(0, pages);
    config.memory = memory;
    return config;
}

static unsigned resident(const void *host, size_t pages) {
    unsigned char there[64];
    unsigned count = 0;
    assert_int_equal(mincore((void *)(uintptr_t)host, pages * PAGE, there), 0);
    for (size_t i = 0; i < pages; i++) {
        count += there[i] & 1;
    }
    return count;
}

/* Zero at first, what is written later, and zero again after it has been discarded. */
static void use_and_discard(struct scene *scene, uint64_t pages) {
    unsigned char bytes[16];
    static const unsigned char zeros[16];
    assert_int_equal(mset_guest_read(&scene->cursor, PAGE - 8, bytes, 16, NULL), MSET_OK);
    assert_memory_equal(bytes, zeros, 16);
    assert_int_equal(mset_guest_fill(&scene->cursor, 0, 0x77, pages * PAGE, NULL), MSET_OK);
    assert_int_equal(mset_guest_discard(scene->guest, PAGE, (pages - 2) * PAGE), MSET_OK);
    assert_int_equal(mset_guest_read(&scene->cursor, PAGE - 8, bytes, 16, NULL), MSET_OK);
    assert_memory_equal(bytes + 8, zeros, 8);
    assert_int_equal(bytes[7], 0x77);
    assert_int_equal(mset_guest_read(&scene->cursor, (pages - 1) * PAGE - 8, bytes, 16, NULL),
                     MSET_OK);
    assert_memory_equal(bytes, zeros, 8);
    assert_int_equal(bytes[8], 0x77);
}

static void test_anonymous(void **state) {
    struct scene scene;
    (void)state;
    scene_open(&scene);
    struct mset_region *const ram =
        add(&scene, wish(16, (struct mset_memory_wish){.source = MSET_MEMORY_ANONYMOUS}));
    assert_int_equal(resident(host_of(ram), 16), 0);
    use_and_discard(&scene, 16);
    assert_int_equal(resident(host_of(ram), 16), 2 + 2); /* two were read again */
    assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_OK);
    struct mset_region *const all =
        add(&scene,
            wish(16, (struct mset_memory_wish){.source = MSET_MEMORY_ANONYMOUS, .populate = true}));
    assert_int_equal(resident(host_of(all), 16), 16);
    scene_close(&scene);
}

static void test_transparent_huge_pages(void **state) {
    struct scene scene;
    (void)state;
    scene_open(&scene);
    for (unsigned populate = 0; populate < 2; populate++) {
        struct mset_region_config config =
            wish(1024, (struct mset_memory_wish){.source = MSET_MEMORY_ANONYMOUS,
                                                 .populate = populate != 0,
                                                 .huge_page = MSET_HUGE_TRANSPARENT});
        struct mset_region *const ram = add(&scene, config);
        assert_int_equal((uintptr_t)host_of(ram) % (2 << 20), 0);
        use_and_discard(&scene, 1024);
        assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_OK);
    }
    add(&scene, wish(16, (struct mset_memory_wish){.source = MSET_MEMORY_MEMFD,
                                                   .huge_page = MSET_HUGE_TRANSPARENT}));
    use_and_discard(&scene, 16);
    scene_close(&scene);
}

/* Where the host has set huge pages aside they are used; elsewhere it says so. */
static void test_huge_pages(void **state) {
    struct scene scene;
    (void)state;
    scene_open(&scene);
    const enum mset_memory_source sources[] = {MSET_MEMORY_ANONYMOUS, MSET_MEMORY_MEMFD};
    for (unsigned i = 0; i < 2; i++) {
        struct mset_region *ram = NULL;
        const struct mset_region_config config =
            wish(512, (struct mset_memory_wish){.source = sources[i], .huge_page = 2 << 20});
        const mset_status status = mset_guest_add(scene.guest, &config, &ram);
        scene_check(&scene);
        if (status == MSET_OK) {
            assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_OK);
        } else {
            assert_true(status == MSET_NO_MEMORY || status == MSET_BAD_STATE);
            print_message("no huge pages here\n");
        }
    }
    struct mset_memory_wish odd = {.source = MSET_MEMORY_ANONYMOUS, .huge_page = 3000};
    assert_int_equal(try_add(&scene, wish(1, odd)), MSET_INVALID_PARAM);
    /* How much is too much, and what that is called, is the host's affair (and valgrind's). */
    odd.huge_page = UINT64_C(1) << 63;
    assert_int_not_equal(try_add(&scene, wish(1, odd)), MSET_OK);
    odd.huge_page = 0;
    assert_int_not_equal(try_add(&scene, wish(UINT64_C(1) << 50, odd)), MSET_OK);
    odd.source = MSET_MEMORY_MEMFD;
    assert_int_not_equal(try_add(&scene, wish(UINT64_C(1) << 50, odd)), MSET_OK);
    odd.source = MSET_MEMORY_ANONYMOUS;
    odd.huge_page = MSET_HUGE_TRANSPARENT;
    assert_int_not_equal(try_add(&scene, wish(UINT64_C(1) << 50, odd)), MSET_OK);
    scene_close(&scene);
}

static void test_memfd(void **state) {
    struct scene scene;
    struct mset_region_info info;
    (void)state;
    scene_open(&scene);
    struct mset_region *const ram =
        add(&scene, wish(16, (struct mset_memory_wish){.source = MSET_MEMORY_MEMFD}));
    mset_region_get(ram, &info);
    assert_true(info.memory.fd >= 0);
    use_and_discard(&scene, 16);
    /* Whoever gets the descriptor sees the same memory. */
    const unsigned char *const other =
        mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, info.memory.fd, 0);
    assert_true(other != MAP_FAILED);
    assert_int_equal(mset_guest_store(&scene.cursor, 5 * PAGE, 8, 0x1234), MSET_OK);
    assert_int_equal(other[5 * PAGE], 0x34);
    assert_int_equal(munmap((void *)(uintptr_t)other, 16 * PAGE), 0);
    assert_int_equal(mset_guest_remove(scene.guest, ram), MSET_OK);
    assert_int_equal(fcntl(info.memory.fd, F_GETFD), -1); /* closed */
    scene_close(&scene);
}

static int make_file(size_t pages) {
    char name[] = "/tmp/mset-guest-XXXXXX";
    const int fd = mkstemp(name);
    unsigned char page[4096];
    assert_true(fd >= 0);
    assert_int_equal(unlink(name), 0);
    for (size_t i = 0; i < pages; i++) {
        memset(page, (int)(0x30 + i), sizeof page);
        assert_int_equal(write(fd, page, sizeof page), sizeof page);
    }
    return fd;
}

static int file_byte(int fd, off_t at) {
    unsigned char byte = 0;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    return byte;
}

static void test_file(void **state) {
    (void)state;
    for (unsigned shared = 0; shared < 2; shared++) {
        struct scene scene;
        const int fd = make_file(8);
        scene_open(&scene);
        struct mset_memory_wish memory = {
            .source = MSET_MEMORY_FILE, .fd = fd, .file_offset = 2 * PAGE, .shared = shared != 0};
        assert_int_equal(try_add(&scene, wish(7, memory)), MSET_INVALID_PARAM); /* too short */
        memory.file_offset = UINT64_MAX - PAGE + 1;
        assert_int_equal(try_add(&scene, wish(1, memory)), MSET_INVALID_PARAM);
        memory.file_offset = 9 * PAGE;
        assert_int_equal(try_add(&scene, wish(1, memory)), MSET_INVALID_PARAM);
        memory.file_offset = 1; /* what the kernel refuses */
        assert_int_equal(try_add(&scene, wish(1, memory)), MSET_BAD_STATE);
        assert_int_equal(mset_guest_last_failure(scene.guest).code, -EINVAL);
        assert_null(mset_guest_last_failure(scene.guest).listener);
        memory.file_offset = 2 * PAGE;
        struct mset_region_config config = wish(6, memory);
        config.kind = MSET_REGION_ROM;
        struct mset_region *const rom = add(&scene, config);
        uint64_t value = 0;
        assert_int_equal(mset_guest_load(&scene.cursor, 3 * PAGE, 1, &value), MSET_OK);
        assert_int_equal(value, 0x35);
        assert_int_equal(mset_guest_set_read_only(scene.guest, rom, false), MSET_OK);
        assert_int_equal(mset_guest_store(&scene.cursor, 3 * PAGE, 1, 1), MSET_OK);
        assert_int_equal(file_byte(fd, 5 * PAGE), shared != 0 ? 1 : 0x35);
        assert_int_equal(mset_guest_discard(scene.guest, 0, 6 * PAGE), MSET_OK);
        assert_int_equal(mset_guest_load(&scene.cursor, 3 * PAGE, 1, &value), MSET_OK);
        assert_int_equal(value, shared != 0 ? 1 : 0x35); /* what the file holds */
        scene_close(&scene);
        assert_int_equal(close(fd), 0);
        scene_open(&scene);
        memory.fd = fd; /* not a file any more */
        assert_int_not_equal(try_add(&scene, wish(1, memory)), MSET_OK);
        scene_close(&scene);
    }
}

/* No descriptors left, no files that long, a page that is none. */
static void test_refusals(void **state) {
    struct scene scene;
    struct rlimit files, length;
    const int fd = make_file(1);
    (void)state;
    scene_open(&scene);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    const struct rlimit none = {0, files.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    const mset_status memfd =
        try_add(&scene, wish(1, (struct mset_memory_wish){.source = MSET_MEMORY_MEMFD}));
    const mset_status file =
        try_add(&scene, wish(1, (struct mset_memory_wish){.source = MSET_MEMORY_FILE, .fd = fd}));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    assert_int_equal(memfd, MSET_BAD_STATE);
    assert_int_equal(file, MSET_BAD_STATE);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &length), 0);
    const struct rlimit shorter = {PAGE, length.rlim_max};
    assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &shorter), 0);
    const mset_status longer =
        try_add(&scene, wish(2, (struct mset_memory_wish){.source = MSET_MEMORY_MEMFD}));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &length), 0);
    assert_int_equal(longer, MSET_BAD_STATE);
    assert_int_equal(mset_guest_last_failure(scene.guest).code, -EFBIG);
    const struct mset_memory_host *const host = mset_memory_host_default();
    struct mset_region_info info;
    mset_region_get(
        add(&scene, wish(2, (struct mset_memory_wish){.source = MSET_MEMORY_ANONYMOUS})), &info);
    assert_int_equal(host->discard(host->context, &info.memory, 1, PAGE), -EINVAL);
    scene_close(&scene);
    assert_int_equal(close(fd), 0);
}

/* A descriptor that is not of a regular file has no length to be judged by. */
static void test_device(void **state) {
    struct scene scene;
    const int fd = open("/dev/zero", O_RDWR);
    (void)state;
    assert_true(fd >= 0);
    scene_open(&scene);
    add(&scene, wish(16, (struct mset_memory_wish){.source = MSET_MEMORY_FILE, .fd = fd}));
    use_and_discard(&scene, 16);
    scene_close(&scene);
    assert_int_equal(close(fd), 0);
}

/* ---- a host of one's own ------------------------------------------------------------------------
 */

static int refuse_discard(void *context, const struct mset_memory *memory, uint64_t offset,
                          uint64_t size) {
    (void)context, (void)memory, (void)size;
    return offset == 0 ? 0 : -42;
}

static int obtain_page(void *context, struct mset_memory *memory) {
    memory->host = context;
    return 0;
}

static void test_other_hosts(void **state) {
    struct scene scene;
    unsigned char *const own = aligned_alloc(PAGE, 4 * PAGE);
    const struct mset_memory_host hosts[] = {{NULL, NULL, NULL, NULL},
                                             {obtain_page, NULL, NULL, own},
                                             {obtain_page, NULL, refuse_discard, own}};
    (void)state;
    scene_open_with(&scene, (struct mset_guest_options){.host = &hosts[0]});
    assert_int_equal(try_add(&scene, ram_at(0, 4)), MSET_UNSUPPORTED);
    scene_close(&scene);
    scene_open_with(&scene, (struct mset_guest_options){.host = &hosts[1]});
    add(&scene, ram_at(0, 4));
    assert_int_equal(mset_guest_discard(scene.guest, 0, PAGE), MSET_UNSUPPORTED);
    scene_close(&scene);
    scene_open_with(&scene, (struct mset_guest_options){.host = &hosts[2]});
    add(&scene, ram_at(0, 4));
    assert_int_equal(mset_guest_discard(scene.guest, 0, PAGE), MSET_OK);
    assert_int_equal(mset_guest_discard(scene.guest, PAGE, PAGE), MSET_BAD_STATE);
    assert_int_equal(mset_guest_last_failure(scene.guest).code, -42);
    struct mset_region_config config =
        wish(4, (struct mset_memory_wish){.source = MSET_MEMORY_CALLER, .host = own});
    config.start = 0x100000;
    add(&scene, config);
    assert_int_equal(mset_guest_discard(scene.guest, 0x100000, PAGE), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_discard(scene.guest, 0x100000, PAGE + 1), MSET_INVALID_PARAM);
    assert_int_equal(mset_guest_discard(scene.guest, 0x100000, 5 * PAGE), MSET_UNSUPPORTED);
    assert_int_equal(mset_guest_discard(scene.guest, 0, 5 * PAGE), MSET_NOT_FOUND);
    assert_int_equal(mset_guest_discard(scene.guest, 0x200000, PAGE), MSET_NOT_FOUND);
    const struct mset_memory_host *const usual = mset_memory_host_default();
    struct mset_memory memory = {.size = PAGE, .fd = -1};
    assert_int_equal(usual->obtain(usual->context, &memory), MSET_UNSUPPORTED); /* the caller's */
    scene_close(&scene);
    free(own);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anonymous),   cmocka_unit_test(test_transparent_huge_pages),
        cmocka_unit_test(test_huge_pages),  cmocka_unit_test(test_memfd),
        cmocka_unit_test(test_file),        cmocka_unit_test(test_device),
        cmocka_unit_test(test_other_hosts), cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
