/* One training step of a small network (workloads A, B, C), written by hand and specialised by the compiler.

   Sizes come by -D: NI inputs, N1 and N2 hidden (N2 0: one hidden layer), NO outputs, N samples; HINGE 1 or 0.
   A vector holds the same quantity of LANES samples. All arrays are float64. Parameters stand output by output: the
   weights of all inputs, then the bias.

   The contract is that of `program.backward` and an optimizer's step together: X (N, NI) and Y (N, NO) row by row,
   gradients of the mean loss, parameters moved against them, the loss returned. */
#include <math.h>

#ifdef __AVX512F__
#define LANES 8
#define TALL 8
#else
#define LANES 4
#define TALL 4
#endif
#define BLOCKS ((N + LANES - 1) / LANES)
#define PADDED (BLOCKS * LANES)
#define ROWS(inputs, outputs) ((outputs) * ((inputs) + 1))
#if N2
#define COUNT (ROWS(NI, N1) + ROWS(N1, N2) + ROWS(N2, NO))
#define LAST N2
#else
#define COUNT (ROWS(NI, N1) + ROWS(N1, NO))
#define LAST N1
#endif
#define INLINE static inline __attribute__((always_inline))

typedef double vec __attribute__((vector_size(8 * LANES)));
typedef double loose __attribute__((vector_size(8 * LANES), aligned(8), may_alias));
typedef long long index __attribute__((vector_size(8 * LANES)));

struct call {
  const double *x, *y;
  double *parameters;
  double rate;
  long steps;
};

static vec in[NI][BLOCKS], target[NO][BLOCKS], share[BLOCKS];
static vec hidden1[N1][BLOCKS], adjoint1[N1][BLOCKS];
static vec out[NO][BLOCKS], adjoint[NO][BLOCKS];
#if N2
static vec hidden2[N2][BLOCKS], adjoint2[N2][BLOCKS];
#endif
static double gradient[COUNT];

/* A LANES x LANES tile is transposed in log2(LANES) rounds: round h swaps the off-diagonal h x h quarters. */
INLINE void transpose_tile(vec row[LANES]) {
#pragma GCC unroll 3
  for (int h = 1; h < LANES; h *= 2) {
    index low, high;
    for (int l = 0; l < LANES; l++) {
      low[l] = l & h ? LANES + l - h : l;
      high[l] = l & h ? LANES + l : l + h;
    }
#pragma GCC unroll 8
    for (int i = 0; i < LANES; i++)
      if (!(i & h)) {
        vec a = row[i], b = row[i + h];
        row[i] = __builtin_shuffle(a, b, low);
        row[i + h] = __builtin_shuffle(a, b, high);
      }
  }
}

/* Samples by columns -> columns by samples. Padded lanes keep their zeros. */
INLINE void turn(const double *from, int columns, vec to[][BLOCKS]) {
  for (int t = 0; t < BLOCKS; t++) {
    int c = 0;
    if ((t + 1) * LANES <= N)
      for (; c + LANES <= columns; c += LANES) {
        vec tile[LANES];
#pragma GCC unroll 8
        for (int l = 0; l < LANES; l++) tile[l] = *(const loose *)(from + (t * LANES + l) * columns + c);
        transpose_tile(tile);
#pragma GCC unroll 8
        for (int l = 0; l < LANES; l++) to[c + l][t] = tile[l];
      }
    for (; c < columns; c++)
      for (int l = 0; l < LANES && t * LANES + l < N; l++) to[c][t][l] = from[(t * LANES + l) * columns + c];
  }
}

/* b where a > 0, else 0: C has no `?:` for vectors. */
INLINE vec where_positive(vec a, vec b) { return (vec)((index)b & (index)(a > 0)); }

/* `tall` outputs of `wide` blocks at once, all in registers. */
INLINE void forward_tile(const double *w, int inputs, vec x[][BLOCKS], vec y[][BLOCKS], int j0, int t0, int tall,
                         int wide, int relu) {
  vec sum[TALL][2];
#pragma GCC unroll 8
  for (int j = 0; j < tall; j++)
    for (int t = 0; t < wide; t++) sum[j][t] = (vec){0} + w[(j0 + j) * (inputs + 1) + inputs];
  for (int k = 0; k < inputs; k++)
#pragma GCC unroll 8
    for (int j = 0; j < tall; j++)
#pragma GCC unroll 2
      for (int t = 0; t < wide; t++) sum[j][t] += w[(j0 + j) * (inputs + 1) + k] * x[k][t0 + t];
#pragma GCC unroll 8
  for (int j = 0; j < tall; j++)
    for (int t = 0; t < wide; t++) y[j0 + j][t0 + t] = relu ? where_positive(sum[j][t], sum[j][t]) : sum[j][t];
}

INLINE void forward(const double *w, int inputs, int outputs, vec x[][BLOCKS], vec y[][BLOCKS], int relu) {
  int j = 0;
  for (; j + TALL <= outputs; j += TALL) {
    int t = 0;
    for (; t + 2 <= BLOCKS; t += 2) forward_tile(w, inputs, x, y, j, t, TALL, 2, relu);
    if (t < BLOCKS) forward_tile(w, inputs, x, y, j, t, TALL, 1, relu);
  }
  for (; j < outputs; j++) {
    int t = 0;
    for (; t + 2 <= BLOCKS; t += 2) forward_tile(w, inputs, x, y, j, t, 1, 2, relu);
    if (t < BLOCKS) forward_tile(w, inputs, x, y, j, t, 1, 1, relu);
  }
}

/* Adjoints of a hidden layer, whose size is a multiple of TALL, masked where relu was flat. */
INLINE void backward(const double *w, int inputs, int outputs, vec g[][BLOCKS], vec x[][BLOCKS], vec gx[][BLOCKS]) {
  for (int k = 0; k < inputs; k += TALL)
    for (int t = 0; t < BLOCKS; t++) {
      vec sum[TALL];
#pragma GCC unroll 8
      for (int i = 0; i < TALL; i++) sum[i] = (vec){0};
      for (int j = 0; j < outputs; j++)
#pragma GCC unroll 8
        for (int i = 0; i < TALL; i++) sum[i] += w[j * (inputs + 1) + k + i] * g[j][t];
#pragma GCC unroll 8
      for (int i = 0; i < TALL; i++) gx[k + i][t] = where_positive(x[k + i][t], sum[i]);
    }
}

INLINE double total(vec a) {
  double sum = 0;
#pragma GCC unroll 8
  for (int l = 0; l < LANES; l++) sum += a[l];
  return sum;
}

/* A tile of tall x wide weights: sums over all samples of adjoint times input. */
INLINE void weights_tile(double *gw, int inputs, vec g[][BLOCKS], vec x[][BLOCKS], int j0, int k0, int tall, int wide) {
  vec sum[4][4];
#pragma GCC unroll 4
  for (int j = 0; j < tall; j++)
#pragma GCC unroll 4
    for (int k = 0; k < wide; k++) sum[j][k] = (vec){0};
  for (int t = 0; t < BLOCKS; t++)
#pragma GCC unroll 4
    for (int j = 0; j < tall; j++)
#pragma GCC unroll 4
      for (int k = 0; k < wide; k++) sum[j][k] += g[j0 + j][t] * x[k0 + k][t];
#pragma GCC unroll 4
  for (int j = 0; j < tall; j++)
#pragma GCC unroll 4
    for (int k = 0; k < wide; k++) gw[(j0 + j) * (inputs + 1) + k0 + k] = total(sum[j][k]);
}

INLINE void weights(double *gw, int inputs, int outputs, vec g[][BLOCKS], vec x[][BLOCKS]) {
  int j = 0;
  for (; j + 4 <= outputs; j += 4) {
    int k = 0;
    for (; k + 4 <= inputs; k += 4) weights_tile(gw, inputs, g, x, j, k, 4, 4);
    for (; k < inputs; k++) weights_tile(gw, inputs, g, x, j, k, 4, 1);
  }
  for (; j < outputs; j++) {
    int k = 0;
    for (; k + 4 <= inputs; k += 4) weights_tile(gw, inputs, g, x, j, k, 1, 4);
    for (; k < inputs; k++) weights_tile(gw, inputs, g, x, j, k, 1, 1);
  }
  for (j = 0; j < outputs; j++) {
    vec sum = {0};
    for (int t = 0; t < BLOCKS; t++) sum += g[j][t];
    gw[j * (inputs + 1) + inputs] = total(sum);
  }
}

/* The mean loss; `share` is 1/N, and 0 in padded lanes. */
#if HINGE
INLINE double loss(void) {
  vec sum = {0};
  for (int t = 0; t < BLOCKS; t++) {
    vec margin = 1.0 - target[0][t] * out[0][t];
    sum += where_positive(margin, margin) * share[t];
    adjoint[0][t] = where_positive(margin, -target[0][t] * share[t]);
  }
  return total(sum);
}
#else
INLINE double loss(void) {
  double(*z)[PADDED] = (double(*)[PADDED])out, (*g)[PADDED] = (double(*)[PADDED])adjoint;
  double(*y)[PADDED] = (double(*)[PADDED])target, *part = (double *)share;
  double sum[PADDED] = {0}, picked[PADDED] = {0}, mean = 0;
  for (int j = 0; j < NO; j++)
    for (int s = 0; s < PADDED; s++) {
      g[j][s] = exp(z[j][s]);
      sum[s] += g[j][s];
      picked[s] += y[j][s] * z[j][s];
    }
  for (int s = 0; s < PADDED; s++) mean += (log(sum[s]) - picked[s]) * part[s];
  for (int s = 0; s < PADDED; s++) sum[s] = 1 / sum[s];
  for (int j = 0; j < NO; j++)
    for (int s = 0; s < PADDED; s++) g[j][s] = (g[j][s] * sum[s] - y[j][s]) * part[s];
  return mean;
}
#endif

INLINE double step(double *p, double rate) {
  double *w1 = p, *g1 = gradient, *w2 = w1 + ROWS(NI, N1), *g2 = g1 + ROWS(NI, N1);
  double mean;
  forward(w1, NI, N1, in, hidden1, 1);
#if N2
  double *w3 = w2 + ROWS(N1, N2), *g3 = g2 + ROWS(N1, N2);
  forward(w2, N1, N2, hidden1, hidden2, 1);
  forward(w3, N2, NO, hidden2, out, 0);
  mean = loss();
  weights(g3, N2, NO, adjoint, hidden2);
  backward(w3, N2, NO, adjoint, hidden2, adjoint2);
  weights(g2, N1, N2, adjoint2, hidden1);
  backward(w2, N1, N2, adjoint2, hidden1, adjoint1);
#else
  forward(w2, N1, NO, hidden1, out, 0);
  mean = loss();
  weights(g2, N1, NO, adjoint, hidden1);
  backward(w2, N1, NO, adjoint, hidden1, adjoint1);
#endif
  weights(g1, NI, N1, adjoint1, in);
  for (int i = 0; i < COUNT; i++) p[i] -= rate * gradient[i];
  return mean;
}

/* The data are turned anew in every call, and once for all steps of it. Returns the loss before the last step. */
double train(const struct call *c) {
  turn(c->x, NI, in);
  turn(c->y, NO, target);
  for (int s = 0; s < N; s++) share[s / LANES][s % LANES] = 1.0 / N;
  double mean = 0;
  for (long i = 0; i < c->steps; i++) mean = step(c->parameters, c->rate);
  return mean;
}
