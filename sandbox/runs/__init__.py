"""The trusted side of each kind of test: asks, judges the answers, explains the ends."""
