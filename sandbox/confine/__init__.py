"""The layers that hold an untrusted process: seccomp, Landlock, namespaces, limits."""
