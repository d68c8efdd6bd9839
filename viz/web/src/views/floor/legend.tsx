// The legend: how the values lie on the colours, where the thresholds are, what is unknown.
import { go, route } from "../../app/route";
import { theme } from "../../app/theme";
import { Canvas, font, hatch, inks, type Surface } from "../../draw/canvas";
import { colour, css, ticks } from "../../draw/scale";
import { t } from "../../i18n";
import { scaleOf } from "../../model/format";
import { channelSort, channelTitle, kindsName, shown } from "../../model/look";
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import type { Channel } from "../../wire/types";
import { beyond, type Shown } from "./plan";
import type { CellKind } from "./texture";

export function Legend({
  channel,
  cell,
  shown: s,
  difference,
  named,
  extra,
}: {
  channel: Channel;
  cell: CellKind;
  shown: Shown;
  difference: boolean;
  named: string;
  extra?: preact.ComponentChild;
}) {
  const values = s.values();
  let known = 0;
  let over = 0;
  const limit = worst(channel);
  for (const v of values ?? []) {
    if (v !== v) continue;
    known++;
    if (limit && !difference && (limit.above ? v > limit.at : v < limit.at)) over++;
  }
  const unknown = (values?.length ?? 0) - known;
  const aggregated = cell !== channel.kind;
  return (
    <section class="legend card" aria-label={t("floor.legend")}>
      <header>
        <strong>{channelTitle(channel)}</strong>
        {difference ? <span class="fork">{named}</span> : extra}
      </header>
      <Canvas class="scale" label={t("floor.spread")} draw={(x) => draw(x, channel, s, difference)} />
      <p class="soft small">
        {t(`floor.cell.${cell}`)}
        {aggregated &&
          ` · ${t("floor.aggregate", { reduce: t(`reduce.${channel.reduce}`), what: kindsName(channel.kind) })}`}
      </p>
      {(unknown > 0 || !values) && (
        <p class="small unknown-key">
          <i class="hatch" /> {t("floor.unknown")}: {values ? unknown.toLocaleString("en-US") : "–"}
        </p>
      )}
      {limit && over > 0 && (
        <p class={`small ${limit.severity === "critical" ? "bad" : "warn"}`}>
          ▲ {t("floor.alarms", { n: over.toLocaleString("en-US"), limit: shown(channel, limit.at) })}
        </p>
      )}
    </section>
  );
}

/** The threshold that counts first: the one reached first. */
function worst(c: Channel) {
  return c.thresholds?.find((x) => x.severity === "warning") ?? c.thresholds?.[0] ?? null;
}

function draw({ c, width, height }: Surface, channel: Channel, s: Shown, difference: boolean): void {
  const ink = inks(theme);
  const scale = s.scale();
  const values = s.values();
  const [lo, hi] = [scale.lo, scale.hi];
  const [left, right, bar] = [2, width - 2, 9];
  const base = height - 18 - bar;
  const x = (v: number) => left + ((v - lo) / (hi - lo || 1)) * (right - left);
  const fillAt = (f: number) => {
    if (!scale.diverging) return css(colour(scale.palette, f));
    const p = scale.diverging[Math.round(f * 255)]!;
    return `rgb(${p & 255} ${(p >> 8) & 255} ${(p >> 16) & 255})`;
  };
  const bins = 56;
  const counts = new Float64Array(bins);
  for (const v of values ?? []) {
    if (v === v) counts[Math.max(0, Math.min(bins - 1, Math.floor(((v - lo) / (hi - lo || 1)) * bins)))]!++;
  }
  const most = Math.max(1, ...counts);
  for (let i = 0; i < bins; i++) {
    const w = (right - left) / bins;
    c.fillStyle = fillAt((i + 0.5) / bins);
    c.fillRect(left + i * w, base, w + 0.6, bar);
    if (counts[i]) {
      const h = Math.max(2, Math.sqrt(counts[i]! / most) * (base - 6));
      c.fillStyle = ink.get("edge");
      c.fillRect(left + i * w, base - 3 - h, Math.max(1, w - 1), h);
    }
  }
  if (!values) {
    c.fillStyle = hatch(c, ink.get("unknown"), ink.get("unknown-2"));
    c.fillRect(left, base, right - left, bar);
  }
  const u = unitOf(channel, Math.max(Math.abs(lo), Math.abs(hi)), difference);
  c.fillStyle = ink.get("soft");
  c.font = font(11);
  c.textBaseline = "alphabetic";
  const marks = ticks(lo / u.per, hi / u.per, 4);
  marks.forEach((m, i) => {
    const at = x(m * u.per);
    c.textAlign = at < 16 ? "left" : at > width - 26 ? "right" : "center";
    const unit = i === marks.length - 1 && u.unit ? ` ${u.unit}` : "";
    c.fillText(
      `${String(Number(m.toPrecision(4))).replace("-", "\u2212")}${unit}`,
      Math.max(left, Math.min(right, at)),
      height - 4,
    );
    c.fillRect(at - 0.5, base + bar, 1, 3);
  });
  if (difference) return;
  for (const limit of channel.thresholds ?? []) {
    const at = x(limit.at);
    if (at < left || at > right) continue;
    c.strokeStyle = ink.get(limit.severity === "critical" ? "bad" : "warn");
    c.lineWidth = 1.5;
    c.setLineDash([3, 2]);
    c.beginPath();
    c.moveTo(at, 0);
    c.lineTo(at, base + bar);
    c.stroke();
    c.setLineDash([]);
  }
}

function unitOf(c: Channel, magnitude: number, difference: boolean): { per: number; unit: string } {
  if (c.unit === "" && channelSort(c) === "share") return { per: 0.01, unit: "%" };
  const u = scaleOf(c.unit, magnitude);
  return difference && c.unit === "degC" ? { per: 1, unit: "K" } : u;
}

/** The few cells that are worst, to go to. */
export function Worst({
  run,
  at,
  channel,
  cell,
  shown: s,
}: {
  run: Run;
  at: Ref;
  channel: Channel;
  cell: CellKind;
  shown: Shown;
}) {
  const values = s.values();
  const span = at.kind === cell ? [at.index, at.index + 1] : run.tree.descendants(at, cell);
  const top: { i: number; v: number }[] = [];
  const sense = channel.reduce === "min" ? -1 : 1;
  for (let i = span[0]!; i < span[1]!; i++) {
    const v = (values?.[i] ?? Number.NaN) * sense;
    if (Number.isNaN(v) || (top.length === 6 && v <= top[5]!.v)) continue;
    top.push({ i, v });
    top.sort((a, b) => b.v - a.v);
    top.length = Math.min(top.length, 6);
  }
  if (!top.length) return null;
  return (
    <section class="legend card worst">
      <h3>{t(channel.reduce === "min" ? "floor.lowest" : "floor.highest")}</h3>
      <ol>
        {top.map(({ i }) => {
          const name = run.tree.nameOf({ kind: cell, index: i });
          const tone = channel.reduce === "sum" ? null : beyond(channel, values![i]!);
          return (
            <li key={i}>
              <button
                type="button"
                class="line"
                aria-pressed={route.value.sel === name}
                onClick={() => go({ sel: name })}
              >
                <span class="clip">{name}</span>
                <b class={tone ?? ""}>
                  {tone && "▲ "}
                  {shown(channel, values![i])}
                </b>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}
