/* SPDX-License-Identifier: 0BSD */
/**
 * @file
 * @brief gelu_q3_4_correct: made by gelugen 0.1.0. Make it again instead of editing it.
 *
 * @verbatim
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
 * flash      34 bytes of tables
 * @endverbatim
 *
 * An argument must be a code of its format. Integers only, no undefined behaviour.
 */
#ifndef GELUGEN_gelu_q3_4_correct_H
#define GELUGEN_gelu_q3_4_correct_H

#include <stddef.h>
#include <stdint.h>

/* A code stands for (code - ZERO_POINT) * SCALE. */
#define gelu_q3_4_correct_INPUT_SCALE 0.0625
#define gelu_q3_4_correct_INPUT_ZERO_POINT 0
#define gelu_q3_4_correct_OUTPUT_SCALE 0.0625
#define gelu_q3_4_correct_OUTPUT_ZERO_POINT 0

/* Codes: how many bits they have, the smallest and the largest. */
#define gelu_q3_4_correct_INPUT_BITS 8
#define gelu_q3_4_correct_INPUT_MIN (-128)
#define gelu_q3_4_correct_INPUT_MAX 127
#define gelu_q3_4_correct_OUTPUT_BITS 8
#define gelu_q3_4_correct_OUTPUT_MIN (-128)
#define gelu_q3_4_correct_OUTPUT_MAX 127

/* Where tables are stored, and how an entry is read. Define both to change it, for instance for the flash of an AVR:
 *   #define GELUGEN_STORAGE PROGMEM
 *   #define GELUGEN_READ(type, table, i) ((type)(sizeof(type) == 1 ? pgm_read_byte(&(table)[i]) \
 *       : sizeof(type) == 2 ? pgm_read_word(&(table)[i]) : pgm_read_dword(&(table)[i]))
 */
#ifndef GELUGEN_STORAGE
#define GELUGEN_STORAGE
#endif
#ifndef GELUGEN_READ
#define GELUGEN_READ(type, table, i) ((table)[i])
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Entry i serves the codes with u - 2 == i: 5 segments between u = 2 and 35; outside all is 0. */
GELUGEN_STORAGE static const uint8_t gelu_q3_4_correct_impl_c0[34] = {
    1, 1, 2, 2, 2, 2, 2, 3,
    3, 3, 3, 3, 3, 3, 3, 2,
    2, 2, 2, 2, 2, 2, 2, 1,
    1, 1, 1, 1, 1, 1, 1, 1,
    1, 1
};

/**
 * @brief One code in, one code out.
 * @param x a code, -128 to 127
 * @return the output code, -128 to 127
 */
static inline int8_t gelu_q3_4_correct(int8_t x)
{
    const int32_t k = (int32_t)x;
    const int32_t sign = -(int32_t)((uint32_t)k >> 31);
    const uint32_t u = (uint32_t)((k ^ sign) - sign);
    const uint32_t i = u - 2u;
    int32_t y = k & ~sign;

    if (i < 34u) {
        y -= (int32_t)GELUGEN_READ(uint8_t, gelu_q3_4_correct_impl_c0, i);
    }
    return (int8_t)y;
}

/**
 * @brief The same for n codes: out[i] = gelu_q3_4_correct(in[i]).
 * @param in n codes
 * @param out n output codes; it may be in
 * @param n how many
 */
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
