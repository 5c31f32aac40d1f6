/* subjects.h - the list of subjects that this build has. */
#ifndef MSET_BENCH_SET_SUBJECTS_H
#define MSET_BENCH_SET_SUBJECTS_H

#include <vector>

namespace bench {

struct Subject {
    const char *name;
    void (*add_works)(); /* registers its benchmarks */
    void (*check)();     /* ends the program if it is wrong */
};

bool enlist(const Subject &subject);
const std::vector<Subject> &subjects();

} // namespace bench

#endif
