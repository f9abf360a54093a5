/* SPDX-License-Identifier: 0BSD
 *
 * gelu_q3_12_faithful: made by gelugen 0.1.0. Make it again instead of editing it.
 *
 * function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
 * input      q3.12 (int16, scale 2^-12), codes -32768 to 32767
 * output     q3.12 (int16, scale 2^-12), codes -32768 to 32767
 * guarantee  faithful: |error| < 1 ulp at every code; ties to even
 * error      at most 0.9956 ulp (code -8820), mean 0.1659 ulp, 90.61% of codes correctly rounded
 * design     residual-uniform-linear: relu(x) minus a line on each equal segment of |x|; 123 segments of
 *            128 codes, 12 + 6 bits each
 * order      a table is indexed by u = |code|, low bits dropped
 * size       2214 ROM bits
 * made by    gelugen generate --function gelu --input q3.12 --output q3.12 --guarantee faithful
 * spec       sha256 28732fd87fe04d65073dc9668c478ae672aed901c7ad1db816d34fd3a4532530
 * flash      369 bytes of tables
 *
 * An argument must be a code of the input format. No floating point, no undefined behaviour.
 */
#ifndef GELUGEN_gelu_q3_12_faithful_H
#define GELUGEN_gelu_q3_12_faithful_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Entry i serves the codes with u >> 7 == i; past the end all is 0. */
static const uint16_t gelu_q3_12_faithful_c0[123] = {
     127,  371,  602,  819, 1025, 1217, 1398, 1566,
    1722, 1865, 1998, 2119, 2229, 2328, 2415, 2494,
    2562, 2620, 2668, 2708, 2739, 2763, 2778, 2785,
    2786, 2780, 2767, 2748, 2724, 2695, 2660, 2622,
    2579, 2533, 2483, 2431, 2376, 2318, 2258, 2197,
    2134, 2070, 2005, 1940, 1874, 1808, 1742, 1677,
    1611, 1547, 1483, 1420, 1358, 1297, 1237, 1179,
    1122, 1067, 1013,  961,  911,  862,  815,  770,
     726,  684,  644,  605,  569,  533,  500,  468,
     438,  409,  382,  356,  331,  308,  287,  266,
     247,  229,  212,  196,  181,  167,  154,  142,
     131,  120,  111,  101,   93,   85,   78,   71,
      65,   60,   55,   50,   45,   41,   38,   34,
      31,   28,   26,   24,   21,   19,   18,   16,
      15,   13,   12,   11,   10,    9,    8,    8,
       7,    7,    6
};
static const int8_t gelu_q3_12_faithful_c1[123] = {
    31, 30, 28, 26, 25, 23, 22, 20,
    19, 17, 16, 14, 13, 12, 10,  9,
     8,  7,  6,  4,  3,  2,  1,  0,
     0, -1, -2, -3, -3, -4, -5, -5,
    -6, -6, -6, -7, -7, -7, -8, -8,
    -8, -8, -8, -8, -8, -8, -8, -8,
    -8, -8, -8, -8, -8, -8, -7, -7,
    -7, -7, -7, -6, -6, -6, -6, -6,
    -5, -5, -5, -5, -4, -4, -4, -4,
    -4, -4, -3, -3, -3, -3, -3, -2,
    -2, -2, -2, -2, -2, -2, -2, -1,
    -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1,  0,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,
     0,  0,  0
};

/* One code in, one code out. */
static inline int16_t gelu_q3_12_faithful(int16_t x)
{
    const int32_t k = (int32_t)x;
    const uint32_t u = (uint32_t)(k < 0 ? -k : k);
    const int32_t line = k > 0 ? k : 0;
    const uint32_t i = u >> 7;
    const int32_t dx = (int32_t)(u & 127u) - 64;
    int32_t v = 0;
    int32_t y;

    if (i < 123u) {
        int32_t h = (int32_t)gelu_q3_12_faithful_c1[i];

        h = h * dx + (int32_t)gelu_q3_12_faithful_c0[i] * 16;
        v += h;
    }
    v = (int32_t)((uint32_t)v >> 6);
    y = line - v;
    return (int16_t)y;
}

/* n codes; out may be in. */
static inline void gelu_q3_12_faithful_n(const int16_t *in, int16_t *out, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        out[i] = gelu_q3_12_faithful(in[i]);
    }
}

#ifdef __cplusplus
}
#endif

#endif
