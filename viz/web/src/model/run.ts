// A run that is attended: what it is, where its viewer stands, and the columns of values that stream in.
import { type Signal, signal } from "@preact/signals";
import { Column, type Frame } from "../wire/frame";
import type { Channel, Plant, Registry, RunInfo, Site, Status, Subscription } from "../wire/types";
import { Tree } from "./tree";

/** A channel at a level. */
export interface Stream {
  column: Column | null;
  /** Counts what has arrived, so that a drawing that reads it is drawn anew. */
  tick: Signal<number>;
}

export const keyOf = (channel: string, level: string) => `${channel}@${level}`;

export class Run {
  readonly info: Signal<RunInfo>;
  readonly status: Signal<Status>;
  readonly tree: Tree;
  readonly site: Site;
  readonly plant: Plant;
  readonly registry: Registry;
  readonly number: number;
  private readonly byName = new Map<string, Channel>();
  private readonly byId = new Map<number, Channel>();
  private readonly streams = new Map<string, Stream>();
  private readonly wants = new Map<string, Subscription[]>();
  private readonly send: (subscriptions: Subscription[]) => void;
  private readonly again: () => void;
  private sent = "";
  private due = false;

  constructor(p: {
    info: RunInfo;
    site: Site;
    plant: Plant;
    registry: Registry;
    number: number;
    status: Status;
    send: (subscriptions: Subscription[]) => void;
    keyframe: () => void;
  }) {
    this.info = signal(p.info);
    this.status = signal(p.status);
    this.site = p.site;
    this.plant = p.plant;
    this.registry = p.registry;
    this.number = p.number;
    this.tree = new Tree(p.site);
    this.send = p.send;
    this.again = p.keyframe;
    for (const c of p.registry.channels) {
      this.byName.set(c.name, c);
      this.byId.set(c.id, c);
    }
  }

  get id(): string {
    return this.info.peek().id;
  }

  channel(name: string): Channel | undefined {
    return this.byName.get(name);
  }

  /** The first of several channels that this run has. */
  firstOf(...names: string[]): Channel | undefined {
    for (const n of names) {
      const c = this.byName.get(n);
      if (c) return c;
    }
    return undefined;
  }

  stream(channel: string, level: string): Stream {
    const key = keyOf(channel, level);
    let s = this.streams.get(key);
    if (!s) {
      s = { column: null, tick: signal(0) };
      this.streams.set(key, s);
    }
    return s;
  }

  /** The values of a channel at a level, or null; a component or drawing that asks follows them. */
  values(channel: string, level: string): Float32Array | null {
    const s = this.stream(channel, level);
    void s.tick.value;
    return s.column?.values ?? null;
  }

  /** One value, NaN where unknown. */
  value(channel: string, index = 0, level = this.byName.get(channel)?.kind ?? "site"): number {
    return this.values(channel, level)?.[index] ?? Number.NaN;
  }

  /** Says what a part of the page shows; an empty list takes it back. */
  want(who: string, list: Subscription[]): void {
    const known = list.filter((s) => this.byName.has(s.channel));
    if (known.length) this.wants.set(who, known);
    else this.wants.delete(who);
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      this.subscribe();
    });
  }

  subscribe(force = false): void {
    const union = new Map<string, Subscription>();
    for (const list of this.wants.values()) {
      for (const s of list) {
        const key = keyOf(s.channel, s.level ?? "");
        const have = union.get(key);
        if (!have) union.set(key, s);
        else union.set(key, merge(have, s));
      }
    }
    const list = [...union.values()].slice(0, 64);
    const text = JSON.stringify(list);
    if (text === this.sent && !force) return;
    this.sent = text;
    this.send(list);
  }

  apply(f: Frame): void {
    const st = this.status.peek();
    if (f.stream !== st.stream) return;
    const channel = this.byId.get(f.channel);
    const level = this.tree.kindOf(f.level);
    if (!channel || !level) return;
    const s = this.stream(channel.name, level);
    s.column ??= new Column(f.total);
    if (!s.column.apply(f)) {
      this.again();
      return;
    }
    s.tick.value++;
  }
}

/** What satisfies both. */
function merge(a: Subscription, b: Subscription): Subscription {
  const out: Subscription = { channel: a.channel };
  if (a.level) out.level = a.level;
  if (a.bits === 16 || b.bits === 16) out.bits = 16;
  if (a.ranges && b.ranges) out.ranges = [...a.ranges, ...b.ranges];
  return out;
}
