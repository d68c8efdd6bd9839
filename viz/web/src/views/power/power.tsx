// Power: the one-line diagram from the utility to the racks, what is live, and what would follow if a breaker opened.

import { useMemo, useRef, useState } from "preact/hooks";
import { openMenu } from "../../app/overlay";
import { go, route } from "../../app/route";
import { t } from "../../i18n";
import { duration, text } from "../../model/format";
import { stateChannel, stateOf, title } from "../../model/look";
import { baseName, besideName } from "../../model/reality";
import type { Run } from "../../model/run";
import { ghost, main } from "../../model/session";
import { useWant } from "../../model/want";
import { Icon } from "../../ui/icons";
import { Empty, Segments, State, type Status, statusTone } from "../../ui/parts";
import { useWidth } from "../../ui/width";
import type { PlantNode, Subscription } from "../../wire/types";
import { type Flows, impactOf, liveness } from "./impact";
import { drawPower, elbow, type Spot } from "./layout";
import { PowerTable } from "./table";
import "./power.css";

const kinds = ["utility", "genset", "transformer", "ups", "pdu"];

export function Power() {
  const base = main.value!;
  const other = ghost.value;
  const [forked, setForked] = useState(false);
  const run = forked && other ? other : base;
  const tab = route.value.tab === "table" ? "table" : "diagram";
  useWant(run, "power", wanted(run));
  const now = redundancyNow(run);
  if (!run.plant.power.nodes.some((n) => kinds.includes(n.kind)))
    return <Empty title={t("power.title")}>{t("power.none")}</Empty>;
  return (
    <>
      <header>
        <h1>{t("power.title")}</h1>
        {now && (
          <span class="soft" data-testid="redundancy">
            {t("power.redundancy")}: <b class={now.tone}>{now.text}</b>
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
            label={t("power.title")}
            value={tab}
            onPick={(v) => go({ tab: v === "table" ? "table" : "" })}
            options={[
              ["diagram", t("power.title")],
              ["table", t("floor.table")],
            ]}
          />
        </span>
      </header>
      {tab === "table" ? <PowerTable run={run} kinds={kinds} /> : <Diagram run={run} />}
    </>
  );
}

function wanted(run: Run): Subscription[] {
  const list: Subscription[] = [
    { channel: "rack.power", level: "rack" },
    { channel: "rack.state", level: "rack" },
    { channel: "site.cooling_power", level: "site", bits: 16 },
  ];
  for (const k of kinds)
    for (const f of ["state", "load", "power", "charge", "autonomy"])
      list.push({ channel: `${k}.${f}`, level: k, bits: 16 });
  return list.filter((s) => run.channel(s.channel));
}

/** Redundancy as it is: which sides carry, which of them on battery. */
function redundancyNow(run: Run): { text: string; tone: "ok" | "warn" | "bad" | "soft" } | null {
  const { nodes, edges } = run.plant.power;
  const parents = nodes.map(() => [] as number[]);
  for (const e of edges) parents[e.to]!.push(e.from);
  if (!nodes.some((n) => kinds.includes(n.kind) && statusOfNode(run, n) !== "unknown"))
    return { text: t("state.unknown"), tone: "soft" };
  const live = liveness(run.plant, parents, -1, flowsOf(run));
  const sides = Math.max(1, run.plant.sides.length);
  const last = nodes.some((n) => n.kind === "pdu")
    ? "pdu"
    : nodes.some((n) => n.kind === "ups")
      ? "ups"
      : "transformer";
  const carrying = Array.from({ length: sides }, (_, s) =>
    nodes.some((n) => n.side === s && n.kind === last && live[n.id]),
  ).filter(Boolean).length;
  const battery = nodes.filter((n) => n.kind === "ups" && statusOfNode(run, n) === "battery");
  const design = run.plant.redundancy || "N";
  if (!carrying) return { text: t("power.redundancy.lost"), tone: "bad" };
  if (battery.length) {
    const left = Math.min(...battery.map((n) => value(run, n, "autonomy")).filter(Number.isFinite));
    return { text: t("power.redundancy.battery", { n: battery.length, time: duration(left) }), tone: "warn" };
  }
  if (carrying < sides)
    return { text: t("power.redundancy.reduced", { design, n: carrying, all: sides }), tone: "warn" };
  return { text: t("power.redundancy.full", { design }), tone: "ok" };
}

const value = (run: Run, n: PlantNode, field: string) => {
  const name = `${n.kind}.${field}`;
  return run.channel(name) ? run.value(name, n.index, n.kind) : Number.NaN;
};

export function statusOfNode(run: Run, n: PlantNode): Status {
  if (!kinds.includes(n.kind)) return "ok";
  const s = run.channel(stateChannel(n.kind)) ? stateOf(run, { kind: n.kind, index: n.index }) : "unknown";
  if (s !== "ok" && s !== "unknown") return s;
  const load = value(run, n, "load");
  if (load > 1) return "overload";
  if (s === "unknown" && Number.isFinite(value(run, n, "power"))) return "ok";
  return s;
}

function flowsOf(run: Run): Flows {
  return {
    rack: (i) => (run.channel("rack.power") ? run.value("rack.power", i, "rack") : Number.NaN),
    node: (n) => value(run, n, "power"),
    live: (n) => {
      const s = statusOfNode(run, n);
      if (n.kind === "genset") return value(run, n, "power") > 0 || s === "ok";
      return s !== "failed" && s !== "off" && s !== "tripped";
    },
  };
}

function Diagram({ run }: { run: Run }) {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const [opened, setOpened] = useState<number | null>(null);
  const { nodes, edges } = run.plant.power;
  const flows = flowsOf(run);
  const rank = (n: PlantNode) => (statusTone[statusOfNode(run, n)] === "ok" ? 0 : 10) + (value(run, n, "load") || 0);
  const d = drawPower(run.plant, width, rank);
  const parents = useMemo(() => {
    const p = nodes.map(() => [] as number[]);
    for (const e of edges) p[e.to]!.push(e.from);
    return p;
  }, [nodes, edges]);
  const live = liveness(run.plant, parents, -1, flows);
  // Where nothing is recorded of a source, nobody knows what is live.
  const known = nodes.some((n) => kinds.includes(n.kind) && statusOfNode(run, n) !== "unknown");
  const impact = opened === null ? null : impactOf(run.plant, opened, flows);
  const onBattery = (side: number) =>
    nodes.some((n) => n.side === side && n.kind === "ups" && statusOfNode(run, n) === "battery");
  const lanes = new Map<number, number>();
  return (
    <div class="content" ref={box}>
      <div class="oneline" style={{ width: `${d.width}px`, height: `${d.height}px` }}>
        <svg width={d.width} height={d.height} aria-hidden="true">
          {d.bands.map((b) => (
            <g key={b.side}>
              <rect class="band" x={8} y={b.y} width={d.width - 16 - 190} height={b.h} rx={10} />
              <text class={`side-${b.side}`} x={20} y={b.y - 8}>
                {run.plant.sides.length > 1 ? t("power.side", { name: run.plant.sides[b.side] ?? "" }) : ""}
              </text>
            </g>
          ))}
          {d.wires.map((w, i) => {
            const on = w.from.node.id < 0 || live[w.from.node.id];
            const side = w.from.node.side;
            const battery =
              on &&
              onBattery(side) &&
              ["bus", "ups", "pdu"].includes(w.from.node.kind) &&
              (w.from.node.kind !== "bus" || w.from.node.index >= run.plant.sides.length);
            const idle = w.from.node.kind === "genset" && !(value(run, w.from.node, "power") > 0);
            const lane = lanes.get(w.to.node.id) ?? 0;
            lanes.set(w.to.node.id, side);
            return (
              <path
                key={i}
                class={`wire side-${side} ${!known ? "unknown" : on && !idle ? "on" : "off"} ${battery ? "battery" : ""} ${opened === w.to.node.id || opened === w.from.node.id ? "cut" : ""}`}
                d={elbow(w, w.to.node.id < 0 || w.to.node.kind === "mechanical" ? Math.max(0, side) : lane * 0)}
              />
            );
          })}
        </svg>
        {d.spots.map((s) => (
          <Part
            key={s.node.id}
            run={run}
            s={s}
            live={known && (s.node.id < 0 || !!live[s.node.id])}
            known={known}
            battery={onBattery(s.node.side)}
            opened={opened}
            onBreaker={(id) => setOpened(opened === id ? null : id)}
            impact={impact}
          />
        ))}
        {d.more.map((m) => (
          <div
            key={`${m.kind}${m.side}`}
            class="soft small more"
            style={{ left: `${m.x}px`, top: `${m.y}px`, width: `${m.w}px` }}
          >
            {t("power.more", { n: m.nodes.length })}
          </div>
        ))}
      </div>
      {impact && opened !== null && (
        <section class="card impact" aria-live="polite" data-testid="impact">
          <header>
            <h2>
              {t("power.impact")}: {run.plant.power.nodes[opened]!.name}
            </h2>
            <button type="button" class="btn quiet" onClick={() => setOpened(null)}>
              {t("help.close")}
            </button>
          </header>
          <ul>
            {impact.dark.length > 0 ? (
              <li>
                <State of="off">
                  {t("power.impact.dark", { n: impact.dark.length, list: names(run, impact.dark) })}
                </State>
              </li>
            ) : (
              <li>
                <State of="ok">{t("power.impact.none")}</State>
              </li>
            )}
            {impact.single.length > 0 && (
              <li>
                <State of="overload">{t("power.impact.single", { n: impact.single.length })}</State>
              </li>
            )}
            {impact.over.slice(0, 3).map((o) => (
              <li key={o.node.id}>
                <State of="overload">{t("power.impact.over", { what: o.node.name, load: text(o.load, "") })}</State>
              </li>
            ))}
            {impact.highest && (
              <li class="soft">
                {t("power.impact.most", { load: text(impact.highest.load, ""), what: impact.highest.node.name })}
              </li>
            )}
          </ul>
          <p class="faint small">{t("power.impact.basis")}</p>
        </section>
      )}
    </div>
  );
}

function names(run: Run, racks: number[]): string {
  const list = racks.slice(0, 3).map((i) => run.tree.nameOf({ kind: "rack", index: i }));
  return list.join(", ") + (racks.length > 3 ? " …" : "");
}

function Part(p: {
  run: Run;
  s: Spot;
  live: boolean;
  known: boolean;
  battery: boolean;
  opened: number | null;
  onBreaker: (id: number) => void;
  impact: ReturnType<typeof impactOf> | null;
}) {
  const { run, s } = p;
  const n = s.node;
  const at = { left: `${s.x}px`, top: `${s.y}px`, width: `${s.w}px`, height: `${s.h}px` };
  if (s.bar)
    return (
      <div
        class={`busbar side-${n.side} ${p.live ? "on" : "off"} ${p.known ? "" : "hatch"} ${p.battery ? "battery" : ""}`}
        style={at}
        role="img"
        aria-label={`${n.name}: ${t(p.live ? "state.ok" : "state.off")}`}
        title={n.name}
      />
    );
  if (n.kind === "switch") {
    return (
      <div
        class={`ats side-${n.side} ${p.live ? "on" : "off"}`}
        style={at}
        role="img"
        title={n.name}
        aria-label={`${n.name}: ${t(p.live ? "state.ok" : "state.off")}`}
      >
        ATS
      </div>
    );
  }
  if (n.kind === "racks") {
    const total = sum(run.channel("rack.power") ? run.values("rack.power", "rack") : null);
    const dark = p.impact?.dark.length ?? 0;
    return (
      <button
        type="button"
        class="part end"
        style={at}
        onClick={() => go({ view: "floor", metric: "rack.power", tab: "" })}
      >
        <span class="name">
          {run.tree.count("rack").toLocaleString("en-US")} {t("kinds.rack")}
        </span>
        <span class="big">{text(total, "W")}</span>
        {dark > 0 && <span class="bad small">✕ {dark}</span>}
      </button>
    );
  }
  if (n.kind === "mechanical") {
    return (
      <button type="button" class="part end" style={at} onClick={() => go({ view: "cooling", tab: "" })}>
        <span class="name">{t("power.mech")}</span>
        <span class="big">
          {run.channel("site.cooling_power") ? text(run.value("site.cooling_power", 0, "site"), "W") : "–"}
        </span>
      </button>
    );
  }
  const status = statusOfNode(run, n);
  // Without a rating there is no share of it.
  const load = n.rating_w ? value(run, n, "load") : Number.NaN;
  const charge = value(run, n, "charge");
  const autonomy = value(run, n, "autonomy");
  const power = value(run, n, "power");
  const ref = { kind: n.kind, index: n.index };
  const tone = statusTone[status];
  const idle = n.kind === "genset" && !(power > 0) && tone !== "bad";
  return (
    <>
      <button
        type="button"
        class={`breaker ${p.opened === n.id ? "open" : ""}`}
        style={{ left: `${s.x - 25}px`, top: `${s.y + s.h / 2 - 12}px` }}
        aria-pressed={p.opened === n.id}
        aria-label={`${t("power.impact")}: ${n.name}`}
        title={`${t("power.impact")}: ${n.name}`}
        onClick={() => p.onBreaker(n.id)}
      >
        <i />
      </button>
      <button
        type="button"
        class={`part ${tone} ${p.live && !idle ? "" : "idle"}`}
        style={at}
        aria-pressed={route.value.sel === run.tree.nameOf(ref)}
        onClick={() => go({ sel: run.tree.nameOf(ref) })}
        onContextMenu={(e) => {
          go({ sel: run.tree.nameOf(ref) }, true);
          openMenu(e, ref);
        }}
      >
        <span class="line">
          <span class="name clip">{title(run.tree, ref)}</span>
          <Mark status={idle ? "standby" : status} />
        </span>
        <span class="line small">
          <span class="soft">
            {status === "battery" && Number.isFinite(autonomy)
              ? t("power.left", { time: duration(autonomy) })
              : Number.isFinite(power)
                ? text(power, "W")
                : "–"}
          </span>
          <span>
            {Number.isFinite(load)
              ? text(load, "", "share", 2)
              : n.kind === "ups" && Number.isFinite(charge)
                ? text(charge, "", "share", 2)
                : ""}
          </span>
        </span>
        <span class={`meter ${Number.isFinite(load) || !n.rating_w ? "" : "hatch"}`}>
          <i style={{ width: `${Math.min(100, Math.max(0, (load || 0) * 100))}%` }} class={load > 1 ? "over" : ""} />
        </span>
      </button>
    </>
  );
}

function Mark({ status }: { status: Status }) {
  const icon = { ok: "check", standby: "pause", battery: "battery", overload: "fault", unknown: "unknown" } as const;
  return (
    <span class={statusTone[status]} title={t(`state.${status}`)}>
      <span class="hidden-text">{t(`state.${status}`)}</span>
      <Icon name={icon[status as "ok"] ?? (statusTone[status] === "bad" ? "cross" : "fault")} size={14} />
    </span>
  );
}

function sum(v: Float32Array | null): number {
  if (!v) return Number.NaN;
  let total = 0;
  for (const x of v) if (x === x) total += x;
  return total;
}
