// A chart of one channel over simulated time: uPlot draws, a table stands behind it, the moment shown is marked, and the
// fork beside is dashed. uPlot comes with the first chart that is looked at.
import { useEffect, useRef, useState } from "preact/hooks";
import type UPlotType from "uplot";
import { theme } from "../app/theme";
import { language, t } from "../i18n";
import { clock, type Sort, scaleOf, text } from "../model/format";
import type { History } from "../wire/types";
import { font, inks } from "./canvas";
import { hours } from "./time";

export interface Line {
  name: string;
  history: History | null;
  tone: "c1" | "c2" | "c3" | "c4" | "c5" | "c6" | "fork";
  dash?: boolean;
}

interface Props {
  title: string;
  unit: string;
  sort: Sort;
  lines: Line[];
  from: number;
  to: number;
  now: number;
  height?: number;
  onSeek?: (t: number) => void;
  limits?: { at: number; above: boolean; severity: string; doc: string }[];
}

type Plot = UPlotType;

export function Chart(p: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef(p);
  latest.current = p;
  const [table, setTable] = useState(false);
  const height = p.height ?? 150;
  const drawn = JSON.stringify([
    p.lines.map((l) => [l.name, l.tone, l.history?.t.length, l.history?.to, l.history?.mean.at(-1)]),
    p.from,
    p.to,
  ]);
  useEffect(() => {
    let gone = false;
    const el = box.current;
    if (!el || table) return;
    void Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]).then(([{ default: UPlot }]) => {
      if (gone || !box.current) return;
      plot.current?.destroy();
      plot.current = build(UPlot, el, latest, height);
    });
    const watcher = new ResizeObserver(() => plot.current?.setSize({ width: el.clientWidth, height }));
    watcher.observe(el);
    return () => {
      gone = true;
      watcher.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [drawn, theme.value, language.value, table, height]);

  useEffect(() => {
    plot.current?.redraw(false, false);
  }, [p.now]);

  const some = p.lines.some((l) => l.history?.t.length);
  return (
    <figure class="chart">
      <figcaption>
        <span>{p.title}</span>
        {some && (
          <button type="button" class="link soft" aria-expanded={table} onClick={() => setTable(!table)}>
            {t(table ? "chart.hide" : "chart.table")}
          </button>
        )}
      </figcaption>
      {!some && <p class="soft none">{t("chart.none")}</p>}
      {some && !table && <div class="plot" ref={box} role="img" aria-label={summary(p)} />}
      {some && table && <Table p={p} />}
    </figure>
  );
}

function summary(p: Props): string {
  return p.lines
    .map((l) => {
      const v = (l.history?.mean ?? []).filter((x): x is number => x !== null);
      return `${l.name}: ${text(Math.min(...v), p.unit, p.sort)} – ${text(Math.max(...v), p.unit, p.sort)}`;
    })
    .join("; ");
}

function Table({ p }: { p: Props }) {
  const first = p.lines.find((l) => l.history)?.history;
  if (!first) return null;
  const stride = Math.max(1, Math.floor(first.t.length / 60));
  return (
    <div class="scroll-table">
      <table class="table">
        <thead>
          <tr>
            <th>{t("chart.time")}</th>
            {p.lines.map((l) => (
              <th key={l.name} class="num">
                {l.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first.t
            .map((at, i) => [at, i] as const)
            .filter(([, i]) => i % stride === 0)
            .map(([at]) => (
              <tr key={at}>
                <td>{clock(at)}</td>
                {p.lines.map((l) => {
                  const k = l.history?.t.indexOf(at) ?? -1;
                  return (
                    <td key={l.name} class="num">
                      {text(k >= 0 ? l.history?.mean[k] : null, p.unit, p.sort)}
                    </td>
                  );
                })}
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
}

/** Several histories on one axis of time: the union of their instants. */
export function align(histories: (History | null)[]): (number | null | undefined)[][] {
  const times = [...new Set(histories.flatMap((h) => h?.t ?? []))].sort((a, b) => a - b);
  const rows: (number | null | undefined)[][] = [times];
  for (const h of histories) {
    const at = new Map((h?.t ?? []).map((x, i) => [x, h?.mean[i] ?? null]));
    rows.push(times.map((x) => (at.has(x) ? at.get(x) : undefined)));
  }
  return rows;
}

function build(UPlot: typeof UPlotType, el: HTMLElement, latest: { current: Props }, height: number): Plot {
  const p = latest.current;
  const ink = inks(theme);
  let most = 0;
  for (const l of p.lines) for (const v of l.history?.max ?? []) most = Math.max(most, Math.abs(v ?? 0));
  const scale = p.unit === "" && p.sort === "share" ? { per: 0.01, unit: "%" } : scaleOf(p.unit, most);
  const data = align(p.lines.map((l) => l.history));
  const scaled = data.map((row, i) => (i === 0 ? row : row.map((v) => (typeof v === "number" ? v / scale.per : v))));
  const axis = {
    stroke: ink.get("soft"),
    font: font(11),
    grid: { stroke: ink.get("rule"), width: 1 },
    ticks: { show: false },
  };
  return new UPlot(
    {
      width: el.clientWidth,
      height,
      padding: [10, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: false, range: () => [latest.current.from, Math.max(latest.current.to, latest.current.from + 1)] },
        y: { range: (_u, lo, hi) => around(lo, hi) },
      },
      axes: [
        { ...axis, size: 24, space: 64, values: (_u, v) => v.map((x) => hours(x)), incrs: steps },
        {
          ...axis,
          size: 52,
          space: 28,
          values: (_u, v) => v.map((x, i) => label(x, i === v.length - 1 ? scale.unit : "")),
        },
      ],
      series: [
        {},
        ...p.lines.map((l) => ({
          label: l.name,
          stroke: ink.get(l.tone),
          width: 1.6,
          spanGaps: true,
          points: { show: false },
          ...(l.dash ? { dash: [5, 4] } : {}),
        })),
      ],
      hooks: {
        draw: [
          (u) => {
            const c = u.ctx;
            const q = latest.current;
            const { left, top, width, height: h } = u.bbox;
            c.save();
            for (const limit of q.limits ?? []) {
              const y = u.valToPos(limit.at / scale.per, "y", true);
              if (y < top || y > top + h) continue;
              c.strokeStyle = ink.get(limit.severity === "critical" ? "bad" : "warn");
              c.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
              c.beginPath();
              c.moveTo(left, y);
              c.lineTo(left + width, y);
              c.stroke();
            }
            const x = u.valToPos(q.now, "x", true);
            c.setLineDash([]);
            c.strokeStyle = ink.get("accent");
            c.lineWidth = devicePixelRatio;
            c.beginPath();
            c.moveTo(x, top);
            c.lineTo(x, top + h);
            c.stroke();
            c.restore();
          },
        ],
        ready: [
          (u) => {
            u.over.addEventListener("click", () => {
              const at = u.posToVal(u.cursor.left ?? 0, "x");
              if (Number.isFinite(at)) latest.current.onSeek?.(at);
            });
            u.over.classList.toggle("seekable", !!latest.current.onSeek);
          },
        ],
        setCursor: [
          (u) => {
            const i = u.cursor.idx;
            const at = typeof i === "number" ? u.data[0][i] : undefined;
            const tip =
              at === undefined
                ? ""
                : `${clock(at)}  ${latest.current.lines.map((l, k) => `${text(valueAt(u.data[k + 1], i), "", "factor")} ${scale.unit} ${latest.current.lines.length > 1 ? l.name : ""}`).join("  ")}`;
            u.over.title = tip.trim();
          },
        ],
      },
    },
    scaled as unknown as UPlotType.AlignedData,
    el,
  );
}

function valueAt(row: unknown, i: number | null | undefined): number | null {
  return typeof i === "number" ? ((row as (number | null)[] | undefined)?.[i] ?? null) : null;
}

const steps = [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800, 2592000];

function around(lo: number | null, hi: number | null): [number, number] {
  if (lo === null || hi === null) return [0, 1];
  if (hi - lo < 1e-9) return [lo - Math.max(0.5, Math.abs(lo) * 0.05), hi + Math.max(0.5, Math.abs(hi) * 0.05)];
  const pad = (hi - lo) * 0.08;
  return [lo >= 0 && lo - pad < 0 ? 0 : lo - pad, hi + pad];
}

function label(x: number, unit: string): string {
  const s = Math.abs(x) >= 1000 ? x.toLocaleString("en-US") : String(Number(x.toPrecision(6)));
  return `${s.replace("-", "\u2212")}${unit ? ` ${unit}` : ""}`;
}
