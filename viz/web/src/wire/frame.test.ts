import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Column, FrameError, headerSize, parseFrame } from "./frame";

const dir = new URL("../../../wire/testdata/", import.meta.url);
const names = readdirSync(dir)
  .filter((n) => n.endsWith(".bin"))
  .map((n) => n.slice(0, -4))
  .sort();
const series = [...new Set(names.map((n) => n.replace(/-\d+$/, "")))];

const bytes = (name: string): ArrayBuffer => Uint8Array.from(readFileSync(new URL(`${name}.bin`, dir))).buffer;

interface Golden {
  kind: string | number;
  run: number;
  stream: number;
  channel: number;
  level: number;
  sequence: number;
  first: number;
  total: number;
  t: number;
  offset: number;
  scale: number;
  values: (number | null)[];
}

describe("golden frames of package wire", () => {
  it("are there", () => expect(series.length).toBeGreaterThan(2));
  it.each(series)("%s decodes to what it says", (s) => {
    const column = new Column(0);
    for (const name of names.filter((n) => n.replace(/-\d+$/, "") === s)) {
      const want = JSON.parse(readFileSync(new URL(`${name}.json`, dir), "utf8")) as Golden;
      const f = parseFrame(bytes(name));
      expect({
        run: f.run,
        stream: f.stream,
        channel: f.channel,
        level: f.level,
        sequence: f.sequence,
        first: f.first,
        total: f.total,
        t: f.time,
      }).toEqual({
        run: want.run,
        stream: want.stream,
        channel: want.channel,
        level: want.level,
        sequence: want.sequence,
        first: want.first,
        total: want.total,
        t: want.t,
      });
      expect(column.apply(f), name).toBe(true);
      want.values.forEach((v, i) => {
        const got = column.values[f.first + i]!;
        if (v === null) expect(got, `${name}[${i}]`).toBeNaN();
        else
          expect(Math.abs(got - v), `${name}[${i}]: ${got} for ${v}`).toBeLessThanOrEqual(
            Math.max(f.scale / 2, 1e-6 * Math.abs(v)),
          );
      });
    }
  });
});

describe("what is no frame", () => {
  const good = () => bytes(names[0]!);
  const broken = (change: (v: DataView) => void) => {
    const b = good();
    change(new DataView(b));
    return b;
  };
  it.each([
    ["too short", () => good().slice(0, headerSize - 1)],
    ["cut", () => good().slice(0, headerSize + 1)],
    ["another magic", () => broken((v) => v.setUint8(0, 0))],
    ["another version", () => broken((v) => v.setUint8(1, 9))],
    ["an unknown kind", () => broken((v) => v.setUint8(2, 3))],
    ["an unknown width", () => broken((v) => v.setUint8(3, 4))],
    ["a byte not free", () => broken((v) => v.setUint8(15, 1))],
    ["more than there are", () => broken((v) => v.setUint32(28, 0, true))],
    ["no number", () => broken((v) => v.setFloat64(48, Number.NaN, true))],
    ["a negative scale", () => broken((v) => v.setFloat64(48, -1, true))],
  ])("%s is refused", (_name, make) => {
    expect(() => parseFrame(make())).toThrow(FrameError);
  });
  it("random bytes never do anything but throw a FrameError", () => {
    let seed = 7;
    const next = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return seed >>> 16;
    };
    for (let n = 0; n < 3000; n++) {
      const b = Uint8Array.from({ length: next() % 90 }, () => next() & 255);
      if (b.length > 4) [b[0], b[1], b[2], b[3]] = [0x48, 1, 1 + (next() & 1), 1 + (next() & 1)];
      try {
        new Column(0).apply(parseFrame(b.buffer));
      } catch (e) {
        expect(e).toBeInstanceOf(FrameError);
      }
    }
  });
});

describe("a column", () => {
  const key = names.find((n) => n.endsWith("-001") && names.includes(n.replace("-001", "-002")))!;
  it("refuses a delta without its keyframe, and one out of order", () => {
    const delta = names.map((n) => parseFrame(bytes(n))).find((f) => f.delta)!;
    expect(new Column(delta.total).apply(delta)).toBe(false);
    const column = new Column(0);
    column.apply(parseFrame(bytes(key)));
    const late = { ...delta, sequence: delta.sequence + 5 };
    expect(column.apply(late)).toBe(false);
  });
  it("begins unknown", () => {
    expect(new Column(3).values.every(Number.isNaN)).toBe(true);
  });
});
