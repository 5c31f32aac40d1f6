/*
 * walker.h - the page table that everyone writes first: every page from the root, tables made on
 * the way and kept, large leaves cut when a page in them is asked for. The peer of the benchmarks.
 *
 * It has what makes such a walker fast: the format is constant, tables are reached by adding an
 * offset, and nothing is counted or gathered. Its calls are calls, as the library's are: a page
 * table is not inlined into those who use it.
 */
#ifndef MSET_BENCH_PAGE_TABLE_WALKER_H
#define MSET_BENCH_PAGE_TABLE_WALKER_H

#include "arena.h"
#include "layouts.h"

#include <cstring>

namespace bench {

/* What a page is. */
struct Translation {
    uint64_t pa, leaf_size, flags;
};

template <class Format> class Walker {
  public:
    Walker() : root(new_table(Format::root_bits)) {}

    [[gnu::noinline]] mset_status map(uint64_t va, uint64_t pa, unsigned level, uint64_t flags) {
        uint64_t *const entry = reach(va, level);
        if (*entry != 0) {
            return MSET_ALREADY_EXISTS;
        }
        *entry = Format::leaf(pa, level, flags);
        return MSET_OK;
    }

    [[gnu::noinline]] mset_status unmap(uint64_t va, unsigned level) {
        uint64_t *const entry = find(va, level);
        if (entry == nullptr) {
            return MSET_NOT_FOUND;
        }
        *entry = 0;
        return MSET_OK;
    }

    [[gnu::noinline]] mset_status protect(uint64_t va, unsigned level, uint64_t flags) {
        uint64_t *const entry = find(va, level);
        if (entry == nullptr) {
            return MSET_NOT_FOUND;
        }
        *entry = Format::leaf(Format::address(*entry), level, flags);
        return MSET_OK;
    }

    [[gnu::noinline]] mset_status query(uint64_t va, Translation *found) const {
        const uint64_t *table = arena.at(root);
        for (unsigned level = Format::levels - 1;; level--) {
            const uint64_t entry = table[index(va, level)];
            if (entry == 0) {
                return MSET_NOT_FOUND;
            }
            if (level == 0 || Format::is_leaf(entry)) {
                const uint64_t size = bit(shift<Format>(level));
                *found = {Format::address(entry) + (va & (size - 1)), size, Format::flags(entry)};
                return MSET_OK;
            }
            table = arena.at(Format::address(entry));
        }
    }

    /* The table below level 1 becomes a leaf again if its pages follow each other. */
    bool promote(uint64_t va) {
        uint64_t *const entry = reach(va, 1);
        if (*entry == 0 || Format::is_leaf(*entry)) {
            return false;
        }
        const uint64_t child = Format::address(*entry), *const table = arena.at(child);
        const uint64_t first = Format::address(table[0]), flags = Format::flags(table[0]);
        for (uint64_t i = 0; i < table_entries<Format>(); i++) {
            if (table[i] != Format::leaf(first + (i << Format::page_bits), 0, flags)) {
                return false;
            }
        }
        *entry = Format::leaf(first, 1, flags);
        arena.give(child, order(Format::index_bits));
        return true;
    }

  private:
    Arena arena;
    uint64_t root;

    static uint64_t index(uint64_t va, unsigned level) {
        const unsigned bits = level == Format::levels - 1 ? Format::root_bits : Format::index_bits;
        return va >> shift<Format>(level) & (bit(bits) - 1);
    }

    static constexpr unsigned order(unsigned bits) { return bits > 9 ? bits - 9 : 0; }

    uint64_t new_table(unsigned bits) {
        const uint64_t pa = arena.take(order(bits));
        std::memset(arena.at(pa), 0, sizeof(uint64_t) << bits);
        return pa;
    }

    void cut(uint64_t *entry, unsigned level) {
        const uint64_t pa = Format::address(*entry), child = arena.take(order(Format::index_bits));
        const uint64_t flags = Format::flags(*entry);
        uint64_t *const table = arena.at(child);
        for (uint64_t i = 0; i < table_entries<Format>(); i++) {
            table[i] = Format::leaf(pa + (i << shift<Format>(level - 1)), level - 1, flags);
        }
        *entry = Format::table(child);
    }

    /* The entry of this level; tables that are missing are made, leaves above it are cut. */
    uint64_t *reach(uint64_t va, unsigned level) {
        uint64_t *table = arena.at(root);
        for (unsigned at = Format::levels - 1; at > level; at--) {
            uint64_t *const entry = &table[index(va, at)];
            if (*entry == 0) {
                *entry = Format::table(new_table(Format::index_bits));
            } else if (Format::is_leaf(*entry)) {
                cut(entry, at);
            }
            table = arena.at(Format::address(*entry));
        }
        return &table[index(va, level)];
    }

    /* The same, but nullptr where nothing is mapped. */
    uint64_t *find(uint64_t va, unsigned level) {
        uint64_t *table = arena.at(root);
        for (unsigned at = Format::levels - 1; at > level; at--) {
            uint64_t *const entry = &table[index(va, at)];
            if (*entry == 0) {
                return nullptr;
            }
            if (Format::is_leaf(*entry)) {
                cut(entry, at);
            }
            table = arena.at(Format::address(*entry));
        }
        uint64_t *const entry = &table[index(va, level)];
        return *entry == 0 ? nullptr : entry;
    }
};

} // namespace bench

#endif
