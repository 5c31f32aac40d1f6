/*
 * process.c - from process numbers to address spaces.
 *
 *     thread (pid) --> group (process) --> space
 *
 * Threads share a group, a vfork child is a group of its own on its parent's space, a fork child
 * gets a copy, execve gives the group a new space and leaves the old one to whoever else is on
 * it. A space without groups is dropped.
 *
 * A child may work before its parent's call returns, and a vfork parent always returns after it.
 * That is why the reader leaves a record where such a call began, and why a fork copies at the
 * first call of the child or the return of its parent, whatever comes first.
 *
 * In the same way memory may be handed out again before the munmap that freed it returns: an
 * address the kernel chose itself was free, so an interrupted munmap or mremap that frees it has
 * had its effect already and is done first.
 *
 * Threads of a group that is gone (exit_group, execve in another thread) may still be heard of;
 * there is nothing left that they could change.
 */
#include "process.h"

#include "array.h"

/* Interrupted calls looked at; others take effect when they return. */
#define EARLY_LIMIT 256

struct space {
    uint32_t groups; /* 0: dropped */
    bool knows_break;
    uint64_t program_break;
};

struct group {
    bool alive;
    uint32_t threads; /* not yet gone */
    uint32_t space;
};

struct thread {
    bool known, alive;
    uint32_t group;
    size_t birth; /* index + 1 of the begun clone that makes this thread; 0: none */
    size_t early; /* index + 1 of the interrupted call already done; 0: none */
};

struct planner {
    const struct trace *trace;
    struct program *program;
    struct pids threads;
    struct group *groups;
    size_t group_count, group_capacity;
    struct space *spaces;
    size_t space_capacity;
    size_t orphan;             /* index + 1 of a clone that begins and never returns */
    size_t orphans;            /* how many of those */
    size_t early[EARLY_LIMIT]; /* indices of interrupted calls that free memory */
    size_t early_count;
    struct trouble *trouble;
};

/* ---- groups and spaces -------------------------------------------------------------------- */

static bool add_op(struct planner *planner, const struct op *op) {
    struct program *program = planner->program;
    struct op *ops =
        array_reserve(program->ops, &program->capacity, program->count + 1, sizeof *ops);
    if (ops == NULL) {
        return trouble_no_memory(planner->trouble, op->line);
    }
    program->ops = ops;
    ops[program->count++] = *op;
    return true;
}

/* A space with one group on it: empty, or a copy of `source`. */
static bool add_space(struct planner *planner, const struct op *op, uint32_t *number) {
    struct program *program = planner->program;
    const uint32_t at = program->spaces;
    struct space *spaces =
        array_reserve(planner->spaces, &planner->space_capacity, (size_t)at + 1, sizeof *spaces);
    if (spaces == NULL) {
        return trouble_no_memory(planner->trouble, op->line);
    }
    planner->spaces = spaces;
    spaces[at] = op->kind == OP_COPY ? spaces[op->source] : (struct space){0};
    spaces[at].groups = 1;
    *number = at;
    program->spaces++;
    struct op named = *op;
    named.space = at;
    return add_op(planner, &named);
}

static bool leave_space(struct planner *planner, uint32_t space, uint32_t line) {
    if (--planner->spaces[space].groups != 0) {
        return true;
    }
    return add_op(planner, &(struct op){.kind = OP_DROP, .space = space, .line = line});
}

static bool add_group(struct planner *planner, uint32_t space, uint32_t line, uint32_t *number) {
    struct group *groups = array_reserve(planner->groups, &planner->group_capacity,
                                         planner->group_count + 1, sizeof *groups);
    if (groups == NULL) {
        return trouble_no_memory(planner->trouble, line);
    }
    planner->groups = groups;
    *number = (uint32_t)planner->group_count++;
    groups[*number] = (struct group){.alive = true, .threads = 1, .space = space};
    return true;
}

static bool end_group(struct planner *planner, uint32_t number, uint32_t line) {
    struct group *group = &planner->groups[number];
    if (!group->alive) {
        return true;
    }
    group->alive = false;
    return leave_space(planner, group->space, line);
}

/* One thread less; the last one takes the group with it. */
static bool end_thread(struct planner *planner, struct thread *thread, uint32_t line) {
    if (!thread->alive) {
        return true;
    }
    thread->alive = false;
    struct group *group = &planner->groups[thread->group];
    return --group->threads != 0 || end_group(planner, thread->group, line);
}

/* ---- how threads come into being ---------------------------------------------------------- */

static struct thread *add_thread(struct planner *planner, uint32_t pid, uint32_t line) {
    struct thread *thread = pids_add(&planner->threads, pid);
    if (thread == NULL) {
        trouble_set(planner->trouble, line, "too many processes");
    }
    return thread;
}

static void join_group(struct thread *thread, uint32_t group) {
    thread->known = thread->alive = true;
    thread->group = group;
    thread->birth = 0;
}

/* The first thread of the trace: its space is empty as far as we can know. */
static bool first_thread(struct planner *planner, struct thread *thread, uint32_t line) {
    uint32_t space = 0, group = 0;
    const struct op op = {.kind = OP_NEW, .line = line};
    if (!add_space(planner, &op, &space) || !add_group(planner, space, line, &group)) {
        return false;
    }
    join_group(thread, group);
    return true;
}

/* A new process of the group `parent`, on its space (vfork) or on a copy (fork). */
static bool new_process(struct planner *planner, const struct call *clone, uint32_t parent,
                        uint32_t line, uint32_t *group) {
    uint32_t space = planner->groups[parent].space;
    if ((clone->flags & REPLAY_CLONE_VM) != 0) {
        planner->spaces[space].groups++;
    } else {
        const struct op op = {.kind = OP_COPY, .line = line, .source = space};
        if (!add_space(planner, &op, &space)) {
            return false;
        }
    }
    return add_group(planner, space, line, group);
}

/* The child of `clone`, a call whose parent thread is known. */
static bool born(struct planner *planner, uint32_t child, const struct call *clone, uint32_t line) {
    struct thread *thread = add_thread(planner, child, line);
    if (thread == NULL || !end_thread(planner, thread, line)) { /* an old one of that number */
        return false;
    }
    const struct thread *parent = pids_find(&planner->threads, clone->pid);
    if (parent == NULL || !parent->known) {
        return trouble_set(planner->trouble, line, "process %lu has no known parent",
                           (unsigned long)child);
    }
    uint32_t group = parent->group;
    if (!planner->groups[group].alive) { /* killed while it cloned: the child is gone as well */
        join_group(thread, group);
        thread->alive = false;
        return true;
    }
    if ((clone->flags & REPLAY_CLONE_THREAD) != 0) {
        planner->groups[group].threads++;
    } else if (!new_process(planner, clone, group, line, &group)) {
        return false;
    }
    join_group(thread, group);
    return true;
}

/* The thread of a call, born now if this is the first that is heard of it. */
static struct thread *thread_of(struct planner *planner, const struct call *call) {
    struct thread *thread = add_thread(planner, call->pid, call->line);
    if (thread == NULL || (thread->known && thread->birth == 0)) {
        return thread;
    }
    bool done;
    if (thread->birth != 0) {
        done = born(planner, call->pid, &planner->trace->calls[thread->birth - 1], call->line);
    } else if (planner->group_count == 0) {
        done = first_thread(planner, thread, call->line);
    } else if (planner->orphans == 1) {
        done = born(planner, call->pid, &planner->trace->calls[planner->orphan - 1], call->line);
        planner->orphans = 0;
    } else {
        done = trouble_set(planner->trouble, call->line, "process %lu has no known parent",
                           (unsigned long)call->pid);
    }
    return done ? thread : NULL;
}

/* ---- calls -------------------------------------------------------------------------------- */

static bool do_mmap(struct planner *planner, const struct call *call, uint32_t space) {
    const uint32_t type = call->flags & REPLAY_MAP_TYPE;
    const bool is_private = type == REPLAY_MAP_PRIVATE || type == REPLAY_MAP_DROPPABLE;
    const bool is_anonymous = (call->flags & REPLAY_MAP_ANONYMOUS) != 0;
    const struct op op = {
        .kind = OP_MAP,
        .space = space,
        .line = call->line,
        .protection = call->protection,
        .flags = (is_private ? 0 : OP_SHARED) | (is_private && is_anonymous ? OP_ANONYMOUS : 0),
        .fd = is_anonymous ? -1 : call->fd,
        .start = call->start,
        .size = call->size,
        .extra = is_anonymous ? 0 : call->extra,
    };
    return add_op(planner, &op);
}

static bool do_munmap(struct planner *planner, const struct call *call, uint32_t space) {
    return add_op(planner, &(struct op){.kind = OP_UNMAP,
                                        .space = space,
                                        .line = call->line,
                                        .start = call->start,
                                        .size = call->size});
}

/* PROT_GROWSDOWN is refused by the kernel except on the stack, which is none of ours. */
static bool do_mprotect(struct planner *planner, const struct call *call, uint32_t space) {
    if (call->size == 0 || (call->protection & REPLAY_PROT_GROWS) != 0) {
        return true;
    }
    return add_op(planner, &(struct op){.kind = OP_PROTECT,
                                        .space = space,
                                        .line = call->line,
                                        .protection = call->protection,
                                        .start = call->start,
                                        .size = call->size});
}

static bool do_mremap(struct planner *planner, const struct call *call, uint32_t space) {
    return add_op(planner, &(struct op){.kind = OP_REMAP,
                                        .space = space,
                                        .line = call->line,
                                        .start = call->start,
                                        .size = call->size,
                                        .extra = call->extra,
                                        .to = call->result});
}

static uint64_t page_up(uint64_t address) {
    return (address + 4095) & ~UINT64_C(4095);
}

/* The result is the break after the call, whether it moved or not. */
static bool do_brk(struct planner *planner, const struct call *call, uint32_t number) {
    struct space *space = &planner->spaces[number];
    const uint64_t before = page_up(space->program_break), now = page_up(call->result);
    const bool knew = space->knows_break;
    space->knows_break = true;
    space->program_break = call->result;
    struct op op = {.kind = OP_MAP,
                    .space = number,
                    .line = call->line,
                    .protection = REPLAY_PROT_READ | REPLAY_PROT_WRITE,
                    .flags = OP_ANONYMOUS,
                    .fd = -1,
                    .start = before,
                    .size = now - before};
    if (knew && now < before) {
        op.kind = OP_UNMAP;
        op.start = now;
        op.size = before - now;
    }
    return !knew || now == before || add_op(planner, &op);
}

static bool do_execve(struct planner *planner, const struct call *call, struct thread *thread) {
    uint32_t space = 0, group = 0;
    const struct op op = {.kind = OP_NEW, .line = call->line};
    if (!end_group(planner, thread->group, call->line) || !add_space(planner, &op, &space) ||
        !add_group(planner, space, call->line, &group)) {
        return false;
    }
    join_group(thread, group);
    return true;
}

static bool do_maps_read(struct planner *planner, const struct call *call, uint32_t space) {
    planner->program->has_maps_read = true;
    planner->program->maps_read = planner->program->count;
    return add_op(planner, &(struct op){.kind = OP_MAPS_READ, .space = space, .line = call->line});
}

/* What a call does to the areas of its space. */
static bool change_space(struct planner *planner, const struct call *call, uint32_t space) {
    switch (call->kind) {
    case CALL_MMAP:
        return do_mmap(planner, call, space);
    case CALL_MUNMAP:
        return do_munmap(planner, call, space);
    case CALL_MPROTECT:
        return do_mprotect(planner, call, space);
    case CALL_BRK:
        return do_brk(planner, call, space);
    case CALL_MREMAP:
        return do_mremap(planner, call, space);
    case CALL_OPEN_MAPS:
        return do_maps_read(planner, call, space);
    default:
        return true;
    }
}

/* ---- interrupted calls that took effect before they returned ------------------------------ */

static void forget_early(struct planner *planner, uint32_t pid) {
    size_t kept = 0;
    for (size_t at = 0; at < planner->early_count; at++) {
        if (planner->trace->calls[planner->early[at]].pid != pid) {
            planner->early[kept++] = planner->early[at];
        }
    }
    planner->early_count = kept;
}

/* Does `freeing`, a munmap or mremap, free something of [start, start + size)? */
static bool frees(const struct call *freeing, uint64_t start, uint64_t size) {
    uint64_t from = freeing->start, to = freeing->start + freeing->size;
    if (freeing->kind == CALL_MREMAP && freeing->result == freeing->start) {
        from += freeing->extra < freeing->size ? freeing->extra : freeing->size;
    }
    return from < start + size && start < to;
}

/* The kernel chose [start, start + size): whatever was there must be gone by now. */
static bool make_room(struct planner *planner, const struct call *call, uint32_t space,
                      uint64_t start, uint64_t size) {
    for (size_t at = 0; at < planner->early_count; at++) {
        const struct call *freeing = &planner->trace->calls[planner->early[at]];
        struct thread *thread = pids_find(&planner->threads, freeing->pid);
        if (freeing->pid == call->pid || thread == NULL || !thread->alive ||
            planner->groups[thread->group].space != space || thread->early != 0 ||
            !frees(freeing, start, size)) {
            continue;
        }
        thread->early = planner->early[at] + 1;
        if (!change_space(planner, freeing, space)) {
            return false;
        }
    }
    return true;
}

static bool call_took_room(struct planner *planner, const struct call *call, uint32_t space) {
    if (call->kind == CALL_MMAP && (call->flags & REPLAY_MAP_FIXED) == 0) {
        return make_room(planner, call, space, call->start, call->size);
    }
    if (call->kind == CALL_MREMAP && call->result != call->start) {
        return make_room(planner, call, space, call->result, call->extra);
    }
    return true;
}

/* ---- the walk over the trace -------------------------------------------------------------- */

static bool begin_call(struct planner *planner, const struct call *call, size_t index) {
    struct thread *thread = thread_of(planner, call);
    if (thread == NULL) {
        return false;
    }
    if (call->kind == CALL_CLONE && call->result != 0) {
        struct thread *child = add_thread(planner, (uint32_t)call->result, call->line);
        if (child == NULL) {
            return false;
        }
        child->birth = index + 1;
    } else if (call->kind == CALL_CLONE) {
        planner->orphan = index + 1;
        planner->orphans++;
    } else if (call->kind != CALL_NOTHING && planner->early_count < EARLY_LIMIT) {
        planner->early[planner->early_count++] = index;
    }
    return true;
}

static bool is_counted(enum call_kind kind) {
    return kind == CALL_MMAP || kind == CALL_MUNMAP || kind == CALL_MPROTECT || kind == CALL_BRK ||
           kind == CALL_MREMAP;
}

static bool end_clone(struct planner *planner, const struct call *call) {
    const uint32_t child = (uint32_t)call->result;
    const struct thread *thread = pids_find(&planner->threads, child);
    const bool heard_of = call->ends && thread != NULL && thread->birth == 0;
    return heard_of || born(planner, child, call, call->line);
}

static bool end_call(struct planner *planner, const struct call *call) {
    struct thread *thread = thread_of(planner, call);
    if (thread == NULL) {
        return false;
    }
    planner->program->calls += is_counted(call->kind);
    const bool was_early = thread->early != 0;
    thread->early = 0;
    forget_early(planner, call->pid);
    if (!planner->groups[thread->group].alive || was_early) {
        return true;
    }
    switch (call->kind) {
    case CALL_CLONE:
        return end_clone(planner, call);
    case CALL_EXECVE:
        return do_execve(planner, call, thread);
    case CALL_EXIT:
    case CALL_GONE:
        return end_thread(planner, thread, call->line);
    case CALL_EXIT_GROUP:
        return end_group(planner, thread->group, call->line);
    default:
        break;
    }
    const uint32_t space = planner->groups[thread->group].space;
    return call_took_room(planner, call, space) && change_space(planner, call, space);
}

static bool plan(struct planner *planner) {
    for (size_t at = 0; at < planner->trace->count; at++) {
        const struct call *call = &planner->trace->calls[at];
        if (!(call->begins ? begin_call(planner, call, at) : end_call(planner, call))) {
            return false;
        }
    }
    return true;
}

bool program_make(const struct trace *trace, struct program *program, struct trouble *trouble) {
    *program = (struct program){0};
    struct planner planner = {.trace = trace, .program = program, .trouble = trouble};
    pids_init(&planner.threads, sizeof(struct thread));
    const bool done = plan(&planner);
    pids_free(&planner.threads);
    free(planner.groups);
    free(planner.spaces);
    if (!done) {
        program_free(program);
    }
    return done;
}

void program_free(struct program *program) {
    free(program->ops);
    *program = (struct program){0};
}
