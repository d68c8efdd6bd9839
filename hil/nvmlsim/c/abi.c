/* The library's face: the functions of NVML that Halltwin calls, with prototypes of our own.
 *
 * Numbers of the interface (error codes, fields, metrics) are those that NVIDIA publishes in nvml.h; a comment names
 * each where it stands. The mapping is the file named by HALLTWIN_NVMLSIM.
 */
#define _GNU_SOURCE
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define API __attribute__((visibility("default"))) int

enum { /* nvmlReturn_t */
    OK = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NO_PERMISSION = 4, INSUFFICIENT_SIZE = 7,
    DRIVER_NOT_LOADED = 9, TIMEOUT = 10, GPU_IS_LOST = 15, ARGUMENT_VERSION_MISMATCH = 25, UNKNOWN = 999
};

static rig_t *rig;
static uint64_t session; /* the epoch in which Init was called */

static void acquire(void) {
    uint64_t me = (uint64_t)getpid();
    for (;;) {
        uint64_t holder = 0;
        if (__atomic_compare_exchange_n(&rig->header.lock, &holder, me, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
        if (holder != me && kill((pid_t)holder, 0) != 0 && errno == ESRCH /* killed while it held the lock */
            && __atomic_compare_exchange_n(&rig->header.lock, &holder, me, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) return;
        sched_yield();
    }
}

static void release(void) { __atomic_store_n(&rig->header.lock, 0, __ATOMIC_RELEASE); }

static int64_t monotonic(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static int64_t now(void) {
    header_t *h = &rig->header;
    if (!h->wall) return __atomic_load_n(&h->now, __ATOMIC_ACQUIRE);
    return (int64_t)((double)(monotonic() - h->origin) * h->rate);
}

static int alive(void) {
    if (!rig || session != __atomic_load_n(&rig->header.epoch, __ATOMIC_ACQUIRE)) return UNINITIALIZED;
    return rig->header.down ? DRIVER_NOT_LOADED : OK;
}

/* enter brings a GPU up to now and holds the lock; leave gives it back. */
static int enter(device_t *d) {
    int r = alive();
    if (r) return r;
    if (d < rig->device || d >= rig->device + rig->header.count) return INVALID_ARGUMENT;
    acquire();
    advance(d, now());
    if (d->lost) {
        release();
        return GPU_IS_LOST;
    }
    return OK;
}

static int leave(int r) {
    release();
    return r;
}

#define ENTER(d) do { int r_ = enter(d); if (r_) return r_; } while (0)

API nvmlInit_v2(void) {
    if (!rig) {
        const char *path = getenv("HALLTWIN_NVMLSIM");
        int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
        struct stat st;
        if (fd < 0) return DRIVER_NOT_LOADED;
        if (fstat(fd, &st) || st.st_size < (off_t)sizeof(rig_t)) {
            close(fd);
            return DRIVER_NOT_LOADED;
        }
        void *p = mmap(0, sizeof(rig_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (p == MAP_FAILED) return UNKNOWN;
        rig_t *r = p;
        if (r->header.magic != RIG_MAGIC || r->header.header_size != sizeof(header_t) || r->header.device_size != sizeof(device_t)) {
            munmap(p, sizeof(rig_t));
            return ARGUMENT_VERSION_MISMATCH;
        }
        rig = r;
    }
    if (rig->header.down) return DRIVER_NOT_LOADED;
    session = __atomic_load_n(&rig->header.epoch, __ATOMIC_ACQUIRE);
    return OK;
}

API nvmlInit(void) { return nvmlInit_v2(); }

API nvmlShutdown(void) {
    int r = alive();
    if (rig) munmap(rig, sizeof(rig_t));
    rig = 0; /* the next Init may find another rig */
    session = 0;
    return r;
}

__attribute__((visibility("default"))) const char *nvmlErrorString(int r) {
    switch (r) {
    case OK: return "Success";
    case UNINITIALIZED: return "Uninitialized";
    case INVALID_ARGUMENT: return "Invalid Argument";
    case NOT_SUPPORTED: return "Not Supported";
    case NO_PERMISSION: return "Insufficient Permissions";
    case INSUFFICIENT_SIZE: return "Insufficient Size";
    case DRIVER_NOT_LOADED: return "Driver Not Loaded";
    case TIMEOUT: return "Timeout";
    case GPU_IS_LOST: return "GPU is lost";
    case ARGUMENT_VERSION_MISMATCH: return "Argument Version Mismatch";
    }
    return "Unknown Error";
}

static int text(char *to, unsigned int size, const char *from) {
    if (strlen(from) >= size) return INSUFFICIENT_SIZE;
    strcpy(to, from);
    return OK;
}

API nvmlSystemGetDriverVersion(char *v, unsigned int size) {
    int r = alive();
    return r ? r : text(v, size, rig->header.driver);
}

API nvmlSystemGetNVMLVersion(char *v, unsigned int size) { return text(v, size, "halltwin-emulated"); }

API nvmlDeviceGetCount_v2(unsigned int *n) {
    int r = alive();
    if (!r) *n = (unsigned int)rig->header.count;
    return r;
}

API nvmlDeviceGetHandleByIndex_v2(unsigned int i, device_t **d) {
    int r = alive();
    if (r) return r;
    if (i >= rig->header.count) return INVALID_ARGUMENT;
    *d = &rig->device[i];
    return (*d)->lost ? GPU_IS_LOST : OK;
}

API nvmlDeviceGetName(device_t *d, char *name, unsigned int size) {
    ENTER(d);
    return leave(text(name, size, d->name));
}

API nvmlDeviceGetUUID(device_t *d, char *uuid, unsigned int size) {
    ENTER(d);
    return leave(text(uuid, size, d->glitch & GLITCH_UUID ? rig->device[0].uuid : d->uuid));
}

typedef struct {
    char legacy[16];
    unsigned int domain, bus, device, id, subsystem;
    char address[32];
} pci_t;

API nvmlDeviceGetPciInfo_v3(device_t *d, pci_t *p) {
    ENTER(d);
    memset(p, 0, sizeof *p);
    snprintf(p->address, sizeof p->address, "%s", d->bus);
    snprintf(p->legacy, sizeof p->legacy, "%.15s", d->bus + 4);
    sscanf(d->bus, "%x:%x:%x", &p->domain, &p->bus, &p->device);
    return leave(OK);
}

static unsigned int milliwatts(const device_t *d) {
    return d->glitch & GLITCH_POWER ? 0xffffffffu : (unsigned int)lround(1000 * fmax(0, d->state.sensed_power));
}

static unsigned int degrees(const device_t *d) {
    return d->glitch & GLITCH_TEMP ? 214748365u : (unsigned int)lround(fmax(0, d->state.sensed_temp));
}

static unsigned long long millijoules(const device_t *d) {
    return d->glitch & GLITCH_ENERGY ? 0 : (unsigned long long)(1000 * d->state.energy);
}

API nvmlDeviceGetPowerUsage(device_t *d, unsigned int *mw) {
    ENTER(d);
    if (d->glitch & GLITCH_FAIL) return leave(UNKNOWN);
    *mw = milliwatts(d);
    return leave(OK);
}

API nvmlDeviceGetTotalEnergyConsumption(device_t *d, unsigned long long *mj) {
    ENTER(d);
    *mj = millijoules(d);
    return leave(OK);
}

API nvmlDeviceGetTemperature(device_t *d, int sensor, unsigned int *t) {
    ENTER(d);
    if (rig->header.modern) return leave(NOT_SUPPORTED);
    if (sensor != 0) return leave(INVALID_ARGUMENT);
    *t = degrees(d);
    return leave(OK);
}

API nvmlDeviceGetTemperatureThreshold(device_t *d, int kind, unsigned int *t) {
    ENTER(d);
    if (rig->header.modern) return leave(NOT_SUPPORTED);
    switch (kind) { /* nvmlTemperatureThresholds_t */
    case 0: *t = (unsigned int)d->truth.shutdown; return leave(OK);
    case 1: *t = (unsigned int)d->truth.slowdown; return leave(OK);
    }
    return leave(NOT_SUPPORTED);
}

#ifndef OLD_ABI /* a driver before 555 has no such symbols */
typedef struct {
    unsigned int version;
    int sensor, degrees;
} temperature_t;

API nvmlDeviceGetTemperatureV(device_t *d, temperature_t *t) {
    ENTER(d);
    if (!rig->header.modern) return leave(NOT_SUPPORTED);
    if (t->version != (sizeof *t | 1 << 24)) return leave(ARGUMENT_VERSION_MISMATCH);
    t->degrees = (int)degrees(d);
    return leave(OK);
}

typedef struct {
    unsigned int version;
    int kelvin;
} margin_t;

API nvmlDeviceGetMarginTemperature(device_t *d, margin_t *m) {
    ENTER(d);
    if (!rig->header.modern) return leave(NOT_SUPPORTED);
    if (m->version != (sizeof *m | 1 << 24)) return leave(ARGUMENT_VERSION_MISMATCH);
    m->kelvin = (int)(d->truth.slowdown - lround(d->state.sensed_temp));
    return leave(OK);
}
#endif

API nvmlDeviceGetPowerManagementLimit(device_t *d, unsigned int *mw) {
    ENTER(d);
    *mw = (unsigned int)lround(1000 * d->state.limit);
    return leave(OK);
}

API nvmlDeviceGetEnforcedPowerLimit(device_t *d, unsigned int *mw) { return nvmlDeviceGetPowerManagementLimit(d, mw); }

API nvmlDeviceGetPowerManagementDefaultLimit(device_t *d, unsigned int *mw) {
    ENTER(d);
    *mw = (unsigned int)lround(1000 * d->truth.default_limit);
    return leave(OK);
}

API nvmlDeviceGetPowerManagementLimitConstraints(device_t *d, unsigned int *lo, unsigned int *hi) {
    ENTER(d);
    *lo = (unsigned int)lround(1000 * d->truth.min_limit);
    *hi = (unsigned int)lround(1000 * d->truth.max_limit);
    return leave(OK);
}

API nvmlDeviceSetPowerManagementLimit(device_t *d, unsigned int mw) {
    ENTER(d);
    if (rig->header.denied) return leave(NO_PERMISSION);
    if (mw < 1000 * d->truth.min_limit || mw > 1000 * d->truth.max_limit) return leave(INVALID_ARGUMENT);
    d->state.limit = mw / 1000.0;
    return leave(OK);
}

API nvmlDeviceSetGpuLockedClocks(device_t *d, unsigned int lo, unsigned int hi) {
    ENTER(d);
    if (rig->header.denied) return leave(NO_PERMISSION);
    if (lo > hi || hi > d->truth.max_clock) return leave(INVALID_ARGUMENT);
    d->state.lock_min = lo;
    d->state.lock_max = hi;
    return leave(OK);
}

API nvmlDeviceResetGpuLockedClocks(device_t *d) {
    ENTER(d);
    if (rig->header.denied) return leave(NO_PERMISSION);
    d->state.lock_min = d->state.lock_max = 0;
    return leave(OK);
}

API nvmlDeviceGetClockInfo(device_t *d, int kind, unsigned int *mhz) {
    ENTER(d);
    switch (kind) { /* nvmlClockType_t */
    case 0: case 1: *mhz = (unsigned int)lround(d->state.clock * d->truth.max_clock); return leave(OK);
    case 2: *mhz = (unsigned int)d->truth.memory_clock; return leave(OK);
    }
    return leave(NOT_SUPPORTED);
}

API nvmlDeviceGetMaxClockInfo(device_t *d, int kind, unsigned int *mhz) {
    ENTER(d);
    *mhz = (unsigned int)(kind == 2 ? d->truth.memory_clock : d->truth.max_clock);
    return leave(OK);
}

typedef struct { unsigned int gpu, memory; } utilisation_t;

API nvmlDeviceGetUtilizationRates(device_t *d, utilisation_t *u) {
    ENTER(d);
    u->gpu = (unsigned int)lround(100 * fmin(1, d->state.sensed_util));
    u->memory = (unsigned int)lround(100 * d->state.load.dram);
    return leave(OK);
}

typedef struct { unsigned long long total, free, used; } memory_t;

API nvmlDeviceGetMemoryInfo(device_t *d, memory_t *m) {
    ENTER(d);
    m->total = (unsigned long long)d->truth.memory;
    m->used = (unsigned long long)fmin(d->state.load.memory, d->truth.memory);
    m->free = m->total - m->used;
    return leave(OK);
}

API nvmlDeviceGetCurrentClocksEventReasons(device_t *d, unsigned long long *bits) {
    ENTER(d);
    *bits = d->state.reasons;
    return leave(OK);
}

API nvmlDeviceGetCurrentClocksThrottleReasons(device_t *d, unsigned long long *bits) {
    return nvmlDeviceGetCurrentClocksEventReasons(d, bits);
}

typedef struct {
    unsigned int field, scope;
    long long timestamp, latency;
    unsigned int type; /* nvmlValueType_t: 1 unsigned int, 3 unsigned long long */
    int result;
    union {
        unsigned int u;
        int i;
        unsigned long long ull;
    } value;
} field_t;

API nvmlDeviceGetFieldValues(device_t *d, int n, field_t *f) {
    ENTER(d);
    for (int i = 0; i < n; i++) {
        f[i].timestamp = now() / 1000;
        f[i].result = OK;
        f[i].type = 1;
        switch (f[i].field) {
        case 83: f[i].type = 3, f[i].value.ull = millijoules(d); break;            /* TOTAL_ENERGY_CONSUMPTION */
        case 185: f[i].value.u = milliwatts(d); break;                             /* POWER_AVERAGE */
        case 193: f[i].type = 5, f[i].value.i = (int)(d->truth.slowdown - d->truth.shutdown); f[i].result = rig->header.modern ? OK : NOT_SUPPORTED; break; /* TEMPERATURE_SHUTDOWN_TLIMIT */
        case 194: f[i].type = 5, f[i].value.i = 0; f[i].result = rig->header.modern ? OK : NOT_SUPPORTED; break; /* TEMPERATURE_SLOWDOWN_TLIMIT */
        default: f[i].result = NOT_SUPPORTED;
        }
    }
    return leave(OK);
}

/* Profiling counters (GPM): what was busy between two samples. */
typedef struct { double at, sm, tensor, dram; } sample_t;
typedef struct {
    unsigned int metric;
    int result;
    double value;
    char *names[3];
} metric_t;
typedef struct {
    unsigned int version, count;
    sample_t *first, *second;
    metric_t metric[];
} metrics_t;
typedef struct { unsigned int version, supported; } support_t;

API nvmlGpmQueryDeviceSupport(device_t *d, support_t *s) {
    ENTER(d);
    s->supported = !rig->header.coarse;
    return leave(OK);
}

API nvmlGpmSampleAlloc(sample_t **s) { return (*s = calloc(1, sizeof **s)) ? OK : UNKNOWN; }

API nvmlGpmSampleFree(sample_t *s) {
    free(s);
    return OK;
}

API nvmlGpmSampleGet(device_t *d, sample_t *s) {
    ENTER(d);
    *s = (sample_t){(double)d->state.at * 1e-9, d->state.sm_time, d->state.tensor_time, d->state.dram_time};
    return leave(rig->header.coarse ? NOT_SUPPORTED : OK);
}

API nvmlGpmMetricsGet(metrics_t *m) {
    double dt = m->second->at - m->first->at;
    for (unsigned int i = 0; i < m->count; i++) {
        metric_t *x = &m->metric[i];
        double gained;
        switch (x->metric) { /* nvmlGpmMetricId_t, in percent */
        case 2: gained = m->second->sm - m->first->sm; break;         /* SM_UTIL */
        case 5: gained = m->second->tensor - m->first->tensor; break; /* ANY_TENSOR_UTIL */
        case 10: gained = m->second->dram - m->first->dram; break;    /* DRAM_BW_UTIL */
        default: x->result = NOT_SUPPORTED; continue;
        }
        x->result = dt > 0 ? OK : UNKNOWN;
        x->value = dt > 0 ? 100 * gained / dt : 0;
    }
    return OK;
}

/* Events: Xid errors. */
typedef struct {
    uint64_t devices, seen[MAX_DEVICES];
} set_t;
typedef struct {
    device_t *device;
    unsigned long long type, data;
    unsigned int gpu, compute;
} event_t;

API nvmlEventSetCreate(set_t **s) {
    int r = alive();
    if (r) return r;
    return (*s = calloc(1, sizeof **s)) ? OK : UNKNOWN;
}

API nvmlEventSetFree(set_t *s) {
    free(s);
    return OK;
}

API nvmlDeviceRegisterEvents(device_t *d, unsigned long long types, set_t *s) {
    ENTER(d);
    if (!(types & 8)) return leave(NOT_SUPPORTED); /* nvmlEventTypeXidCriticalError */
    s->devices |= 1ull << (d - rig->device);
    s->seen[d - rig->device] = d->xids;
    return leave(OK);
}

API nvmlEventSetWait_v2(set_t *s, event_t *e, unsigned int ms) {
    int64_t end = monotonic() + ms * 1000000ll;
    do {
        int r = alive();
        if (r) return r;
        for (uint64_t i = 0; i < rig->header.count; i++) {
            device_t *d = &rig->device[i];
            if (!(s->devices >> i & 1) || s->seen[i] >= __atomic_load_n(&d->xids, __ATOMIC_ACQUIRE)) continue;
            *e = (event_t){d, 8, d->xid[s->seen[i]++ % MAX_XIDS], ~0u, ~0u};
            return OK;
        }
        if (ms > 0) usleep(1000);
    } while (monotonic() < end);
    return TIMEOUT;
}
