// The map of a site, as facility.Tree has it: indices are dense and run in order of the tree, so the children of one
// kind under one parent are a contiguous range, and names are made when asked for.
import { type Site, unpack } from "../wire/types";

export type Kind = string;

export interface Ref {
  kind: Kind;
  index: number;
}

export interface Level {
  parent: Kind;
  up: Int32Array;
  first: Int32Array;
  names: string[];
  model: Int16Array | null;
  models: string[];
}

export class Tree {
  readonly name: string;
  private readonly levels = new Map<Kind, Level>();
  private readonly numbers = new Map<number, Kind>();
  private readonly byName = new Map<string, Ref>();

  constructor(site: Site) {
    this.name = site.name;
    for (const d of site.levels) {
      const counts = unpack(d.counts);
      const up = new Int32Array(d.count);
      const first = new Int32Array(counts.length + 1);
      let at = 0;
      counts.forEach((n, p) => {
        first[p] = at;
        up.fill(p, at, at + n);
        at += n;
      });
      first[counts.length] = at;
      const names = d.names ?? [];
      names.forEach((n, index) => {
        if (n && !this.byName.has(n)) this.byName.set(n, { kind: d.kind, index });
      });
      this.numbers.set(d.number, d.kind);
      this.levels.set(d.kind, {
        parent: d.parent,
        up,
        first,
        names,
        model: d.model ? Int16Array.from(unpack(d.model)) : null,
        models: d.models ?? [],
      });
    }
  }

  /** The kind that a frame's level byte means. */
  kindOf(number: number): Kind {
    return this.numbers.get(number) ?? (number === 0 ? "site" : "");
  }

  get kinds(): Kind[] {
    return [...this.levels.keys()];
  }

  count(kind: Kind): number {
    return kind === "site" ? 1 : (this.levels.get(kind)?.up.length ?? 0);
  }

  has(ref: Ref): boolean {
    return ref.index >= 0 && ref.index < this.count(ref.kind);
  }

  parent(ref: Ref): Ref | null {
    const l = this.levels.get(ref.kind);
    if (ref.kind === "site" || !l || !this.has(ref)) return null;
    return { kind: l.parent, index: l.up[ref.index]! };
  }

  /** The number of a thing within its parent. */
  local(ref: Ref): number {
    const l = this.levels.get(ref.kind);
    if (!l || !this.has(ref)) return ref.index;
    return ref.index - l.first[l.up[ref.index]!]!;
  }

  ancestor(ref: Ref, kind: Kind): number {
    let r: Ref | null = ref;
    while (r) {
      if (r.kind === kind) return r.index;
      r = this.parent(r);
    }
    return -1;
  }

  /** The range [lo, hi) of things of a kind inside a thing, which is inside itself. */
  descendants(ref: Ref, kind: Kind): [number, number] {
    return this.span(ref.kind, ref.index, ref.index + 1, kind);
  }

  private span(have: Kind, lo: number, hi: number, want: Kind): [number, number] {
    if (have === want) return [lo, hi];
    const l = this.levels.get(want);
    if (want === "site" || !l) return [0, 0];
    const [plo, phi] = this.span(have, lo, hi, l.parent);
    const last = l.first.length - 1;
    return [l.first[Math.min(plo, last)]!, l.first[Math.min(phi, last)]!];
  }

  model(ref: Ref): string {
    const l = this.levels.get(ref.kind);
    const m = l?.model?.[ref.index] ?? -1;
    return l?.models[m] ?? "";
  }

  /** The last part of a name: "rack-7", "utility-a". */
  part(ref: Ref): string {
    if (ref.kind === "site") return "site";
    return this.levels.get(ref.kind)?.names[ref.index] || `${ref.kind}-${this.local(ref)}`;
  }

  /** The stable path of a thing: "hall-0/row-3/rack-7". */
  nameOf(ref: Ref): string {
    const parts: string[] = [];
    for (let r: Ref | null = ref; r && r.kind !== "site"; r = this.parent(r)) parts.unshift(this.part(r));
    return parts.join("/") || "site";
  }

  /** Finds the thing that a path means, or null. */
  parse(path: string): Ref | null {
    if (path === "site" || path === "") return { kind: "site", index: 0 };
    let at: Ref = { kind: "site", index: 0 };
    for (const part of path.split("/")) {
      const own = this.byName.get(part);
      if (own) {
        at = own;
        continue;
      }
      const m = /^([a-z-]+)-(\d+)$/.exec(part);
      const kind = m?.[1] ?? "";
      if (!m || !this.levels.has(kind)) return null;
      const [lo, hi] = this.descendants(at, kind);
      const index = lo + Number(m[2]);
      if (index >= hi) return null;
      at = { kind, index };
    }
    return at;
  }

  /** From the site down to a thing. */
  path(ref: Ref): Ref[] {
    const out: Ref[] = [];
    for (let r: Ref | null = ref; r; r = this.parent(r)) out.unshift(r);
    return out;
  }
}
