"""The functions of the catalogue once more, by mpmath and fractions: for x of both signs, without a fold.

Nothing here comes from gelugen. A value that is rational is a Fraction, all others are mpmath numbers in its working
precision.
"""

from fractions import Fraction
from math import isqrt

from mpmath import mp


def number(x):
    """A fraction as mpmath has it."""
    return mp.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else mp.mpf(x)


def cdf(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


def pdf(x):
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def logistic(x):
    return 1 / (1 + mp.exp(-x))


def cubic(x, c):
    """The argument of the tanh in gelu_tanh, and its derivative."""
    root = mp.sqrt(2 / mp.pi)
    return root * (x + c * x**3), root * (1 + 3 * c * x**2)


def one_plus_tanh(u):
    """By its definition, with more digits, since it cancels for a negative u; far out by the exponential."""
    if u < -400:
        return 2 / (1 + mp.exp(-2 * u))
    with mp.extradps(20 + int(abs(u)) if u < 0 else 0):
        return 1 + mp.tanh(u)


def gelu_tanh_derivative(x, coefficient):
    u, slope = cubic(x, coefficient)
    return one_plus_tanh(u) / 2 + x / 2 * mp.sech(u) ** 2 * slope


def elu(x, alpha):
    return x if x >= 0 else alpha * mp.expm1(x)


def smooth_abs(x, a):
    return mp.sqrt(x * x + a)


def smooth_relu(x, a):
    with mp.extradps(80):  # it cancels for a negative x
        return (x + mp.sqrt(x * x + a)) / 2


def noisy_relu(x, sigma):
    with mp.extradps(40):  # the same
        return x * cdf(x / sigma) + sigma * pdf(x / sigma)


REAL = {
    "gelu": lambda x: x * cdf(x),
    "gelu_tanh": lambda x, coefficient: x / 2 * one_plus_tanh(cubic(x, coefficient)[0]),
    "gelu_sigmoid": lambda x, coefficient: x * logistic(coefficient * x),
    "parametric_gelu": lambda x, alpha, beta: alpha * x * logistic(beta * x),
    "swish": lambda x, beta: x * logistic(beta * x),
    "gelu_derivative": lambda x: cdf(x) + x * pdf(x),
    "gelu_tanh_derivative": gelu_tanh_derivative,
    "gelu_second_derivative": lambda x: 2 * pdf(x) - x**2 * pdf(x),
    "sigmoid": logistic,
    "tanh": mp.tanh,
    "erf": mp.erf,
    "normal_cdf": cdf,
    "normal_pdf": pdf,
    "noisy_relu": noisy_relu,
    "softplus": lambda x, sharpness: mp.log1p(mp.exp(sharpness * x)) / sharpness,
    "elu": elu,
    "selu": lambda x: mp.mpf("1.0507009873554804934193349852946") * elu(x, mp.mpf("1.6732632423543772848170429916717")),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "smooth_relu": smooth_relu,
    "smooth_abs": smooth_abs,
    "exp": mp.exp,
}
"""By mpmath: x and the parameters are mpmath numbers."""


def square_root(x):
    """The root of a fraction that is a square; None if it is none."""
    root = Fraction(isqrt(x.numerator), isqrt(x.denominator))
    return root if root * root == x else None


def leaky_relu(x, slope):
    return x if x >= 0 else slope * x


def hard_sigmoid(x, slope, offset):
    return min(max(slope * x + offset, Fraction(0)), Fraction(1))


def heaviside(x, at_zero):
    return at_zero if x == 0 else Fraction(x > 0)


def exact_elu(x, **_):
    return x if x >= 0 else None


def exact_smooth_abs(x, a):
    return square_root(x * x + a)


def exact_smooth_relu(x, a):
    root = square_root(x * x + a)
    return None if root is None else (x + root) / 2


def zero_at_zero(x, **_):
    return Fraction(0) if x == 0 else None


def at_zero(value):
    return lambda x: Fraction(value) if x == 0 else None


def exact_selu(x):
    return Fraction("1.0507009873554804934193349852946") * x if x >= 0 else None


EXACT = {
    "relu": lambda x: max(x, Fraction(0)),
    "leaky_relu": leaky_relu,
    "hard_swish": lambda x: x * min(max(x + 3, Fraction(0)), Fraction(6)) / 6,
    "hard_sigmoid": hard_sigmoid,
    "heaviside": heaviside,
    "softsign": lambda x: x / (1 + abs(x)),
    "smooth_abs": exact_smooth_abs,
    "smooth_relu": exact_smooth_relu,
    "elu": exact_elu,
    "selu": exact_selu,
    **dict.fromkeys(["gelu", "gelu_tanh", "gelu_sigmoid", "parametric_gelu", "swish"], zero_at_zero),
    **dict.fromkeys(["tanh", "erf", "mish"], zero_at_zero),
    **{name: at_zero(Fraction(1, 2)) for name in ("sigmoid", "normal_cdf", "gelu_derivative")},
    "gelu_tanh_derivative": lambda x, coefficient: Fraction(1, 2) if x == 0 else None,  # noqa: ARG005
    "exp": at_zero(1),
}
"""In fractions: x and the parameters are fractions. None where the value is irrational, or not known not to be."""


def exact(name, x, **parameters):
    """f(x) as a fraction if it is known to be rational, else None."""
    return EXACT[name](x, **parameters) if name in EXACT else None


def real(name, x, **parameters):
    """f(x) for a fraction x and parameters that are fractions, as an mpmath number in its working precision."""
    value = exact(name, x, **parameters)
    if value is not None:
        return number(value)
    return +REAL[name](number(x), **{key: number(each) for key, each in parameters.items()})
