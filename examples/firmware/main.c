/* A feed-forward layer of a small quantized network: dense, GELU, dense. Integers only.
 *
 * gelu_int8.h is made by gelugen; layer.h holds weights and inputs, written by run.py; board.h and core.h are the board:
 * files, the clock and semihosting.
 */
#include <stdint.h>

#include "board.h"
#include "core.h"
#include "gelu_int8.h"
#include "layer.h"

#define SYS_WRITE0 0x04u
#define CHECKSUM_START 2166136261u
#define CHECKSUM_FACTOR 16777619u

static int8_t before[VECTORS * HIDDEN];
static int8_t after[VECTORS * HIDDEN];
static int8_t results[VECTORS * OUTPUTS];

/* A sum as a code of the next format: times MULTIPLIER / 2^SHIFT, rounded half up, saturated to int8. */
static int8_t requantize(int32_t sum, int32_t multiplier, int32_t zero_point)
{
    const int64_t half = (int64_t)1 << (SHIFT - 1);
    const int32_t code = (int32_t)(((int64_t)sum * multiplier + half) >> SHIFT) + zero_point;

    return (int8_t)(code < INT8_MIN ? INT8_MIN : code > INT8_MAX ? INT8_MAX : code);
}

static void dense_before(const int8_t *in, int8_t *out)
{
    for (int row = 0; row < HIDDEN; row++) {
        int32_t sum = BIAS1[row];

        for (int i = 0; i < INPUTS; i++) {
            sum += WEIGHTS1[row][i] * in[i];
        }
        out[row] = requantize(sum, MULTIPLIER1, gelu_int8_INPUT_ZERO_POINT);
    }
}

static void dense_after(const int8_t *in, int8_t *out)
{
    for (int row = 0; row < OUTPUTS; row++) {
        int32_t sum = BIAS2[row];

        for (int i = 0; i < HIDDEN; i++) {
            sum += WEIGHTS2[row][i] * (in[i] - gelu_int8_OUTPUT_ZERO_POINT);
        }
        out[row] = requantize(sum, MULTIPLIER2, 0);
    }
}

/* FNV-1a, one byte at a time. */
static uint32_t checksum(const int8_t *bytes, int n)
{
    uint32_t sum = CHECKSUM_START;

    for (int i = 0; i < n; i++) {
        sum = (sum ^ (uint8_t)bytes[i]) * CHECKSUM_FACTOR;
    }
    return sum;
}

static void print(const char *text)
{
    (void)core_semihost(SYS_WRITE0, (const uint32_t *)(const void *)text);
}

static void print_number(uint32_t number)
{
    char digits[11] = {0};
    char *first = &digits[10];

    do {
        *--first = (char)('0' + number % 10u);
        number /= 10u;
    } while (number != 0);
    print(first);
}

static void print_code(int8_t code)
{
    print(code < 0 ? " -" : " ");
    print_number((uint32_t)(code < 0 ? -code : code));
}

int main(void)
{
    uint32_t clocks;

    for (int each = 0; each < VECTORS; each++) {
        dense_before(DATA[each], &before[each * HIDDEN]);
    }

    clocks = board_clock();
    gelu_int8_n(before, after, sizeof before);
    clocks = board_clock() - clocks;

    for (int each = 0; each < VECTORS; each++) {
        dense_after(&after[each * HIDDEN], &results[each * OUTPUTS]);
    }

    print("first result:");
    for (int i = 0; i < OUTPUTS; i++) {
        print_code(results[i]);
    }
    print("\nchecksum of all: ");
    print_number(checksum(results, sizeof results));
    print("\ninstructions in GELU: ");
    print_number(clocks * CLOCK_NUMERATOR / CLOCK_DENOMINATOR);
    print(" for ");
    print_number(sizeof before);
    print(" codes\n");
    return board_write(results, sizeof results);
}
