/*
 * table.c - a bare page table goes through the kit behind the plainest of all backends: areas are
 * mapped at once, to the physical address in their offset.
 */
#include <mset/conformance.h>

struct bare {
    struct mset_backend backend; /* first: the backend's functions get its address */
    struct mset_backend_ops ops;
    const struct mset_conformance_table *table;
    void *handle;
    uint64_t areas;
};

static struct bare *bare_of(struct mset_backend *backend) {
    return (struct bare *)(void *)backend;
}

static const struct mset_conformance_table_ops *ops_of(struct mset_backend *backend) {
    return bare_of(backend)->table->ops;
}

/* ---- the backend ----------------------------------------------------------------------------- */

static int bare_map(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    return ops_of(backend)->map(page_table, run->start, run->offset, run->size, run->flags);
}

static int bare_unmap(struct mset_backend *backend, const struct mset_area *run, void *page_table) {
    return ops_of(backend)->unmap(page_table, run->start, run->size);
}

static int bare_protect(struct mset_backend *backend, const struct mset_area *run,
                        uint64_t new_flags, void *page_table) {
    return ops_of(backend)->protect(page_table, run->start, run->size, new_flags);
}

static int bare_move(struct mset_backend *backend, const struct mset_area *run, uint64_t new_start,
                     void *page_table) {
    return ops_of(backend)->move(page_table, run->start, new_start, run->size);
}

static int bare_prepare(struct mset_backend *backend, const struct mset_step *step,
                        void *page_table) {
    return ops_of(backend)->prepare(page_table, step);
}

static void bare_abort(struct mset_backend *backend, const struct mset_step *step,
                       void *page_table) {
    ops_of(backend)->abort(page_table, step);
}

static void bare_retain(struct mset_backend *backend) {
    bare_of(backend)->areas++;
}

static void bare_release(struct mset_backend *backend) {
    bare_of(backend)->areas--;
}

/* Without one of these there is nothing to run: the subject then has no open(). */
static bool is_usable(const struct mset_conformance_table *table) {
    const struct mset_conformance_table_ops *const ops = table->ops;
    return table->open != NULL && ops != NULL && ops->map != NULL && ops->unmap != NULL &&
           ops->protect != NULL && ops->query != NULL &&
           (ops->prepare == NULL) == (ops->abort == NULL);
}

static void set_ops(struct bare *bare) {
    const struct mset_conformance_table_ops *const ops = bare->table->ops;
    bare->ops = (struct mset_backend_ops){.name = bare->table->name,
                                          .map = bare_map,
                                          .unmap = bare_unmap,
                                          .protect = bare_protect,
                                          .retain = bare_retain,
                                          .release = bare_release};
    bare->ops.move = ops->move == NULL ? NULL : bare_move;
    bare->ops.prepare = ops->prepare == NULL ? NULL : bare_prepare;
    bare->ops.abort = ops->prepare == NULL ? NULL : bare_abort;
    bare->backend.ops = &bare->ops;
}

/* ---- the subject ----------------------------------------------------------------------------- */

static bool bare_open(void *context, struct mset_conformance_world *world) {
    struct bare *const bare = context;
    bare->handle = bare->table->open(bare->table->context);
    bare->areas = 0;
    world->page_table = bare->handle;
    world->backend[0] = &bare->backend;
    return bare->handle != NULL;
}

static uint64_t bare_close(void *context) {
    const struct bare *const bare = context;
    return bare->table->close(bare->table->context);
}

static void bare_look(void *context, uint64_t address, struct mset_conformance_page *page) {
    const struct bare *const bare = context;
    bare->table->ops->query(bare->handle, address, page);
}

static void bare_settle(void *context) {
    const struct bare *const bare = context;
    bare->table->settle(bare->table->context);
}

static const char *bare_validate(void *context) {
    const struct bare *const bare = context;
    return bare->table->validate(bare->table->context);
}

static void bare_fail(void *context, uint64_t nth, bool on) {
    const struct bare *const bare = context;
    bare->table->fail(bare->table->context, nth, on);
}

static uint64_t bare_requests(void *context) {
    const struct bare *const bare = context;
    return bare->table->requests(bare->table->context);
}

static uint64_t bare_in_use(void *context) {
    const struct bare *const bare = context;
    return bare->table->in_use(bare->table->context);
}

static uint64_t bare_references(void *context, size_t backend) {
    const struct bare *const bare = context;
    (void)backend;
    return bare->areas;
}

static struct mset_conformance_subject subject_of(struct bare *bare,
                                                  const struct mset_conformance_backend *traits) {
    static const uint64_t usual_flags[] = {MSET_READ | MSET_WRITE, MSET_READ,
                                           MSET_READ | MSET_EXEC};
    const struct mset_conformance_table *const table = bare->table;
    const bool usual = table->flags == NULL;
    return (struct mset_conformance_subject){
        .name = table->name,
        .context = bare,
        .base = table->base,
        .page_size = table->page_size,
        .pages = table->pages,
        .large = table->large,
        .flags = usual ? usual_flags : table->flags,
        .flag_count = usual ? sizeof usual_flags / sizeof *usual_flags : table->flag_count,
        .flags_shown = table->flags_shown,
        .implies_read = table->implies_read,
        .backends = traits,
        .backend_count = 1,
        .keeps_spare = table->keeps_spare,
        .open = is_usable(table) ? bare_open : NULL,
        .close = table->close == NULL ? NULL : bare_close,
        .look = bare_look,
        .settle = table->settle == NULL ? NULL : bare_settle,
        .validate = table->validate == NULL ? NULL : bare_validate,
        .fail = table->fail == NULL ? NULL : bare_fail,
        .requests = table->requests == NULL ? NULL : bare_requests,
        .in_use = table->in_use == NULL ? NULL : bare_in_use,
        .references = bare_references};
}

bool mset_conformance_run_table(const struct mset_conformance_table *table,
                                const struct mset_conformance_options *options,
                                struct mset_conformance_result *result) {
    const struct mset_conformance_backend traits = {.name = table->name,
                                                    .offset_matters = true,
                                                    .offset = table->pa,
                                                    .offset_room = table->pa_room};
    struct bare bare = {.table = table};
    if (is_usable(table)) {
        set_ops(&bare);
    }
    const struct mset_conformance_subject subject = subject_of(&bare, &traits);
    return mset_conformance_run(&subject, options, result);
}
