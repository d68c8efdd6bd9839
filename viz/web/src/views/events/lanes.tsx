// Events over time, a lane a domain; causes are joined to their consequences.
import { theme } from "../../app/theme";
import { Canvas, font, inks, type Surface } from "../../draw/canvas";
import { t } from "../../i18n";
import type { LogEvent } from "../../wire/types";
import { axis } from "../jobs/gantt";
import { domainOf, domains } from "./tree";

const laneH = 26;
const left = 84;

export function Lanes(p: {
  events: LogEvent[];
  end: number;
  now: number;
  chosen: number;
  onPick: (e: LogEvent) => void;
  onSeek: (t: number) => void;
}) {
  const height = domains.length * laneH + 34;
  const place = (e: LogEvent, width: number): [number, number] => [
    left + (e.t_s / p.end) * (width - left - 16),
    30 + domains.indexOf(domainOf(e)) * laneH + laneH / 2,
  ];
  const draw = ({ c, width }: Surface) => {
    const ink = inks(theme);
    const x = (v: number) => left + (v / p.end) * (width - left - 16);
    domains.forEach((d, i) => {
      const y = 30 + i * laneH;
      if (i % 2 === 0) {
        c.fillStyle = ink.get("tint");
        c.fillRect(0, y, width, laneH);
      }
      c.fillStyle = ink.get("soft");
      c.font = font(11, 560);
      c.textAlign = "left";
      c.textBaseline = "middle";
      c.fillText(t(`events.domain.${d}`), 18, y + laneH / 2);
    });
    axis(c, 0, p.end, x, width, height - 4, ink.get("rule"), ink.get("soft"));
    const at = new Map(p.events.map((e) => [e.id, place(e, width)]));
    c.strokeStyle = ink.get("edge");
    c.lineWidth = 1;
    c.globalAlpha = 0.5;
    for (const e of p.events) {
      const from = e.parent ? at.get(e.parent) : undefined;
      const to = at.get(e.id)!;
      if (!from || (from[0] === to[0] && from[1] === to[1])) continue;
      c.beginPath();
      c.moveTo(...from);
      c.bezierCurveTo(from[0] + 18, from[1], to[0] - 18, to[1], to[0], to[1]);
      c.stroke();
    }
    c.globalAlpha = 1;
    const rank = { detail: 0, info: 1, warning: 2, critical: 3 };
    for (const e of [...p.events].sort((a, b) => rank[a.severity] - rank[b.severity])) {
      const [ex, ey] = at.get(e.id)!;
      c.beginPath();
      if (e.severity === "critical") {
        c.fillStyle = ink.get("bad");
        c.moveTo(ex, ey - 6.5);
        c.lineTo(ex + 6, ey + 4.5);
        c.lineTo(ex - 6, ey + 4.5);
      } else if (e.severity === "warning") {
        c.fillStyle = ink.get("warn");
        c.moveTo(ex, ey - 5.5);
        c.lineTo(ex + 5, ey);
        c.lineTo(ex, ey + 5.5);
        c.lineTo(ex - 5, ey);
      } else {
        c.fillStyle = ink.get("edge");
        c.arc(ex, ey, e.severity === "info" ? 2.5 : 1.5, 0, 7);
      }
      c.closePath();
      c.fill();
      if (e.id === p.chosen) {
        c.strokeStyle = ink.get("accent");
        c.lineWidth = 2;
        c.beginPath();
        c.arc(ex, ey, 9, 0, 7);
        c.stroke();
      }
    }
    c.strokeStyle = ink.get("accent");
    c.lineWidth = 1.5;
    c.beginPath();
    c.moveTo(x(p.now), 20);
    c.lineTo(x(p.now), height - 4);
    c.stroke();
  };
  return (
    <div class="lanes" style={{ height: `${height}px` }}>
      <Canvas
        class="surface"
        data-testid="lanes"
        label={t("events.canvas")}
        draw={draw}
        onClick={(e: MouseEvent) => {
          const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
          const [mx, my] = [e.clientX - box.left, e.clientY - box.top];
          let best: LogEvent | null = null;
          let least = 14 * 14;
          for (const x of p.events) {
            const [ex, ey] = place(x, box.width);
            const d = (ex - mx) ** 2 + (ey - my) ** 2 - (x.severity === "info" || x.severity === "detail" ? 0 : 30);
            if (d < least) {
              least = d;
              best = x;
            }
          }
          if (best) p.onPick(best);
          else if (mx > left) p.onSeek(((mx - left) / (box.width - left - 16)) * p.end);
        }}
      />
    </div>
  );
}
