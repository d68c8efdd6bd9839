// Cooling: how the heat gets out, from the chip to the weather, and how far every stage is from its limit.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { openMenu } from "../../app/overlay";
import { go, route } from "../../app/route";
import { t } from "../../i18n";
import { number, text } from "../../model/format";
import { kindName, title } from "../../model/look";
import { baseName, besideName } from "../../model/reality";
import type { Run } from "../../model/run";
import { ghost, main } from "../../model/session";
import { useWant } from "../../model/want";
import { Icon } from "../../ui/icons";
import { Figure, Segments, State, statusTone } from "../../ui/parts";
import { Hall } from "./hall";
import { gpuLimits, kindsPresent, spreadOf, type Unit, unitsOf, wantedFor } from "./model";
import "./cooling.css";

export function Cooling() {
  const base = main.value!;
  const other = ghost.value;
  const [forked, setForked] = useState(false);
  const run = forked && other ? other : base;
  useWant(run, "cooling", wantedFor(run));
  const table = route.value.tab === "table";
  return (
    <>
      <header>
        <h1>{t("cooling.title")}</h1>
        {run.channel("site.cooling_power") && (
          <span class="soft">
            {t("power.mech")}: <b class="strong">{text(run.value("site.cooling_power", 0, "site"), "W")}</b>
          </span>
        )}
        <span class="push tools">
          {other && (
            <Segments
              label={besideName()}
              value={forked ? "fork" : "base"}
              onPick={(v) => setForked(v === "fork")}
              options={[
                ["base", baseName()],
                ["fork", besideName()],
              ]}
            />
          )}
          <Segments
            label={t("cooling.title")}
            value={table ? "table" : "diagram"}
            onPick={(v) => go({ tab: v === "table" ? "table" : "" })}
            options={[
              ["diagram", t("cooling.title")],
              ["table", t("floor.table")],
            ]}
          />
        </span>
      </header>
      {table ? <UnitTable run={run} /> : <Stages run={run} />}
    </>
  );
}

function Stages({ run }: { run: Run }) {
  const have = kindsPresent(run);
  const liquid = have.has("cdu");
  const limits = gpuLimits(run);
  const gpu = spreadOf(run, "rack.gpu_temperature");
  const coolant = spreadOf(run, "rack.liquid_temperature");
  const inlet = spreadOf(run, "rack.inlet_temperature");
  const inletLimit = run.channel("rack.inlet_temperature")?.thresholds?.find((x) => x.above)?.at;
  return (
    <div class="content pad cooling">
      <section>
        <h3>{t(liquid ? "cooling.liquid" : "cooling.path")}</h3>
        <div class="stages">
          <Stage name={t("cooling.chip")} empty={!gpu}>
            {gpu && (
              <>
                <Big value={gpu.high} />
                <Range low={gpu.low} high={gpu.high} />
                {Number.isFinite(limits.target) && (
                  <Margin value={gpu.high} limit={limits.target} name={t("limit.target")} />
                )}
                <Goto run={run} metric="rack.gpu_temperature" rack={gpu.worst} />
              </>
            )}
          </Stage>
          {liquid ? (
            <>
              <Pipe tone="hot" label={t("cooling.heat")} />
              <Stage name={t("cooling.plate")} empty={!coolant}>
                {coolant && (
                  <>
                    <Big value={coolant.high} />
                    <Range low={coolant.low} high={coolant.high} />
                    {gpu && Number.isFinite(gpu.high - coolant.high) && (
                      <p class="soft small">{t("cooling.rise", { value: `${number(gpu.high - coolant.high)} K` })}</p>
                    )}
                    <Goto run={run} metric="rack.liquid_temperature" rack={coolant.worst} />
                  </>
                )}
              </Stage>
              <Pipe tone="hot" label={t("cooling.flow")} value={text(total(unitsOf(run, "cdu"), "flow"), "kg/s")} />
              <UnitStage run={run} kind="cdu" name={t("cooling.cdu")} />
            </>
          ) : (
            <>
              <Pipe tone="hot" label={t("cooling.air")} />
              <Stage name={t("cooling.inlets")} empty={!inlet}>
                {inlet && (
                  <>
                    <Big value={inlet.high} />
                    <Range low={inlet.low} high={inlet.high} />
                    {inletLimit !== undefined && (
                      <Margin value={inlet.high} limit={inletLimit} name={t("limit.recommended")} />
                    )}
                    <Goto run={run} metric="rack.inlet_temperature" rack={inlet.worst} />
                  </>
                )}
              </Stage>
              <Pipe tone="hot" label={t("cooling.flow")} value={text(total(unitsOf(run, "crah"), "flow"), "m3/s")} />
              <UnitStage run={run} kind="crah" name={kindName("crah")} />
            </>
          )}
          <Pipe tone="hot" label={t("cooling.loop")} value={loopText(run)} />
          <PlantStage run={run} />
          <Pipe tone="cold" label="" />
          <Stage name={t("cooling.weather")} empty={!run.channel("weather.dry_bulb")}>
            <Big value={run.value("weather.dry_bulb", 0, "site")} />
            <p class="soft small">{t("cooling.dry")}</p>
            {run.channel("weather.wet_bulb") && (
              <p class="soft small">
                {t("cooling.wet")} <b class="strong nowrap">{text(run.value("weather.wet_bulb", 0, "site"), "degC")}</b>
              </p>
            )}
          </Stage>
        </div>
        {!liquid && <p class="soft small">{t("cooling.airOnly")}</p>}
      </section>
      <section>
        <h3>{t("cooling.air")}</h3>
        <div class="halls">
          {Array.from({ length: Math.min(run.tree.count("hall"), 24) }, (_, i) => (
            <Hall key={i} run={run} index={i} />
          ))}
        </div>
      </section>
    </div>
  );
}

function total(units: Unit[], field: "flow" | "power"): number {
  const known = units.map((u) => u[field]).filter(Number.isFinite);
  return known.length ? known.reduce((a, b) => a + b, 0) : Number.NaN;
}

function loopText(run: Run): string {
  const chillers = unitsOf(run, "chiller")
    .map((u) => u.supply)
    .filter(Number.isFinite);
  return chillers.length ? text(Math.max(...chillers), "degC") : "";
}

function Stage(p: { name: string; empty?: boolean; children?: ComponentChildren }) {
  return (
    <article class="stage card">
      <h4>{p.name}</h4>
      {p.empty ? (
        <div class="unknown-box hatch" role="img" aria-label={t("state.unknown")}>
          <span>{t("state.unknown")}</span>
        </div>
      ) : (
        p.children
      )}
    </article>
  );
}

function Big({ value }: { value: number }) {
  return (
    <p class="huge">
      <Figure value={value} unit="degC" />
    </p>
  );
}

function Range({ low, high }: { low: number; high: number }) {
  return (
    <p class="soft small">
      {number(low, 3)} – {text(high, "degC")}
    </p>
  );
}

/** How far from a limit, as a bar and in words. */
export function Margin({
  value,
  limit,
  name,
  span = 20,
}: {
  value: number;
  limit: number;
  name: string;
  span?: number;
}) {
  const margin = limit - value;
  if (!Number.isFinite(margin)) return null;
  // A die that is throttled to its target stands at it: that is no alarm.
  const at = Math.abs(margin) < 0.1;
  const tone = at ? "warn" : margin < 0 ? "bad" : margin < 3 ? "warn" : "ok";
  return (
    <div class={`margin ${tone}`}>
      <span class="meter">
        <i class={tone} style={{ width: `${Math.max(3, Math.min(100, (1 - margin / span) * 100))}%` }} />
      </span>
      <span class="small">
        {margin < 0 && !at && <Icon name="fault" size={12} />}{" "}
        {t(at ? "cooling.at" : margin < 0 ? "cooling.over" : "cooling.margin", {
          value: `${number(Math.abs(margin), 2)} K`,
          limit: `${name} ${text(limit, "degC")}`,
        })}
      </span>
    </div>
  );
}

function Pipe({ tone, label, value }: { tone: "hot" | "cold"; label: string; value?: string }) {
  return (
    <div class={`pipe ${tone}`}>
      <span class="small soft">{label}</span>
      <svg viewBox="0 0 60 16" aria-hidden="true" preserveAspectRatio="none">
        <path d="M0 8H50" />
        <path d="M46 3 54 8 46 13Z" class="tip-arrow" />
      </svg>
      <span class="small strong">{value}</span>
    </div>
  );
}

function Goto({ run, metric, rack }: { run: Run; metric: string; rack: number }) {
  if (rack < 0) return null;
  const name = run.tree.nameOf({ kind: "rack", index: rack });
  return (
    <button
      type="button"
      class="link small accent"
      onClick={() => go({ view: "floor", metric, sel: name, at: "", tab: "" })}
    >
      {t("reduce.max")}: {name}
    </button>
  );
}

export function UnitChip({ run, u }: { run: Run; u: Unit }) {
  const ref = { kind: u.node.kind, index: u.node.index };
  const name = run.tree.nameOf(ref);
  return (
    <button
      type="button"
      class={`gear ${statusTone[u.status]} ${u.status === "standby" ? "idle" : ""}`}
      aria-pressed={route.value.sel === name}
      onClick={() => go({ sel: name })}
      onContextMenu={(e) => {
        go({ sel: name }, true);
        openMenu(e, ref);
      }}
    >
      <span class="line">
        <b class="clip">{title(run.tree, ref)}</b>
        <State of={u.status} />
      </span>
      <span class="line small soft">
        <span>
          {Number.isFinite(u.supply) && Number.isFinite(u.back)
            ? `${number(u.supply, 3)} → ${text(u.back, "degC")}`
            : text(Number.isFinite(u.supply) ? u.supply : u.back, "degC")}
        </span>
        <span>
          {Number.isFinite(u.flow)
            ? text(u.flow, u.node.kind === "cdu" ? "kg/s" : "m3/s")
            : Number.isFinite(u.power)
              ? text(u.power, "W")
              : ""}
        </span>
      </span>
      {Number.isFinite(u.load) && (
        <span class="meter" title={`${t("power.load")} ${text(u.load, "")}`}>
          <i class={u.load > 1 ? "over" : ""} style={{ width: `${Math.min(100, Math.max(0, u.load * 100))}%` }} />
        </span>
      )}
    </button>
  );
}

function UnitStage({ run, kind, name }: { run: Run; kind: string; name: string }) {
  const units = unitsOf(run, kind);
  const down = units.filter((u) => statusTone[u.status] === "bad").length;
  const shown = [...units].sort((a, b) => rank(b) - rank(a)).slice(0, 5);
  return (
    <article class="stage card wide">
      <h4>
        {name} <span class="soft">{t("cooling.units", { n: units.length })}</span>
        {down > 0 && <span class="bad"> ✕ {t("cooling.down", { n: down })}</span>}
      </h4>
      {shown.map((u) => (
        <UnitChip key={u.node.id} run={run} u={u} />
      ))}
      {units.length > shown.length && <p class="soft small">{t("power.more", { n: units.length - shown.length })}</p>}
    </article>
  );
}

const rank = (u: Unit) => (statusTone[u.status] === "bad" ? 100 : u.status === "standby" ? -1 : 0) + (u.load || 0);

function PlantStage({ run }: { run: Run }) {
  const groups = ["chiller", "tower", "dry-cooler"]
    .map((k) => [k, unitsOf(run, k)] as const)
    .filter(([, u]) => u.length);
  return (
    <article class="stage card wide">
      <h4>{t("cooling.plant")}</h4>
      {groups.map(([kind, units]) => {
        const down = units.filter((u) => statusTone[u.status] === "bad");
        const on = units.filter((u) => u.power > 0).length;
        const known = units.some((u) => Number.isFinite(u.power));
        return (
          <div key={kind} class="group">
            <p class="line">
              <b>{kindName(kind)}</b>
              <span class={down.length ? "bad" : "soft"}>
                {down.length
                  ? `✕ ${t("cooling.down", { n: down.length })}`
                  : known
                    ? `${on} / ${units.length} ${t("state.ok")}`
                    : t("cooling.units", { n: units.length })}
              </span>
            </p>
            {(known || down.length > 0) && <p class="soft small">{text(total(units, "power"), "W")}</p>}
            {down.slice(0, 3).map((u) => (
              <UnitChip key={u.node.id} run={run} u={u} />
            ))}
          </div>
        );
      })}
      {!groups.length && <p class="soft">–</p>}
    </article>
  );
}

function UnitTable({ run }: { run: Run }) {
  const units = run.plant.cooling.nodes
    .filter((n) => n.index >= 0 && !["loop", "room", "racks", "outdoors"].includes(n.kind))
    .map((n) => unitsOf(run, n.kind).find((u) => u.node.id === n.id)!);
  return (
    <div class="content">
      <table class="table">
        <thead>
          <tr>
            <th>{t("table.name")}</th>
            <th>{t("table.state")}</th>
            <th class="num">{t("cooling.supply")}</th>
            <th class="num">{t("cooling.return")}</th>
            <th class="num">{t("cooling.flow")}</th>
            <th class="num">{t("power.load")}</th>
            <th class="num">{t("table.value")}</th>
          </tr>
        </thead>
        <tbody>
          {units.map((u) => (
            <tr key={u.node.id} data-link onClick={() => go({ sel: u.node.name })}>
              <td>
                <button type="button" class="link" onClick={() => go({ sel: u.node.name })}>
                  {u.node.name}
                </button>
              </td>
              <td>
                <State of={u.status} />
              </td>
              <td class="num">{text(u.supply, "degC")}</td>
              <td class="num">{text(u.back, "degC")}</td>
              <td class="num">{text(u.flow, u.node.kind === "cdu" ? "kg/s" : "m3/s")}</td>
              <td class="num">{text(u.load, "")}</td>
              <td class="num">{text(u.power, "W")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
