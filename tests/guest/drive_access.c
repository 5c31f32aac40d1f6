/* drive_access.c - calls that use the map, against bytes kept one by one. */
#include "driver.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 3 * 4096 };

/* ---- one byte, by the model --------------------------------------------------------------------
 */

static struct model_sight sight_at(const struct world *world, uint64_t address, uint64_t *offset) {
    const uint64_t at = address - world->options.base;
    struct model_sight sight = {.region = -1};
    if (at < MODEL_UNITS * world->options.unit) {
        sight = model_look(&world->model.committed, at / world->options.unit);
        *offset = sight.offset * world->options.unit + at % world->options.unit;
    }
    return sight;
}

/* Where the model keeps a byte that may be read (written); NULL with the status why not. */
static unsigned char *byte_at(struct world *world, uint64_t address, bool write,
                              mset_status *status) {
    uint64_t offset = 0;
    const struct model_sight sight = sight_at(world, address, &offset);
    *status = MSET_OK;
    if (sight.region < 0) {
        *status = MSET_NOT_FOUND;
        return NULL;
    }
    struct content *const content = &world->contents[sight.region];
    const bool device = sight.kind == MSET_REGION_MMIO || (sight.kind == MSET_REGION_ROM && write);
    if (sight.kind == MSET_REGION_RESERVED || (device && !content->has_io)) {
        *status = MSET_ACCESS_DENIED;
        return NULL;
    }
    world->to_tell += write && !device && sight.logged;
    return device ? &content->shadow_device[offset] : &content->shadow[offset];
}

static bool wraps(uint64_t address, uint64_t size) {
    return size != 0 && address + (size - 1) < address;
}

/* ---- where -------------------------------------------------------------------------------------
 */

/* Mostly in the map, sometimes at its edges, sometimes anywhere. */
static uint64_t pick_address(struct driver *driver) {
    const struct world *const world = driver->world;
    const uint64_t bytes = MODEL_UNITS * world->options.unit;
    const uint8_t how = drive_byte(driver);
    uint64_t at = drive_byte(driver);
    at = (at << 8 | drive_byte(driver)) * 3 % bytes;
    if (how < 200) {
        return world->options.base + at;
    }
    if (how < 220) {
        return world->options.base + bytes - 1 - at % 16;
    }
    if (how < 240) {
        return UINT64_MAX - at % 4096;
    }
    return at * UINT64_C(0x9e3779b97f4a7c15);
}

/* Sometimes what only a guest asks for: up to 2^64 or past it, past the end of the map, half of all
   there is. */
static uint64_t pick_size(struct driver *driver, uint64_t address) {
    const struct world *const world = driver->world;
    const uint8_t how = drive_byte(driver);
    if (how < 100) {
        return how % 24;
    }
    switch (how) {
    case 255:
        return 0 - address;
    case 254:
        return 1 - address;
    case 253:
        return UINT64_MAX;
    case 252:
        return UINT64_C(1) << 63;
    case 251:
        return world->options.base + MODEL_UNITS * world->options.unit - address + 1;
    case 250:
        return MOST;
    default:
        return (uint64_t)how * 48 % MOST;
    }
}

/* No more than a buffer of MOST bytes can be asked to hold: what wraps, or ends before, is kept. */
static uint64_t buffered(struct world *world, uint64_t address, uint64_t size, bool write) {
    const uint64_t counted = world->to_tell;
    mset_status status = MSET_OK;
    uint64_t at = 0;
    while (size > MOST && !wraps(address, size) && at <= MOST && status == MSET_OK) {
        at += byte_at(world, address + at, write, &status) != NULL;
    }
    world->to_tell = counted; /* nothing was written */
    return at > MOST ? MOST : size;
}

static void judge(struct driver *driver, const char *what, mset_status status, mset_status wanted,
                  uint64_t done, uint64_t wanted_done) {
    if (status != wanted || done != wanted_done) {
        world_complain(driver->world, "%s: %s after %d bytes, wanted: %s after %d", what,
                       mset_status_text(status), (int)done, mset_status_text(wanted),
                       (int)wanted_done);
    }
}

/* ---- the calls ---------------------------------------------------------------------------------
 */

static void read_bytes(struct driver *driver) {
    struct world *const world = driver->world;
    static unsigned char got[MOST], wanted[MOST];
    const uint64_t address = pick_address(driver);
    const uint64_t size = buffered(world, address, pick_size(driver, address), false);
    mset_status expected = wraps(address, size) ? MSET_INVALID_PARAM : MSET_OK;
    uint64_t at = 0, done = 99;
    memset(got, 0xcc, sizeof got);
    memset(wanted, 0xcc, sizeof wanted);
    while (expected == MSET_OK && at < size) {
        const unsigned char *const byte = byte_at(world, address + at, false, &expected);
        if (byte != NULL) {
            wanted[at++] = *byte;
        }
    }
    const mset_status status = mset_guest_read(&world->cursor, address, got, size, &done);
    judge(driver, "read", status, expected, done, at);
    if (memcmp(got, wanted, sizeof got) != 0) {
        world_complain(world, "read other bytes");
    }
}

static void write_bytes(struct driver *driver, bool fill) {
    struct world *const world = driver->world;
    static unsigned char bytes[MOST];
    const uint64_t address = pick_address(driver), wish = pick_size(driver, address);
    const uint64_t size = fill ? wish : buffered(world, address, wish, true);
    const unsigned char seed = drive_byte(driver);
    mset_status expected = wraps(address, size) ? MSET_INVALID_PARAM : MSET_OK;
    uint64_t at = 0, done = 99;
    for (uint64_t i = 0; i < MOST; i++) {
        bytes[i] = (unsigned char)(seed + i * 7);
    }
    while (expected == MSET_OK && at < size) {
        unsigned char *const byte = byte_at(world, address + at, true, &expected);
        if (byte != NULL) {
            *byte = fill ? seed : bytes[at];
            at++;
        }
    }
    const mset_status status = fill ? mset_guest_fill(&world->cursor, address, seed, size, &done)
                                    : mset_guest_write(&world->cursor, address, bytes, size, &done);
    judge(driver, fill ? "fill" : "write", status, expected, done, at);
}

/* Is some byte both read and written? Then what comes of it is not specified. */
static bool tangled(struct world *world, uint64_t to, uint64_t from, uint64_t size) {
    bool seen[MODEL_REGIONS] = {false};
    const uint64_t most = MODEL_UNITS * world->options.unit;
    size = size < most ? size : most; /* it will have stopped by then */
    for (uint64_t i = 0; i < size; i++) {
        uint64_t offset;
        const struct model_sight sight = sight_at(world, from + i, &offset);
        if (sight.region >= 0) {
            seen[sight.region] = true;
        }
    }
    for (uint64_t i = 0; i < size; i++) {
        uint64_t offset;
        const struct model_sight sight = sight_at(world, to + i, &offset);
        if (sight.region >= 0 && seen[sight.region]) {
            return true;
        }
    }
    return false;
}

static void copy_bytes(struct driver *driver) {
    struct world *const world = driver->world;
    const uint64_t from = pick_address(driver), to = pick_address(driver);
    const uint64_t size = pick_size(driver, from);
    const bool overlap = size != 0 && (to - from < size || from - to < size);
    mset_status expected =
        wraps(from, size) || wraps(to, size) || overlap ? MSET_INVALID_PARAM : MSET_OK;
    uint64_t at = 0, done = 99;
    if (expected == MSET_OK && tangled(world, to, from, size)) {
        return;
    }
    while (expected == MSET_OK && at < size) {
        const unsigned char *const source = byte_at(world, from + at, false, &expected);
        unsigned char *const target =
            source == NULL ? NULL : byte_at(world, to + at, true, &expected);
        if (target != NULL) {
            *target = *source;
            at++;
        }
    }
    const mset_status status = mset_guest_copy(&world->cursor, to, from, size, &done);
    judge(driver, "copy", status, expected, done, at);
}

static void load_value(struct driver *driver, bool store) {
    struct world *const world = driver->world;
    const unsigned width = 1U << drive_below(driver, 4);
    const uint64_t address =
        pick_address(driver) & ~(uint64_t)(drive_below(driver, 8) == 0 ? 0 : width - 1);
    const uint64_t value = UINT64_C(0x0101010101010101) * drive_byte(driver) + address;
    mset_status expected = address % width != 0 ? MSET_INVALID_PARAM : MSET_OK;
    uint64_t got = 0, wanted = 0;
    for (unsigned i = 0; i < width && expected == MSET_OK; i++) {
        unsigned char *const byte = byte_at(world, address + i, store, &expected);
        if (byte != NULL && store) {
            *byte = (unsigned char)(value >> 8 * i);
        } else if (byte != NULL) {
            wanted |= (uint64_t)*byte << 8 * i;
        }
    }
    const mset_status status = store ? mset_guest_store(&world->cursor, address, width, value)
                                     : mset_guest_load(&world->cursor, address, width, &got);
    judge(driver, store ? "store" : "load", status, expected, 0, 0);
    if (status == MSET_OK && got != wanted) {
        world_complain(world, "loaded another value");
    }
}

static unsigned char *real_byte(const struct world *world, uint64_t address) {
    struct mset_region_info info;
    uint64_t offset = 0;
    const struct model_sight sight = sight_at(world, address, &offset);
    mset_region_get(world->contents[sight.region].handle, &info);
    return (unsigned char *)info.memory.host + offset;
}

static void slices(struct driver *driver) {
    struct world *const world = driver->world;
    const uint64_t address = pick_address(driver), size = pick_size(driver, address);
    const size_t room = 1 + drive_below(driver, 4);
    const bool write = drive_below(driver, 2) != 0;
    mset_status expected = wraps(address, size) ? MSET_INVALID_PARAM : MSET_OK;
    struct mset_slice out[4];
    size_t count = 0, pieces = 0;
    uint64_t at = 0, done = 99;
    const unsigned char *last = NULL;
    while (expected == MSET_OK && at < size) {
        uint64_t offset;
        const struct model_sight sight = sight_at(world, address + at, &offset);
        const bool memory =
            sight.kind == MSET_REGION_RAM || (sight.kind == MSET_REGION_ROM && !write);
        expected = sight.region < 0 ? MSET_NOT_FOUND : memory ? MSET_OK : MSET_ACCESS_DENIED;
        if (expected == MSET_OK) {
            const unsigned char *const byte = real_byte(world, address + at);
            pieces += pieces == 0 || byte != last + 1;
            expected = pieces > room ? MSET_OVER_LIMIT : MSET_OK;
            last = byte;
            at += expected == MSET_OK;
        }
    }
    const mset_status status = mset_guest_slices(
        &world->cursor, address, size, write ? MSET_WRITE : MSET_READ, out, room, &count, &done);
    judge(driver, "slices", status, expected, done, at);
    uint64_t told = 0;
    for (size_t i = 0; i < count && status == MSET_OK; i++) {
        if (out[i].host != real_byte(world, address + told)) {
            world_complain(world, "a slice begins at another place");
        }
        told += out[i].size;
    }
    if (status == MSET_OK && told != size) {
        world_complain(world, "the slices are not as long as the range");
    }
}

/* ---- pointers -----------------------------------------------------------------------------------
 */

/* What is handed out lies in the region that is seen there, from the first byte to the last. */
static void translate(struct driver *driver) {
    static const uint64_t accesses[] = {MSET_READ, MSET_WRITE, MSET_READ | MSET_WRITE};
    struct world *const world = driver->world;
    const uint64_t address = pick_address(driver), access = accesses[drive_below(driver, 3)];
    uint64_t offset = 0, end = 0, bytes = 0;
    void *host = NULL;
    const struct model_sight sight = sight_at(world, address, &offset);
    const bool memory = sight.kind == MSET_REGION_RAM ||
                        (sight.kind == MSET_REGION_ROM && (access & MSET_WRITE) == 0);
    const mset_status wanted = sight.region < 0 ? MSET_NOT_FOUND
                               : memory         ? MSET_OK
                                                : MSET_ACCESS_DENIED;
    const mset_status status = mset_guest_translate(&world->cursor, address, access, &host, &bytes);
    judge(driver, "translate", status, wanted, 0, 0);
    if (status != MSET_OK || wanted != MSET_OK) {
        return;
    }
    const struct model_sight last = sight_at(world, address + (bytes - 1), &end);
    if (bytes == 0 || last.region != sight.region || last.kind != sight.kind ||
        end != offset + (bytes - 1) || host != real_byte(world, address)) {
        world_complain(world, "translates to another place");
    }
}

/* What was written through pointers is told where it is logged. */
static void tell_written(struct driver *driver) {
    struct world *const world = driver->world;
    const uint64_t address = pick_address(driver), size = pick_size(driver, address);
    mset_status expected = wraps(address, size) ? MSET_INVALID_PARAM : MSET_OK;
    for (uint64_t at = 0; at < size && expected == MSET_OK; at++) {
        uint64_t offset;
        const struct model_sight sight = sight_at(world, address + at, &offset);
        if (sight.region < 0 || sight.kind != MSET_REGION_RAM) {
            expected = sight.region < 0 ? MSET_NOT_FOUND : MSET_ACCESS_DENIED;
        }
        world->to_tell += expected == MSET_OK && sight.logged;
    }
    judge(driver, "wrote", mset_guest_wrote(&world->cursor, address, size), expected, 0, 0);
}

/* ---- discard, room ------------------------------------------------------------------------------
 */

/* Where the run of units ends that shows the same from `unit` on. */
static uint64_t run_end(const struct world *world, uint64_t unit, uint64_t end) {
    struct model_sight sight = model_look(&world->model.committed, unit);
    while (++unit < end) {
        const struct model_sight next = model_look(&world->model.committed, unit);
        if (next.region != sight.region || next.offset != sight.offset + 1 ||
            next.kind != sight.kind || next.logged != sight.logged) {
            break;
        }
        sight = next;
    }
    return unit;
}

static mset_status judge_discard(const struct world *world, uint64_t unit, uint64_t end) {
    while (unit < end) {
        const struct model_sight sight = model_look(&world->model.committed, unit);
        const uint64_t next = run_end(world, unit, end);
        if (sight.region < 0) {
            return MSET_NOT_FOUND;
        }
        if (sight.kind != MSET_REGION_RAM) {
            return MSET_ACCESS_DENIED;
        }
        if ((sight.offset | (next - unit)) % world->model.slot_units != 0) {
            return MSET_INVALID_PARAM;
        }
        unit = next;
    }
    return MSET_OK;
}

/* The same of a range that need not begin or end in the map, nor be one. */
static mset_status judge_range(const struct world *world, uint64_t address, uint64_t size) {
    const uint64_t unit = world->options.unit, at = address - world->options.base;
    if (size == 0 || (address | size) % unit != 0 || wraps(address, size)) {
        return MSET_INVALID_PARAM;
    }
    if (at / unit >= MODEL_UNITS) {
        return MSET_NOT_FOUND;
    }
    const uint64_t room = MODEL_UNITS - at / unit;
    const bool inside = size / unit <= room;
    const mset_status status =
        judge_discard(world, at / unit, at / unit + (inside ? size / unit : room));
    return status == MSET_OK && !inside ? MSET_NOT_FOUND : status;
}

static void discard(struct driver *driver, bool anywhere) {
    struct world *const world = driver->world;
    const uint64_t unit = world->options.unit;
    uint64_t address, size;
    if (anywhere) {
        const uint64_t aligned = drive_below(driver, 4) != 0 ? unit - 1 : 0;
        address = pick_address(driver) & ~aligned;
        size = pick_size(driver, address) & ~aligned;
    } else {
        const uint64_t first = drive_below(driver, MODEL_UNITS);
        address = world_address(world, first);
        size = unit * (1 + drive_below(driver, MODEL_UNITS - first));
    }
    const mset_status wanted = judge_range(world, address, size);
    judge(driver, "discard", mset_guest_discard(world->guest, address, size), wanted, 0, 0);
    for (uint64_t i = 0; i < size && wanted == MSET_OK; i++) {
        mset_status ignored;
        *byte_at(world, address + i, false, &ignored) = 0;
    }
}

static bool all_free(const struct world *world, uint64_t unit, uint64_t units) {
    while (units > 0 && model_look(&world->model.committed, unit).region < 0) {
        unit++, units--;
    }
    return units == 0;
}

static void find_room(struct driver *driver) {
    struct world *const world = driver->world;
    const uint64_t unit = world->options.unit;
    const uint64_t lo = drive_below(driver, MODEL_UNITS);
    const uint64_t hi = lo + 1 + drive_below(driver, MODEL_UNITS - lo);
    const uint64_t size = 1 + drive_below(driver, 12), align = UINT64_C(1)
                                                               << drive_below(driver, 4);
    const bool down = drive_below(driver, 2) != 0;
    const struct mset_gap_request wish = {.size = size * unit,
                                          .align = align * unit,
                                          .lo = world_address(world, lo),
                                          .hi = world_address(world, hi),
                                          .flags = down ? MSET_GAP_TOP_DOWN : 0};
    uint64_t found = 0, wanted = UINT64_MAX;
    for (uint64_t i = 0; lo + i + size <= hi && wanted == UINT64_MAX; i++) {
        const uint64_t at = down ? hi - size - i : lo + i;
        if (world_address(world, at) % (align * unit) == 0 && all_free(world, at, size)) {
            wanted = world_address(world, at);
        }
    }
    const mset_status status = mset_guest_find_room(world->guest, &wish, &found);
    judge(driver, "find room", status, wanted == UINT64_MAX ? MSET_NOT_FOUND : MSET_OK, 0, 0);
    if (status == MSET_OK && found != wanted) {
        world_complain(world, "found other room");
    }
}

/* ---- dirty pages --------------------------------------------------------------------------------
 */

static void write_as_guest(struct driver *driver) {
    struct world *const world = driver->world;
    const uint64_t page = drive_below(driver, MODEL_UNITS / world->model.slot_units);
    const uint64_t address = world->options.base + page * FAKE_PAGE;
    if (world->kvm == NULL) {
        return;
    }
    const struct fake_slot *const slot = fake_kvm_at(&world->fake, address);
    if (fake_kvm_write(&world->fake, address) && slot->dirty != NULL) {
        world->dirty[page] = true;
    }
}

static void collect(struct driver *driver) {
    struct world *const world = driver->world;
    const uint64_t pages = MODEL_UNITS / world->model.slot_units;
    const uint64_t first = drive_below(driver, pages);
    const uint64_t count = 1 + drive_below(driver, pages - first);
    uint64_t bitmap = 0; /* there are fewer pages than bits */
    if (world->kvm == NULL) {
        return;
    }
    const mset_status status = mset_kvm_collect_dirty(
        world->kvm, world->options.base + first * FAKE_PAGE, count * FAKE_PAGE, &bitmap);
    judge(driver, "collect", status, MSET_OK, 0, 0);
    for (uint64_t i = 0; i < count; i++) {
        const bool told = (bitmap >> i & 1) != 0;
        if (told != world->dirty[first + i] && !world->uncertain[first + i]) {
            world_complain(world, "page %d is told to be %s", (int)(first + i),
                           told ? "dirty" : "clean");
        }
        world->dirty[first + i] = world->uncertain[first + i] = false;
    }
    if (count < 64 && bitmap >> count != 0) {
        world_complain(world, "bits beyond the range");
    }
}

/* ---- all of them --------------------------------------------------------------------------------
 */

static void use_pointers(struct driver *driver) {
    switch (drive_below(driver, 4)) {
    case 0:
        discard(driver, true);
        break;
    case 1:
        tell_written(driver);
        break;
    default:
        translate(driver);
        break;
    }
}

static void use(struct driver *driver, unsigned which) {
    switch (which) {
    case 0:
    case 1:
    case 2:
        read_bytes(driver);
        break;
    case 3:
    case 4:
        write_bytes(driver, false);
        break;
    case 5:
        write_bytes(driver, true);
        break;
    case 6:
        copy_bytes(driver);
        break;
    case 7:
    case 8:
        load_value(driver, which == 8);
        break;
    case 9:
        slices(driver);
        break;
    case 10:
        discard(driver, false);
        break;
    case 11:
        find_room(driver);
        break;
    case 12:
    case 13:
    case 14:
        write_as_guest(driver);
        break;
    case 15:
        collect(driver);
        break;
    default:
        use_pointers(driver);
        break;
    }
}

void drive_access(struct driver *driver, unsigned which) {
    struct world *const world = driver->world;
    use(driver, which);
    if (world->told != world->to_tell) {
        world_complain(world, "%d logged bytes written, %d told of", (int)world->to_tell,
                       (int)world->told);
    }
}
