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
 * flash      36 bytes of tables
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

/* Entry i serves segment i: 6 segments of 32 to 64 codes, a binary split.
 * Leaf i is 2^up[i] times shorter than the longest one. */
GELUGEN_STORAGE static const uint8_t gelu_ffn_int8_impl_up[6] = {
    1, 1, 0, 0, 1, 1
};
GELUGEN_STORAGE static const uint16_t gelu_ffn_int8_impl_c0[6] = {
     944, 1838, 3161,   18,    0,   50
};
GELUGEN_STORAGE static const uint16_t gelu_ffn_int8_impl_c1[6] = {
    265, 252, 472,  31,  13, 165
};
GELUGEN_STORAGE static const int8_t gelu_ffn_int8_impl_c2[6] = {
    -24, -15, -15, -15, -24,  63
};

/**
 * @brief One code in, one code out.
 * @param x a code, -128 to 127
 * @return the output code, -128 to 127
 */
static inline int8_t gelu_ffn_int8(int8_t x)
{
    const uint32_t u = (uint32_t)x & 255u;
    int32_t v = -255200;
    int32_t y;

    {
        const uint32_t i = (uint32_t)((u >= 32u) + (u >= 64u) + (u >= 128u) + (u >= 192u) +
            (u >= 224u));
        const int32_t dx = (int32_t)((u << GELUGEN_READ(uint8_t, gelu_ffn_int8_impl_up, i)) & 63u) - 32;
        int32_t h = (int32_t)GELUGEN_READ(int8_t, gelu_ffn_int8_impl_c2, i) + 15;

        h = (int32_t)((uint32_t)(h * dx + 2496) >> 2) - 624 + (int32_t)GELUGEN_READ(uint16_t, gelu_ffn_int8_impl_c1, i) * 8 - 248;
        h = h * dx + (int32_t)GELUGEN_READ(uint16_t, gelu_ffn_int8_impl_c0, i) * 128;
        v += h;
    }
    v = (int32_t)((uint32_t)(v + 264192) >> 11) - 129;
    y = v;
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
