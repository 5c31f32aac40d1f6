/*
 * strace.c - from the bytes of a line to a system call.
 *
 *     20111 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7f869bc28000
 *     pid   name arguments                                   result
 *
 * Strict, because a replay that guesses compares nothing: whatever does not look like this is
 * malformed, and a successful call that changes the map in a way the replay cannot follow is
 * unsupported. Arguments are read only of calls that matter and that succeeded; of all others
 * only brackets and quotes must match.
 */
#include "strace.h"

#include "flags.h"

#define MAX_ARGUMENTS 8
#define MAX_NESTING 64

/* User addresses end below this on every 64-bit Linux; sums of two never wrap. */
#define USER_END (UINT64_C(1) << 62)
#define PAGE UINT64_C(4096)

static const char malformed[] = "malformed system call";
static const char bad_range[] = "impossible range in a call that succeeded";

struct arguments {
    struct text at[MAX_ARGUMENTS];
    unsigned count; /* all of them, also those without room in `at` */
};

/* ---- kinds of lines ----------------------------------------------------------------------- */

static bool take_pid(struct text *rest, uint32_t *pid) {
    uint64_t value;
    if (!text_take_digits(rest, 10, &value) || value == 0 || value > INT32_MAX) {
        return false;
    }
    *pid = (uint32_t)value;
    return rest->size != 0 && rest->at[0] == ' ';
}

/* Names are lower case; strace calls what it missed the beginning of `???`. */
static bool take_name(struct text *rest, struct text *name) {
    size_t size = 0;
    while (size < rest->size) {
        const char c = rest->at[size];
        if (!(c >= 'a' && c <= 'z') && !text_is_digit(c) && c != '_' && c != '?') {
            break;
        }
        size++;
    }
    *name = text_first(*rest, size);
    *rest = text_from(*rest, size);
    return size != 0;
}

static const char *split_gone(struct text text, struct strace_line *out) {
    static const char superseded[] = "+++ superseded by execve in pid ";
    if (text_starts(text, superseded)) {
        text = text_from(text, sizeof superseded - 1);
        out->shape = LINE_SUPERSEDED;
        return take_pid(&text, &out->other) && text_is(text, " +++") ? NULL : "malformed line";
    }
    if (!text_starts(text, "+++ exited with ") && !text_starts(text, "+++ killed by ")) {
        return "malformed line";
    }
    out->shape = LINE_GONE;
    return text_ends(text, " +++") ? NULL : "malformed line";
}

static const char *split_resumed(struct text text, struct strace_line *out) {
    static const char resumed[] = " resumed>";
    text = text_from(text, strlen("<... "));
    if (!take_name(&text, &out->name) || !text_starts(text, resumed)) {
        return "malformed resumed call";
    }
    out->shape = LINE_RESUMED;
    out->rest = text_from(text, sizeof resumed - 1);
    return NULL;
}

static const char *split_call(struct text text, struct strace_line *out) {
    static const char unfinished[] = " <unfinished ...>";
    if (!take_name(&text, &out->name) || !text_starts(text, "(")) {
        return malformed;
    }
    out->rest = text_from(text, 1);
    out->shape = LINE_CALL;
    if (text_ends(out->rest, unfinished)) {
        out->shape = LINE_UNFINISHED;
        out->rest.size -= sizeof unfinished - 1;
    }
    return NULL;
}

const char *strace_split(struct text line, struct strace_line *out) {
    *out = (struct strace_line){0};
    if (!take_pid(&line, &out->pid)) {
        return "a line must begin with a process number";
    }
    line = text_trim(line);
    if (text_starts(line, "--- ")) {
        out->shape = LINE_SIGNAL;
        return text_ends(line, " ---") ? NULL : "malformed line";
    }
    if (text_starts(line, "+++ ")) {
        return split_gone(line, out);
    }
    return text_starts(line, "<... ") ? split_resumed(line, out) : split_call(line, out);
}

/* ---- arguments and result ----------------------------------------------------------------- */

/* `text` begins with a quote; the bytes up to and with the closing one, 0 if there is none. */
static size_t quoted(struct text text) {
    for (size_t at = 1; at < text.size; at++) {
        if (text.at[at] == '\\') {
            at++;
        } else if (text.at[at] == '"') {
            return at + 1;
        }
    }
    return 0;
}

/* The bytes at the front of `text` in which commas and brackets mean nothing. */
static size_t opaque(struct text text, bool *broken) {
    size_t size = 0;
    if (text.at[0] == '"') {
        size = quoted(text);
        *broken = size == 0;
    } else if (text_starts(text, "/*")) {
        size = text_find(text, "*/");
        *broken = size == text.size;
        size += 2;
    }
    return *broken ? 0 : size;
}

static char closing_of(char opening) {
    switch (opening) {
    case '(':
        return ')';
    case '[':
        return ']';
    case '{':
        return '}';
    default:
        return 0;
    }
}

struct nesting {
    char closing[MAX_NESTING]; /* what the open brackets wait for */
    size_t depth;
};

/* False for a bracket that does not fit. */
static bool nest(struct nesting *nesting, char c) {
    const char closing = closing_of(c);
    if (closing != 0) {
        if (nesting->depth == MAX_NESTING) {
            return false;
        }
        nesting->closing[nesting->depth++] = closing;
        return true;
    }
    if (c != ')' && c != ']' && c != '}') {
        return true;
    }
    return nesting->depth != 0 && nesting->closing[--nesting->depth] == c;
}

static void add_argument(struct arguments *out, struct text word) {
    if (out->count < MAX_ARGUMENTS) {
        out->at[out->count] = text_trim(word);
    }
    out->count++;
}

/*
 * Cuts the arguments at the commas outside all brackets, up to the bracket that closes the call
 * or, with `whole` false, up to the end of the text.
 */
static bool take_arguments(struct text *rest, bool whole, struct arguments *out) {
    struct nesting nesting = {.depth = 0};
    struct text word = text_first(*rest, 0);
    bool broken = false;
    out->count = 0;
    while (rest->size != 0 && !(rest->at[0] == ')' && nesting.depth == 0)) {
        const size_t skip = opaque(*rest, &broken);
        if (broken || (skip == 0 && !nest(&nesting, rest->at[0]))) {
            return false;
        }
        const bool comma = rest->at[0] == ',' && nesting.depth == 0;
        *rest = text_from(*rest, skip == 0 ? 1 : skip);
        word.size = (size_t)(rest->at - word.at);
        if (comma) {
            add_argument(out, text_first(word, word.size - 1));
            word = text_first(*rest, 0);
        }
    }
    if ((rest->size != 0) != whole || nesting.depth != 0) {
        return false;
    }
    if (out->count != 0 || text_trim(word).size != 0) {
        add_argument(out, word);
    }
    *rest = whole ? text_from(*rest, 1) : *rest;
    return true;
}

enum outcome { OUTCOME_BROKEN, OUTCOME_NOTHING, OUTCOME_VALUE };

static bool is_error_name(struct text text) {
    return text_starts(text, " E") || text_starts(text, " (errno ");
}

/* ` = 0x7f00`, ` = 3`, ` = -1 ENOENT (...)`, ` = ?`, ` = ? ERESTARTSYS (...)` */
static enum outcome take_result(struct text rest, uint64_t *value) {
    while (text_starts(rest, " ")) {
        rest = text_from(rest, 1);
    }
    if (!text_starts(rest, "= ")) {
        return OUTCOME_BROKEN;
    }
    rest = text_trim(rest = text_from(rest, 2));
    if (text_starts(rest, "?")) {
        rest = text_from(rest, 1);
        return rest.size == 0 || rest.at[0] == ' ' ? OUTCOME_NOTHING : OUTCOME_BROKEN;
    }
    if (text_starts(rest, "-1")) {
        rest = text_from(rest, 2);
        return rest.size == 0 || is_error_name(rest) ? OUTCOME_NOTHING : OUTCOME_BROKEN;
    }
    if (!text_take_number(&rest, value)) {
        return OUTCOME_BROKEN;
    }
    /* What may follow: `<path>` of a descriptor, ` (text)` or ` <time>` or a comment. */
    const bool known = rest.size == 0 || text_starts(rest, "<") || text_starts(rest, " (") ||
                       text_starts(rest, " <") || text_starts(rest, " /*");
    return known ? OUTCOME_VALUE : OUTCOME_BROKEN;
}

/* ---- the calls that matter ---------------------------------------------------------------- */

static bool number(struct text word, uint64_t *value) {
    if (text_is(word, "NULL")) {
        *value = 0;
        return true;
    }
    return text_take_number(&word, value) && word.size == 0;
}

/* A descriptor, with its path behind it if strace was run with -y. */
static bool descriptor(struct text word, int32_t *fd) {
    uint64_t value;
    if (text_is(word, "-1")) {
        *fd = -1;
        return true;
    }
    if (!text_take_digits(&word, 10, &value) || value > INT32_MAX) {
        return false;
    }
    *fd = (int32_t)value;
    return word.size == 0 || (text_starts(word, "<") && text_ends(word, ">"));
}

/* Rounds *size up to `unit`; false for a range the kernel would not have taken. */
static bool take_range(uint64_t start, uint64_t *size, uint64_t unit) {
    if (start % PAGE != 0 || start > USER_END || *size > USER_END) {
        return false;
    }
    *size = (*size + unit - 1) & ~(unit - 1);
    return start + *size <= USER_END;
}

/* Huge pages round the length of a mapping up to their own size, 2 MiB if none is given. */
static uint64_t mmap_unit(uint32_t flags) {
    const uint32_t shift = flags >> REPLAY_MAP_HUGE_SHIFT;
    if ((flags & REPLAY_MAP_HUGETLB) == 0) {
        return PAGE;
    }
    return UINT64_C(1) << (shift == 0 ? 21 : shift);
}

static const char *parse_mmap(const struct arguments *words, struct call *out) {
    uint64_t wish;
    if (words->count != 6 || !number(words->at[0], &wish) || !number(words->at[1], &out->size) ||
        !descriptor(words->at[4], &out->fd) || !number(words->at[5], &out->extra)) {
        return malformed;
    }
    const char *why = flags_protection(words->at[2], &out->protection);
    why = why != NULL ? why : flags_mmap(words->at[3], &out->flags);
    if (why != NULL) {
        return why;
    }
    if ((out->flags & REPLAY_MAP_GROWSDOWN) != 0) {
        return "unsupported: MAP_GROWSDOWN areas grow without a call";
    }
    out->kind = CALL_MMAP;
    out->start = out->result;
    const bool fixed = (out->flags & REPLAY_MAP_FIXED) != 0;
    const bool possible = fixed ? out->start == wish : out->start != 0;
    const uint64_t unit = mmap_unit(out->flags);
    if (!possible || unit < PAGE || unit > USER_END || out->size == 0 || out->extra % PAGE != 0 ||
        !take_range(out->start, &out->size, unit)) {
        return bad_range;
    }
    return NULL;
}

static const char *parse_munmap(const struct arguments *words, struct call *out) {
    if (words->count != 2 || !number(words->at[0], &out->start) ||
        !number(words->at[1], &out->size)) {
        return malformed;
    }
    out->kind = CALL_MUNMAP;
    return out->size != 0 && take_range(out->start, &out->size, PAGE) ? NULL : bad_range;
}

static const char *parse_mprotect(const struct arguments *words, unsigned count, struct call *out) {
    if (words->count != count || !number(words->at[0], &out->start) ||
        !number(words->at[1], &out->size)) {
        return malformed;
    }
    const char *why = flags_protection(words->at[2], &out->protection);
    if (why != NULL) {
        return why;
    }
    out->kind = CALL_MPROTECT;
    return take_range(out->start, &out->size, PAGE) ? NULL : bad_range;
}

static const char *parse_brk(const struct arguments *words, struct call *out) {
    if (words->count != 1 || !number(words->at[0], &out->start)) {
        return malformed;
    }
    out->kind = CALL_BRK;
    return out->result < USER_END ? NULL : bad_range;
}

static const char *parse_mremap(const struct arguments *words, struct call *out) {
    uint64_t wish = 0;
    if ((words->count != 4 && words->count != 5) || !number(words->at[0], &out->start) ||
        !number(words->at[1], &out->size) || !number(words->at[2], &out->extra) ||
        (words->count == 5 && !number(words->at[4], &wish))) {
        return malformed;
    }
    const char *why = flags_mremap(words->at[3], &out->flags);
    if (why != NULL) {
        return why;
    }
    out->kind = CALL_MREMAP;
    if (out->extra == 0 || !take_range(out->start, &out->size, PAGE) ||
        !take_range(out->result, &out->extra, PAGE)) {
        return bad_range;
    }
    const uint64_t from = out->start, to = out->result;
    const bool apart = from + out->size <= to || to + out->extra <= from;
    const bool second = out->size == 0; /* a second mapping of shared memory */
    return from == to ? (second ? bad_range : NULL) : (apart ? NULL : bad_range);
}

/* clone(child_stack=..., flags=..., ...) or clone3({flags=..., ...}, 88) */
static bool find_clone_flags(const struct arguments *words, struct text *flags) {
    for (unsigned at = 0; at < words->count && at < MAX_ARGUMENTS; at++) {
        struct text word = words->at[at];
        word = text_starts(word, "{") ? text_trim(text_from(word, 1)) : word;
        if (text_starts(word, "flags=")) {
            word = text_from(word, strlen("flags="));
            const size_t comma = text_find(word, ","), brace = text_find(word, "}");
            *flags = text_first(word, comma < brace ? comma : brace);
            return true;
        }
    }
    return false;
}

static const char *parse_clone(struct text name, const struct arguments *words, struct call *out) {
    struct text flags;
    out->kind = CALL_CLONE;
    if (text_is(name, "fork")) {
        return words->count == 0 ? NULL : malformed;
    }
    if (text_is(name, "vfork")) {
        out->flags = REPLAY_CLONE_VM;
        return words->count == 0 ? NULL : malformed;
    }
    if (!find_clone_flags(words, &flags)) {
        return malformed;
    }
    const char *why = flags_clone(flags, &out->flags);
    const uint32_t thread = REPLAY_CLONE_THREAD | REPLAY_CLONE_VM;
    if (why == NULL && (out->flags & thread) == REPLAY_CLONE_THREAD) {
        return "CLONE_THREAD without CLONE_VM";
    }
    return why;
}

static const char *parse_openat(const struct arguments *words, struct call *out) {
    if (words->count != 3 && words->count != 4) {
        return malformed;
    }
    out->kind = text_is(words->at[1], "\"/proc/self/maps\"") ? CALL_OPEN_MAPS : CALL_OTHER;
    return NULL;
}

/* READ_IMPLIES_EXEC changes what every later protection means. */
static const char *parse_personality(const struct arguments *words) {
    uint64_t persona = 0;
    if (words->count != 1) {
        return malformed;
    }
    const bool is_number = number(words->at[0], &persona);
    const bool asks = is_number && persona == UINT32_MAX; /* says it, changes nothing */
    const bool named = text_find(words->at[0], "READ_IMPLIES_EXEC") != words->at[0].size;
    if (named || (is_number && !asks && (persona & 0x400000) != 0)) {
        return "unsupported: personality READ_IMPLIES_EXEC";
    }
    return NULL;
}

/* Calls of which some commands make, resize or move areas. */
static const char *parse_commands(const struct arguments *words) {
    static const char *const commands[] = {"ARCH_MAP_VDSO", "ARCH_SHSTK", "PR_SET_MM"};
    for (size_t at = 0; words->count != 0 && at < sizeof commands / sizeof *commands; at++) {
        if (text_starts(words->at[0], commands[at])) {
            return "unsupported: a command that changes the map";
        }
    }
    return NULL;
}

static bool changes_map_unsupported(struct text name) {
    static const char *const names[] = {"remap_file_pages", "shmat",      "shmdt",
                                        "io_setup",         "io_destroy", "map_shadow_stack",
                                        "uselib",           "old_mmap",   "ipc"};
    for (size_t at = 0; at < sizeof names / sizeof *names; at++) {
        if (text_is(name, names[at])) {
            return true;
        }
    }
    return text_starts(name, "syscall_"); /* a call that strace has no name for */
}

static bool is_clone(struct text name) {
    return text_is(name, "clone") || text_is(name, "clone3") || text_is(name, "fork") ||
           text_is(name, "vfork");
}

static bool is_execve(struct text name) {
    return text_is(name, "execve") || text_is(name, "execveat");
}

/* The call succeeded: what did it do? */
static const char *parse_success(struct text name, const struct arguments *words,
                                 struct call *out) {
    if (text_is(name, "mmap") || text_is(name, "mmap2")) {
        return parse_mmap(words, out);
    }
    if (text_is(name, "munmap")) {
        return parse_munmap(words, out);
    }
    if (text_is(name, "mprotect")) {
        return parse_mprotect(words, 3, out);
    }
    if (text_is(name, "pkey_mprotect")) {
        return parse_mprotect(words, 4, out);
    }
    if (text_is(name, "brk")) {
        return parse_brk(words, out);
    }
    if (text_is(name, "mremap")) {
        return parse_mremap(words, out);
    }
    if (is_clone(name)) {
        const bool possible = out->result != 0 && out->result <= INT32_MAX;
        return possible ? parse_clone(name, words, out) : "impossible process number";
    }
    if (is_execve(name)) {
        out->kind = CALL_EXECVE;
        return out->result == 0 ? NULL : malformed;
    }
    if (text_is(name, "openat")) {
        return parse_openat(words, out);
    }
    if (text_is(name, "personality")) {
        return parse_personality(words);
    }
    if (text_is(name, "prctl") || text_is(name, "arch_prctl")) {
        return parse_commands(words);
    }
    return changes_map_unsupported(name) ? "unsupported: a call that changes the map" : NULL;
}

const char *strace_parse(struct text name, struct text rest, struct call *out) {
    struct arguments words;
    *out = (struct call){.kind = CALL_OTHER, .fd = -1};
    if (!take_arguments(&rest, true, &words)) {
        return malformed;
    }
    switch (take_result(rest, &out->result)) {
    case OUTCOME_BROKEN:
        return malformed;
    case OUTCOME_VALUE:
        return parse_success(name, &words, out);
    case OUTCOME_NOTHING:
    default:
        break;
    }
    if (text_is(name, "exit")) {
        out->kind = CALL_EXIT;
    } else {
        out->kind = text_is(name, "exit_group") ? CALL_EXIT_GROUP : CALL_NOTHING;
    }
    return NULL;
}

bool strace_parse_begin(struct text name, struct text arguments, struct call *out) {
    struct arguments words;
    *out = (struct call){.kind = CALL_OTHER, .fd = -1};
    return is_clone(name) && take_arguments(&arguments, false, &words) &&
           parse_clone(name, &words, out) == NULL;
}

bool strace_needs_arguments(struct text name) {
    return !is_execve(name);
}
