/* SPDX-License-Identifier: 0BSD
 *
 * gelu_ffn_int8: made by gelugen 0.1.0. Make it again instead of editing it.
 *
 * function   gelu(x) = x * Phi(x) = x/2 * (1 + erf(x / sqrt(2)))
 * input      int8, scale 0.06769147515296936, zero point -18, codes -128 to 127
 * output     int8, scale 0.03927811607718468, zero point -124, codes -128 to 127
 * guarantee  correct: the real value, correctly rounded, at every code; ties to even
 * error      at most 0.4975 ulp (code 38), mean 0.1783 ulp, 100.00% of codes correctly rounded
 * design     uniform-linear: a line on each of 2^n equal segments; 64 segments of 4 codes, 10 + 4 bits
 *            each
 * order      a table is indexed by the input code's two's complement bits as an unsigned number u, low
 *            bits dropped
 * size       896 ROM bits
 * made by    gelugen generate --function gelu --input int8:scale=0x1.1543a80000000p-4,zero_point=-18 --output int8:scale=0x1.41c42e0000000p-5,zero_point=-124 --guarantee correct --name gelu_ffn_int8
 * spec       sha256 10497305ccbafbc2181e61da7ee5ebe94d69166c7a455c0e06ec7f80f0263df7
 * flash      192 bytes of tables
 *
 * An argument must be a code of the input format. No floating point, no undefined behaviour.
 */
#ifndef GELUGEN_gelu_ffn_int8_H
#define GELUGEN_gelu_ffn_int8_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Entry i serves the codes with u >> 2 == i. */
static const int16_t gelu_ffn_int8_c0[64] = {
    -370, -339, -307, -278, -248, -220, -192, -164,
    -136, -108,  -81,  -53,  -26,    2,   30,   57,
      84,  112,  140,  167,  195,  223,  250,  278,
     305,  333,  360,  388,  415,  443,  471,  498,
    -494, -494, -494, -494, -494, -494, -494, -494,
    -494, -494, -494, -494, -494, -494, -494, -494,
    -494, -495, -496, -497, -500, -503, -507, -510,
    -510, -510, -505, -493, -477, -455, -429, -399
};
static const int8_t gelu_ffn_int8_c1[64] = {
     7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,
     7,  7,  7,  7,  7,  7,  7,  7,
     0,  0,  0,  0,  0,  0,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,
     0,  0, -1,  0, -1, -1, -1, -1,
     0,  0,  2,  4,  4,  6,  7,  7
};

/* One code in, one code out. */
static inline int8_t gelu_ffn_int8(int8_t x)
{
    const uint32_t u = (uint32_t)x & 255u;
    const uint32_t i = u >> 2;
    const int32_t dx = (int32_t)(u & 3u) - 2;
    int32_t v = 0;
    int32_t y;

    {
        int32_t h = (int32_t)gelu_ffn_int8_c1[i];

        h = h * dx + (int32_t)gelu_ffn_int8_c0[i];
        v += h;
    }
    v = (int32_t)((uint32_t)(v + 512) >> 2) - 128;
    y = v;
    return (int8_t)y;
}

/* n codes; out may be in. */
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
