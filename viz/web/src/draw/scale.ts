// Colour scales whose lightness only rises, so that they read the same in grey and to every kind of colour vision.
// 33 points of matplotlib's viridis and cividis (CC0), with straight lines between.
const points = {
  viridis:
    "440154470d6048186a482374472d7b4537814240863e49893b528b375b8d33638d2f6b8e2c728e297a8e26828e23898e21918c1f988b1fa08822a78528ae8032b67a3fbc734ec36b5ec96270cf5784d44b98d83eaddc30c2df23d8e219ece51bfde725",
  cividis:
    "00224e00285b002e6a0533711a386f273e6e32436d3b496c434e6c4b546c535a6d5a5f6e61656f686a716f70737676767d7c788482798c8878938e789b9476a39a74aba072b4a76fbcae6cc4b468cdbb63d5c25edec958e7d150f0d846f9e03afee838",
} as const;

export type Palette = keyof typeof points;
export const palettes = Object.keys(points) as Palette[];

export type Rgb = readonly [number, number, number];

/** The colour of a palette at x, 0 to 1. */
export function colour(palette: Palette, x: number): Rgb {
  const hex = points[palette];
  const at = Math.min(1, Math.max(0, x)) * 32;
  const i = Math.min(31, Math.floor(at));
  const part = (k: number, c: number) => Number.parseInt(hex.slice(k * 6 + c * 2, k * 6 + c * 2 + 2), 16);
  const mix = (c: number) => Math.round(part(i, c) + (part(i + 1, c) - part(i, c)) * (at - i));
  return [mix(0), mix(1), mix(2)];
}

export function css([r, g, b]: Rgb): string {
  return `rgb(${r} ${g} ${b})`;
}

/** Relative luminance by WCAG 2.1. */
export function luminance([r, g, b]: Rgb): number {
  const linear = (v: number) => {
    const x = v / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

/** Contrast ratio by WCAG 2.1, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** Black or white, whichever reads better on a colour. */
export function inkOn(c: Rgb): string {
  return luminance(c) > 0.179 ? "#000000" : "#ffffff";
}

const tables = new Map<Palette, Uint32Array>();
const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function pack([r, g, b]: Rgb): number {
  return littleEndian ? ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0 : ((r << 24) | (g << 16) | (b << 8) | 255) >>> 0;
}

/** 256 pixels as a Uint32Array view of ImageData holds them. */
export function pixels(palette: Palette): Uint32Array {
  let table = tables.get(palette);
  if (!table) {
    table = Uint32Array.from({ length: 256 }, (_, i) => pack(colour(palette, i / 255)));
    tables.set(palette, table);
  }
  return table;
}

/** The colour of a stylesheet's custom property, #rrggbb, as a pixel. */
export function pixelOf(hex: string): number {
  return pack(parseHex(hex));
}

export function parseHex(hex: string): Rgb {
  const short = hex.trim().replace("#", "");
  const h = short.length === 3 ? short.replace(/./g, "$&$&") : short;
  const at = (i: number) => Number.parseInt(h.slice(i, i + 2), 16);
  return [at(0), at(2), at(4)];
}

/** Round steps that cover a range: 1, 2 or 5 times a power of ten. */
export function ticks(lo: number, hi: number, about = 5): number[] {
  if (!(hi > lo)) return [lo];
  const raw = (hi - lo) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw * 0.999) ?? raw;
  const out: number[] = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++)
    out.push(Number((k * step).toPrecision(12)));
  return out;
}

/** The next round limits around a range. */
export function nice(lo: number, hi: number, about = 5): [number, number] {
  if (!(hi > lo)) return [lo - 0.5, lo + 0.5];
  const t = ticks(lo, hi, about);
  const step = t.length > 1 ? t[1]! - t[0]! : (hi - lo) / about;
  return [Math.floor(lo / step + 1e-9) * step, Math.ceil(hi / step - 1e-9) * step];
}
