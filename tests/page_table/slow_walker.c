/* slow_walker.c - see slow_walker.h. Bit numbers are those of the manual's figures 5-20 to 5-29. */
#include "page_table/slow_walker.h"

static bool bit(uint64_t value, unsigned number) {
    return (value >> number & 1) != 0;
}

static uint64_t bits(uint64_t value, unsigned high, unsigned low) {
    return value << (63 - high) >> (63 - high) >> low;
}

static bool canonical(uint64_t va) {
    return bits(va, 63, 47) == 0 || bits(va, 63, 47) == 0x1ffff;
}

/* Bits of the address field that this machine does not have. */
static bool too_wide(const struct slow_memory *memory, uint64_t entry) {
    return memory->pa_bits < 52 && bits(entry, 51, memory->pa_bits) != 0;
}

static void allow_less(struct slow_answer *answer, uint64_t entry) {
    answer->write = answer->write && bit(entry, 1);
    answer->user = answer->user && bit(entry, 2);
    answer->execute = answer->execute && !bit(entry, 63);
}

static void finish(struct slow_answer *answer, uint64_t entry, uint64_t va, unsigned page_bits,
                   unsigned pat_bit) {
    answer->present = true;
    answer->page_size = UINT64_C(1) << page_bits;
    answer->pa = (bits(entry, 51, page_bits) << page_bits) + bits(va, page_bits - 1, 0);
    answer->accessed = bit(entry, 5);
    answer->dirty = bit(entry, 6);
    answer->global = bit(entry, 8);
    answer->pat =
        (bit(entry, pat_bit) ? 4u : 0u) + (bit(entry, 4) ? 2u : 0u) + (bit(entry, 3) ? 1u : 0u);
}

struct slow_answer slow_walk(const struct slow_memory *memory, uint64_t cr3, uint64_t va) {
    struct slow_answer answer = {.write = true, .user = true, .execute = true};
    if (!canonical(va)) {
        answer.complaint = "address is not canonical";
        return answer;
    }
    uint64_t base = bits(cr3, 51, 12) << 12;
    const unsigned field[4][2] = {{47, 39}, {38, 30}, {29, 21}, {20, 12}};
    for (unsigned depth = 0; depth < 4; depth++) { /* PML4E, PDPE, PDE, PTE */
        const uint64_t entry =
            memory->read(memory->context, base + bits(va, field[depth][0], field[depth][1]) * 8);
        answer.reads++;
        if (!bit(entry, 0)) {
            return answer;
        }
        if (too_wide(memory, entry)) {
            answer.complaint = "physical address beyond MAXPHYADDR";
            return answer;
        }
        allow_less(&answer, entry);
        if (depth == 3) {
            finish(&answer, entry, va, 12, 7);
        } else if (bit(entry, 7)) {
            if (depth == 0) {
                answer.complaint = "PML4E with bit 7 set";
            } else if (depth == 1 && bits(entry, 29, 13) != 0) {
                answer.complaint = "1 GiB leaf with one of bits 29:13 set";
            } else if (depth == 2 && bits(entry, 20, 13) != 0) {
                answer.complaint = "2 MiB leaf with one of bits 20:13 set";
            } else {
                finish(&answer, entry, va, depth == 1 ? 30 : 21, 12);
            }
            return answer;
        }
        base = bits(entry, 51, 12) << 12;
    }
    return answer;
}
