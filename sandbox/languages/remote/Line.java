// The line between a judge and a program: frames of tagged values on descriptor 4. Both have this.
class RlvrLine {
    static final int MOST = 64 << 20, DEEPEST = 200;
    static java.io.DataInputStream in;
    static java.io.DataOutputStream out;

    static class Broken extends RuntimeException { Broken(String why) { super(why); } }

    static void open() throws Exception {
        var make = java.io.FileDescriptor.class.getDeclaredConstructor(int.class);
        make.setAccessible(true);
        java.io.FileDescriptor line = make.newInstance(4);
        in = new java.io.DataInputStream(new java.io.BufferedInputStream(new java.io.FileInputStream(line)));
        out = new java.io.DataOutputStream(new java.io.BufferedOutputStream(new java.io.FileOutputStream(line)));
    }

    static void send(java.io.ByteArrayOutputStream body) throws java.io.IOException {
        out.writeInt(body.size());
        body.writeTo(out);
        out.flush();
    }

    static java.io.DataInputStream receive() throws java.io.IOException {
        int size;
        try { size = in.readInt(); } catch (java.io.EOFException end) { return null; }
        if (size < 0 || size > MOST) throw new Broken("a message of " + size + " bytes");
        byte[] body = in.readNBytes(size);
        return body.length < size ? null : new java.io.DataInputStream(new java.io.ByteArrayInputStream(body));
    }

    static void text(java.io.DataOutputStream to, String value) throws java.io.IOException {
        byte[] bytes = value.getBytes(java.nio.charset.StandardCharsets.UTF_16BE);
        to.writeInt(bytes.length);
        to.write(bytes);
    }

    static String text(java.io.DataInputStream from) throws java.io.IOException {
        return new String(bytes(from, count(from)), java.nio.charset.StandardCharsets.UTF_16BE);
    }

    static int count(java.io.DataInputStream from) throws java.io.IOException {
        int count = from.readInt();
        if (count < 0 || count > from.available()) throw new Broken("a value is too long");
        return count;
    }

    static byte[] bytes(java.io.DataInputStream from, int count) throws java.io.IOException {
        byte[] read = new byte[count];
        from.readFully(read);
        return read;
    }

    static void put(java.io.DataOutputStream to, Object value, int depth) throws java.io.IOException {
        if (depth > DEEPEST) throw new Broken("the value nests too deep, or holds itself");
        if (value == null) to.writeByte('n');
        else if (value instanceof Boolean v) { to.writeByte('b'); to.writeBoolean(v); }
        else if (value instanceof Integer v) { to.writeByte('i'); to.writeInt(v); }
        else if (value instanceof Long v) { to.writeByte('q'); to.writeLong(v); }
        else if (value instanceof Double v) { to.writeByte('d'); to.writeDouble(v); }
        else if (value instanceof Float v) { to.writeByte('f'); to.writeFloat(v); }
        else if (value instanceof Short v) { to.writeByte('h'); to.writeShort(v); }
        else if (value instanceof Byte v) { to.writeByte('y'); to.writeByte(v); }
        else if (value instanceof Character v) { to.writeByte('c'); to.writeChar(v); }
        else if (value instanceof String v) { to.writeByte('s'); text(to, v); }
        else if (value instanceof java.math.BigInteger v) { to.writeByte('g'); text(to, v.toString()); }
        else if (value instanceof java.util.Optional<?> v) { to.writeByte('o'); put(to, v.orElse(null), depth + 1); }
        else if (value instanceof java.util.Map<?, ?> v) {
            to.writeByte(value instanceof java.util.SortedMap ? 'T' : 'm');
            to.writeInt(v.size());
            for (var each : v.entrySet()) { put(to, each.getKey(), depth + 1); put(to, each.getValue(), depth + 1); }
        } else if (value instanceof java.util.Collection<?> v) {
            to.writeByte(value instanceof java.util.SortedSet ? 'S' : value instanceof java.util.Set ? 'e' : 'l');
            to.writeInt(v.size());
            for (Object each : v) put(to, each, depth + 1);
        } else if (value.getClass().isArray()) {
            to.writeByte('a');
            text(to, value.getClass().getName());
            int length = java.lang.reflect.Array.getLength(value);
            to.writeInt(length);
            for (int at = 0; at < length; at++) put(to, java.lang.reflect.Array.get(value, at), depth + 1);
        } else throw new Broken("a " + value.getClass().getName() + " cannot be sent");
    }

    static Object get(java.io.DataInputStream from, int depth) throws java.io.IOException {
        if (depth > DEEPEST) throw new Broken("a value nests too deep");
        char tag = (char) from.readByte();
        switch (tag) {
            case 'n': return null;
            case 'b': return from.readBoolean();
            case 'i': return from.readInt();
            case 'q': return from.readLong();
            case 'd': return from.readDouble();
            case 'f': return from.readFloat();
            case 'h': return from.readShort();
            case 'y': return from.readByte();
            case 'c': return from.readChar();
            case 's': return text(from).intern();  // as literals are: tests compare them with ==
            case 'g': return new java.math.BigInteger(text(from));
            case 'o': return java.util.Optional.ofNullable(get(from, depth + 1));
            case 'm': case 'T': {
                java.util.Map<Object, Object> made = tag == 'T' ? new java.util.TreeMap<>() : new java.util.LinkedHashMap<>();
                for (int left = count(from); left > 0; left--) { Object key = get(from, depth + 1); made.put(key, get(from, depth + 1)); }
                return made;
            }
            case 'S': case 'e': case 'l': {
                java.util.Collection<Object> made = tag == 'S' ? new java.util.TreeSet<>() : tag == 'e' ? new java.util.LinkedHashSet<>() : new java.util.ArrayList<>();
                for (int left = count(from); left > 0; left--) made.add(get(from, depth + 1));
                return made;
            }
            case 'a': {
                Class<?> kind;
                String name = text(from);
                if (!name.matches("\\[+([ZBCDFIJS]|Ljava\\.(lang|util)\\.\\w+;)")) throw new Broken("an array of " + name);
                try { kind = Class.forName(name); } catch (ClassNotFoundException error) { throw new Broken(name); }
                int length = count(from);
                Object made = java.lang.reflect.Array.newInstance(kind.getComponentType(), length);
                for (int at = 0; at < length; at++) java.lang.reflect.Array.set(made, at, get(from, depth + 1));
                return made;
            }
            default: throw new Broken("an unknown tag");
        }
    }
}
