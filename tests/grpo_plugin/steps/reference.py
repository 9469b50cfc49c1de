"""Process supervision in plain Python floats, written from DeepSeekMath section 4.1.3."""

import math
from statistics import fmean, stdev


def advantages(completions, *, group_size, weights, step_weight, outcome_weight, floor=1e-4):
    """One list of advantages per completion.

    `completions`: dicts of `outcome` (its advantage), `live` (one flag per token), `ends` and
    `rewards` (per step, a list with one number or nan per function).
    """

    def total(rewards):
        known = [w * r for w, r in zip(weights, rewards, strict=True) if not math.isnan(r)]
        return sum(known) if known else math.nan

    result = []
    for number, completion in enumerate(completions):
        first = number // group_size * group_size
        group = completions[first : first + group_size]
        pool = [total(r) for member in group for r in member["rewards"]]
        pool = [r for r in pool if not math.isnan(r)]
        scale = (stdev(pool) if len(pool) > 1 else 0.0) + floor
        row = []
        for t, live in enumerate(completion["live"]):
            later = [
                (total(r) - fmean(pool)) / scale
                for r, end in zip(completion["rewards"], completion["ends"], strict=True)
                if end >= t and not math.isnan(total(r))
            ]
            value = outcome_weight * completion["outcome"] + step_weight * sum(later)
            row.append(value if live else 0.0)
        result.append(row)
    return result
