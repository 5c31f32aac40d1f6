/* rules.c - the rules by name, and small things that users of the kit call themselves. */
#include <mset/conformance.h>

const char *mset_conformance_rule_text(enum mset_conformance_rule rule) {
    static const char *const texts[MSET_RULES] = {
        [MSET_RULE_HOLDS] = "all rules hold",
        [MSET_RULE_STILL_MAPPED] = "a page is mapped after unmap",
        [MSET_RULE_NOT_MAPPED] = "a page is not mapped",
        [MSET_RULE_FLAGS] = "flags differ",
        [MSET_RULE_OFFSET] = "offset differs",
        [MSET_RULE_CONTENTS] = "contents lost",
        [MSET_RULE_OLD_CONTENTS] = "a new page has old contents",
        [MSET_RULE_MOVE] = "move lost a page",
        [MSET_RULE_FAULT] = "fault did not help",
        [MSET_RULE_NEIGHBOUR] = "neighbour changed",
        [MSET_RULE_FAILED_CHANGED] = "failed call changed something",
        [MSET_RULE_FAILED_KEPT] = "failed call kept resources",
        [MSET_RULE_REFUSED] = "refused without a reason",
        [MSET_RULE_STUCK] = "not as mset_last_failure says",
        [MSET_RULE_PREPARE_VISIBLE] = "prepare changed what an access can see",
        [MSET_RULE_PREPARED_REFUSED] = "refused after prepare",
        [MSET_RULE_ABORT_CHANGED] = "abort changed something",
        [MSET_RULE_ABORT_KEPT] = "abort did not give everything back",
        [MSET_RULE_LEAK] = "resource leak",
        [MSET_RULE_REFERENCES] = "references differ",
        [MSET_RULE_INVALID] = "the subject finds itself invalid",
        [MSET_RULE_SET] = "the set is wrong",
    };
    return (unsigned)rule < MSET_RULES ? texts[rule] : "unknown rule";
}

bool mset_conformance_set_flags(void *arg, const struct mset_area *piece, uint64_t *flags) {
    (void)piece;
    *flags = *(const uint64_t *)arg;
    return true;
}
