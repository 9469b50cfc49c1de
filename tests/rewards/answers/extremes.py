r"""Functions of extreme arguments: huge, tiny, beside poles and branch points, nested, long."""

from __future__ import annotations

ARGUMENTS = [
    "0", "1", "-1", "10^{-10000}", "-10^{-10000}", "10^{-10^{11}}", r"10^{-4\cdot10^9}",
    "10^{10000}", "-10^{10000}", "10^{10^{11}}", "10^{10^{30}}", "9^{9^{9^9}}", "9^{9^{9^{9^9}}}",
    "9^{-9^{9^9}}", "1+10^{-3000}", "1-10^{-3000}", "-1+10^{-10^{10}}", r"\frac\pi2+10^{-3000}",
    r"\pi-10^{-20000}", r"10^{3000}\pi", "1e19999", "1e-19999", "9" * 3_000, "0." + "3" * 3_000,
    r"\frac{1e19999+1}{1e19998+7}", "10^{17}", "10^{18}+1", "-10^{17}+0.5", "3000", "3001",
    "123456789.5", "100!", "(3000!)!", r"\binom{3000}{1500}", "e^{e^{e^{e^e}}}",
    "e^{-e^{e^{e^e}}}", "\\ln(1+10^{-5000})", r"\sqrt{5+2\sqrt6}-\sqrt2-\sqrt3",
    r"\sin(10^{5000})", r"\tan(\frac\pi2-10^{-900})", "i10^{10000}", "e^{10^{10}i}",
    "(1+i)^{10^9}", "2^{0.5^{10000}}", "(1+10^{-9})^{10^{9}}", "(1.0000001)^{10^{16}}",
    "7" * 4_500,
]  # fmt: skip

FUNCTIONS = [
    r"\sin(@)", r"\cos(@)", r"\tan(@)", r"\cot(@)", r"\sec(@)", r"\csc(@)", r"\arcsin(@)",
    r"\arccos(@)", r"\arctan(@)", r"\operatorname{arccot}(@)", r"\operatorname{arcsec}(@)",
    r"\sinh(@)", r"\cosh(@)", r"\tanh(@)", r"\coth(@)", r"\operatorname{sech}(@)",
    r"\operatorname{arsinh}(@)", r"\operatorname{arcosh}(@)", r"\operatorname{artanh}(@)",
    r"\ln(@)", r"\log_{@}2", r"\log_2(@)", r"\log_{@}(@)", r"\sqrt{@}", r"\sqrt[3]{@}",
    r"\sqrt[@]{2}", "|@|", r"\lfloor @\rfloor", r"\lceil @\rceil", "(@)!", "(@)!!",
    r"\binom{@}{3}", r"\binom{@}{@}", r"\max(@,1)", r"\gcd(@,6)",
    r"\operatorname{lcm}(@,@+1,@+2)", r"@ \bmod 7", r"7 \bmod @", r"\Gamma(@)", "(@)^2", "2^{@}",
    "(@)^{@}", "(@)^{-1}", r"\frac{1}{@}-@", r"\sum_{k=1}^{200}(@)", r"\sum_{k=1}^{2000}\sin(k@)",
    r"\prod_{k=1}^{200}(@)", r"\prod_{k=1}^{2000}(k+@)", r"\sum_{k=1}^{@}k",
    r"\sum_{k=1}^{100}\sum_{j=1}^{100}(@)", "e^{@}", "e^{i@}", "(@)x", "x^{@}", r"\sin(@x)",
    r"(x+@)^{2000}",
]  # fmt: skip


def expressions() -> list[str]:
    """Each function of each argument, and of itself."""
    found = [function.replace("@", a) for function in FUNCTIONS for a in ARGUMENTS]
    for index, outer in enumerate(FUNCTIONS):
        inner = FUNCTIONS[(7 * index + 3) % len(FUNCTIONS)]
        found += [outer.replace("@", inner.replace("@", a)) for a in ARGUMENTS[index % 5 :: 5]]
    return found
