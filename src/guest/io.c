/*
 * io.c - what goes to handlers. The region is looked up for each call, and not used after it: a
 * handler may change the guest, and even remove the region it belongs to.
 */
#include "access.h"

struct port {
    const struct mset_region_io *io;
    void *context;
    uint64_t offset; /* in the region */
    uint64_t bytes;  /* to the end of the area */
};

static mset_status find_port(const struct mset_guest *guest, uint64_t address, struct port *port) {
    struct mset_area room;
    const struct mset_area *const area = mset_view_find(guest_live(guest), address, &room);
    /* unreachable: it was there a moment ago, and only another thread can have taken it away */
    if (area == NULL) {
        return MSET_NOT_FOUND;
    }
    const struct mset_region *const region = mset_region_of(area, address, &port->offset);
    port->io = region->io;
    port->context = region->io_context;
    port->bytes = area->size - (address - area->start);
    return port->io == NULL ? MSET_ACCESS_DENIED : MSET_OK;
}

/* The largest width that divides the offset and does not exceed size. */
static unsigned choose_width(const struct port *port, uint64_t size) {
    const uint64_t most = size < port->bytes ? size : port->bytes;
    unsigned width = 8;
    while (width > most || (port->offset & (width - 1)) != 0) {
        width /= 2;
    }
    return width;
}

static mset_status read_port(const struct port *port, unsigned width, uint64_t *value) {
    return port->io->read == NULL ? MSET_ACCESS_DENIED
                                  : port->io->read(port->context, port->offset, width, value);
}

static mset_status write_port(const struct port *port, unsigned width, uint64_t value) {
    return port->io->write == NULL ? MSET_ACCESS_DENIED
                                   : port->io->write(port->context, port->offset, width, value);
}

/* A value's first `width` bytes in the order in which the host keeps them in memory. */
static void to_bytes(void *to, unsigned width, uint64_t value) {
    const uint8_t byte = (uint8_t)value;
    const uint16_t half = (uint16_t)value;
    const uint32_t word = (uint32_t)value;
    const void *const from = width == 1   ? (const void *)&byte
                             : width == 2 ? (const void *)&half
                             : width == 4 ? (const void *)&word
                                          : (const void *)&value;
    memcpy(to, from, width);
}

static uint64_t from_bytes(const void *from, unsigned width) {
    uint8_t byte;
    uint16_t half;
    uint32_t word;
    uint64_t value;
    switch (width) {
    case 1:
        memcpy(&byte, from, sizeof byte);
        return byte;
    case 2:
        memcpy(&half, from, sizeof half);
        return half;
    case 4:
        memcpy(&word, from, sizeof word);
        return word;
    default:
        memcpy(&value, from, sizeof value);
        return value;
    }
}

mset_status mset_io_read(const struct mset_guest *guest, uint64_t address, void *to, uint64_t size,
                         uint64_t *bytes) {
    struct port port;
    uint64_t value = 0;
    mset_status status = find_port(guest, address, &port);
    if (status == MSET_OK) {
        const unsigned width = choose_width(&port, size);
        status = read_port(&port, width, &value);
        if (status == MSET_OK) {
            to_bytes(to, width, value);
            *bytes = width;
        }
    }
    return status;
}

mset_status mset_io_write(const struct mset_guest *guest, uint64_t address, const void *from,
                          uint64_t size, uint64_t *bytes) {
    struct port port;
    mset_status status = find_port(guest, address, &port);
    if (status == MSET_OK) {
        const unsigned width = choose_width(&port, size);
        status = write_port(&port, width, from_bytes(from, width));
        *bytes = width;
    }
    return status;
}

/* Can the port be asked for exactly this width here? With byte granularity it may not. */
static mset_status find_exact(const struct mset_guest *guest, uint64_t address, unsigned width,
                              struct port *port) {
    const mset_status status = find_port(guest, address, port);
    if (status == MSET_OK && (port->bytes < width || (port->offset & (width - 1)) != 0)) {
        return MSET_UNSUPPORTED;
    }
    return status;
}

mset_status mset_io_load(const struct mset_guest *guest, uint64_t address, unsigned width,
                         uint64_t *value) {
    struct port port;
    const mset_status status = find_exact(guest, address, width, &port);
    return status == MSET_OK ? read_port(&port, width, value) : status;
}

mset_status mset_io_store(const struct mset_guest *guest, uint64_t address, unsigned width,
                          uint64_t value) {
    struct port port;
    const mset_status status = find_exact(guest, address, width, &port);
    return status == MSET_OK ? write_port(&port, width, value) : status;
}
