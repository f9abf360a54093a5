/* SPDX-License-Identifier: 0BSD */
/**
 * @file
 * @brief gelu_ffn_int8: made by gelugen 0.1.0. Make it again instead of editing it.
 *
 * @verbatim
 * function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
 * input      int8, scale 0.06769147515296936, zero point -18, codes -128 to 127
 * output     int8, scale 0.03927811607718468, zero point -124, codes -128 to 127
 * guarantee  correct: the real value, correctly rounded, at every code; ties to even
 * error      at most 0.4975 ulp (code 38), mean 0.1783 ulp, 100.00% of codes correctly rounded
 * design     dyadic-quadratic: a quadratic polynomial on each leaf of a binary split; 6 segments of 32 to
 *            64 codes, a binary split, 12 + 9 + 7 bits each
 * order      a table holds the segments of the input code's two's complement bits as an unsigned number
 *            u, from u = 0 up
 * size       189 ROM bits
 * search     heuristic: widths by exact intervals of intercepts, but grids, phases and segments searched
 *            in part; a smaller dyadic-quadratic may exist
 * made by    gelugen generate --function gelu --input int8:scale=0x1.1543a80000000p-4,zero_point=-18 --output int8:scale=0x1.41c42e0000000p-5,zero_point=-124 --guarantee correct --name gelu_ffn_int8 --stream
 * spec       sha256 7b7d510369cab480f65bd61380cac3d74ae7aea080a112b67dd4427f351bfb26
 * flash      40 bytes of tables
 * @endverbatim
 *
 * An argument must be a code of its format. Integers only, no undefined behaviour.
 */
#ifndef GELUGEN_gelu_ffn_int8_H
#define GELUGEN_gelu_ffn_int8_H

#include <stddef.h>
#include <stdint.h>

/* A code stands for (code - ZERO_POINT) * SCALE. */
#define gelu_ffn_int8_INPUT_SCALE 0.06769147515296936
#define gelu_ffn_int8_INPUT_ZERO_POINT (-18)
#define gelu_ffn_int8_OUTPUT_SCALE 0.03927811607718468
#define gelu_ffn_int8_OUTPUT_ZERO_POINT (-124)

/* Codes: how many bits they have, the smallest and the largest. */
#define gelu_ffn_int8_INPUT_BITS 8
#define gelu_ffn_int8_INPUT_MIN (-128)
#define gelu_ffn_int8_INPUT_MAX 127
#define gelu_ffn_int8_OUTPUT_BITS 8
#define gelu_ffn_int8_OUTPUT_MIN (-128)
#define gelu_ffn_int8_OUTPUT_MAX 127

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

/* Row i serves the codes with u >> 5 == i: 6 segments of 32 to 64 codes, a binary split.
 * row holds, from its lowest bit up, up (1 bit), c0 (14 bits).
 * A leaf is 2^up times shorter than the longest one. */
GELUGEN_STORAGE static const int16_t gelu_ffn_int8_impl_c1[8] = {
    234, 221, 441, 441,   0,   0, -18, 134
};
GELUGEN_STORAGE static const int8_t gelu_ffn_int8_impl_c2[8] = {
    -9,  0,  0,  0,  0,  0, -9, 78
};
GELUGEN_STORAGE static const int16_t gelu_ffn_int8_impl_rows[8] = {
     -8397,  -1245,   9338,   9338, -15806, -15806, -15949, -15549
};

/* A floor shift: what C leaves to the compiler where the value is negative. */
static inline int32_t gelu_ffn_int8_impl_floor(int32_t value, int shift)
{
    return value < 0 ? ~(~value >> shift) : value >> shift;
}

/**
 * @brief One code in, one code out.
 * @param x a code, -128 to 127
 * @return the output code, -128 to 127
 */
static inline int8_t gelu_ffn_int8(int8_t x)
{
    const uint32_t u = (uint32_t)x & 255u;
    const uint32_t i = u >> 5;

    const int32_t row = GELUGEN_READ(int16_t, gelu_ffn_int8_impl_rows, i);
    const int32_t dx = (int32_t)((u << ((uint32_t)row & 1u)) & 63u) - 32;
    int32_t h = (int32_t)GELUGEN_READ(int8_t, gelu_ffn_int8_impl_c2, i);

    h = gelu_ffn_int8_impl_floor(h * dx, 2) + (int32_t)GELUGEN_READ(int16_t, gelu_ffn_int8_impl_c1, i) * 8;
    h = h * dx + gelu_ffn_int8_impl_floor(row, 1) * 32;
    int32_t y = gelu_ffn_int8_impl_floor(h, 11);
    y = y < -128 ? -128 : y;
    return (int8_t)y;
}

/**
 * @brief The same for n codes: out[i] = gelu_ffn_int8(in[i]).
 * @param in n codes
 * @param out n output codes; it may be in
 * @param n how many
 */
static inline void gelu_ffn_int8_n(const int8_t *in, int8_t *out, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        out[i] = gelu_ffn_int8(in[i]);
    }
}

#ifdef __cplusplus
}
#endif

#endif
