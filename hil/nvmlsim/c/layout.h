/* The state of the emulated GPUs: one shared mapping, written by the rig (Go) and by the library.
 *
 * Every field is eight bytes wide, so that the Go mirror in layout.go has the same offsets; the library refuses a
 * mapping whose sizes are not its own. Fields are of the rig or of the library, never of both, but for the clock.
 */
#ifndef HALLTWIN_NVMLSIM_LAYOUT_H
#define HALLTWIN_NVMLSIM_LAYOUT_H

#include <stdint.h>

#define RIG_MAGIC 0x3147495254414c48ull /* "HLATRIG1" */
#define MAX_DEVICES 16
#define MAX_LOADS 4096  /* pending changes of load, a ring */
#define MAX_HISTORY 1024 /* steps of energy, a ring: the longest averaging window is MAX_HISTORY * STEP_NS */
#define MAX_XIDS 64
#define STEP_NS 5000000ll /* integration step */

/* What a workload asks of a GPU from a moment on. */
typedef struct {
    int64_t at;            /* ns on the rig's clock */
    double sm, tensor, dram; /* activities, 0 to 1 */
    double rate;           /* work a second at full clock */
    double fixed;          /* share of a step's time that no clock shortens: memory, network; 0 to 1 */
    double memory;         /* bytes of device memory in use */
} load_t;

/* The hidden truth of one GPU; constant while it runs. */
typedef struct {
    double idle, sm, tensor, dram; /* W; the last three at activity 1 and full clock */
    double gamma;                  /* exponent of power over relative clock */
    double leakage, leak_ref;      /* 1/K of what is above idle; degC at which it is stated */
    double power_lag;              /* s, first order */
    double governor_lag;           /* s, of the clock that a cap asks for */
    double r1, r2, c1, c2;         /* K/W, J/K: die to sink, sink to coolant */
    double coolant;                /* degC */
    double update, window, phase;  /* s: the power sensor's period, averaging window and first update */
    double noise;                  /* W, standard deviation of one update */
    double offset;                 /* K, of the temperature sensor */
    double temp_noise;             /* K, standard deviation of one temperature update, before rounding */
    double temp_update;            /* s */
    double min_limit, max_limit, default_limit; /* W */
    double slowdown, clear, shutdown;           /* degC, K, degC */
    double max_clock, min_clock, memory_clock;  /* MHz */
    double memory;                              /* bytes */
} truth_t;

/* What the library integrates. */
typedef struct {
    int64_t at;       /* ns up to which all below is known */
    uint64_t started;
    uint64_t random;  /* splitmix64 */
    uint64_t taken;   /* loads consumed */
    load_t load;
    double power, energy;      /* W, J */
    double die, sink;          /* degC */
    double clock, thermal;     /* relative clock in force; the bound of the thermal governor */
    double limit;              /* W, as set */
    double lock_min, lock_max; /* MHz; 0: not locked */
    double work;               /* what the workload has got done */
    double sm_time, tensor_time, dram_time; /* s at activity 1 */
    uint64_t reasons;          /* throttle reasons, NVML's bits */
    double sensed_power, sensed_temp, sensed_util, util_mark; /* as the sensors hold them */
    int64_t next_power, next_temp; /* ns of their next updates */
    uint64_t steps;
    double history[MAX_HISTORY]; /* energy after each step */
} state_t;

typedef struct {
    truth_t truth;
    char uuid[96], name[96], bus[32];
    uint64_t loads; /* written; the last is loads[(loads-1) % MAX_LOADS] */
    load_t ring[MAX_LOADS];
    uint64_t lost;   /* fallen off the bus */
    uint64_t glitch; /* bits of GLITCH_* */
    uint64_t xids;   /* injected */
    uint64_t xid[MAX_XIDS];
    state_t state;
} device_t;

enum { GLITCH_POWER = 1, GLITCH_TEMP = 2, GLITCH_UUID = 4, GLITCH_ENERGY = 8, GLITCH_FAIL = 16 };

typedef struct {
    uint64_t magic, header_size, device_size;
    uint64_t lock;   /* process id of the holder */
    uint64_t wall;   /* 0: the clock is now; 1: it is the monotonic clock since origin, times rate */
    int64_t now;     /* ns */
    int64_t origin;  /* ns of CLOCK_MONOTONIC */
    double rate;
    uint64_t count;  /* GPUs */
    uint64_t modern; /* 1: temperature with versions, headroom; 0: the forms before driver 555 */
    uint64_t denied; /* 1: setting needs rights that this user lacks */
    uint64_t down;   /* 1: no driver */
    uint64_t epoch;  /* starts of the driver; a session of an earlier one is uninitialised */
    uint64_t coarse; /* 1: no GPM (before Hopper): utilisation only */
    char driver[32];
} header_t;

typedef struct {
    header_t header;
    device_t device[MAX_DEVICES];
} rig_t;

/* advance integrates a GPU up to t ns. */
void advance(device_t *d, int64_t t);

#endif
