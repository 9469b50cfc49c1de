// The program's end: it says what its functions take and return, and answers calls of them.
namespace rlvr_line {

template <class T> const char *type_text() { return __PRETTY_FUNCTION__; }

template <class T> void print_type() {
    const char *text = type_text<T>(), *start = std::strstr(text, "T = ");
    if (!start) return;
    start += 4;
    std::fprintf(stdout, "\t%.*s", static_cast<int>(std::strlen(start)) - 1, start);
}

template <class R, class... A> void describe(const char *name, R (*)(A...)) {
    std::fputs(name, stdout);
    print_type<R>();
    (print_type<A>(), ...);
    std::fputs("\n", stdout);
}

template <class P> void put_changed(std::string &out, const Kept<P> &kept) {
    if constexpr (changes<P>) Codec<Kept<P>>::put(out, kept);
}

template <class R, class... A> void call(R (*function)(A...), Reader &in, std::string &out) {
    std::tuple<Kept<A>...> kept{Codec<Kept<A>>::get(in)...};
    auto run = [&](Kept<A> &...each) -> R { return function(as_parameter<A>(each)...); };
    if constexpr (std::is_void_v<R>) std::apply(run, kept);
    else Codec<Kept<R>>::put(out, Kept<R>(std::apply(run, kept)));
    std::apply([&](const Kept<A> &...each) { (put_changed<A>(out, each), ...); }, kept);
}
}  // namespace rlvr_line

int main(int count, char **) {
    if (count > 1) {
        DESCRIBE
        return 0;
    }
    std::string body;
    while (rlvr_line::receive(body)) {
        std::string out = "A";
        try {
            rlvr_line::Reader in{body.data(), body.data() + body.size()};
            std::string name = rlvr_line::Codec<std::string>::get(in);
            CALLS
            throw std::runtime_error("no function " + name);
        } catch (const std::exception &error) {
            out = std::string("E") + error.what();
        } catch (...) {
            out = "Esomething was thrown";
        }
        rlvr_line::send(out);
    }
    ::_exit(0);
}
