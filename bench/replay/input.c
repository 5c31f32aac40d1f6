/*
 * input.c - reads files, plain or xz, piece by piece.
 *
 *     file --> source buffer --> [xz decoder --> text buffer] --> sink
 */
#include "input.h"

#include <errno.h>
#include <lzma.h>
#include <string.h>

#define PIECE ((size_t)64 << 10)
#define DECODER_MEMORY (UINT64_C(256) << 20)

struct input {
    FILE *file;
    unsigned char source[PIECE];
    unsigned char text[PIECE];
    size_t size;  /* bytes in `source` */
    bool ended;   /* the file has no more */
    bool refused; /* the sink has said no */
    input_sink sink;
    void *arg;
    struct trouble *trouble;
};

static bool fill(struct input *input) {
    errno = 0;
    input->size = fread(input->source, 1, sizeof input->source, input->file);
    input->ended = input->size < sizeof input->source;
    if (ferror(input->file) != 0) {
        return trouble_set(input->trouble, 0, "cannot read: %s", strerror(errno));
    }
    return true;
}

static bool pass_plain(struct input *input) {
    for (;;) {
        if (!input->sink(input->arg, (const char *)input->source, input->size, input->trouble)) {
            return false;
        }
        if (input->ended) {
            return true;
        }
        if (!fill(input)) {
            return false;
        }
    }
}

/* ---- xz ----------------------------------------------------------------------------------- */

static const char *decoder_error(lzma_ret code) {
    switch (code) {
    case LZMA_FORMAT_ERROR:
        return "not an xz file";
    case LZMA_MEM_ERROR:
        return "not enough memory";
    case LZMA_MEMLIMIT_ERROR:
        return "xz file needs too much memory";
    case LZMA_BUF_ERROR:
        return "truncated xz file";
    default:
        return "corrupt xz file";
    }
}

/*
 * A sum at the end says whether the contents are sound. So what the sink refuses is not believed
 * before that: a corrupt file shall be called corrupt, not malformed in some line.
 */
static void pass_text(struct input *input, size_t size) {
    if (size != 0 && !input->refused) {
        input->refused = !input->sink(input->arg, (const char *)input->text, size, input->trouble);
    }
}

/* One step of the decoder. Sets *done at the end of the last stream of the file. */
static bool decode(struct input *input, lzma_stream *stream, bool *done) {
    stream->next_out = input->text;
    stream->avail_out = sizeof input->text;
    const lzma_ret code = lzma_code(stream, input->ended ? LZMA_FINISH : LZMA_RUN);
    *done = code == LZMA_STREAM_END;
    if (code != LZMA_OK && !*done) {
        return trouble_set(input->trouble, 0, "%s", decoder_error(code));
    }
    pass_text(input, sizeof input->text - stream->avail_out);
    return true;
}

static bool decode_all(struct input *input, lzma_stream *stream) {
    bool done = false;
    stream->next_in = input->source;
    stream->avail_in = input->size;
    while (!done) {
        if (stream->avail_in == 0 && !input->ended) {
            if (!fill(input)) {
                return false;
            }
            stream->next_in = input->source;
            stream->avail_in = input->size;
        }
        if (!decode(input, stream, &done)) {
            return false;
        }
    }
    return !input->refused;
}

static bool pass_xz(struct input *input) {
    lzma_stream stream = LZMA_STREAM_INIT;
    const lzma_ret code = lzma_stream_decoder(&stream, DECODER_MEMORY, LZMA_CONCATENATED);
    if (code != LZMA_OK) {
        return trouble_set(input->trouble, 0, "%s", decoder_error(code));
    }
    const bool done = decode_all(input, &stream);
    lzma_end(&stream);
    return done;
}

static bool is_xz(const struct input *input, const char *path) {
    static const unsigned char magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
    const size_t length = strlen(path);
    return (length > 3 && strcmp(path + length - 3, ".xz") == 0) ||
           (input->size >= sizeof magic && memcmp(input->source, magic, sizeof magic) == 0);
}

bool input_read(const char *path, input_sink sink, void *arg, struct trouble *trouble) {
    static struct input input; /* too large for some stacks; nothing here runs twice at a time */
    input = (struct input){.sink = sink, .arg = arg, .trouble = trouble};
    input.file = fopen(path, "rb");
    if (input.file == NULL) {
        return trouble_set(trouble, 0, "cannot open: %s", strerror(errno));
    }
    bool done = fill(&input);
    if (done) {
        done = is_xz(&input, path) ? pass_xz(&input) : pass_plain(&input);
    }
    fclose(input.file);
    return done;
}
