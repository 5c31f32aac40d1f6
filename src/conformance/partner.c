/* partner.c - the kit's own backend: takes part in operations, and refuses when told to. */
#include <mset/conformance.h>

static struct mset_conformance_partner *partner_of(struct mset_backend *backend) {
    return (struct mset_conformance_partner *)(void *)backend;
}

/* Less than 0, so that the set says MSET_BAD_STATE. */
static int answer(struct mset_backend *backend) {
    struct mset_conformance_partner *const partner = partner_of(backend);
    if (partner->refuse == 0 || --partner->refuse != 0) {
        return 0;
    }
    partner->refusals++;
    return -1;
}

static int take(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    (void)run;
    (void)page_table;
    return answer(backend);
}

static int change(struct mset_backend *backend, const struct mset_area *run, uint64_t value,
                  void *page_table) {
    (void)run;
    (void)value;
    (void)page_table;
    return answer(backend);
}

void mset_conformance_partner_init(struct mset_conformance_partner *partner) {
    static const struct mset_backend_ops ops = {
        .name = "partner", .map = take, .unmap = take, .protect = change, .move = change};
    *partner = (struct mset_conformance_partner){.backend = {&ops}};
}
