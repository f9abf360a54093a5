/* SPDX-License-Identifier: 0BSD */
/**
 * @file
 * @brief gelu_q3_12_faithful: made by gelugen 0.1.0. Make it again instead of editing it.
 *
 * @verbatim
 * function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
 * input      q3.12 (int16, scale 2^-12), codes -32768 to 32767
 * output     q3.12 (int16, scale 2^-12), codes -32768 to 32767
 * guarantee  faithful: |error| < 1 ulp at every code; ties to even
 * error      at most 0.9663 ulp (code -8185), mean 0.1630 ulp, 91.47% of codes correctly rounded
 * design     residual-dyadic-quadratic: relu(x) minus a quadratic polynomial on each leaf of a binary
 *            split, of |x|; 11 segments of 1024 to 2048 codes, a binary split, 11 + 10 + 6 bits each
 * order      a table holds the segments of u = |code|, from u = 0 up
 * size       318 ROM bits
 * search     heuristic: widths by exact intervals of intercepts, but grids, phases and segments searched
 *            in part; a smaller dyadic-quadratic may exist
 * made by    gelugen generate --function gelu --input q3.12 --output q3.12 --guarantee faithful
 * spec       sha256 28732fd87fe04d65073dc9668c478ae672aed901c7ad1db816d34fd3a4532530
 * flash      80 bytes of tables
 * @endverbatim
 *
 * An argument must be a code of its format. Integers only, no undefined behaviour.
 */
#ifndef GELUGEN_gelu_q3_12_faithful_H
#define GELUGEN_gelu_q3_12_faithful_H

#include <stddef.h>
#include <stdint.h>

/* A code stands for (code - ZERO_POINT) * SCALE. */
#define gelu_q3_12_faithful_INPUT_SCALE 0.000244140625
#define gelu_q3_12_faithful_INPUT_ZERO_POINT 0
#define gelu_q3_12_faithful_OUTPUT_SCALE 0.000244140625
#define gelu_q3_12_faithful_OUTPUT_ZERO_POINT 0

/* Codes: how many bits they have, the smallest and the largest. */
#define gelu_q3_12_faithful_INPUT_BITS 16
#define gelu_q3_12_faithful_INPUT_MIN (-32768)
#define gelu_q3_12_faithful_INPUT_MAX 32767
#define gelu_q3_12_faithful_OUTPUT_BITS 16
#define gelu_q3_12_faithful_OUTPUT_MIN (-32768)
#define gelu_q3_12_faithful_OUTPUT_MAX 32767

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

/* Row i serves the codes with u >> 10 == i: 11 segments of 1024 to 2048 codes, a binary split; past the end all is 0.
 * row holds, from its lowest bit up, up (1 bit), c0 (13 bits), c1 (10 bits).
 * A leaf is 2^up times shorter than the longest one. */
GELUGEN_STORAGE static const int8_t gelu_q3_12_faithful_impl_c2[16] = {
    -25, -22, -17, -11,  -5,   0,  11,  11,
     12,  12,   7,   7,   2,   2,   1,   1
};
GELUGEN_STORAGE static const int32_t gelu_q3_12_faithful_impl_rows[16] = {
     6737519,  3629567,  1059479,  -759097, -1776241, -2138681, -3681794, -3681794,
    -1997034, -1997034,  -769506,  -769506,  -212858,  -212858,   -32738,   -32738
};

/* A floor shift: what C leaves to the compiler where the value is negative. */
static inline int32_t gelu_q3_12_faithful_impl_floor(int32_t value, int shift)
{
    return value < 0 ? ~(~value >> shift) : value >> shift;
}

/**
 * @brief One code in, one code out.
 * @param x a code, -32768 to 32767
 * @return the output code, -32768 to 32767
 */
static inline int16_t gelu_q3_12_faithful(int16_t x)
{
    const int32_t k = (int32_t)x;
    const int32_t sign = -(int32_t)((uint32_t)k >> 31);
    const uint32_t u = (uint32_t)((k ^ sign) - sign);
    const uint32_t i = u >> 10;
    int32_t y = k & ~sign;

    if (i < 16u) {
        const int32_t row = GELUGEN_READ(int32_t, gelu_q3_12_faithful_impl_rows, i);
        const int32_t dx = (int32_t)((u << ((uint32_t)row & 1u)) & 2047u) - 1024;
        int32_t h = (int32_t)GELUGEN_READ(int8_t, gelu_q3_12_faithful_impl_c2, i);

        h = gelu_q3_12_faithful_impl_floor(h * dx, 7) + gelu_q3_12_faithful_impl_floor(row, 14) * 4;
        h = h * dx + (int32_t)(((uint32_t)row >> 1) & 8191u) * 1024;
        y -= h >> 13;
    }
    return (int16_t)y;
}

/**
 * @brief The same for n codes: out[i] = gelu_q3_12_faithful(in[i]).
 * @param in n codes
 * @param out n output codes; it may be in
 * @param n how many
 */
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
