/* What both float kernels share: a q3.12 code to float, and back, rounded and saturated. */
#include <stddef.h>
#include <stdint.h>

float erff(float x);
float tanhf(float x);

static inline int16_t to_q3_12(float y)
{
    const float code = y * 4096.0f + (y < 0.0f ? -0.5f : 0.5f);

    return (int16_t)(code > 32767.0f ? 32767.0f : code < -32768.0f ? -32768.0f : code);
}
