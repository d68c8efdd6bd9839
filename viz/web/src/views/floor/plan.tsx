// The plan as a canvas that can be pointed at, zoomed and walked by keyboard.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { openMenu } from "../../app/overlay";
import { go, route } from "../../app/route";
import { theme } from "../../app/theme";
import { Canvas, inks, type Surface } from "../../draw/canvas";
import { parseHex } from "../../draw/scale";
import { t } from "../../i18n";
import { channelTitle, shown, stateChannel, stateOf, statusOf, title } from "../../model/look";
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import { useWant } from "../../model/want";
import { State } from "../../ui/parts";
import type { Channel, Subscription } from "../../wire/types";
import { type Box, fitted, focusOf, type Geometry, geometryOf, hit, neighbour, type View } from "./geometry";
import { indexFor } from "./metric";
import { paintPlan, unitText } from "./paint";
import { type CellKind, type Scale, Texture } from "./texture";

export interface Shown {
  values: () => Float32Array | null;
  scale: () => Scale;
}

export function Plan(p: {
  run: Run;
  at: Ref;
  channel: Channel;
  cell: CellKind;
  shown: Shown;
  label: string;
  testId: string;
  caption?: preact.ComponentChild;
  beside?: boolean;
  held?: readonly number[];
  /** Told whether there is room at the left. */
  onRoom?: (room: boolean) => void;
}) {
  const { run, at, cell, channel } = p;
  const g = geometryOf(run)!;
  const [hover, setHover] = useState<{ ref: Ref; x: number; y: number } | null>(null);
  const [moved, setMoved] = useState<View | null>(null);
  const view = useRef<View>({ k: 1, x: 0, y: 0 });
  const drag = useRef<{ x: number; y: number; from: View; far: boolean } | null>(null);
  const texture = useMemo(() => new Texture(run, cell), [run, cell]);
  const index = useMemo(() => indexFor(run, cell), [run, cell]);
  const kinds = useMemo(() => [...new Set(g.equipment.map((e) => e.ref.kind))], [g]);
  useWant(run, "plan", overlays(run, kinds));
  useEffect(() => setMoved(null), [run, at.kind, at.index]);

  const selected = route.value.sel ? run.tree.parse(route.value.sel) : null;
  const rackOf = (ref: Ref | null): Ref | null => {
    if (!ref) return null;
    const rack = run.tree.ancestor(ref, "rack");
    return rack >= 0 ? { kind: "rack", index: rack } : ref;
  };

  const draw = (s: Surface) => {
    const ink = inks(theme);
    const values = p.shown.values();
    const unknown: [number, number] = [pixelOfInk(ink.get("unknown")), pixelOfInk(ink.get("unknown-2"))];
    texture.paint(values, index, p.shown.scale(), unknown);
    const v = moved ?? place(focusOf(run, g, at), s.width, s.height, p.beside === true);
    view.current = v;
    p.onRoom?.(v.x + focusOf(run, g, at).x * v.k > 375);
    const states = run.channel("rack.state") ? run.values("rack.state", "rack") : null;
    paintPlan(s, {
      run,
      g,
      view: v,
      texture,
      ink,
      racks: (i) => (states ? statusOf(run, states[i]!) : "ok"),
      unit: (ref) => ({
        status: run.channel(stateChannel(ref.kind)) ? stateOf(run, ref) : "ok",
        text: unitText(run, ref),
      }),
      selected: rackOf(selected),
      held: p.held ?? [],
      hovered: hover?.ref ?? null,
      beyond: (i) => (cell === "rack" && values ? beyond(channel, values[i]!) : null),
      words: {
        cold: t("floor.cold"),
        hot: t("floor.hot"),
        hall: (i) => title(run.tree, { kind: "hall", index: i }),
        row: (i) => title(run.tree, { kind: "row", index: i }),
      },
    });
  };

  const at2 = (e: MouseEvent): Ref | null => {
    const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
    const v = view.current;
    return hit(g, (e.clientX - box.left - v.x) / v.k, (e.clientY - box.top - v.y) / v.k);
  };
  const zoom = (by: number, x: number, y: number) => {
    const v = view.current;
    const k = Math.max(2, Math.min(400, v.k * by));
    setMoved({ k, x: x - ((x - v.x) / v.k) * k, y: y - ((y - v.y) / v.k) * k });
  };
  const open = (ref: Ref | null) => {
    if (ref && ["hall", "row", "rack"].includes(ref.kind)) go({ at: run.tree.nameOf(ref), sel: run.tree.nameOf(ref) });
  };
  const onKeyDown = (e: KeyboardEvent) => {
    const arrows: Record<string, [number, number]> = {
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
    };
    const a = arrows[e.key];
    if (a) {
      const next = neighbour(g, rackOf(selected), a[0], a[1]);
      if (next) go({ sel: run.tree.nameOf(next) }, true);
    } else if (e.key === "Enter") open(rackOf(selected));
    else if (e.key === "Backspace") up(run, at);
    else if (e.key === "+" || e.key === "=") zoom(1.25, 300, 200);
    else if (e.key === "-") zoom(0.8, 300, 200);
    else if (e.key === "0") setMoved(null);
    else if (e.key === "ContextMenu" || (e.shiftKey && e.key === "F10")) openMenu(e, selected);
    else return;
    e.preventDefault();
    e.stopPropagation();
  };

  return (
    <div class="plan">
      <Canvas
        class="surface"
        data-testid={p.testId}
        tabIndex={0}
        label={p.label}
        draw={draw}
        onKeyDown={onKeyDown}
        onPointerDown={(e: PointerEvent) => {
          if (e.button === 0) drag.current = { x: e.clientX, y: e.clientY, from: view.current, far: false };
        }}
        onPointerMove={(e: PointerEvent) => {
          const d = drag.current;
          if (d && e.buttons & 1) {
            const [dx, dy] = [e.clientX - d.x, e.clientY - d.y];
            if (d.far || Math.hypot(dx, dy) > 5) {
              d.far = true;
              setHover(null);
              setMoved({ k: d.from.k, x: d.from.x + dx, y: d.from.y + dy });
            }
            return;
          }
          const ref = at2(e);
          const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
          setHover(ref && ref.kind !== "hall" ? { ref, x: e.clientX - box.left, y: e.clientY - box.top } : null);
        }}
        onPointerLeave={() => setHover(null)}
        onClick={(e: MouseEvent) => {
          if (drag.current?.far) return;
          const ref = at2(e);
          go({ sel: ref ? run.tree.nameOf(ref) : "" });
        }}
        onDblClick={(e: MouseEvent) => open(at2(e))}
        onContextMenu={(e: MouseEvent) => {
          const ref = at2(e);
          if (ref) go({ sel: run.tree.nameOf(ref) }, true);
          openMenu(e, ref);
        }}
        onWheel={(e: WheelEvent) => {
          e.preventDefault();
          const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
          zoom(Math.exp(-e.deltaY * 0.0015), e.clientX - box.left, e.clientY - box.top);
        }}
      />
      {p.caption && <div class="caption">{p.caption}</div>}
      {hover && <Tip run={run} g={g} channel={channel} cell={cell} shown={p.shown} at={hover} />}
    </div>
  );
}

/** Beside the legend or above it, whichever leaves the plan larger. */
function place(b: Box, width: number, height: number, beside: boolean): View {
  const above = fitted(b, width, height, { top: 40, right: 20, bottom: beside ? 150 : 172, left: 62 });
  const legend = 380;
  const next = fitted(b, width, height, { top: 18, right: 20, bottom: 18, left: legend });
  // In the middle, or as near to it as the legend lets it.
  next.x = Math.max(legend, (width - b.w * next.k) / 2) - b.x * next.k;
  return next.k > above.k ? next : above;
}

export function up(run: Run, at: Ref): void {
  const parent = run.tree.parent(at);
  if (parent) go({ at: parent.kind === "site" ? "" : run.tree.nameOf(parent) });
}

function overlays(run: Run, kinds: string[]): Subscription[] {
  const names = [
    "rack.state",
    ...kinds.flatMap((k) => [
      stateChannel(k),
      `${k.replace("-", "_")}.supply_temperature`,
      `${k.replace("-", "_")}.power`,
    ]),
  ];
  return names.filter((n) => run.channel(n)).map((channel) => ({ channel }));
}

/** Which threshold of a channel a value is beyond. */
export function beyond(c: Channel, v: number): "warn" | "bad" | null {
  let worst: "warn" | "bad" | null = null;
  for (const x of c.thresholds ?? []) {
    if (x.above ? v > x.at : v < x.at) {
      if (x.severity === "critical") return "bad";
      worst = "warn";
    }
  }
  return worst;
}

function pixelOfInk(hex: string): number {
  const [r, g, b] = parseHex(hex);
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

function Tip({
  run,
  channel,
  cell,
  shown: s,
  at,
}: {
  run: Run;
  g: Geometry;
  channel: Channel;
  cell: CellKind;
  shown: Shown;
  at: { ref: Ref; x: number; y: number };
}) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = ref.current;
    const host = el?.parentElement;
    if (!el || !host) return;
    el.style.left = `${Math.min(at.x + 14, host.clientWidth - el.offsetWidth - 8)}px`;
    el.style.top = `${Math.min(at.y + 14, host.clientHeight - el.offsetHeight - 8)}px`;
  });
  const values = s.values();
  let line = "";
  if (at.ref.kind === "rack" && values) {
    if (cell === "gpu" || cell === "node") {
      const [lo, hi] = run.tree.descendants(at.ref, cell);
      let [a, b] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let i = lo; i < hi; i++) {
        a = Math.min(a, values[i]!);
        b = Math.max(b, values[i]!);
      }
      line = Number.isFinite(a) ? `${shown(channel, a)} – ${shown(channel, b)}` : t("floor.unknown");
    } else {
      const i = cell === "rack" ? at.ref.index : run.tree.ancestor(at.ref, cell);
      line = Number.isFinite(values[i]!) ? shown(channel, values[i]) : t("floor.unknown");
    }
  }
  const status = run.channel(stateChannel(at.ref.kind)) ? stateOf(run, at.ref) : null;
  return (
    <div class="tip" ref={ref}>
      <strong>{run.tree.nameOf(at.ref)}</strong>
      {line && (
        <span>
          {channelTitle(channel)} <b>{line}</b>
        </span>
      )}
      {at.ref.kind !== "rack" && <span>{unitText(run, at.ref)}</span>}
      {status && status !== "ok" && <State of={status} />}
    </div>
  );
}
