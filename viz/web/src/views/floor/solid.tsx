// 3D: racks as boxes in WebGL2, one instance each, coloured as on the plan.

import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { openMenu } from "../../app/overlay";
import { go, route } from "../../app/route";
import { theme } from "../../app/theme";
import { inks } from "../../draw/canvas";
import { colour, parseHex, type Rgb } from "../../draw/scale";
import { t } from "../../i18n";
import { channelTitle, title } from "../../model/look";
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import { Empty } from "../../ui/parts";
import type { Channel } from "../../wire/types";
import { Boxes, type Camera, project } from "./boxes";
import { focusOf, geometryOf } from "./geometry";
import type { Shown } from "./plan";
import type { CellKind } from "./texture";

const height: Record<string, number> = { rack: 2.2, crah: 2, cdu: 2, "in-row": 2.1 };

export function SolidView({
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
  const ref = useRef<HTMLCanvasElement>(null);
  const [broken, setBroken] = useState(false);
  const camera = useRef<Camera>({ turn: 0.6, tilt: 0.62, zoom: 1 });
  const redraw = useRef(() => {});
  const latest = useRef(shown);
  latest.current = shown;
  const g = geometryOf(run);
  useEffect(() => {
    const el = ref.current;
    if (!el || !g) return;
    let boxes: Boxes;
    try {
      boxes = new Boxes(el);
    } catch {
      setBroken(true);
      return;
    }
    const focus = focusOf(run, g, at);
    const things = [
      ...g.halls.map((b) => ({ ...b, h: 0.02, ref: null as Ref | null })),
      ...g.racks.map((b, index) => ({ ...b, h: height.rack!, ref: { kind: "rack", index } as Ref | null })),
      ...g.equipment.map((e) => ({ ...e, h: height[e.ref.kind] ?? 1.6, ref: e.ref as Ref | null })),
    ];
    boxes.place(things);
    let due = 0;
    const paint = () => {
      const ink = inks(theme);
      const values = latest.current.values();
      const scale = latest.current.scale();
      const sel = route.value.sel ? run.tree.parse(route.value.sel) : null;
      const selRack = sel ? run.tree.ancestor(sel, "rack") : -1;
      const unknown = parseHex(ink.get("unknown-2"));
      const unit = parseHex(ink.get("edge"));
      const ground = parseHex(ink.get("card"));
      const mark = parseHex(ink.get("accent"));
      boxes.tint((i) => {
        const r = things[i]!.ref;
        if (!r) return ground;
        if (sel && ((r.kind === "rack" && r.index === selRack) || (r.kind === sel.kind && r.index === sel.index)))
          return mark;
        if (r.kind !== "rack") return unit;
        const v = worst(run, r.index, cell, values);
        if (!Number.isFinite(v)) return unknown;
        const f = Math.max(0, Math.min(1, (v - scale.lo) / (scale.hi - scale.lo || 1)));
        if (!scale.diverging) return colour(scale.palette, f);
        const p = scale.diverging[Math.round(f * 255)]!;
        return [p & 255, (p >> 8) & 255, (p >> 16) & 255] as Rgb;
      });
      boxes.draw(camera.current, focus, parseHex(ink.get("paper")));
    };
    let dispose = () => {};
    const arm = () => {
      dispose();
      let first = true;
      dispose = effect(() => {
        if (first) {
          first = false;
          paint();
          return;
        }
        redraw.current();
      });
    };
    redraw.current = () => {
      if (!due)
        due = requestAnimationFrame(() => {
          due = 0;
          arm();
        });
    };
    arm();
    const watcher = new ResizeObserver(() => redraw.current());
    watcher.observe(el);
    const pick = (e: MouseEvent): Ref | null => {
      const box = el.getBoundingClientRect();
      const p = project(camera.current, focus, box.width, box.height);
      let best: Ref | null = null;
      let least = 18 * 18;
      for (const x of things) {
        if (!x.ref) continue;
        const [sx, sy] = p(x.x + x.w / 2, x.h * 0.7, x.y + x.d / 2);
        const d = (sx - (e.clientX - box.left)) ** 2 + (sy - (e.clientY - box.top)) ** 2;
        if (d < least) {
          least = d;
          best = x.ref;
        }
      }
      return best;
    };
    el.onclick = (e) => {
      if (moved) return;
      const r = pick(e);
      go({ sel: r ? run.tree.nameOf(r) : "" });
    };
    el.oncontextmenu = (e) => openMenu(e, pick(e));
    let moved = false;
    el.onpointerdown = () => {
      moved = false;
    };
    el.onpointermove = (e) => {
      if (!(e.buttons & 1)) return;
      if (Math.abs(e.movementX) + Math.abs(e.movementY) > 1) moved = true;
      camera.current.turn -= e.movementX * 0.006;
      camera.current.tilt = Math.max(0.12, Math.min(1.5, camera.current.tilt + e.movementY * 0.005));
      redraw.current();
    };
    return () => {
      dispose();
      cancelAnimationFrame(due);
      watcher.disconnect();
      boxes.free();
    };
  }, [run, at.kind, at.index, cell, channel.name, g]);

  useEffect(() => redraw.current());
  if (broken || !g) return <Empty title={t("floor.solid")}>{t("floor.no3d")}</Empty>;
  return (
    <div class="plan">
      <canvas
        ref={ref}
        class="surface"
        tabIndex={0}
        role="img"
        data-testid="solid"
        aria-label={`${t("floor.canvas", { what: title(run.tree, at), metric: channelTitle(channel) })} ${t("floor.orbit")}`}
        onWheel={(e) => {
          e.preventDefault();
          camera.current.zoom = Math.max(0.4, Math.min(8, camera.current.zoom * Math.exp(-e.deltaY * 0.0015)));
          redraw.current();
        }}
        onKeyDown={(e) => {
          const c = camera.current;
          if (e.key === "ArrowLeft") c.turn += 0.1;
          else if (e.key === "ArrowRight") c.turn -= 0.1;
          else if (e.key === "ArrowUp") c.tilt = Math.min(1.5, c.tilt + 0.08);
          else if (e.key === "ArrowDown") c.tilt = Math.max(0.12, c.tilt - 0.08);
          else if (e.key === "+" || e.key === "=") c.zoom *= 1.2;
          else if (e.key === "-") c.zoom /= 1.2;
          else return;
          e.preventDefault();
          e.stopPropagation();
          redraw.current();
        }}
      />
      <div class="caption soft">{t("floor.orbit")}</div>
    </div>
  );
}

/** What stands for a rack: its own value, or the greatest of its cells. */
function worst(run: Run, rack: number, cell: CellKind, values: Float32Array | null): number {
  if (!values) return Number.NaN;
  if (cell === "rack") return values[rack] ?? Number.NaN;
  if (cell === "row" || cell === "hall")
    return values[run.tree.ancestor({ kind: "rack", index: rack }, cell)] ?? Number.NaN;
  const [lo, hi] = run.tree.descendants({ kind: "rack", index: rack }, cell);
  let most = Number.NaN;
  for (let i = lo; i < hi; i++) if (!(values[i]! <= most)) most = values[i]! === values[i]! ? values[i]! : most;
  return most;
}
