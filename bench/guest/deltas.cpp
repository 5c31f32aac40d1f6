/*
 * deltas.cpp - what a change of the map costs in calls to the hypervisor, and in time.
 *
 *     mset    the library: the difference of the slots
 *     naive   all slots are deleted, and all there should be are added
 *
 * The machine has n slots of RAM and a BAR with memory behind them. To split a slot, a read-only
 * alias of its middle page is shown; to merge, it is hidden. Where /dev/kvm can be opened the calls
 * go to a virtual machine without vCPUs, so the time is the kernel's too; elsewhere they are only
 * counted.
 */
#include "deltas.h"

#include "../page_table/arena.h"
#include "layout.h"

#include <initializer_list>
#include <mset/kvm.h>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <vector>

namespace bench {

namespace {

/* A virtual machine, or nothing that says yes to everything. */
class Machine {
  public:
    Machine() : kvm(open("/dev/kvm", O_RDWR | O_CLOEXEC)) {
        vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
    }
    ~Machine() {
        close(vm);
        close(kvm);
    }
    Machine(const Machine &) = delete;
    Machine &operator=(const Machine &) = delete;

    static int control(void *context, int, unsigned long request, unsigned long argument) {
        auto *const machine = static_cast<Machine *>(context);
        if (machine->vm < 0) {
            return request == KVM_CHECK_EXTENSION ? 32764 : 0;
        }
        const int result = ioctl(machine->vm, request, argument);
        return result < 0 ? -errno : result;
    }
    void set(uint32_t id, const Bank &bank, bool there, bool read_only) {
        kvm_userspace_memory_region region = {};
        region.slot = id;
        region.flags = there && read_only ? KVM_MEM_READONLY : 0;
        region.guest_phys_addr = bank.start;
        region.memory_size = there ? bank.size : 0;
        region.userspace_addr = reinterpret_cast<uintptr_t>(bank.host);
        sets++;
        require(
            control(this, vm, KVM_SET_USER_MEMORY_REGION, reinterpret_cast<uintptr_t>(&region)) == 0
                ? MSET_OK
                : MSET_BAD_STATE);
    }
    uint64_t calls() const { return sets; }

  private:
    int kvm, vm;
    uint64_t sets = 0;
};

constexpr uint64_t bar_there = uint64_t{1} << 40, bar_elsewhere = uint64_t{1} << 41;

/* The library, attached to the machine. */
class MsetMachine {
  public:
    static constexpr const char *name = "mset";

    explicit MsetMachine(uint64_t n) : host(n + 1) {
        mset_kvm_config config = {};
        config.vm = 0;
        config.control = Machine::control;
        config.control_context = &machine;
        require(mset_kvm_create(&config, &kvm));
        require(mset_guest_create(nullptr, &guest));
        require(mset_guest_attach(guest, mset_kvm_listener(kvm)));
        require(mset_guest_begin(guest));
        for (uint64_t i = 0; i <= n; i++) {
            mset_region *const region = add(host.bank(i), i == n ? bar_there : host.bank(i).start);
            middle = i == n / 2 ? region : middle;
            bar = region;
        }
        add_alias(host.bank(n / 2).start + region_size / 2);
        require(mset_guest_commit(guest, nullptr));
    }
    ~MsetMachine() {
        mset_guest_destroy(guest);
        mset_kvm_destroy(kvm);
    }
    MsetMachine(const MsetMachine &) = delete;
    MsetMachine &operator=(const MsetMachine &) = delete;

    void split() { require(mset_guest_show(guest, alias, true)); }
    void merge() { require(mset_guest_show(guest, alias, false)); }
    void move_bar(bool away) {
        require(mset_guest_move(guest, bar, away ? bar_elsewhere : bar_there));
    }
    uint64_t calls() const {
        mset_kvm_statistics statistics;
        mset_kvm_get_statistics(kvm, &statistics);
        return statistics.calls;
    }

  private:
    mset_region *add(const Bank &bank, uint64_t start) {
        mset_region_config config = {};
        config.kind = MSET_REGION_RAM;
        config.start = start;
        config.size = bank.size;
        config.memory.source = MSET_MEMORY_CALLER;
        config.memory.host = bank.host;
        mset_region *region = nullptr;
        require(mset_guest_add(guest, &config, &region));
        return region;
    }
    void add_alias(uint64_t start) {
        mset_region_config config = {};
        config.kind = MSET_REGION_ALIAS;
        config.start = start;
        config.size = guest_page;
        config.priority = 1;
        config.hidden = true;
        config.read_only = true;
        config.target = middle;
        config.target_offset = region_size / 2;
        require(mset_guest_add(guest, &config, &alias));
    }

    HostMemory host;
    Machine machine;
    mset_kvm *kvm = nullptr;
    mset_guest *guest = nullptr;
    mset_region *middle = nullptr, *alias = nullptr, *bar = nullptr;
};

/* Everything is taken away and put back for each change. */
class NaiveMachine {
  public:
    static constexpr const char *name = "naive";

    explicit NaiveMachine(uint64_t n) : host(n + 1), count(n) { rebuild(); }

    void split() { is_split = true, rebuild(); }
    void merge() { is_split = false, rebuild(); }
    void move_bar(bool away) { is_away = away, rebuild(); }
    uint64_t calls() const { return machine.calls(); }

  private:
    struct Slot {
        Bank bank;
        bool read_only;
    };

    void add(const Bank &bank, bool read_only) { slots.push_back({bank, read_only}); }
    void add_split(const Bank &bank) {
        const uint64_t half = region_size / 2, rest = half - guest_page;
        add({bank.start, half, bank.host}, false);
        add({bank.start + half, guest_page, bank.host + half}, true);
        add({bank.start + half + guest_page, rest, bank.host + half + guest_page}, false);
    }
    void rebuild() {
        for (size_t i = 0; i < slots.size(); i++) {
            machine.set(static_cast<uint32_t>(i), slots[i].bank, false, false);
        }
        slots.clear();
        for (uint64_t i = 0; i < count; i++) {
            if (is_split && i == count / 2) {
                add_split(host.bank(i));
            } else {
                add(host.bank(i), false);
            }
        }
        add({is_away ? bar_elsewhere : bar_there, region_size, host.bank(count).host}, false);
        for (size_t i = 0; i < slots.size(); i++) {
            machine.set(static_cast<uint32_t>(i), slots[i].bank, true, slots[i].read_only);
        }
    }

    HostMemory host;
    uint64_t count;
    Machine machine;
    std::vector<Slot> slots;
    bool is_split = false, is_away = false;
};

enum class Change { split, merge, bar_move };

/* The change and the way back; the time and the calls of the one that is meant. */
template <class Subject> void change(benchmark::State &state, Change what, uint64_t n) {
    Subject subject(n);
    double total = 0;
    uint64_t calls = 0;
    const auto timed = [&](auto work) {
        const uint64_t before = subject.calls();
        const auto begin = std::chrono::steady_clock::now();
        work();
        const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begin;
        state.SetIterationTime(spent.count());
        total += spent.count();
        calls += subject.calls() - before;
    };
    for (auto _ : state) {
        if (what == Change::split) {
            timed([&] { subject.split(); });
            subject.merge();
        } else if (what == Change::merge) {
            subject.split();
            timed([&] { subject.merge(); });
        } else {
            timed([&] { subject.move_bar(true); });
            subject.move_bar(false);
        }
    }
    const auto times = static_cast<double>(state.iterations());
    state.counters["ns_op"] = total * 1e9 / times;
    state.counters["calls"] = static_cast<double>(calls) / times;
}

template <class Subject> void add_subject() {
    const struct {
        const char *name;
        Change change;
    } changes[] = {
        {"split", Change::split}, {"merge", Change::merge}, {"bar_move", Change::bar_move}};
    for (const auto &one : changes) {
        for (const uint64_t n : std::initializer_list<uint64_t>{2, 8, 256}) {
            const std::string name =
                std::string("guest/") + one.name + "/" + Subject::name + "/" + std::to_string(n);
            const Change which = one.change;
            benchmark::RegisterBenchmark(name.c_str(), [which, n](benchmark::State &state) {
                bench::change<Subject>(state, which, n);
            })->UseManualTime();
        }
    }
}

} // namespace

void add_deltas() {
    add_subject<MsetMachine>();
    add_subject<NaiveMachine>();
}

} // namespace bench
