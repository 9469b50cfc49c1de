/* The line between a judge and a program: frames of bytes on descriptor 4. Both ends have this. What
   comes from the other end is read with every length checked. No header that declares a function is
   included, and what is called goes by another name: a program may call its own functions as it
   likes. */
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

extern long rlvr_call(long, ...) __asm__("syscall");
extern void *rlvr_zeros(size_t, size_t) __asm__("calloc");
extern void *rlvr_grow(void *, size_t) __asm__("realloc");
extern void rlvr_free(void *) __asm__("free");

static _Noreturn void rlvr_exit(int code) {
    for (;;) rlvr_call(SYS_exit_group, code);
}

enum { RLVR_MOST = 64 << 20 };
static const uint32_t rlvr_null = 0xFFFFFFFFu;

typedef struct { char *data; size_t size, room, at; int broken; } rlvr_bytes;

static void rlvr_put(rlvr_bytes *out, const void *from, size_t count) {
    if (out->size + count > RLVR_MOST) { out->broken = 1; return; }
    if (out->size + count > out->room) {
        size_t room = 2 * (out->size + count) + 64;
        char *data = rlvr_grow(out->data, room);
        if (!data) rlvr_exit(1);
        out->data = data;
        out->room = room;
    }
    if (count) __builtin_memcpy(out->data + out->size, from, count);
    out->size += count;
}

static void rlvr_put_count(rlvr_bytes *out, size_t count) {
    uint32_t value = (uint32_t)count;
    rlvr_put(out, &value, 4);
}

static const char *rlvr_get(rlvr_bytes *in, size_t count) {
    if (in->broken || count > in->size - in->at) { in->broken = 1; return 0; }
    in->at += count;
    return in->data + in->at - count;
}

static uint32_t rlvr_get_count(rlvr_bytes *in) {
    uint32_t value = rlvr_null;
    const char *from = rlvr_get(in, 4);
    if (from) __builtin_memcpy(&value, from, 4);
    return value;
}

static void rlvr_get_value(rlvr_bytes *in, void *to, size_t size) {
    const char *from = rlvr_get(in, size);
    if (from) __builtin_memcpy(to, from, size); else __builtin_memset(to, 0, size);
}

/* A block that a pointer leads to: its size, or that there is none, and its bytes. */
static void rlvr_put_block(rlvr_bytes *out, const void *block, size_t size) {
    if (!block) { rlvr_put_count(out, rlvr_null); return; }
    rlvr_put_count(out, size);
    rlvr_put(out, block, size);
}

/* A copy of a block, one zero byte longer than it was; nobody frees it. */
static void *rlvr_get_block(rlvr_bytes *in, size_t *size) {
    uint32_t count = rlvr_get_count(in);
    *size = 0;
    if (count == rlvr_null) return 0;
    const char *from = rlvr_get(in, count);
    char *block = from ? rlvr_zeros(1, (size_t)count + 16) : 0;
    if (!block) { in->broken = 1; return 0; }
    __builtin_memcpy(block, from, count);
    *size = count;
    return block;
}

static void rlvr_put_texts(rlvr_bytes *out, char **texts, size_t count) {
    if (!texts) { rlvr_put_count(out, rlvr_null); return; }
    rlvr_put_count(out, count);
    for (size_t n = 0; n < count; ++n) rlvr_put_block(out, texts[n], texts[n] ? __builtin_strlen(texts[n]) + 1 : 0);
}

static char **rlvr_get_texts(rlvr_bytes *in, size_t *size) {
    uint32_t count = rlvr_get_count(in);
    *size = 0;
    if (count == rlvr_null) return 0;
    if (count > in->size - in->at) { in->broken = 1; return 0; }
    char **texts = rlvr_zeros((size_t)count + 1, sizeof *texts);
    if (!texts) rlvr_exit(1);
    size_t length;
    for (uint32_t n = 0; n < count; ++n) texts[n] = rlvr_get_block(in, &length);
    *size = count;
    return texts;
}

static int rlvr_read_all(char *to, size_t count) {
    while (count > 0) {
        long got = rlvr_call(SYS_read, 4, to, count);
        if (got <= 0) return 0;
        to += got;
        count -= (size_t)got;
    }
    return 1;
}

static int rlvr_receive(rlvr_bytes *in) {
    uint32_t size;
    if (!rlvr_read_all((char *)&size, 4) || size > RLVR_MOST) return 0;
    rlvr_free(in->data);
    *in = (rlvr_bytes){.data = rlvr_zeros(1, (size_t)size + 1), .size = size, .room = size};
    return in->data && rlvr_read_all(in->data, size);
}

static void rlvr_send(rlvr_bytes *out) {
    uint32_t size = (uint32_t)out->size;
    const char *parts[2] = {(const char *)&size, out->data};
    size_t sizes[2] = {4, out->size};
    if (out->broken) rlvr_exit(1);
    for (int part = 0; part < 2; ++part)
        for (size_t at = 0; at < sizes[part];) {
            long put = rlvr_call(SYS_write, 4, parts[part] + at, sizes[part] - at);
            if (put <= 0) rlvr_exit(1);
            at += (size_t)put;
        }
}
