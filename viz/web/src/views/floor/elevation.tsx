// Racks from the front: nodes as they are stacked, GPUs in them as tiles.
import { useRef, useState } from "preact/hooks";
import { openMenu } from "../../app/overlay";
import { go, route } from "../../app/route";
import { theme } from "../../app/theme";
import { Canvas, font, hatch, inks, type Surface } from "../../draw/canvas";
import { colour, css, inkOn, type Rgb } from "../../draw/scale";
import { t } from "../../i18n";
import { channelTitle, shown as showValue, stateOf, statusOf, title } from "../../model/look";
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import { useWant } from "../../model/want";
import type { Channel } from "../../wire/types";
import { clip, round, sign } from "./paint";
import { type Shown, up } from "./plan";
import type { CellKind } from "./texture";

interface Slot {
  ref: Ref;
  x: number;
  y: number;
  w: number;
  h: number;
}

export function Elevation({
  run,
  at,
  channel,
  cell,
  shown,
}: {
  run: Run;
  at: Ref;
  channel: Channel;
  cell: CellKind;
  shown: Shown;
}) {
  const [lo, hi] = run.tree.descendants(at, "rack");
  const slots = useRef<Slot[]>([]);
  const [hover, setHover] = useState<Ref | null>(null);
  const states = ["rack", "node", "gpu"].filter((k) => run.channel(`${k}.state`));
  useWant(
    run,
    "elevation",
    states.map((k) => ({ channel: `${k}.state`, level: k, ranges: [run.tree.descendants(at, k)] })),
  );
  const selected = route.value.sel ? run.tree.parse(route.value.sel) : null;
  const draw = (s: Surface) => {
    slots.current = paint(s, { run, lo, hi, channel, cell, shown, selected, hover });
  };
  const find = (e: MouseEvent): Ref | null => {
    const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
    const [x, y] = [e.clientX - box.left, e.clientY - box.top];
    return slots.current.findLast((q) => x >= q.x && y >= q.y && x < q.x + q.w && y < q.y + q.h)?.ref ?? null;
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const order = slots.current.filter((q) => q.ref.kind === (at.kind === "rack" ? "node" : "rack"));
    const i = order.findIndex((q) => selected && q.ref.kind === selected.kind && q.ref.index === selected.index);
    const move: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (move[e.key]) {
      const next = order[Math.max(0, Math.min(order.length - 1, i + move[e.key]!))];
      if (next) go({ sel: run.tree.nameOf(next.ref) }, true);
    } else if (e.key === "Enter" && selected) zoomTo(run, selected);
    else if (e.key === "Backspace") up(run, at);
    else if (e.key === "ContextMenu" || (e.shiftKey && e.key === "F10")) openMenu(e, selected);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div class="plan">
      <Canvas
        class="surface"
        data-testid="elevation"
        tabIndex={0}
        label={t("floor.canvas", { what: title(run.tree, at), metric: channelTitle(channel) })}
        draw={draw}
        onKeyDown={onKeyDown}
        onPointerMove={(e: PointerEvent) => setHover(find(e))}
        onPointerLeave={() => setHover(null)}
        onClick={(e: MouseEvent) => {
          const ref = find(e);
          go({ sel: ref ? run.tree.nameOf(ref) : "" });
        }}
        onDblClick={(e: MouseEvent) => {
          const ref = find(e);
          if (ref) zoomTo(run, ref);
        }}
        onContextMenu={(e: MouseEvent) => {
          const ref = find(e);
          if (ref) go({ sel: run.tree.nameOf(ref) }, true);
          openMenu(e, ref);
        }}
      />
      <div class="caption">{t("floor.elevation")}</div>
    </div>
  );
}

function zoomTo(run: Run, ref: Ref): void {
  const to = ref.kind === "gpu" ? run.tree.parent(ref) : ref;
  if (to) go({ at: run.tree.nameOf(to), sel: run.tree.nameOf(ref) });
}

interface Scene {
  run: Run;
  lo: number;
  hi: number;
  channel: Channel;
  cell: CellKind;
  shown: Shown;
  selected: Ref | null;
  hover: Ref | null;
}

function paint({ c, width, height }: Surface, s: Scene): Slot[] {
  const ink = inks(theme);
  const { run } = s;
  const scale = s.shown.scale();
  const values = s.shown.values();
  const fill = (v: number): Rgb | null => {
    if (!Number.isFinite(v)) return null;
    const f = Math.max(0, Math.min(1, (v - scale.lo) / (scale.hi - scale.lo || 1)));
    if (!scale.diverging) return colour(scale.palette, f);
    const p = scale.diverging[Math.round(f * 255)]!;
    return [p & 255, (p >> 8) & 255, (p >> 16) & 255];
  };
  const valueAt = (ref: Ref): number => {
    if (!values) return Number.NaN;
    if (ref.kind === s.cell) return values[ref.index] ?? Number.NaN;
    const i = run.tree.ancestor(ref, s.cell);
    return i >= 0 ? (values[i] ?? Number.NaN) : Number.NaN;
  };
  const slots: Slot[] = [];
  const n = s.hi - s.lo;
  const pad = 24;
  const gap = n > 12 ? 6 : 14;
  const rackW = Math.min(n === 1 ? 460 : 190, (width - 2 * pad - gap * (n - 1)) / n);
  const top = 40;
  const below = n === 1 && width > 390 + rackW + pad ? 44 : 190;
  const rackH = Math.max(120, Math.min(height - top - below, n === 1 ? 640 : rackW * 3.4, 640));
  // The legend stands at the left below; one rack goes beside it, a row above.
  const wide = width > 390 + rackW + pad;
  const x0 =
    n === 1 && wide ? Math.max(390, (width - rackW) / 2) : Math.max(pad, (width - n * rackW - (n - 1) * gap) / 2);
  const y0 = Math.max(top, (height - below + 44 - rackH) / 2 - 6);
  const none = hatch(c, ink.get("unknown"), ink.get("unknown-2"));
  for (let r = s.lo; r < s.hi; r++) {
    const ref: Ref = { kind: "rack", index: r };
    const x = x0 + (r - s.lo) * (rackW + gap);
    const status = run.channel("rack.state") ? stateOf(run, ref) : "ok";
    c.fillStyle = ink.get("card");
    c.strokeStyle = ink.get("edge");
    c.lineWidth = 1.5;
    round(c, x, y0, rackW, rackH, 6);
    c.fill();
    c.stroke();
    slots.push({ ref, x, y: y0 - 22, w: rackW, h: rackH + 22 });
    c.fillStyle = ink.get("ink");
    c.font = font(12, 620);
    c.textAlign = "left";
    c.textBaseline = "alphabetic";
    c.fillText(clip(c, n > 14 ? String(run.tree.local(ref)) : title(run.tree, ref), rackW), x + 1, y0 - 9);
    const [a, b] = run.tree.descendants(ref, "node");
    const nodes = b - a;
    const inner = 8;
    const slotH = (rackH - 2 * inner) / Math.max(1, nodes);
    for (let k = a; k < b; k++) {
      // The first node is at the bottom, as units are counted.
      const node: Ref = { kind: "node", index: k };
      const y = y0 + rackH - inner - (k - a + 1) * slotH;
      const h = Math.min(slotH - 3, 140);
      const yy = y + (slotH - h) / 2;
      const nodeState = run.channel("node.state") ? statusOf(run, run.value("node.state", k, "node")) : "ok";
      c.fillStyle = ink.get("tint");
      c.strokeStyle = ink.get("rule");
      c.lineWidth = 1;
      round(c, x + inner, yy, rackW - 2 * inner, h, 4);
      c.fill();
      c.stroke();
      slots.push({ ref: node, x: x + inner, y: yy, w: rackW - 2 * inner, h });
      const labelled = n === 1 && h > 20;
      const left = labelled ? 74 : 4;
      if (labelled) {
        c.fillStyle = ink.get("soft");
        c.font = font(12, 540);
        c.textBaseline = "middle";
        c.fillText(run.tree.part(node), x + inner + 10, yy + h / 2);
        c.textBaseline = "alphabetic";
      }
      const [g0, g1] = run.tree.descendants(node, "gpu");
      const gpus = g1 - g0;
      if (gpus > 0) {
        const rows = gpus > 4 && h > 44 ? 2 : 1;
        const cols = Math.ceil(gpus / rows);
        const w = (rackW - 2 * inner - left - 4) / cols;
        const th = (h - 8) / rows;
        for (let i = 0; i < gpus; i++) {
          const gpu: Ref = { kind: "gpu", index: g0 + i };
          const gx = x + inner + left + (i % cols) * w;
          const gy = yy + 4 + Math.floor(i / cols) * th;
          const v = valueAt(gpu);
          const tone = fill(v);
          c.fillStyle = tone ? css(tone) : none;
          round(c, gx + 1, gy + 1, Math.max(1, w - 2), Math.max(1, th - 2), 2.5);
          c.fill();
          slots.push({ ref: gpu, x: gx, y: gy, w, h: th });
          if (tone && w > 44 && th > 17 && s.cell === "gpu") {
            c.fillStyle = inkOn(tone);
            c.font = font(11, 560);
            c.textAlign = "center";
            c.textBaseline = "middle";
            c.fillText(clip(c, showValue(s.channel, v), w - 6), gx + w / 2, gy + th / 2);
            c.textAlign = "left";
            c.textBaseline = "alphabetic";
          }
        }
      }
      if (nodeState === "failed" || nodeState === "off") {
        sign(c, x + rackW / 2, yy + h / 2, Math.min(h, 22) * 0.7, "cross", ink.get("bad"), ink.get("card"));
      } else if (nodeState === "drained")
        sign(c, x + rackW / 2, yy + h / 2, Math.min(h, 22) * 0.7, "bar", ink.get("ink"), ink.get("card"));
    }
    const v = s.cell === "gpu" || s.cell === "node" ? Number.NaN : valueAt(ref);
    if (Number.isFinite(v) && rackW > 54) {
      c.font = font(12, 560);
      c.fillStyle = ink.get("ink");
      c.fillText(clip(c, showValue(s.channel, v), rackW), x + 1, y0 + rackH + 17);
    }
    if (status === "failed" || status === "off")
      sign(c, x + rackW / 2, y0 + rackH / 2, 30, "cross", ink.get("bad"), ink.get("card"));
  }
  for (const [ref, tone, w] of [
    [s.hover, "soft", 1.5],
    [s.selected, "accent", 2.5],
  ] as const) {
    const q = ref && slots.find((x) => x.ref.kind === ref.kind && x.ref.index === ref.index);
    if (!q) continue;
    const dy = q.ref.kind === "rack" ? 22 : 0;
    c.strokeStyle = ink.get(tone);
    c.lineWidth = w;
    round(c, q.x - 1.5, q.y + dy - 1.5, q.w + 3, q.h - dy + 3, 5);
    c.stroke();
  }
  return slots;
}
