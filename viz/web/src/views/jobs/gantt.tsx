// Bars over time: packed into lanes, waiting hatched, running solid, failed with a cross at the end.
import { useMemo, useState } from "preact/hooks";
import { go } from "../../app/route";
import { theme } from "../../app/theme";
import { Canvas, font, hatch, inks, type Surface } from "../../draw/canvas";
import { hours } from "../../draw/time";
import { t } from "../../i18n";
import { count } from "../../model/format";
import type { Job } from "../../wire/types";
import { clip, sign } from "../floor/paint";

interface Lane {
  job: Job;
  lane: number;
}

/** The first lane that is free when a job begins to wait. */
export function lanes(rows: Job[], from: number, to: number): { list: Lane[]; count: number } {
  const ends: number[] = [];
  const gap = (to - from) / 300;
  const list = rows.map((job) => {
    const a = Math.max(from, job.submit ?? job.start ?? from);
    const b = job.end ?? to;
    let lane = ends.findIndex((e) => e + gap <= a);
    if (lane < 0) lane = ends.push(0) - 1;
    ends[lane] = b;
    return { job, lane };
  });
  return { list, count: ends.length };
}

export function Gantt(p: {
  rows: Job[];
  from: number;
  to: number;
  now: number;
  selected: number;
  onSeek: (t: number) => void;
}) {
  const packed = useMemo(() => lanes(p.rows, p.from, p.to), [p.rows, p.from, p.to]);
  const [hover, setHover] = useState<{ job: Job; x: number; y: number } | null>(null);
  const rowH = packed.count > 60 ? 11 : packed.count > 30 ? 16 : 22;
  const height = Math.max(120, packed.count * rowH + 34);
  const draw = (s: Surface) => paint(s, p, packed.list, rowH);
  const find = (e: MouseEvent): { job: Job | null; t: number; x: number; y: number } => {
    const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
    const x = e.clientX - box.left;
    const y = e.clientY - box.top;
    const at = p.from + ((x - 12) / (box.width - 24)) * (p.to - p.from);
    const lane = Math.floor((y - 26) / rowH);
    const job =
      packed.list.find((l) => l.lane === lane && at >= (l.job.submit ?? 0) && at <= (l.job.end ?? p.to))?.job ?? null;
    return { job, t: at, x, y };
  };
  return (
    <div class="gantt" tabIndex={0} role="region" aria-label={t("jobs.gantt")}>
      <div class="ganttbox" style={{ height: `${height}px` }}>
        <Canvas
          class="surface"
          data-testid="gantt"
          label={t("jobs.canvas", { n: p.rows.length })}
          draw={draw}
          onPointerMove={(e: PointerEvent) => {
            const f = find(e);
            setHover(f.job ? { job: f.job, x: f.x, y: f.y } : null);
          }}
          onPointerLeave={() => setHover(null)}
          onClick={(e: MouseEvent) => {
            const f = find(e);
            if (f.job) go({ sel: `job-${f.job.index}` }, true);
            else if (f.t >= p.from && f.t <= p.to) p.onSeek(f.t);
          }}
        />
        {hover && (
          <div class="tip" style={{ left: `${hover.x + 12}px`, top: `${hover.y + 14}px` }}>
            <strong>{hover.job.name}</strong>
            <span>
              {count(hover.job.gpus)} GPU · {t(`jobs.state.${hover.job.state}` as "jobs.state.running")}
            </span>
            {hover.job.why && <span>{hover.job.why}</span>}
            {hover.job.slow && <span>{hover.job.slow}</span>}
          </div>
        )}
      </div>
    </div>
  );
}

/** What jobs are told apart by: the kind of work in its name, else its class. */
export const sortOfJob = (j: Job) => /\(([^)]+)\)$/.exec(j.name)?.[1] ?? j.class ?? "";

export const sortsOf = (rows: Job[]) => [...new Set(rows.map(sortOfJob))].sort();

export const tones = ["c1", "c3", "c4", "c6", "c2", "c5", "edge"] as const;

function paint(
  { c, width, height }: Surface,
  p: { from: number; to: number; now: number; selected: number },
  list: Lane[],
  rowH: number,
): void {
  const ink = inks(theme);
  const x = (v: number) => 12 + ((v - p.from) / (p.to - p.from || 1)) * (width - 24);
  c.font = font(11);
  c.textBaseline = "middle";
  axis(c, p.from, p.to, x, width, height, ink.get("rule"), ink.get("soft"));
  const waiting = hatch(c, ink.get("edge"), ink.get("card"));
  const classes = sortsOf(list.map((l) => l.job));
  for (const { job, lane } of list) {
    const y = 26 + lane * rowH;
    const h = rowH - (rowH > 14 ? 4 : 2);
    const from = Math.max(p.from, job.submit ?? p.from);
    const first = job.start ?? Math.min(p.to, job.end ?? p.to);
    if (first > from) {
      c.fillStyle = waiting;
      c.fillRect(x(from), y, Math.max(1, x(Math.min(first, p.to)) - x(from)), h);
    }
    const tone = ink.get(tones[Math.min(tones.length - 1, classes.indexOf(sortOfJob(job)))]!);
    for (const [a, b] of job.segments) {
      const x1 = x(Math.max(p.from, a ?? p.from));
      const x2 = x(Math.min(p.to, b ?? p.to));
      if (x2 < 12 || x1 > width - 12) continue;
      c.globalAlpha = job.speed !== null && job.speed < 0.98 && b === null ? 0.55 : 0.85;
      c.fillStyle = tone;
      c.beginPath();
      c.roundRect(x1, y, Math.max(1.5, x2 - x1), h, Math.min(3, h / 3));
      c.fill();
      c.globalAlpha = 1;
      if (h >= 14 && x2 - x1 > 70) {
        c.fillStyle = theme.value === "dark" ? "#0b0f13" : "#ffffff";
        c.textAlign = "left";
        c.fillText(clip(c, `${job.name} · ${count(job.gpus)}`, x2 - x1 - 12), x1 + 6, y + h / 2 + 0.5);
      }
    }
    if (job.state === "failed" && job.end !== null && job.end >= p.from && job.end <= p.to) {
      sign(c, x(job.end), y + h / 2, Math.min(10, h), "cross", ink.get("bad"), ink.get("paper"));
    }
    if (job.index === p.selected) {
      c.strokeStyle = ink.get("accent");
      c.lineWidth = 2;
      c.strokeRect(x(from) - 2, y - 2, x(Math.min(p.to, job.end ?? p.to)) - x(from) + 4, h + 4);
    }
  }
  c.strokeStyle = ink.get("accent");
  c.lineWidth = 1.5;
  c.beginPath();
  c.moveTo(x(p.now), 18);
  c.lineTo(x(p.now), height);
  c.stroke();
}

const stepsOf = [60, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

/** Times along the top with lines down. */
export function axis(
  c: CanvasRenderingContext2D,
  from: number,
  to: number,
  x: (t: number) => number,
  width: number,
  height: number,
  rule: string,
  soft: string,
): void {
  const by = stepsOf.find((s) => ((to - from) / s) * 84 < width) ?? stepsOf.at(-1)!;
  c.lineWidth = 1;
  c.font = font(11);
  c.textAlign = "center";
  c.textBaseline = "middle";
  for (let v = Math.ceil(from / by) * by; v <= to; v += by) {
    const at = Math.round(x(v)) + 0.5;
    c.strokeStyle = rule;
    c.beginPath();
    c.moveTo(at, 20);
    c.lineTo(at, height);
    c.stroke();
    c.fillStyle = soft;
    c.fillText(hours(v), Math.max(24, Math.min(width - 24, at)), 10);
  }
}
