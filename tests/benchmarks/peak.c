/* The most multiply-adds that one core does in a second: independent sums that never leave their registers. */
#ifdef __AVX512F__
#define LANES 8
#else
#define LANES 4
#endif
#define SUMS 12

typedef double vec __attribute__((vector_size(8 * LANES)));

/* Floating-point operations of one round. */
int flops(void) { return 2 * SUMS * LANES; }

double rounds(long count) {
  vec sum[SUMS], factor = (vec){0} + 0.999999, term = (vec){0} + 1e-6;
#pragma GCC unroll 12
  for (int i = 0; i < SUMS; i++) sum[i] = (vec){0} + i;
  for (long r = 0; r < count; r++) {
#pragma GCC unroll 12
    for (int i = 0; i < SUMS; i++) {
      sum[i] = sum[i] * factor + term;
      __asm__("" : "+v"(sum[i])); /* no rearranging across rounds */
    }
  }
  vec all = {0};
#pragma GCC unroll 12
  for (int i = 0; i < SUMS; i++) all += sum[i];
  double result = 0;
  for (int l = 0; l < LANES; l++) result += all[l];
  return result;
}
