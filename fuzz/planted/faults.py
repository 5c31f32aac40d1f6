"""The faults that fuzz/planted/plant puts into a copy of the library, one at a time.

Each is an edit by a regular expression that has to match exactly once, so that an edit that no longer
fits the code is noticed and not skipped.
"""

import collections

Fault = collections.namedtuple("Fault", "name program file pattern replacement")

FAULTS = [
    Fault("a separator of the tree is one too high", "fuzz_set-small",
          "src/area_tree/balance.c",
          r"(->sep\[path->slot\[level\]\] = start);", r"\1 + 1;"),
    Fault("the largest gap below a node is not updated", "fuzz_gap-small",
          "src/area_tree/balance.c",
          r"\*place = gap;", r"(void)gap;"),
    Fault("the offset of the upper part is not kept when an area is cut", "fuzz_split",
          "src/area_tree/carve.c",
          r"(leaf->start\[upper\] = at;)", r"\1\n    leaf->entry[upper].attributes.bias++;"),
    Fault("an area that is cut at both ends counts as one cut", "fuzz_split",
          "src/area_tree/carve.c",
          r"tree->areas \+= cuts;", r"tree->areas += cuts == 2 ? 1 : cuts;"),
    Fault("neighbours with other flags are merged", "fuzz_set",
          "src/set/merge.c",
          r"!at_same_attributes\(&left->attributes, &right->attributes\)",
          r"left->attributes.backend != right->attributes.backend ||"
          r" left->attributes.bias != right->attributes.bias"),
    Fault("room from above is not checked after aligning down", "fuzz_gap",
          "src/area_tree/gap.h",
          r"if \(aligned < room\.first\) \{\s*return false;\s*\}", r""),
    Fault("the undoing of protect asks for the new flags", "fuzz_set",
          "src/set/tell.c",
          r"back\.new_flags = step->run\.flags;", r"back.new_flags = step->new_flags;"),
    Fault("a flush ends one page short", "fuzz_page_table",
          "src/page_table/page_table.h",
          r"gather->last = last > gather->last \? last : gather->last;",
          r"gather->last = last - 4096 > gather->last ? last - 4096 : gather->last;"),
    Fault("an empty table is freed before the flush", "fuzz_page_table",
          "src/page_table/tables.c",
          r"table->next = pt->retired;\s*pt->retired = table;",
          r"pt->retired_tables--;\n    free_table(pt, table);"),
    Fault("a live leaf is cut without a break (AArch64)", "fuzz_page_table",
          "src/page_table/engine_write.h",
          r"return FMT_BREAKS && \(is_broken\(leaf\) \|\| .*\);",
          r"(void)pt;\n    return FMT_BREAKS && is_broken(leaf);"),
    Fault("frames that were reserved are lost when a step is aborted", "fuzz_faults",
          "src/backends/frame_reserve.c",
          r"unlist\(eager, reservation\);\s*give_back\(eager, reservation\);",
          r"unlist(eager, reservation);\n    free_reservation(eager, reservation);"),
    Fault("a page that is filled by a fault can be written to", "fuzz_address_space",
          "src/backends/page_table_use.c",
          r"mset_pt_map\(table, page, pa, size, leaf_flags\(table, flags\)\)",
          r"mset_pt_map(table, page, pa, size, leaf_flags(table, flags | MSET_WRITE))"),
    Fault("the reader of traces does not round sizes up to pages", "fuzz_trace",
          "bench/replay/strace.c",
          r"\*size = \(\*size \+ unit - 1\) & ~\(unit - 1\);", r"(void)unit;"),
]
