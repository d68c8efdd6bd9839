/* The hidden GPU: power with a lag, a power limit and a thermal governor acting on the clock, two thermal poles, and
 * sensors that average, hold, add noise and round. Steps of STEP_NS; the poles by their exact exponential.
 */
#include "layout.h"
#include <math.h>
#include <string.h>

static double uniform(state_t *s) {
    uint64_t z = (s->random += 0x9e3779b97f4a7c15ull);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* Box and Muller. */
static double normal(state_t *s) {
    double u = 1 - uniform(s), v = uniform(s);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

typedef struct { double a, b, c, d; } decay_t; /* of (die, sink) from rest */

static decay_t decay(const truth_t *p, double t) {
    double a = 1 / (p->r1 * p->c1), b = 1 / (p->r1 * p->c2), d = 1 / (p->r2 * p->c2);
    double half = (a + b + d) / 2, root = sqrt(half * half - a * d);
    double fast = half + root, slow = a * d / fast; /* rates */
    double ef = exp(-fast * t), es = exp(-slow * t);
    double f = 1 - fast / a, s = 1 - slow / a; /* sink's share of each mode */
    return (decay_t){(f * es - s * ef) / (f - s), (ef - es) / (f - s), f * s * (es - ef) / (f - s), (f * ef - s * es) / (f - s)};
}

static void begin(device_t *d, int64_t t) {
    truth_t *p = &d->truth;
    state_t *s = &d->state;
    uint64_t seed = s->random, taken = s->taken;
    memset(s, 0, sizeof *s);
    s->random = seed;
    s->taken = taken;
    s->limit = p->default_limit;
    s->at = t - t % STEP_NS;
    s->power = p->idle;
    s->sink = p->coolant + p->r2 * p->idle;
    s->die = s->sink + p->r1 * p->idle;
    s->clock = s->thermal = 1;
    s->sensed_power = p->idle;
    s->sensed_temp = s->die + p->offset;
    s->next_power = s->at + (int64_t)(p->phase * 1e9);
    s->next_temp = s->at;
    for (int i = 0; i < MAX_HISTORY; i++) s->history[i] = -p->idle * (double)(MAX_HISTORY - 1 - i) * STEP_NS * 1e-9;
    s->steps = 0;
    s->started = 1;
}

/* average returns the mean power of the last window s; between steps energy is a straight line. */
static double average(const state_t *s, double window) {
    double back = window / (STEP_NS * 1e-9);
    if (back < 1) back = 1;
    if (back > MAX_HISTORY - 2) back = MAX_HISTORY - 2;
    uint64_t whole = (uint64_t)back;
    double part = back - (double)whole;
    double e1 = s->history[(s->steps + 2 * MAX_HISTORY - 1 - whole) % MAX_HISTORY];
    double e0 = s->history[(s->steps + 2 * MAX_HISTORY - 2 - whole) % MAX_HISTORY];
    return (s->energy - (e1 + part * (e0 - e1))) / (back * STEP_NS * 1e-9);
}

void advance(device_t *d, int64_t t) {
    truth_t *p = &d->truth;
    if (!d->state.started) begin(d, t);
    if (d->lost || t < d->state.at + STEP_NS) return;
    const double h = STEP_NS * 1e-9;
    const decay_t k = decay(p, h);
    const double power_gain = p->power_lag > 0 ? 1 - exp(-h / p->power_lag) : 1;
    const double clock_gain = p->governor_lag > 0 ? 1 - exp(-h / p->governor_lag) : 1;
    const double lowest = p->min_clock / p->max_clock;
    state_t *s = &d->state;
    double scaled = -1, scale = 1; /* clock^gamma of the last clock */
    while (s->at + STEP_NS <= t) {
        while (s->taken < __atomic_load_n(&d->loads, __ATOMIC_ACQUIRE) && d->ring[s->taken % MAX_LOADS].at <= s->at)
            s->load = d->ring[s->taken++ % MAX_LOADS];
        const load_t *l = &s->load;
        double top = 1;
        s->reasons = 0;
        if (s->lock_max > 0 && s->lock_max < p->max_clock) {
            top = fmax(s->lock_max / p->max_clock, lowest);
            s->reasons |= 0x2;
        }
        double dynamic = (p->sm * l->sm + p->tensor * l->tensor + p->dram * l->dram) * (1 + p->leakage * (s->die - p->leak_ref));
        if (dynamic <= 0) {
            dynamic = 0;
            s->reasons |= 0x1;
        }
        double want = top;
        if (p->idle + dynamic * pow(top, p->gamma) > s->limit) {
            want = fmax(lowest, pow(fmax(s->limit - p->idle, 0) / dynamic, 1 / p->gamma));
            s->reasons |= 0x4;
        }
        if (s->die >= p->slowdown) s->thermal = fmax(lowest, s->thermal - 0.2 * h);
        else if (s->die < p->slowdown - p->clear) s->thermal = fmin(1, s->thermal + 0.1 * h);
        if (s->thermal < want) {
            want = s->thermal;
            s->reasons |= 0x20;
        }
        s->clock += (want - s->clock) * clock_gain;
        if (s->clock > top) s->clock = top;
        if (s->clock != scaled) scaled = s->clock, scale = pow(s->clock, p->gamma);
        s->power += (p->idle + dynamic * scale - s->power) * power_gain;
        s->energy += s->power * h;
        double sink = p->coolant + p->r2 * s->power, die = sink + p->r1 * s->power;
        double x = s->die - die, y = s->sink - sink;
        s->die = die + k.a * x + k.b * y;
        s->sink = sink + k.c * x + k.d * y;
        if (l->rate > 0) s->work += h * l->rate / ((1 - l->fixed) / s->clock + l->fixed);
        s->sm_time += l->sm * h;
        s->tensor_time += l->tensor * h;
        s->dram_time += l->dram * h;
        s->history[s->steps++ % MAX_HISTORY] = s->energy;
        s->at += STEP_NS;
        if (s->at >= s->next_power) {
            s->sensed_power = average(s, p->window) + p->noise * normal(s);
            s->next_power += (int64_t)(p->update * 1e9);
        }
        if (s->at >= s->next_temp) {
            s->sensed_temp = s->die + p->offset + p->temp_noise * normal(s);
            s->sensed_util = (s->sm_time - s->util_mark) / p->temp_update;
            s->util_mark = s->sm_time;
            s->next_temp += (int64_t)(p->temp_update * 1e9);
        }
        if (s->die >= p->shutdown) { /* it switches itself off, and its bus sees it go */
            d->xid[d->xids++ % MAX_XIDS] = 79;
            d->lost = 1;
            return;
        }
    }
}
