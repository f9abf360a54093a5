/* SPDX-License-Identifier: 0BSD
 *
 * gelu_q3_4_correct: made by gelugen 0.1.0. Make it again instead of editing it.
 *
 * function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
 * input      q3.4 (int8, scale 2^-4), codes -128 to 127
 * output     q3.4 (int8, scale 2^-4), codes -128 to 127
 * guarantee  correct: the real value, correctly rounded, at every code; ties to even
 * error      at most 0.4976 ulp (code -35), mean 0.1020 ulp, 100.00% of codes correctly rounded
 * design     residual-free-constant: relu(x) minus a constant on each segment between free breakpoints,
 *            of |x|; 5 segments between u = 2 and 35, 2 bits each
 * order      a table holds the segments of u = |code|, from u = 0 up
 * size       34 ROM bits
 * search     complete over breakpoints with words of one width, a base and a shared constant
 * made by    gelugen generate --function gelu --input q3.4 --output q3.4 --guarantee correct
 * spec       sha256 359d66a147587367fdd1efdcd0a7ce449a0ad6f93600e2c83f6dcbfd3a3ed8b3
 * flash      5 bytes of tables
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

/* Entry i serves segment i: 5 segments between u = 2 and 35; outside all is 0. */
static const uint8_t gelu_q3_4_correct_c0[5] = {
    1, 2, 3, 2, 1
};

/* One code in, one code out. */
static inline int8_t gelu_q3_4_correct(int8_t x)
{
    const int32_t k = (int32_t)x;
    const uint32_t u = (uint32_t)(k < 0 ? -k : k);
    const int32_t line = k > 0 ? k : 0;
    int32_t v = 0;
    int32_t y;

    if (u >= 2u && u < 36u) {
        const uint32_t i = (uint32_t)((u >= 4u) + (u >= 9u) + (u >= 17u) + (u >= 25u));
        v += (int32_t)gelu_q3_4_correct_c0[i];
    }
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
