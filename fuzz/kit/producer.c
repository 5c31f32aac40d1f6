/* producer.c - see producer.h. */
#include "producer.h"

#include <string.h>

void producer_read(struct producer *producer, const uint8_t *data, size_t size) {
    producer->data = data;
    producer->size = size;
    producer->writes = producer->failed = false;
    producer->choices = producer->sizes = 0;
}

void producer_write(struct producer *producer) {
    producer_read(producer, NULL, 0);
    producer->writes = true;
}

bool producer_more(const struct producer *producer) {
    return producer->size != 0;
}

/* ---- choices ------------------------------------------------------------------------------- */

unsigned producer_choice(struct producer *producer, unsigned value, unsigned count) {
    if (producer->writes) {
        producer->failed |= value >= count || producer->choices == PRODUCER_MOST;
        if (!producer->failed) {
            producer->choice[producer->choices++] = (uint8_t)value;
        }
        return value;
    }
    if (producer->size == 0) {
        return 0;
    }
    producer->size--;
    return *producer->data++ % count;
}

uint64_t producer_pick(struct producer *producer, uint64_t value, const uint64_t *list,
                       size_t count) {
    size_t at = 0;
    if (!producer->writes) {
        return list[producer_choice(producer, 0, (unsigned)count)];
    }
    while (at < count && list[at] != value) {
        at++;
    }
    (void)producer_choice(producer, (unsigned)at, (unsigned)count);
    return value;
}

/* ---- sizes --------------------------------------------------------------------------------- */

static unsigned bytes_of(uint64_t most) {
    unsigned bytes = 0;
    for (; most != 0; most >>= 8) {
        bytes++;
    }
    return bytes;
}

static void write_number(struct producer *producer, uint64_t number, unsigned bytes) {
    producer->failed |= producer->sizes + bytes > PRODUCER_MOST;
    for (unsigned i = 0; i < bytes && !producer->failed; i++) {
        producer->number[producer->sizes++] = (uint8_t)(number >> (8 * i));
    }
}

static uint64_t read_number(struct producer *producer, unsigned bytes) {
    uint64_t number = 0;
    for (unsigned i = 0; i < bytes && producer->size != 0; i++) {
        number |= (uint64_t)producer->data[--producer->size] << (8 * i);
    }
    return number;
}

uint64_t producer_size(struct producer *producer, uint64_t value, uint64_t least, uint64_t most) {
    const uint64_t span = most - least;
    if (producer->writes) {
        producer->failed |= value < least || value > most;
        write_number(producer, value - least, bytes_of(span));
        return value;
    }
    const uint64_t number = read_number(producer, bytes_of(span));
    return least + (span == UINT64_MAX ? number : number % (span + 1));
}

void producer_written(const struct producer *producer, uint8_t *data) {
    memcpy(data, producer->choice, producer->choices);
    for (size_t i = 0; i < producer->sizes; i++) {
        data[producer->choices + producer->sizes - 1 - i] = producer->number[i];
    }
}
