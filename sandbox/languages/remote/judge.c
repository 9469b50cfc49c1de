/* The judge's end: a stub of each of the program's functions asks for it. */
/* The tests' own variables hold nothing that lay on the stack before, which a call would hand over. */
#pragma GCC optimize("trivial-auto-var-init=zero") /* since GCC 12; unknown before */
#define RLVR_INLINE static inline __attribute__((always_inline, unused))

static int rlvr_was_asked;

static _Noreturn void rlvr_give_up(const char *why) {
    fprintf(stderr, "%s\n", why);
    rlvr_exit(1);
}

static void rlvr_check_use(void) {
    if (!rlvr_was_asked) {
        fputs("UNUSED\n", stderr);
        rlvr_exit(3);
    }
}

static __attribute__((constructor)) void rlvr_watch(void) {
    atexit(rlvr_check_use);
}

static void rlvr_name(rlvr_bytes *out, const char *name) {
    rlvr_was_asked = 1;
    rlvr_put_block(out, name, strlen(name) + 1);
}

static void rlvr_ask(rlvr_bytes *body) {
    rlvr_send(body);
    if (!rlvr_receive(body)) rlvr_give_up("the program ended");
    const char *kind = rlvr_get(body, 1);
    if (!kind || *kind != 'A') rlvr_give_up("no answer");
}

/* How many bytes a call hands over: all of an array that stands alone; of a part of something larger,
   or of what the compiler does not see the size of, as many as the number that follows it says. RLVR_STRICT
   is 1 where the tests have tables: their last row would look as if it stood alone. */
RLVR_INLINE size_t rlvr_size(const void *given, size_t whole, size_t part, long long follows, size_t each) {
    const size_t unknown = (size_t)-1;
    if (!given) return 0;
    if (part != unknown && whole == part && !RLVR_STRICT) return part;
    size_t said = follows < 0 || follows > RLVR_MOST ? unknown : (size_t)follows * each;
    if (said == unknown && part == unknown) rlvr_give_up("a test hands over a pointer whose size cannot be told");
    return said < part ? said : part;
}

/* A text that stands alone is handed over with the room behind it. */
RLVR_INLINE size_t rlvr_text_size(const char *given, size_t whole, size_t part) {
    if (!given) return 0;
    size_t length = strnlen(given, part);
    return part != (size_t)-1 && whole == part ? part : length + 1;
}

static void rlvr_got_back(rlvr_bytes *in, void *given, size_t size) {
    size_t count;
    char *now = rlvr_get_block(in, &count);
    if (!given && !now && !in->broken) return;
    if (!given || !now || count != size) rlvr_give_up("no answer");
    if (memcmp(given, now, size)) memcpy(given, now, size);
}

static void rlvr_got_texts_back(rlvr_bytes *in, char **given, size_t size) {
    size_t count;
    char **now = rlvr_get_texts(in, &count);
    if (!given && !now && !in->broken) return;
    if (!given || !now || count != size) rlvr_give_up("no answer");
    for (size_t n = 0; n < size; ++n)
        if (!given[n] || !now[n] || strcmp(given[n], now[n])) given[n] = now[n];
}

/* What a returned pointer leads to: nothing, a place in what was handed over, or a block of its own. */
static void *rlvr_result(rlvr_bytes *in, void **given, const size_t *sizes, uint32_t count) {
    size_t size;
    const char *kind = rlvr_get(in, 1);
    if (kind && *kind == 'n') return NULL;
    if (kind && *kind == 'v') return rlvr_get_block(in, &size);
    uint32_t which = rlvr_get_count(in), offset = rlvr_get_count(in);
    if (!kind || *kind != 'a' || which >= count || !given[which] || offset > sizes[which]) rlvr_give_up("no answer");
    return (char *)given[which] + offset;
}
