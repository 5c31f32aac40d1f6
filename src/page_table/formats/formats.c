/* formats.c - all formats, by index and by name. */
#include <mset/formats.h>

static const struct mset_pt_format *const formats[] = {
    &mset_pt_x86_64,
    &mset_pt_x86_64_5,
    &mset_pt_npt,
    &mset_pt_ept,
    &mset_pt_aarch64_4k,
    &mset_pt_aarch64_16k,
    &mset_pt_aarch64_64k,
    &mset_pt_aarch64_s2_4k,
    &mset_pt_aarch64_s2_4k_ipa40,
    &mset_pt_aarch64_s2_16k,
    &mset_pt_aarch64_s2_64k,
    &mset_pt_sv39,
    &mset_pt_sv48,
    &mset_pt_sv57,
    &mset_pt_sv39x4,
    &mset_pt_sv48x4,
    &mset_pt_loongarch64,
    NULL,
};

const struct mset_pt_format *mset_pt_format_at(size_t index) {
    size_t i = 0;
    while (i < index && formats[i] != NULL) {
        i++;
    }
    return formats[i];
}

static bool same(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

const struct mset_pt_format *mset_pt_format_find(const char *name) {
    size_t i = 0;
    while (name != NULL && formats[i] != NULL && !same(formats[i]->name, name)) {
        i++;
    }
    return name == NULL ? NULL : formats[i];
}
