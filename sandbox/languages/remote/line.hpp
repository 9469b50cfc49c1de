// The line between a judge and a program: frames of typed values on descriptor 4. Both ends have
// this. What comes from the program is read with every length checked.
#include <any>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <unistd.h>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rlvr_line {

const std::uint32_t MOST = 64u << 20;

struct Broken : std::runtime_error { using std::runtime_error::runtime_error; };

struct Reader {
    const char *at, *end;
    const char *take(std::size_t count) {
        if (static_cast<std::size_t>(end - at) < count) throw Broken("a value is cut short");
        at += count;
        return at - count;
    }
    std::uint32_t count() {
        std::uint32_t value;
        std::memcpy(&value, take(4), 4);
        if (value > static_cast<std::size_t>(end - at)) throw Broken("a value is too long");
        return value;
    }
};

inline void put_count(std::string &out, std::size_t count) {
    std::uint32_t value = static_cast<std::uint32_t>(count);
    out.append(reinterpret_cast<const char *>(&value), 4);
}

template <class T, class = void> struct Codec {
    static_assert(sizeof(T) == 0, "this type cannot be sent to or from a program");
};

template <class T> struct Codec<T, std::enable_if_t<std::is_arithmetic_v<T>>> {
    static void put(std::string &out, const T &value) {
        out.append(reinterpret_cast<const char *>(&value), sizeof(T));
    }
    static T get(Reader &in) {
        if constexpr (std::is_same_v<T, bool>) return *in.take(1) != 0;
        T value;
        std::memcpy(&value, in.take(sizeof(T)), sizeof(T));
        return value;
    }
};

template <> struct Codec<std::string> {
    static void put(std::string &out, const std::string &value) { put_count(out, value.size()); out += value; }
    static std::string get(Reader &in) { auto size = in.count(); return std::string(in.take(size), size); }
};

template <class A, class B> struct Codec<std::pair<A, B>> {
    static void put(std::string &out, const std::pair<A, B> &value) {
        Codec<std::remove_const_t<A>>::put(out, value.first);
        Codec<B>::put(out, value.second);
    }
    static std::pair<A, B> get(Reader &in) {
        auto first = Codec<std::remove_const_t<A>>::get(in);
        return {std::move(first), Codec<B>::get(in)};
    }
};

template <class... P> struct Codec<std::tuple<P...>> {
    static void put(std::string &out, const std::tuple<P...> &value) {
        std::apply([&](const P &...part) { (Codec<P>::put(out, part), ...); }, value);
    }
    static std::tuple<P...> get(Reader &in) { return std::tuple<P...>{Codec<P>::get(in)...}; }
};

template <class T> struct Codec<std::optional<T>> {
    static void put(std::string &out, const std::optional<T> &value) {
        out.push_back(value ? 1 : 0);
        if (value) Codec<T>::put(out, *value);
    }
    static std::optional<T> get(Reader &in) {
        return *in.take(1) ? std::optional<T>(Codec<T>::get(in)) : std::nullopt;
    }
};

template <class T, std::size_t N> struct Codec<std::array<T, N>> {
    static void put(std::string &out, const std::array<T, N> &value) { for (const T &each : value) Codec<T>::put(out, each); }
    static std::array<T, N> get(Reader &in) { std::array<T, N> made{}; for (T &each : made) each = Codec<T>::get(in); return made; }
};

template <class C> struct Items {
    using Item = typename C::value_type;
    static void put(std::string &out, const C &value) {
        put_count(out, value.size());
        for (const Item &each : value) Codec<Item>::put(out, each);
    }
    static C get(Reader &in) {
        C made;
        for (auto left = in.count(); left > 0; --left) made.insert(made.end(), Codec<Item>::get(in));
        return made;
    }
};
template <class T> struct Codec<std::vector<T>> : Items<std::vector<T>> {};
template <class T> struct Codec<std::list<T>> : Items<std::list<T>> {};
template <class T> struct Codec<std::deque<T>> : Items<std::deque<T>> {};
template <class T> struct Codec<std::set<T>> : Items<std::set<T>> {};
template <class T> struct Codec<std::multiset<T>> : Items<std::multiset<T>> {};
template <class T> struct Codec<std::unordered_set<T>> : Items<std::unordered_set<T>> {};
template <class K, class V> struct Codec<std::map<K, V>> : Items<std::map<K, V>> {};
template <class K, class V> struct Codec<std::unordered_map<K, V>> : Items<std::unordered_map<K, V>> {};
template <> struct Codec<std::vector<bool>> {
    static void put(std::string &out, const std::vector<bool> &value) {
        put_count(out, value.size());
        for (bool each : value) out.push_back(each);
    }
    static std::vector<bool> get(Reader &in) {
        std::vector<bool> made;
        for (auto left = in.count(); left > 0; --left) made.push_back(*in.take(1) != 0);
        return made;
    }
};

// Boost's `any`, where it stands in for itself, is made of the standard one.
template <class A> struct AnyCodec {
    template <class T> static bool try_put(std::string &out, const std::any &value, char tag) {
        const T *held = std::any_cast<T>(&value);
        if (held) { out.push_back(tag); Codec<T>::put(out, *held); }
        return held != nullptr;
    }
    static void put(std::string &out, const A &value) {
        const std::any &held = value;
        if (!held.has_value()) { out.push_back('n'); return; }
        if (const char *const *text = std::any_cast<const char *>(&held)) {
            out.push_back('s');
            Codec<std::string>::put(out, *text);
            return;
        }
        bool put = try_put<int>(out, held, 'i') || try_put<long>(out, held, 'l') || try_put<long long>(out, held, 'q')
            || try_put<double>(out, held, 'd') || try_put<float>(out, held, 'f') || try_put<bool>(out, held, 'b')
            || try_put<char>(out, held, 'c') || try_put<std::string>(out, held, 's')
            || try_put<std::vector<int>>(out, held, 'v') || try_put<std::map<int, int>>(out, held, 'm')
            || try_put<std::list<A>>(out, held, 'a') || try_put<std::vector<A>>(out, held, 'w');
        if (!put) throw Broken("an any that holds a type that cannot be sent");
    }
    static A get(Reader &in) {
        switch (*in.take(1)) {
            case 'n': return A();
            case 'i': return A(Codec<int>::get(in));
            case 'l': return A(Codec<long>::get(in));
            case 'q': return A(Codec<long long>::get(in));
            case 'd': return A(Codec<double>::get(in));
            case 'f': return A(Codec<float>::get(in));
            case 'b': return A(Codec<bool>::get(in));
            case 'c': return A(Codec<char>::get(in));
            case 's': return A(Codec<std::string>::get(in));
            case 'v': return A(Codec<std::vector<int>>::get(in));
            case 'm': return A(Codec<std::map<int, int>>::get(in));
            case 'a': return A(Codec<std::list<A>>::get(in));
            case 'w': return A(Codec<std::vector<A>>::get(in));
        }
        throw Broken("an unknown kind of any");
    }
};
template <> struct Codec<std::any> : AnyCodec<std::any> {};
#ifdef RLVR_BOOST_ANY
template <> struct Codec<boost::any> : AnyCodec<boost::any> {};
#endif

// What a parameter is kept as while a call lasts: a copy, or the text of a C string.
template <class P> using Kept = std::conditional_t<std::is_same_v<std::decay_t<P>, const char *>, std::string, std::remove_cv_t<std::remove_reference_t<P>>>;
template <class P> constexpr bool changes = std::is_lvalue_reference_v<P> && !std::is_const_v<std::remove_reference_t<P>>;
template <class P> decltype(auto) as_parameter(Kept<P> &kept) {
    if constexpr (std::is_same_v<std::decay_t<P>, const char *>) return static_cast<const char *>(kept.c_str());
    else return static_cast<std::conditional_t<std::is_lvalue_reference_v<P>, P, Kept<P> &&>>(kept);
}

inline bool read_all(char *to, std::size_t count) {
    while (count > 0) {
        ssize_t got = ::read(4, to, count);
        if (got <= 0) return false;
        to += got;
        count -= static_cast<std::size_t>(got);
    }
    return true;
}

inline bool receive(std::string &body) {
    std::uint32_t size;
    if (!read_all(reinterpret_cast<char *>(&size), 4) || size > MOST) return false;
    body.resize(size);
    return read_all(body.data(), size);
}

inline void send(const std::string &body) {
    std::string frame;
    put_count(frame, body.size());
    frame += body;
    for (std::size_t at = 0; at < frame.size();) {
        ssize_t put = ::write(4, frame.data() + at, frame.size() - at);
        if (put <= 0) ::_exit(1);
        at += static_cast<std::size_t>(put);
    }
}
}  // namespace rlvr_line
