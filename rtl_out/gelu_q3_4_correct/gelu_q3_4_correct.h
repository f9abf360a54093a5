/* SPDX-License-Identifier: 0BSD
 *
 * gelu_q3_4_correct: made by gelugen 0.1.0. Make it again instead of editing it.
 *
 * function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
 * input      q3.4 (int8, scale 2^-4), codes -128 to 127
 * output     q3.4 (int8, scale 2^-4), codes -128 to 127
 * guarantee  correct: the real value, correctly rounded, at every code; ties to even
 * error      at most 0.4976 ulp (code -35), mean 0.1020 ulp, 100.00% of codes correctly rounded
 * design     residual-uniform-linear: relu(x) minus a line on each equal segment of |x|; 9 segments of 4
 *            codes, 4 + 2 bits each
 * order      a table is indexed by u = |code|, low bits dropped
 * size       54 ROM bits
 * made by    gelugen generate --function gelu --input q3.4 --output q3.4 --guarantee correct
 * spec       sha256 359d66a147587367fdd1efdcd0a7ce449a0ad6f93600e2c83f6dcbfd3a3ed8b3
 * flash      18 bytes of tables
 *
 * An argument must be a code of the input format. No floating point, no undefined behaviour.
 */
#ifndef GELUGEN_gelu_q3_4_correct_H
#define GELUGEN_gelu_q3_4_correct_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Entry i serves the codes with u >> 2 == i; past the end all is 0. */
static const uint8_t gelu_q3_4_correct_c0[9] = {
     4, 10, 13, 13, 10,  9,  6,  6,
     4
};
static const int8_t gelu_q3_4_correct_c1[9] = {
     1,  1,  1,  0, -1, -1, -1,  0,
     0
};

/* One code in, one code out. */
static inline int8_t gelu_q3_4_correct(int8_t x)
{
    const int32_t k = (int32_t)x;
    const uint32_t u = (uint32_t)(k < 0 ? -k : k);
    const int32_t line = k > 0 ? k : 0;
    const uint32_t i = u >> 2;
    const int32_t dx = (int32_t)(u & 3u) - 2;
    int32_t v = 0;
    int32_t y;

    if (i < 9u) {
        int32_t h = (int32_t)gelu_q3_4_correct_c1[i];

        h = h * dx + (int32_t)gelu_q3_4_correct_c0[i];
        v += h;
    }
    v = (int32_t)((uint32_t)v >> 2);
    y = line - v;
    return (int8_t)y;
}

/* n codes; out may be in. */
static inline void gelu_q3_4_correct_n(const int8_t *in, int8_t *out, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        out[i] = gelu_q3_4_correct(in[i]);
    }
}

#ifdef __cplusplus
}
#endif

#endif
