// Values as a picture: one texel a cell. A row of racks is a strip of the texture, so that the whole floor is drawn in as
// many calls as there are rows, whatever the number of GPUs.
import { type Palette, pixels } from "../../draw/scale";
import type { Run } from "../../model/run";

export type CellKind = "gpu" | "node" | "rack" | "row" | "hall";

/** Columns and rows of cells in a rack that is about twice as deep as wide. */
export function grid(n: number): [number, number] {
  if (n <= 1) return [1, 1];
  let best: [number, number] = [1, n];
  let least = Number.POSITIVE_INFINITY;
  for (let w = 1; w <= n; w++) {
    const h = Math.ceil(n / w);
    const cost = Math.abs(Math.log(h / w / 2)) + (w * h - n) * 0.15;
    if (cost < least) {
      least = cost;
      best = [w, h];
    }
  }
  return best;
}

export interface Scale {
  lo: number;
  hi: number;
  palette: Palette;
  /** Colours from below zero to above it, for differences. */
  diverging?: Uint32Array;
}

export class Texture {
  readonly canvas = document.createElement("canvas");
  readonly cols: number;
  readonly rowsHigh: number;
  private readonly target: Int32Array; // by cell: its texel
  private readonly image: ImageData;
  private readonly texels: Uint32Array;
  private readonly context: CanvasRenderingContext2D;
  private readonly cells: number;

  constructor(run: Run, cell: CellKind) {
    const tree = run.tree;
    const racks = tree.count("rack");
    const fine = cell === "gpu" || cell === "node";
    let most = 1;
    if (fine) {
      for (let r = 0; r < racks; r++) {
        const [lo, hi] = tree.descendants({ kind: "rack", index: r }, cell);
        most = Math.max(most, hi - lo);
      }
    }
    [this.cols, this.rowsHigh] = fine ? grid(most) : [1, 1];
    const rows = tree.count("row");
    let longest = 1;
    for (let r = 0; r < rows; r++) {
      const [lo, hi] = tree.descendants({ kind: "row", index: r }, "rack");
      longest = Math.max(longest, hi - lo);
    }
    this.canvas.width = longest * this.cols;
    this.canvas.height = Math.max(1, rows * this.rowsHigh);
    this.cells = fine ? tree.count(cell) : racks;
    this.target = new Int32Array(this.cells);
    for (let r = 0; r < racks; r++) {
      const row = tree.ancestor({ kind: "rack", index: r }, "row");
      const [first] = tree.descendants({ kind: "row", index: row }, "rack");
      const [lo, hi] = fine ? tree.descendants({ kind: "rack", index: r }, cell) : [r, r + 1];
      for (let i = lo; i < hi; i++) {
        const x = (r - first) * this.cols + ((i - lo) % this.cols);
        const y = row * this.rowsHigh + Math.floor((i - lo) / this.cols);
        this.target[i] = y * this.canvas.width + x;
      }
    }
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("no 2D canvas");
    this.context = context;
    this.image = context.createImageData(this.canvas.width, this.canvas.height);
    this.texels = new Uint32Array(this.image.data.buffer);
  }

  /** Colours every cell. `index` maps a cell to its value where several share one; stripes mean unknown. */
  paint(values: ArrayLike<number> | null, index: Int32Array | null, s: Scale, unknown: [number, number]): void {
    const { texels, target, cells } = this;
    const width = this.canvas.width;
    const table = s.diverging ?? pixels(s.palette);
    const k = 255 / (s.hi - s.lo || 1);
    const lo = s.lo;
    for (let i = 0; i < cells; i++) {
      const at = target[i]!;
      const v = values ? values[index ? index[i]! : i]! : Number.NaN;
      if (v !== v) {
        texels[at] = unknown[((at % width) + Math.floor(at / width)) & 1]!;
        continue;
      }
      let q = ((v - lo) * k + 0.5) | 0;
      if (q < 0) q = 0;
      else if (q > 255) q = 255;
      texels[at] = table[q]!;
    }
    this.context.putImageData(this.image, 0, 0);
  }
}
