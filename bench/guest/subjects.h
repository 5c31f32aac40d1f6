/*
 * subjects.h - who translates: the library, and what monitors do in its place.
 *
 *     mset           mset_guest_translate() with a cursor
 *     list           a linked list, searched from its head (kvmtool: guest_flat_to_host())
 *     sorted_vector  a vector of pointers to regions, binary search for the address (rust-vmm:
 *                    GuestRegionCollection::find_region())
 *     sorted_values  the same with the regions themselves in the vector
 *     std_map        std::map by start
 *
 * translate() gives the host address, or NULL, and how many bytes follow.
 */
#ifndef MSET_BENCH_GUEST_SUBJECTS_H
#define MSET_BENCH_GUEST_SUBJECTS_H

#include "../page_table/arena.h"
#include "layout.h"

#include <mset/guest_access.h>

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <vector>

namespace bench {

class MsetGuest {
  public:
    static constexpr const char *name = "mset";

    explicit MsetGuest(uint64_t n) : host(n) {
        require(mset_guest_create(nullptr, &guest));
        require(mset_guest_begin(guest));
        for (uint64_t i = 0; i < n; i++) {
            const Bank bank = host.bank(i);
            mset_region_config config = {};
            config.kind = MSET_REGION_RAM;
            config.start = bank.start;
            config.size = bank.size;
            config.memory.source = MSET_MEMORY_CALLER;
            config.memory.host = bank.host;
            mset_region *region = nullptr;
            require(mset_guest_add(guest, &config, &region));
        }
        require(mset_guest_commit(guest, nullptr));
        mset_guest_cursor_init(&cursor, guest);
    }
    ~MsetGuest() { mset_guest_destroy(guest); }
    MsetGuest(const MsetGuest &) = delete;
    MsetGuest &operator=(const MsetGuest &) = delete;

    unsigned char *translate(uint64_t address, uint64_t *bytes) {
        void *found = nullptr;
        if (mset_guest_translate(&cursor, address, MSET_READ, &found, bytes) != MSET_OK) {
            return nullptr;
        }
        return static_cast<unsigned char *>(found);
    }

  private:
    HostMemory host;
    mset_guest *guest = nullptr;
    mset_guest_cursor cursor = {};
};

inline unsigned char *within(const Bank &bank, uint64_t address, uint64_t *bytes) {
    const uint64_t at = address - bank.start;
    if (at >= bank.size) {
        return nullptr;
    }
    *bytes = bank.size - at;
    return bank.host + at;
}

class ListGuest {
  public:
    static constexpr const char *name = "list";

    explicit ListGuest(uint64_t n) : host(n) {
        for (uint64_t i = 0; i < n; i++) {
            banks.push_back(host.bank(i));
        }
    }
    unsigned char *translate(uint64_t address, uint64_t *bytes) const {
        for (const Bank &bank : banks) {
            if (unsigned char *const found = within(bank, address, bytes)) {
                return found;
            }
        }
        return nullptr;
    }

  private:
    HostMemory host;
    std::list<Bank> banks;
};

class VectorGuest {
  public:
    static constexpr const char *name = "sorted_vector";

    explicit VectorGuest(uint64_t n) : host(n) {
        for (uint64_t i = 0; i < n; i++) {
            banks.push_back(std::make_shared<Bank>(host.bank(i)));
        }
    }
    unsigned char *translate(uint64_t address, uint64_t *bytes) const {
        const auto behind = std::upper_bound(
            banks.begin(), banks.end(), address,
            [](uint64_t a, const std::shared_ptr<Bank> &bank) { return a < bank->start; });
        return behind == banks.begin() ? nullptr : within(**(behind - 1), address, bytes);
    }

  private:
    HostMemory host;
    std::vector<std::shared_ptr<Bank>> banks;
};

class ValuesGuest {
  public:
    static constexpr const char *name = "sorted_values";

    explicit ValuesGuest(uint64_t n) : host(n) {
        for (uint64_t i = 0; i < n; i++) {
            banks.push_back(host.bank(i));
        }
    }
    unsigned char *translate(uint64_t address, uint64_t *bytes) const {
        const auto behind =
            std::upper_bound(banks.begin(), banks.end(), address,
                             [](uint64_t a, const Bank &bank) { return a < bank.start; });
        return behind == banks.begin() ? nullptr : within(*(behind - 1), address, bytes);
    }

  private:
    HostMemory host;
    std::vector<Bank> banks;
};

class MapGuest {
  public:
    static constexpr const char *name = "std_map";

    explicit MapGuest(uint64_t n) : host(n) {
        for (uint64_t i = 0; i < n; i++) {
            banks.emplace(host.bank(i).start, host.bank(i));
        }
    }
    unsigned char *translate(uint64_t address, uint64_t *bytes) const {
        const auto behind = banks.upper_bound(address);
        return behind == banks.begin() ? nullptr
                                       : within(std::prev(behind)->second, address, bytes);
    }

  private:
    HostMemory host;
    std::map<uint64_t, Bank> banks;
};

} // namespace bench

#endif
