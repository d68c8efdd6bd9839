// A canvas that follows its size, the screen's pixel density and the theme, and is drawn when something changed, at
// most once a frame.
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

export interface Surface {
  c: CanvasRenderingContext2D;
  width: number; // CSS pixels
  height: number;
  ratio: number;
}

type Props = Omit<JSX.IntrinsicElements["canvas"], "ref" | "label"> & {
  /** Draws everything. Signals read in it are watched. */
  draw: (s: Surface) => void;
  label: string;
};

/** How long the last drawings of each canvas took, in ms, for the bench. */
export const drawTimes: Record<string, number[]> = {};

export function Canvas({ draw, label, ...rest }: Props) {
  const ref = useRef<HTMLCanvasElement>(null);
  const latest = useRef(draw);
  latest.current = draw;
  const size = useRef(signal({ width: 0, height: 0 })).current;
  const again = useRef(signal(0)).current;

  // A new render may close over new values.
  useEffect(() => {
    again.value++;
  });

  useEffect(() => {
    const el = ref.current;
    const c = el?.getContext("2d");
    if (!el || !c) return;
    const watcher = new ResizeObserver(() => {
      size.value = { width: el.clientWidth, height: el.clientHeight };
    });
    watcher.observe(el);
    let due = 0;
    const name = el.dataset.testid ?? el.className;
    const paint = (track: boolean) => {
      const { width, height } = size.value;
      if (track) void again.value;
      if (width === 0 || height === 0) return;
      const ratio = devicePixelRatio || 1;
      const w = Math.round(width * ratio);
      const h = Math.round(height * ratio);
      if (el.width !== w || el.height !== h) {
        el.width = w;
        el.height = h;
      }
      const from = performance.now();
      c.setTransform(ratio, 0, 0, ratio, 0, 0);
      c.clearRect(0, 0, width, height);
      latest.current({ c, width, height, ratio });
      drawTimes[name] ??= [];
      const times = drawTimes[name];
      times.push(performance.now() - from);
      if (times.length > 600) times.splice(0, 300);
    };
    // The effect draws to learn what is read; further changes are gathered until the next frame.
    let dispose = () => {};
    const arm = () => {
      dispose();
      let first = true;
      dispose = effect(() => {
        if (first) {
          first = false;
          paint(true);
          return;
        }
        if (!due) {
          due = requestAnimationFrame(() => {
            due = 0;
            arm();
          });
        }
      });
    };
    arm();
    return () => {
      dispose();
      cancelAnimationFrame(due);
      watcher.disconnect();
    };
  }, [size, again]);

  return <canvas ref={ref} role="img" aria-label={label} {...rest} />;
}

/** The colours of the theme in force, read once a theme. */
export class Inks {
  private readonly cache = new Map<string, string>();
  get(name: string): string {
    let v = this.cache.get(name);
    if (v === undefined) {
      v = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
      this.cache.set(name, v);
    }
    return v;
  }
}

let inksOf = "";
let current = new Inks();

/** The theme's colours; reading it in a drawing makes the drawing follow the theme. */
export function inks(theme: ReadonlySignal<string>): Inks {
  if (theme.value !== inksOf) {
    inksOf = theme.value;
    current = new Inks();
  }
  return current;
}

/** A pattern of hatches: what is unknown. */
export function hatch(c: CanvasRenderingContext2D, line: string, ground: string): CanvasPattern | string {
  const size = 6;
  const p = document.createElement("canvas");
  p.width = size;
  p.height = size;
  const g = p.getContext("2d");
  if (!g) return ground;
  g.fillStyle = ground;
  g.fillRect(0, 0, size, size);
  g.strokeStyle = line;
  g.lineWidth = 1.4;
  g.beginPath();
  for (const d of [-size, 0, size]) {
    g.moveTo(d - 1, size + 1);
    g.lineTo(d + size + 1, -1);
  }
  g.stroke();
  return c.createPattern(p, "repeat") ?? ground;
}

export const font = (size: number, weight = 500) =>
  `${weight} ${size}px Inter, "SF Pro Text", system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", "Noto Sans CJK SC", sans-serif`;
