/* GELU in float as its definition is written down, x/2 * (1 + erf(x / sqrt(2))), erff from the C library. */
#include "float_gelu.h"

static inline void float_erf_n(const int16_t *in, int16_t *out, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const float x = (float)in[i] * (1.0f / 4096.0f);

        out[i] = to_q3_12(0.5f * x * (1.0f + erff(x * 0.70710678118654752f)));
    }
}
