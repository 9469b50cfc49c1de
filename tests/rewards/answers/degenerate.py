r"""Expressions without a value, or with none that can be proven: zeros of many kinds put where
there must be none.

`expressions()` lists them, the same in every run. Each equals nothing but its own text.
"""

from __future__ import annotations

from itertools import product

# Zeros that are written as such, that exact arithmetic finds, that special values show, and that no
# number of digits tells from something tiny.
ZEROS = [
    "0", "(1-1)", r"(\frac12-0.5)", r"(2^3-8)", r"(3!-6)", r"(\binom42-6)", r"(\sqrt4-2)",
    r"\sin\pi", r"\cos\frac\pi2", r"\tan\pi", r"\sin 180^\circ", r"(\log_2 8-3)", r"\ln 1",
    r"(\ln e^2-2)", r"(e^0-1)", r"(\ln8-3\ln2)", r"(\sqrt8-2\sqrt2)", r"(\arctan1-\frac\pi4)",
    r"(\sqrt2^2-2)", r"(\frac{\ln8}{\ln2}-3)", r"(\sqrt{5+2\sqrt6}-\sqrt2-\sqrt3)",
    r"(\sin^2 1+\cos^2 1-1)", r"(\sqrt[3]{2}^3-2)", r"(\pi-\pi)", r"(e^{\ln3}-3)",
    r"(2\sin1\cos1-\sin2)", r"\sum_{k=1}^{3}(k-2)", r"(\sum_{k=1}^{4}k-10)", r"(i^2+1)",
    r"(e^{i\pi}+1)", r"(|-3|-3)", r"\lfloor0.5\rfloor", r"(\cosh1-\sinh1-e^{-1})",
    r"(\sqrt{3+2\sqrt2}-1-\sqrt2)", r"(\tan\frac\pi8-\sqrt2+1)",
]  # fmt: skip

# No value at zero.
SINGULAR = [
    r"\ln{@}", r"\log{@}", r"\log_{2}{@}", r"\log_{@}{2}", r"\frac{1}{@}", r"\frac{@}{@}",
    r"@^{-1}", r"@^{-1/2}", r"@^{@}", r"0^{@}", r"@^{0}", r"\frac{7}{@}-\frac{7}{@}",
    r"0\cdot\frac{1}{@}", r"0\cdot\ln{@}", r"\cot{@}", r"\csc{@}",
    r"\sec{\left(\frac{\pi}{2}+@\right)}", r"\tan{\left(\frac{\pi}{2}+@\right)}",
    r"\arccos{\left(\frac{1}{@}\right)}", r"\Gamma\left(@\right)", r"\Gamma\left(-2+@\right)",
    r"\binom{3}{\frac{1}{@}}", r"\operatorname{artanh}{\left(1+@\right)}", r"\coth{@}",
    r"\log_{1+@}{2}", r"\sum_{k=1}^{3}\frac{k}{@}", r"\prod_{k=1}^{2}\frac{@}{@}",
    r"\frac{\ln{@}}{\ln{@}}", r"|\ln{@}|", r"e^{\ln{@}}", r"\arctan{\left(\frac{1}{@}\right)}",
    r"\sqrt{\ln{@}}", r"\lfloor\frac{1}{@}\rfloor", r"\left(\frac{1}{@}\right)^{0}",
    r"1^{\frac{1}{@}}", r"\max(7,\frac{1}{@})", r"\sin{\left(\frac{1}{@}\right)}",
    r"\frac{1}{\cot{@}}",
]  # fmt: skip

# Whatever stands around it, it stays without a value.
AROUND = [
    "@", "7+0\\cdot@", "@-@", "\\frac{@}{@}", "\\left(@\\right)^0", "1^{@}", "\\cos(0\\cdot@)",
    "\\ln(e^{@})", "x+@-@", "x\\cdot\\frac{@}{@}",
]  # fmt: skip

BY_THEMSELVES = [
    r"\infty-\infty", r"0\cdot\infty", r"\frac{\infty}{\infty}", r"\infty^0", r"1^\infty", "0^0",
    r"\frac{1}{\infty}", r"e^{-\infty}", r"\sum_{k=0}^{3}\frac{1}{k}",
    r"\sum_{k=1}^{3}\frac{0}{k-2}", r"\prod_{k=-1}^{1}\frac{1}{k}",
    r"\sum_{k=1}^{\infty}\frac{1}{\sin\pi}", r"\binom{3}{-1}", r"\binom{-1}{2}", "(-1)!", "(-3)!",
    r"\Gamma(0)", r"\Gamma(-1)", r"\arccos 2", r"\arcsin(-3)", r"\cos\arccos 2",
    r"\operatorname{artanh}(1)", r"\operatorname{artanh}(2)", r"\tan\frac\pi2", r"\tan 90^\circ",
    r"\sec\frac{3\pi}2", r"\cot 0", r"\csc\pi", r"\log_1 5", r"\log_0 5", r"5 \bmod 0",
    r"\lim_{x\to 0}\frac{1}{x}-\lim_{x\to 0}\frac{1}{x}", r"\lim_{x\to 0}\frac{|x|}{x}",
    r"\lim_{x\to 0} \ln \sin \pi", r"\lim_{x\to 0}\frac{0}{0}", r"\lim_{x\to\infty}\sin x",
    r"\lim_{n\to\infty}(-1)^n", r"0\cdot\sum_{k=1}^{\infty}\frac{1}{k}", r"\int_0^0\frac{1}{x}dx",
    r"\int_{-1}^{1}\frac{1}{x}dx", r"\int_{-1}^{1}\frac{1}{x^3}dx",
    r"\int_{1}^{1}\frac{1}{x-1}dx", r"\sum_{k=5}^{3}k", r"\prod_{k=5}^{3}k",
    r"\sum_{k=1}^{0}\frac{1}{0}", r"\frac{x-x}{x-x}", r"(x-x)^0", r"\ln(x-x)",
    r"\ln(\sin^2x+\cos^2x-1)", r"\frac{0}{\sin^2x+\cos^2x-1}", r"\frac{1}{\ln x-\ln x}",
    r"0\cdot\ln(-|x|)", r"x+\frac{0}{x-x}", r"\infty\cdot\sin\pi",
    r"\lim_{x\to 0}\frac{x}{|x|}-\lim_{x\to 0}\frac{x}{|x|}", r"2^{\infty-\infty}",
    r"\frac{1}{\lim_{x\to 0}\frac{1}{x^2}}", r"\sqrt{\sin\pi-10^{-50}}", r"\sqrt[0]{5}",
    r"0^{-1}", r"0^{-\pi}", r"0^{i}",
]  # fmt: skip


def expressions() -> list[str]:
    """All of them: each zero in each singular place, with something around it in turn."""
    found = list(BY_THEMSELVES)
    for index, (zero, singular) in enumerate(product(ZEROS, SINGULAR)):
        inner = singular.replace("@", zero if zero.startswith("(") else f"\\left({zero}\\right)")
        found.append(inner)
        around = AROUND[index % len(AROUND)]
        if around != "@":
            found.append(around.replace("@", f"\\left({inner}\\right)"))
    return list(dict.fromkeys(found))
