/* CMSIS-NN's 16-bit sigmoid: the magnitude, three times as fine, looks between two of 256 entries for one half, and the
 * other half is the complement. By the published description of arm_nn_activation_s16, left_shift 0 for q3.12,
 * https://github.com/ARM-software/CMSIS-NN/blob/main/Source/ActivationFunctions/arm_nn_activation_s16.c
 */
#include <stddef.h>
#include <stdint.h>

#include "table.h"

static inline void cmsis_nn_sigmoid_n(const int16_t *in, int16_t *out, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const int32_t x = in[i] * 3;
        const uint32_t magnitude = (uint32_t)(x > 0 ? x : -x);
        const uint32_t index = magnitude >> 9;
        uint32_t y = (uint32_t)0x7FFF << 10;

        if (index < 255u) {
            const uint32_t low = TABLE[index];

            y = (low << 9) + (magnitude & 511u) * (TABLE[index + 1u] - low);
        }
        y = x >= 0 ? y + 512u : ((uint32_t)1 << 25) - y + 511u;
        out[i] = (int16_t)(y >> 10);
    }
}
