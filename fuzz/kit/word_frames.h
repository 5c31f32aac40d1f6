/*
 * word_frames.h - frames without storage, but with a word each that stands for the contents: 0 when
 * the frame is handed out, and whatever was written there until it comes back.
 */
#ifndef MSET_FUZZ_KIT_WORD_FRAMES_H
#define MSET_FUZZ_KIT_WORD_FRAMES_H

#include <mset/frames.h>

#define WORD_BASE UINT64_C(0x10000000)

enum { WORD_FRAMES = 4096 };

struct word_frames {
    struct mset_frames base;
    struct mset_buddy *buddy;
    uint64_t live, calls, refused;
    uint64_t fail_at; /* 0: never; this call and all after it */
    uint64_t word[WORD_FRAMES];
};

void word_frames_open(struct word_frames *frames, const struct mset_allocator *memory);
void word_frames_close(struct word_frames *frames);
/* The word of a frame that must be one of these, and taken. */
uint64_t *word_frames_at(struct word_frames *frames, uint64_t pa);

#endif
