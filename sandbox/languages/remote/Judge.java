// The judge's end: a stub of each method of the program's classes asks for it.
class RlvrJudge {
    static boolean asked = false;

    static {
        try {
            RlvrLine.open();
        } catch (Exception error) {
            throw new RuntimeException(error);
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            if (!asked) { System.err.println("UNUSED"); Runtime.getRuntime().halt(3); }
        }));
    }

    public static void main(String[] arguments) throws Throwable {
        TESTS.main(arguments);
    }

    static RuntimeException over(String why) {
        System.err.println(why);
        Runtime.getRuntime().halt(1);
        return new RuntimeException(why);
    }

    static java.io.DataInputStream ask(java.io.ByteArrayOutputStream body) throws java.io.IOException {
        RlvrLine.send(body);
        var from = RlvrLine.receive();
        if (from == null) throw over("the program ended");
        if (from.readByte() == 'A') return from;
        String kind = RlvrLine.text(from), said = RlvrLine.text(from);
        if (kind.matches("java\\.(lang|util)\\.\\w+Exception")) {
            try {
                var error = Class.forName(kind).getConstructor(String.class).newInstance(said);
                if (error instanceof RuntimeException known) throw known;
            } catch (ReflectiveOperationException unknown) {
                // an exception that takes no message
            }
        }
        throw new RuntimeException(kind + ": " + said);
    }

    static int make(int which) {
        asked = true;
        try {
            var body = new java.io.ByteArrayOutputStream();
            new java.io.DataOutputStream(body).writeInt(-which - 1);
            return ask(body).readInt();
        } catch (java.io.IOException error) {
            throw over(error.toString());
        }
    }

    static Object call(int which, int self, Object... given) {
        asked = true;
        try {
            var body = new java.io.ByteArrayOutputStream();
            var to = new java.io.DataOutputStream(body);
            to.writeInt(which);
            to.writeInt(self);
            for (Object each : given) RlvrLine.put(to, each, 0);
            var from = ask(body);
            Object result = RlvrLine.get(from, 0);
            for (Object each : given) update(each, RlvrLine.get(from, 0));
            return result;
        } catch (java.io.IOException | RlvrLine.Broken error) {
            throw over(error.toString());
        }
    }

    // Make an argument what the call made of it.
    @SuppressWarnings("unchecked")
    static void update(Object own, Object now) {
        try {
            if (own == null || now == null || java.util.Objects.deepEquals(own, now)) return;
            if (own instanceof java.util.Collection<?> old && now instanceof java.util.Collection<?> fresh) {
                old.clear();
                ((java.util.Collection<Object>) old).addAll(fresh);
            } else if (own instanceof java.util.Map<?, ?> old && now instanceof java.util.Map<?, ?> fresh) {
                old.clear();
                ((java.util.Map<Object, Object>) old).putAll(fresh);
            } else if (own.getClass().isArray() && own.getClass() == now.getClass()) {
                System.arraycopy(now, 0, own, 0, Math.min(java.lang.reflect.Array.getLength(own), java.lang.reflect.Array.getLength(now)));
            }
        } catch (UnsupportedOperationException fixed) {
            // a list that cannot change was not changed
        }
    }
}
