// Floor: one metric at a time on the plan, from the site down to a GPU; base and fork beside each other.

import { useEffect, useMemo, useState } from "preact/hooks";
import { ModeBadge } from "../../app/bar";
import { go, route } from "../../app/route";
import { theme } from "../../app/theme";
import { type Palette, parseHex } from "../../draw/scale";
import { recall, remember, t } from "../../i18n";
import { channelTitle, kindName, title } from "../../model/look";
import { baseName, besideName, measuredBeside } from "../../model/reality";
import type { Run } from "../../model/run";
import { ghost, main } from "../../model/session";
import type { Ref } from "../../model/tree";
import { useWant } from "../../model/want";
import { Icon } from "../../ui/icons";
import { Empty, Segments } from "../../ui/parts";
import type { Channel, Subscription } from "../../wire/types";
import { Elevation } from "./elevation";
import { geometryOf } from "./geometry";
import { HeldNote, racksOf, useSelectedJob } from "./held";
import { Legend, Worst } from "./legend";
import { chosenLevel, chosenMetric, difference, levelsOf, metricsOf, paletteKey, rangeOf } from "./metric";
import { NodeView } from "./node";
import { Plan, type Shown } from "./plan";
import { FloorTable } from "./table";
import type { CellKind } from "./texture";

type Tab = "plan" | "solid" | "table";
type Side = "beside" | "base" | "fork" | "delta";

export function Floor() {
  const run = main.value!;
  const other = ghost.value;
  const r = route.value;
  const channel = chosenMetric(run, r.metric);
  const at = placeOf(run, r.at);
  const [room, setRoom] = useState(false);
  const [side, setSide] = useState<Side>("beside");
  const [palette, setPalette] = useState<Palette>(recall(paletteKey) === "cividis" ? "cividis" : "viridis");
  const cell = channel ? chosenLevel(channel, r.level) : "rack";
  const subs: Subscription[] = channel ? [{ channel: channel.name, level: cell }] : [];
  useWant(run, "floor", subs);
  useWant(other, "floor", subs);
  const job = useSelectedJob(run);
  const held = useMemo(() => racksOf(run, job), [run, job]);
  if (!channel || !run.tree.count("rack")) return <Empty title={t("data.none")}>{t("inspector.noValues")}</Empty>;

  const tab = (["solid", "table"].includes(r.tab) ? r.tab : "plan") as Tab;
  const shownOf = (which: Run): Shown => ({
    values: () => which.values(channel.name, cell),
    scale: () => {
      let [lo, hi] = rangeOf(run, channel, cell, run.values(channel.name, cell));
      if (other && side !== "base") [lo, hi] = rangeOf(run, channel, cell, other.values(channel.name, cell));
      return { lo, hi, palette };
    },
  });
  const delta: Shown = {
    values: () => {
      const a = run.values(channel.name, cell);
      const b = other?.values(channel.name, cell);
      return a && b ? difference(a, b, channel.unit).values : null;
    },
    scale: () => {
      const a = run.values(channel.name, cell);
      const b = other?.values(channel.name, cell);
      const [lo, hi] = a && b ? difference(a, b, channel.unit).range : [-1, 1];
      return { lo, hi, palette, diverging: diverging() };
    },
  };
  const real = measuredBeside();
  const chosen: Side = other ? side : "base";
  const first = chosen === "fork" && other ? shownOf(other) : chosen === "delta" ? delta : shownOf(run);
  const label = t("floor.canvas", { what: title(run.tree, at), metric: channelTitle(channel) });
  const common = { run, at, channel, cell };
  const deep = at.kind === "row" || at.kind === "rack" || at.kind === "node";

  return (
    <>
      <header>
        <Crumbs run={run} at={at} />
        {other && (
          <Segments
            label={besideName()}
            value={chosen}
            onPick={setSide}
            options={[
              ["beside", `${baseName()} | ${besideName()}`],
              ["base", baseName()],
              ["fork", besideName()],
              ["delta", t(real ? "live.residual" : "floor.difference")],
            ]}
          />
        )}
        <span class="push tools">
          <MetricPicker run={run} channel={channel} />
          {levelsOf(channel).length > 1 && (
            <Segments
              label={t("floor.level")}
              value={cell}
              onPick={(v) => go({ level: v === channel.kind ? "" : v })}
              options={levelsOf(channel).map((l) => [l, kindName(l)] as const)}
            />
          )}
          <Segments<Tab>
            label={t("floor.plan")}
            value={tab}
            onPick={(v) => go({ tab: v === "plan" ? "" : v })}
            options={[
              ["plan", t("floor.plan")],
              ["solid", t("floor.solid")],
              ["table", t("floor.table")],
            ]}
          />
        </span>
      </header>
      {tab === "table" ? (
        <FloorTable {...common} shown={first} />
      ) : tab === "solid" ? (
        <Solid {...common} shown={first} />
      ) : at.kind === "node" ? (
        <NodeView {...common} shown={first} />
      ) : deep ? (
        <Elevation {...common} shown={first} />
      ) : geometryOf(run) ? (
        <div class={`plans ${other && chosen === "beside" ? "two" : ""}`}>
          <Plan
            {...common}
            shown={first}
            label={label}
            testId="plan"
            held={held}
            onRoom={setRoom}
            caption={other && chosen === "beside" ? <ModeBadge mode={run.info.value.mode} /> : undefined}
          />
          {other && chosen === "beside" && (
            <Plan
              {...common}
              run={other}
              shown={shownOf(other)}
              label={label}
              testId="plan-fork"
              caption={<ModeBadge mode={real ? "LIVE" : "FORK"} />}
            />
          )}
        </div>
      ) : (
        <FloorTable {...common} shown={first} />
      )}
      {job && tab === "plan" && !deep && <HeldNote run={run} job={job} />}
      {tab !== "table" && (
        <div class="legend-bar">
          {room && !other && tab === "plan" && !deep && <Worst {...common} shown={first} />}
          <Legend
            channel={channel}
            cell={cell}
            shown={first}
            difference={chosen === "delta"}
            named={real ? t("live.difference") : t("floor.difference")}
            extra={
              <label class="palette-pick">
                <span class="hidden-text">{t("floor.palette")}</span>
                <select
                  value={palette}
                  onChange={(e) => {
                    setPalette(e.currentTarget.value as Palette);
                    remember(paletteKey, e.currentTarget.value);
                  }}
                >
                  <option value="viridis">viridis</option>
                  <option value="cividis">cividis</option>
                </select>
              </label>
            }
          />
        </div>
      )}
    </>
  );
}

function placeOf(run: Run, path: string): Ref {
  const ref = path ? run.tree.parse(path) : null;
  return ref && ["hall", "row", "rack", "node"].includes(ref.kind) ? ref : { kind: "site", index: 0 };
}

export function Crumbs({ run, at }: { run: Run; at: Ref }) {
  const path = run.tree.path(at);
  return (
    <nav class="crumbs" aria-label={t("inspector.within")}>
      {path.map((ref, i) => {
        const last = i === path.length - 1;
        const text = title(run.tree, ref);
        return [
          i > 0 && <Icon key={`s${i}`} name="right" size={11} />,
          last ? (
            <span key={ref.kind} aria-current="location">
              {text}
            </span>
          ) : (
            <button
              key={ref.kind}
              type="button"
              onClick={() => go({ at: ref.kind === "site" ? "" : run.tree.nameOf(ref) })}
            >
              {text}
            </button>
          ),
        ];
      })}
    </nav>
  );
}

function MetricPicker({ run, channel }: { run: Run; channel: Channel }) {
  const groups = new Map<string, Channel[]>();
  for (const c of metricsOf(run)) groups.set(c.kind, [...(groups.get(c.kind) ?? []), c]);
  return (
    <select
      class="field"
      aria-label={t("floor.metric")}
      value={channel.name}
      onChange={(e) => go({ metric: e.currentTarget.value, level: "" })}
    >
      {[...groups].map(([kind, list]) => (
        <optgroup key={kind} label={kindName(kind)}>
          {list.map((c) => (
            <option key={c.name} value={c.name}>
              {channelTitle(c)}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

type SolidProps = { run: Run; at: Ref; channel: Channel; cell: CellKind; shown: Shown };

function Solid(p: SolidProps) {
  const [C, setC] = useState<{ view: typeof import("./solid").SolidView } | null>(null);
  useEffect(() => {
    void import("./solid").then((m) => setC({ view: m.SolidView }));
  }, []);
  return C ? <C.view {...p} /> : <Empty title={t("floor.loading3d")} />;
}

/** From cold through the page's own ground to hot. */
function diverging(): Uint32Array {
  const key = theme.value;
  let table = tables.get(key);
  if (!table) {
    const style = getComputedStyle(document.documentElement);
    const of = (n: string) => parseHex(style.getPropertyValue(n));
    const [a, m, b] = [of("--cold"), of("--rule"), of("--hot")];
    table = new Uint32Array(256);
    for (let i = 0; i < 256; i++) {
      const f = i / 127.5 - 1;
      const end = f < 0 ? a : b;
      const mix = (k: number) => Math.round(m[k]! + (end[k]! - m[k]!) * Math.abs(f));
      table[i] = ((255 << 24) | (mix(2) << 16) | (mix(1) << 8) | mix(0)) >>> 0;
    }
    tables.set(key, table);
  }
  return table;
}

const tables = new Map<string, Uint32Array>();
