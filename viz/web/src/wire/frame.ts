// Binary frames of values, as package wire specifies them: a header of 56 bytes, then codes of one or two bytes.

export const headerSize = 56;
export const tile = 16384;

export interface Frame {
  delta: boolean;
  width: 1 | 2;
  run: number;
  stream: number;
  channel: number;
  level: number;
  sequence: number;
  first: number;
  total: number;
  time: number;
  offset: number;
  scale: number;
  /** A part of the message, not a copy. */
  codes: Uint8Array | Uint16Array;
}

export class FrameError extends Error {}

/** Takes a frame apart; throws a FrameError on what is none. */
export function parseFrame(message: ArrayBuffer): Frame {
  if (message.byteLength < headerSize) throw new FrameError(`a frame of ${message.byteLength} bytes`);
  const v = new DataView(message);
  const version = v.getUint8(1);
  if (v.getUint8(0) !== 0x48 || version !== 1) throw new FrameError(`no frame of version 1 (${version})`);
  const kind = v.getUint8(2);
  const width = v.getUint8(3);
  if (kind !== 1 && kind !== 2) throw new FrameError(`frame of unknown kind ${kind}`);
  if (width !== 1 && width !== 2) throw new FrameError(`codes of ${width} bytes`);
  if (v.getUint8(15) !== 0) throw new FrameError("the byte that is kept free is not 0");
  const first = v.getUint32(20, true);
  const count = v.getUint32(24, true);
  const total = v.getUint32(28, true);
  if (count > tile || first + count > total) throw new FrameError(`${count} values from ${first} on, of ${total}`);
  if (message.byteLength - headerSize !== count * width)
    throw new FrameError("the codes have another length than the header says");
  const time = v.getFloat64(32, true);
  const offset = v.getFloat64(40, true);
  const scale = v.getFloat64(48, true);
  if (Number.isNaN(time) || !Number.isFinite(offset) || !Number.isFinite(scale) || scale < 0) {
    throw new FrameError("time, offset or scale is no number");
  }
  return {
    delta: kind === 2,
    width,
    run: v.getUint32(4, true),
    stream: v.getUint32(8, true),
    channel: v.getUint16(12, true),
    level: v.getUint8(14),
    sequence: v.getUint32(16, true),
    first,
    total,
    time,
    offset,
    scale,
    codes: width === 1 ? new Uint8Array(message, headerSize, count) : wide(v, count),
  };
}

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function wide(v: DataView, count: number): Uint16Array {
  if (littleEndian) return new Uint16Array(v.buffer, headerSize, count);
  return Uint16Array.from({ length: count }, (_, i) => v.getUint16(headerSize + 2 * i, true));
}

/** The codes of one tile, and what they mean. */
export interface Tile {
  sequence: number;
  offset: number;
  scale: number;
  unknown: number;
  codes: Uint8Array | Uint16Array;
}

/**
 * One channel at one level: tiles as they arrived, decoded into values. Unknown is NaN.
 */
export class Column {
  values: Float32Array;
  time = Number.NaN;
  stream = 0;
  private tiles = new Map<number, Tile>();

  constructor(total: number) {
    this.values = new Float32Array(total).fill(Number.NaN);
  }

  /** Applies a frame; false when it does not follow what is here, so that a keyframe must be asked for. */
  apply(f: Frame): boolean {
    if (f.total !== this.values.length) {
      if (f.delta) return false;
      this.values = new Float32Array(f.total).fill(Number.NaN);
      this.tiles.clear();
    }
    let t = this.tiles.get(f.first);
    if (f.delta) {
      if (!t || f.sequence !== t.sequence + 1 || t.codes.length !== f.codes.length) return false;
      const codes = t.codes;
      for (let i = 0; i < codes.length; i++) codes[i] = codes[i]! + f.codes[i]!; // wraps, as the type does
      t.sequence = f.sequence;
    } else {
      t = {
        sequence: f.sequence,
        offset: f.offset,
        scale: f.scale,
        unknown: f.width === 1 ? 0xff : 0xffff,
        codes: f.codes.slice(),
      };
      this.tiles.set(f.first, t);
    }
    this.time = f.time;
    this.decode(f.first, t);
    return true;
  }

  private decode(first: number, t: Tile): void {
    const { codes, offset, scale, unknown } = t;
    const out = this.values;
    const half = scale / 2;
    for (let i = 0; i < codes.length; i++) {
      const q = codes[i]!;
      const v = offset + q * scale;
      // Within the step of the codes, zero is zero: a unit that stands still shows no flow.
      out[first + i] = q === unknown ? Number.NaN : v < half && v > -half ? 0 : v;
    }
  }
}
