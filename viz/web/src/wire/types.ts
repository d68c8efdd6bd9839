// Messages of the websocket and answers of the HTTP interface, as package wire has them.

export type Mode = "LIVE" | "TWIN" | "REPLAY" | "FORK";
export type Severity = "detail" | "info" | "warning" | "critical";
export type Packed = [number, number][];
export type Maybe = number | null;

export interface ServerInfo {
  version: string;
  protocol: number;
  login: boolean;
  role: "viewer" | "operator" | "";
  who: string;
  run?: string;
}

export interface Input {
  path: string;
  label: string;
  value: string;
  origin: string;
}

export interface RunInfo {
  id: string;
  name: string;
  mode: Mode;
  source: string;
  scenario: string;
  about?: string;
  variant?: string;
  seed: number;
  start: string;
  duration_s: number;
  every_s: number;
  head_s: number;
  state: RunState;
  speed: number;
  version: string;
  command?: string;
  live: boolean;
  can_fork: boolean;
  verdict?: string;
  reason?: string;
  base?: string;
  forked_s?: number;
  actions?: string[];
  /** Of a twin beside a real site: the run of what is measured there. */
  measured?: string;
  /** Of that run: the twin. */
  twin?: string;
  counts: Record<string, number>;
  inputs?: Input[];
}

export type RunState = "running" | "paused" | "finished" | "stopped" | "failed";

export interface SiteLevel {
  kind: string;
  number: number;
  parent: string;
  count: number;
  counts: Packed;
  names?: string[];
  models?: string[];
  model?: Packed;
}

export interface Rectangle {
  x: number;
  y: number;
  w: number;
  d: number;
}

export interface Placed {
  kind: string;
  x: number[];
  y: number[];
  w: number;
  d: number;
}

export interface Floor {
  w: number;
  d: number;
  pitch: number;
  depth: number;
  halls: Rectangle[];
  rows: { x: number[]; y: number[]; facing: number[] | string };
  equipment: Placed[];
}

export interface Site {
  name: string;
  levels: SiteLevel[];
  floor: Floor | null;
}

export interface Threshold {
  at: number;
  above: boolean;
  severity: Severity;
  doc: string;
}

export type Reduce = "sum" | "max" | "min" | "mean" | "last";

export interface Channel {
  id: number;
  name: string;
  unit: string;
  symbol: string;
  kind: string;
  type: "gauge" | "counter" | "total";
  reduce: Reduce;
  doc: string;
  provenance: Provenance;
  low?: number | null;
  high?: number | null;
  thresholds?: Threshold[];
}

export type Provenance = "measured" | "calibrated" | "modelled" | "typical";

export interface Setting {
  kind: string;
  field: string;
  unit: string;
  min: number;
  max: number;
  doc: string;
}

export interface Registry {
  channels: Channel[];
  settings: Setting[];
  verbs: { name: string; kinds: string[] }[];
  states: { value: number; name: string; doc: string }[];
  kinds?: string[];
}

export interface PlantNode {
  id: number;
  kind: string;
  index: number;
  name: string;
  side: number;
  rating_w?: number;
  model?: string;
  count?: number;
}

export interface PlantEdge {
  from: number;
  to: number;
  medium?: string;
}

export interface Graph {
  nodes: PlantNode[];
  edges: PlantEdge[];
}

export interface RackType {
  model: string;
  racks: number;
  nodes: number;
  gpus: number;
  rating_w: number;
  liquid: number;
  gpu_power_w: number;
  gpu_target_c: number;
  gpu_shutdown_c: number;
}

export interface Plant {
  redundancy?: string;
  sides: string[];
  power: Graph;
  feeds: { a: Packed; b: Packed };
  cooling: Graph;
  cdu: Packed;
  racks: RackType[];
  notes?: string[];
}

export interface Value {
  channel: string;
  value: Maybe;
  unit: string;
  t: number;
  provenance: Provenance;
}

export interface Values {
  subject: string;
  kind: string;
  index: number;
  t: number;
  model?: string;
  values: Value[];
}

export interface History {
  channel: string;
  subject: string;
  unit: string;
  reduce?: Reduce;
  from: number;
  to: number;
  bucket_s: number;
  exact: boolean;
  t: number[];
  min: Maybe[];
  max: Maybe[];
  mean: Maybe[];
  command?: string;
}

export interface LogEvent {
  t_s: number;
  at: string;
  id: number;
  parent?: number;
  severity: Severity;
  type: string;
  subject?: string;
  kind?: string;
  index?: number;
  text?: string;
  fields?: { key: string; value?: number | null; unit?: string; text?: string }[];
}

export interface Events {
  events: LogEvent[];
  total: number;
  more: boolean;
}

export interface Tick {
  t: number;
  id: number;
  severity: Severity;
  type: string;
  subject: string;
  text: string;
}

export interface Ticks {
  bucket_s: number;
  counts: Record<string, number[]>;
  faults: Tick[];
}

export interface Job {
  index: number;
  name: string;
  class?: string;
  user?: string;
  queue?: string;
  gpus: number;
  submit: Maybe;
  start: Maybe;
  end: Maybe;
  state: string;
  restarts: number;
  segments: [Maybe, Maybe][];
  speed: Maybe;
  why?: string;
  slow?: string;
  nodes?: [number, number][];
}

export interface Jobs {
  from: number;
  to: number;
  total: number;
  rows: Job[];
  density: { bucket_s: number; running: Maybe[]; queued: Maybe[]; busy: Maybe[] };
}

export interface Act {
  verb: string;
  selector?: string;
  field?: string;
  value?: string;
  for?: string;
  job?: { name?: string; gpus: number; work: string };
  text?: string;
  at?: number;
  dry?: boolean;
}

export interface Acted {
  at: number;
  line: string;
  targets: number;
  done: boolean;
}

export interface Forking {
  t?: number;
  until?: number;
  name?: string;
  actions?: Act[];
}

/** The run as a whole at a moment. */
export interface Now {
  t: number;
  faults: { kind: string; index: number; subject: string; state: string; since: number; event: number }[];
  ups: { index: number; autonomy_s: Maybe; charge: Maybe }[];
  counts: Record<string, Record<string, number>>;
}

/** How a twin beside a real site stands to it. */
export interface Reality {
  at: number;
  sources: { name: string; age_s: Maybe; fault?: string; faults: number; readings: number }[];
  hosts: { host: string; node?: string; how: string; age_s: Maybe; silent?: boolean }[];
  silent: number;
  conflicts: string[];
  held: { of: string; what?: string; why: string; count: number }[];
  late: number;
  channels: RealChannel[];
  alarms: { subject: string; channel: string }[];
  jobs: { running: number; waiting: number; missed: number; adrift: number };
  score?: { channel: string; count: number; error: number; persistence: number; covered: number };
  things?: {
    subject: string;
    measured: Maybe;
    age_s: number;
    model: Maybe;
    expected: Maybe;
    residual: Maybe;
    interval: Maybe;
  }[];
}

export interface RealChannel {
  name: string;
  things: number;
  of: number;
  measured: Maybe;
  model: Maybe;
  expected: Maybe;
  residual: Maybe;
  input: boolean;
}

/** What lies ahead: the power of IT with its 90 % band, and what becomes of the site. */
export interface Outlook {
  t: number[];
  mean: number[];
  low: number[];
  high: number[];
  racks: number;
  interrupted: number;
  hottest_c: number;
  inlet_c: number;
  running: number;
  queued: number;
  took_s: number;
}

export interface Comparison {
  a: string;
  b: string;
  inputs: { path: string; a: string; b: string }[];
  diverges?: { t: number; text: string };
  kpis: {
    group: string;
    key: string;
    label: string;
    unit: string;
    a: Maybe;
    b: Maybe;
    difference: Maybe;
    percent: Maybe;
    provenance: Provenance;
  }[];
  notes?: string[];
  command: string;
}

export interface FileInfo {
  name: string;
  bytes: number;
  about?: string;
}

export interface Status {
  run: string;
  stream: number;
  t: number;
  head: number;
  end: number;
  follow: boolean;
  playing: boolean;
  speed: number;
  state: RunState;
  run_speed: number;
  skipped: number;
}

export interface Subscription {
  channel: string;
  level?: string;
  ranges?: [number, number][];
  bits?: 8 | 16;
}

/** Unfolds [[how many, what], …]. */
export function unpack(p: Packed | null | undefined): number[] {
  const out: number[] = [];
  for (const [n, v] of p ?? []) for (let i = 0; i < n; i++) out.push(v);
  return out;
}
