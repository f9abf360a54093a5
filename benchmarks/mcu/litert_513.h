/* LiteRT's 16-bit look-up: 513 knots, the upper nine bits of a code choose two of them, the lower seven are the
 * position between. By the published description of LUTLookup,
 * https://github.com/tensorflow/tensorflow/blob/master/tensorflow/lite/kernels/internal/common.h
 */
#include <stddef.h>
#include <stdint.h>

#include "table.h"

static inline void litert_513_n(const int16_t *in, int16_t *out, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const int16_t *const knot = &TABLE[256 + (in[i] >> 7)];
        const int16_t slope = (int16_t)(knot[1] - knot[0]);

        out[i] = (int16_t)(knot[0] + ((slope * (in[i] & 127) + 64) >> 7));
    }
}
