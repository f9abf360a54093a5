/* GELU in float by tanh, the approximation of https://arxiv.org/abs/1606.08415, tanhf from the C library. */
#include "float_gelu.h"

static inline void float_tanh_n(const int16_t *in, int16_t *out, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const float x = (float)in[i] * (1.0f / 4096.0f);

        out[i] = to_q3_12(0.5f * x * (1.0f + tanhf(0.79788456080286536f * (x + 0.044715f * x * x * x))));
    }
}
