// Draws the plan: aisles, halls and units as lines and areas, values from the texture.
import { font, hatch, type Inks, type Surface } from "../../draw/canvas";
import { text } from "../../model/format";
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import type { Status } from "../../ui/parts";
import type { Box, Geometry, View } from "./geometry";
import type { Texture } from "./texture";

export interface Scene {
  run: Run;
  g: Geometry;
  view: View;
  texture: Texture;
  ink: Inks;
  /** By rack: what is not in order there. */
  racks: (i: number) => Status;
  unit: (ref: Ref) => { status: Status; text: string };
  selected: Ref | null;
  /** Racks that the selected job runs on. */
  held: readonly number[];
  hovered: Ref | null;
  beyond: (rack: number) => "warn" | "bad" | null;
  words: { cold: string; hot: string; hall: (i: number) => string; row: (i: number) => string };
}

const px = (v: View, b: Box): [number, number, number, number] => [
  v.x + b.x * v.k,
  v.y + b.y * v.k,
  b.w * v.k,
  b.d * v.k,
];

export function paintPlan(s: Surface, scene: Scene): void {
  const { c } = s;
  const { g, view, ink } = scene;
  const visible = (b: Box) => {
    const [x, y, w, h] = px(view, b);
    return x < s.width && y < s.height && x + w > 0 && y + h > 0;
  };
  for (const h of g.halls) {
    if (!visible(h)) continue;
    const [x, y, w, d] = px(view, h);
    c.fillStyle = ink.get("card");
    c.strokeStyle = ink.get("rule");
    c.lineWidth = 1;
    round(c, x, y, w, d, 6);
    c.fill();
    c.stroke();
  }
  for (const a of g.aisles) {
    if (!visible(a)) continue;
    const [x, y, w, d] = px(view, a);
    c.globalAlpha = 0.11;
    c.fillStyle = ink.get(a.cold ? "cold" : "hot");
    c.fillRect(x, y, w, d);
    c.globalAlpha = 1;
    if (d > 17 && w > 120) {
      c.fillStyle = ink.get(a.cold ? "cold" : "hot");
      c.font = font(11, 560);
      c.textAlign = "left";
      c.textBaseline = "middle";
      c.fillText(a.cold ? scene.words.cold : scene.words.hot, x + 8, y + d / 2);
    }
  }
  paintRacks(s, scene, visible);
  paintHeld(s, scene, visible);
  paintUnits(s, scene, visible);
  paintLabels(s, scene, visible);
  for (const [ref, colour, width] of [
    [scene.hovered, "soft", 1.5],
    [scene.selected, "accent", 2.5],
  ] as const) {
    const box = ref && boxOf(g, ref);
    if (!box) continue;
    const [x, y, w, d] = px(view, box);
    c.strokeStyle = ink.get(colour);
    c.lineWidth = width;
    round(c, x - 2, y - 2, w + 4, d + 4, 4);
    c.stroke();
  }
}

export function boxOf(g: Geometry, ref: Ref): Box | null {
  if (ref.kind === "rack") return g.racks[ref.index] ?? null;
  if (ref.kind === "row") return g.rows[ref.index] ?? null;
  if (ref.kind === "hall") return g.halls[ref.index] ?? null;
  return g.equipment.find((e) => e.ref.kind === ref.kind && e.ref.index === ref.index) ?? null;
}

function paintRacks({ c }: Surface, scene: Scene, visible: (b: Box) => boolean): void {
  const { g, view, texture, ink, run } = scene;
  c.imageSmoothingEnabled = false;
  const rackW = g.floor.pitch * view.k;
  const rackD = g.floor.depth * view.k;
  g.rows.forEach((row, r) => {
    if (!visible(row)) return;
    const [x, y, w, d] = px(view, row);
    const [lo, hi] = run.tree.descendants({ kind: "row", index: r }, "rack");
    c.drawImage(texture.canvas, 0, r * texture.rowsHigh, (hi - lo) * texture.cols, texture.rowsHigh, x, y, w, d);
  });
  // The gaps between racks, in one path.
  if (rackW > 3) {
    c.strokeStyle = ink.get("card");
    c.lineWidth = Math.min(2, rackW * 0.12);
    c.beginPath();
    g.rows.forEach((row, r) => {
      if (!visible(row)) return;
      const [lo, hi] = run.tree.descendants({ kind: "row", index: r }, "rack");
      const [x, y] = px(view, row);
      for (let i = 0; i <= hi - lo; i++) {
        c.moveTo(x + i * rackW, y);
        c.lineTo(x + i * rackW, y + rackD);
      }
    });
    c.stroke();
  }
  // What is not in order has a sign of its own: hatches where it is unknown, a cross where it has failed.
  g.racks.forEach((b, i) => {
    const status = scene.racks(i);
    const beyond = scene.beyond(i);
    if ((status === "ok" || status === "standby") && !beyond) return;
    if (!visible(b)) return;
    const [x, y, w, d] = px(view, b);
    const m = Math.min(rackW * 0.62, rackD * 0.4, 16);
    if (status === "unknown") {
      c.fillStyle = hatch(c, ink.get("unknown"), ink.get("unknown-2"));
      c.fillRect(x + 1, y, w - 2, d);
    } else if (status === "failed" || status === "off" || status === "tripped") {
      c.fillStyle = ink.get("unknown-2");
      c.fillRect(x + 1, y, w - 2, d);
      sign(c, x + w / 2, y + d / 2, m, "cross", ink.get("bad"), ink.get("card"));
    } else if (status === "drained") {
      sign(c, x + w / 2, y + d / 2, m, "bar", ink.get("ink"), ink.get("card"));
    } else if (beyond) {
      sign(
        c,
        x + w / 2,
        y + Math.min(d / 2, 9),
        Math.min(m, beyond === "bad" ? 11 : 7),
        "triangle",
        ink.get(beyond),
        ink.get("card"),
      );
    }
  });
}

/** A frame of two tones around each rack that the selected job holds nodes of: seen on any colour. */
function paintHeld({ c }: Surface, scene: Scene, visible: (b: Box) => boolean): void {
  const { g, view, ink } = scene;
  for (const [colour, width] of [
    ["card", 5],
    ["fork", 2.5],
  ] as const) {
    c.strokeStyle = ink.get(colour);
    c.lineWidth = width;
    c.beginPath();
    for (const i of scene.held) {
      const b = g.racks[i];
      if (!b || !visible(b)) continue;
      const [x, y, w, d] = px(view, b);
      c.rect(x + 2, y + 2, Math.max(1, w - 4), Math.max(1, d - 4));
    }
    c.stroke();
  }
}

function paintUnits({ c }: Surface, scene: Scene, visible: (b: Box) => boolean): void {
  const { g, view, ink } = scene;
  for (const e of g.equipment) {
    if (!visible(e)) continue;
    const [x, y, w, d] = px(view, e);
    if (Math.min(w, d) < 2) continue;
    const u = scene.unit(e.ref);
    const down = u.status === "failed" || u.status === "off" || u.status === "tripped";
    c.fillStyle = down
      ? ink.get("bad-bg")
      : u.status === "unknown"
        ? hatch(c, ink.get("unknown"), ink.get("unknown-2"))
        : ink.get("tint");
    c.strokeStyle = ink.get(down ? "bad" : "edge");
    c.lineWidth = down ? 2 : 1;
    round(c, x, y, w, d, Math.min(4, w / 5));
    c.fill();
    c.stroke();
    if (down)
      sign(
        c,
        x + w / 2,
        y + (d > 44 ? d * 0.28 : d / 2),
        Math.min(w, d, 22) * 0.62,
        "cross",
        ink.get("bad"),
        ink.get("bad-bg"),
      );
    const name = scene.run.tree.part(e.ref);
    const tall = d > w * 1.6;
    const room = tall ? d : w;
    const across = tall ? w : d;
    if (room < 46 || across < 13) continue;
    c.save();
    c.translate(x + w / 2, y + d / 2);
    if (tall) c.rotate(-Math.PI / 2);
    c.textAlign = "center";
    c.textBaseline = "middle";
    c.font = font(11, 600);
    c.fillStyle = ink.get(down ? "bad" : "ink");
    const twoLines = across > 28 && u.text && room > 50;
    if (!down || room > 70)
      c.fillText(clip(c, name.toUpperCase(), room - 8), down && tall ? -room * 0.14 : 0, twoLines ? -7 : 0);
    if (twoLines) {
      c.font = font(11, 480);
      c.fillStyle = ink.get("soft");
      c.fillText(clip(c, u.text, room - 8), down && tall ? -room * 0.14 : 0, 8);
    }
    c.restore();
  }
}

function paintLabels({ c, width }: Surface, scene: Scene, visible: (b: Box) => boolean): void {
  const { g, view, ink } = scene;
  c.textBaseline = "middle";
  c.font = font(11, 560);
  const room = 58 / view.k;
  const besides = g.rows.every(
    (row) =>
      !g.equipment.some((e) => e.x + e.w > row.x - room && e.x < row.x && e.y < row.y + row.d && e.y + e.d > row.y),
  );
  g.rows.forEach((row, r) => {
    if (!visible(row)) return;
    const [x, y, w, d] = px(view, row);
    if (d < 14) return;
    c.fillStyle = ink.get("soft");
    c.textAlign = "right";
    // Beside the row where nothing stands there, else at the end of the aisle above it.
    if (besides) c.fillText(scene.words.row(r), x - 10, y + d / 2);
    else c.fillText(scene.words.row(r), x + w - 8, y - 10);
  });
  if (g.halls.length > 1) {
    c.font = font(12, 640);
    c.textAlign = "left";
    g.halls.forEach((h, i) => {
      if (!visible(h)) return;
      const [x, y, w] = px(view, h);
      if (w < 60) return;
      const name = clip(c, scene.words.hall(i), Math.min(w, width) - 12);
      c.fillStyle = ink.get("paper");
      round(c, x - 1, y - 17, c.measureText(name).width + 8, 17, 4);
      c.fill();
      c.fillStyle = ink.get("ink");
      c.fillText(name, x + 2, y - 8);
    });
  }
}

export function sign(
  c: CanvasRenderingContext2D,
  x: number,
  y: number,
  size: number,
  kind: "cross" | "triangle" | "bar",
  colour: string,
  halo: string,
): void {
  const r = Math.max(2.5, size / 2);
  c.save();
  c.lineJoin = "round";
  c.lineCap = "round";
  c.beginPath();
  if (kind === "cross") {
    c.moveTo(x - r, y - r);
    c.lineTo(x + r, y + r);
    c.moveTo(x + r, y - r);
    c.lineTo(x - r, y + r);
  } else if (kind === "bar") {
    c.moveTo(x - r, y);
    c.lineTo(x + r, y);
  } else {
    c.moveTo(x, y - r);
    c.lineTo(x + r, y + r * 0.8);
    c.lineTo(x - r, y + r * 0.8);
    c.closePath();
  }
  c.strokeStyle = halo;
  c.lineWidth = Math.max(4, r * 0.9);
  c.stroke();
  c.strokeStyle = colour;
  c.fillStyle = colour;
  c.lineWidth = Math.max(1.8, r * 0.36);
  if (kind === "triangle") c.fill();
  c.stroke();
  c.restore();
}

export function round(c: CanvasRenderingContext2D, x: number, y: number, w: number, h: number, r: number): void {
  c.beginPath();
  c.roundRect(x, y, w, h, Math.max(0, Math.min(r, w / 2, h / 2)));
}

export function clip(c: CanvasRenderingContext2D, s: string, room: number): string {
  if (c.measureText(s).width <= room) return s;
  let n = s.length;
  while (n > 1 && c.measureText(`${s.slice(0, n)}…`).width > room) n--;
  return n > 1 ? `${s.slice(0, n)}…` : "";
}

/** What stands on a unit: its supply temperature, else its power. */
export function unitText(run: Run, ref: Ref): string {
  const k = ref.kind.replace("-", "_");
  for (const [name, unit] of [
    [`${k}.supply_temperature`, "degC"],
    [`${k}.power`, "W"],
  ] as const) {
    const v = run.channel(name) ? run.value(name, ref.index) : Number.NaN;
    if (Number.isFinite(v)) return text(v, unit);
  }
  return "";
}
