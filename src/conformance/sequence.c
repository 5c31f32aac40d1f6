/* sequence.c - see kit.h: a trial whose calls are written down. */
#include "kit.h"

bool kit_open(struct kit *kit, const struct shape *shape) {
    kit->shape = *shape;
    kit->traced = 0;
    return trial_open(&kit->trial, shape, kit->result);
}

bool kit_call(struct kit *kit, const struct call *call) {
    kit->trace[kit->traced++] = *call;
    return trial_call(&kit->trial, call);
}

bool kit_close(struct kit *kit) {
    return trial_close(&kit->trial);
}

bool kit_open_again(struct kit *kit, size_t calls) {
    const struct shape shape = kit->shape;
    bool well = kit_open(kit, &shape);
    for (size_t i = 0; i < calls && well; i++) {
        const struct call call = kit->trace[i];
        well = kit_call(kit, &call);
    }
    return well;
}

bool kit_wants(const struct kit *kit, const struct call *call) {
    const unsigned without = kit->options.without;
    return ((without & MSET_CONFORMANCE_NO_REPLACE) == 0 || !call->replace) &&
           ((without & MSET_CONFORMANCE_NO_MOVE) == 0 || call->kind != CALL_MOVE) &&
           ((without & MSET_CONFORMANCE_NO_PLANS) == 0 || call->mode == CALL_DIRECT) &&
           ((without & MSET_CONFORMANCE_NO_PARTNER) == 0 || call->kind != CALL_MAP ||
            call->backend != PARTNER);
}

uint64_t kit_budget(const struct kit *kit, unsigned percent) {
    enum { WORK = 400000 }; /* for one percent of the usual effort */
    return kit->trial.work + (uint64_t)WORK * percent * kit->options.effort / 100;
}
