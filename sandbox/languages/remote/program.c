/* The program's end: it answers calls of its functions. */
enum { RLVR_UNSAID = 1 << 16, RLVR_FAULT = 14, RLVR_WORD = 8 };
extern int *rlvr_errno(void) __asm__("__errno_location");

/* Whether eight bytes can be read: the kernel says so before it finds the request to be invalid. */
static int rlvr_is_readable(const char *word) {
    rlvr_call(SYS_rt_sigprocmask, -1, word, (void *)0, RLVR_WORD);
    return *rlvr_errno() != RLVR_FAULT;
}

/* What stands where a returned pointer leads, up to where nothing can be read. */
static void rlvr_put_readable(rlvr_bytes *out, const char *from, size_t most) {
    const char *word = from - (uintptr_t)from % RLVR_WORD;
    while (word < from + most && rlvr_is_readable(word)) word += RLVR_WORD;
    size_t held = word > from ? (size_t)(word - from) : 0;
    rlvr_put_block(out, from, held < most ? held : most);
}

typedef struct { const char *start; size_t size; } rlvr_given;

static void rlvr_put_result(rlvr_bytes *out, const void *result, size_t most, const rlvr_given *given, int count) {
    const char *at = result;
    if (!at) { rlvr_put(out, "n", 1); return; }
    for (int n = 0; n < count; ++n)
        if (given[n].start && at >= given[n].start && at <= given[n].start + given[n].size) {
            rlvr_put(out, "a", 1);
            rlvr_put_count(out, (size_t)n);
            rlvr_put_count(out, (size_t)(at - given[n].start));
            return;
        }
    rlvr_put(out, "v", 1);
    if (most == 0) rlvr_put_block(out, at, __builtin_strlen(at) + 1);
    else rlvr_put_readable(out, at, most);
}

ANSWERS

int main(void) {
    rlvr_bytes rlvr_in = {0};
    while (rlvr_receive(&rlvr_in)) {
        rlvr_bytes rlvr_out = {0};
        size_t rlvr_size;
        const char *rlvr_name = rlvr_get_block(&rlvr_in, &rlvr_size);
        if (!rlvr_name) rlvr_exit(1);
        rlvr_put(&rlvr_out, "A", 1);
        CALLS
        rlvr_exit(1);
    }
    rlvr_exit(0);
}
