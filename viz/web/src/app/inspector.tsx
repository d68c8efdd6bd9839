// The inspector: what is selected, exactly.

import { useState } from "preact/hooks";
import { Chart } from "../draw/chart";
import { t } from "../i18n";
import { coarse, useAsk } from "../model/ask";
import { clock, sortOf } from "../model/format";
import { channelTitle, kindName, kindsName, provenance, stateChannel, stateOf, title } from "../model/look";
import { baseName, besideName } from "../model/reality";
import type { Run } from "../model/run";
import { ghost, main, seek } from "../model/session";
import type { Ref } from "../model/tree";
import { useWant } from "../model/want";
import { Icon } from "../ui/icons";
import { Facts, Figure, IconButton, State } from "../ui/parts";
import { api } from "../wire/api";
import { unpack, type Value } from "../wire/types";
import { itemsFor } from "./menu";
import { inspecting, openMenu } from "./overlay";
import { go, route } from "./route";

export function Inspector() {
  const run = main.value;
  if (!inspecting.value || !run) return null;
  const sel = route.value.sel || route.value.at;
  if (!sel && ["data", "compare"].includes(route.value.view)) return null;
  const ref = run.tree.parse(sel) ?? { kind: "site", index: 0 };
  return (
    <aside class="side" aria-label={t("inspector.title")}>
      <header>
        <div>
          <p class="soft small">{kindName(ref.kind)}</p>
          <h2>{title(run.tree, ref)}</h2>
        </div>
        <IconButton icon="close" label={t("inspector.hide")} onClick={() => (inspecting.value = false)} />
      </header>
      <div class="scroll" key={run.id + sel}>
        <Body run={run} target={ref} />
      </div>
    </aside>
  );
}

function Body({ run, target }: { run: Run; target: Ref }) {
  const path = run.tree.nameOf(target);
  const status = run.status.value;
  // Exact values are asked for at most a few times a second while time moves.
  const moving = status.playing || (status.follow && status.state === "running");
  const at = moving
    ? coarse(status.t, Math.max(run.info.value.every_s, Math.abs(status.speed || status.run_speed || 600) / 2))
    : status.t;
  const values = useAsk(`${run.id} ${path} ${at} ${status.stream}`, (s) => api.values(run.id, path, at, s));
  const other = ghost.value;
  const beside = useAsk(other ? `${other.id} ${path} ${at} ${Math.round(other.status.value.head / 60)}` : "", (s) =>
    api.values(other!.id, path, at, s),
  );
  const [channel, setChannel] = useState("");
  // Without a rating there is no share of it.
  const unrated = run.plant.power.nodes.some((n) => n.kind === target.kind && n.index === target.index && !n.rating_w);
  const [all, setAll] = useState(false);
  const list = order(
    (values.data?.values ?? []).filter(
      (v) => !v.channel.endsWith(".state") && !(unrated && v.channel.endsWith(".load")),
    ),
  );
  const has = run.channel(stateChannel(target.kind));
  useWant(run, "inspector", has ? [{ channel: has.name, level: target.kind }] : []);
  const shown =
    channel && list.some((v) => v.channel === channel) ? channel : defaultChannel(list.map((v) => v.channel));
  const parent = run.tree.parent(target);
  const model = values.data?.model || run.tree.model(target);

  return (
    <>
      {target.kind !== "site" && (
        <Facts
          rows={[
            ...(has ? [[t("inspector.state"), <State key="s" of={stateOf(run, target)} />] as const] : []),
            ...(model
              ? [
                  [
                    t("inspector.model"),
                    <span key="m" class="mono">
                      {model}
                    </span>,
                  ] as const,
                ]
              : []),
            ...(parent && parent.kind !== "site"
              ? [
                  [
                    t("inspector.within"),
                    <button key="w" type="button" class="link" onClick={() => go({ sel: run.tree.nameOf(parent) })}>
                      {run.tree.nameOf(parent)}
                    </button>,
                  ] as const,
                ]
              : []),
            ...feeds(run, target),
          ]}
        />
      )}
      <section>
        <h3>{t("inspector.values")}</h3>
        {values.error && <p class="error">{values.error}</p>}
        {!values.loading && !list.length && !values.error && <p class="soft">{t("inspector.noValues")}</p>}
        <ul class="values">
          {(all || list.length <= few + 2 ? list : list.slice(0, few)).map((v) => {
            const c = run.channel(v.channel);
            const g = beside.data?.values.find((x) => x.channel === v.channel);
            return (
              <li key={v.channel}>
                <button
                  type="button"
                  aria-pressed={v.channel === shown}
                  title={`${v.channel}: ${c?.doc ?? ""}`}
                  onClick={() => setChannel(v.channel)}
                >
                  <span class="name">
                    <i class={`prov ${v.provenance}`} title={provenance(v.provenance)} />
                    {c ? channelTitle(c) : v.channel}
                  </span>
                  <span class="value">
                    <Figure value={v.value} unit={v.unit} sort={sortOf(v.channel)} places={4} />
                    {g && g.value !== null && g.value !== v.value && (
                      <span class="fork small">
                        <Figure value={g.value} unit={v.unit} sort={sortOf(v.channel)} places={4} /> {besideName()}
                      </span>
                    )}
                  </span>
                </button>
              </li>
            );
          })}
        </ul>
        {list.length > few + 2 && (
          <button type="button" class="link soft small" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? t("inspector.fewer") : t("power.more", { n: list.length - few })}
          </button>
        )}
        {values.data && list.length > 0 && (
          <p class="faint small">
            {t("inspector.exact")} · {t("inspector.asOf", { time: clock(values.data.values[0]?.t ?? values.data.t) })} ·{" "}
            {[...new Set(list.map((v) => provenance(v.provenance)))].join(", ")}
          </p>
        )}
      </section>
      {shown && <Trend run={run} subject={path} channel={shown} />}
      <section>
        <h3>{t("inspector.actions")}</h3>
        <div class="acts">
          {itemsFor(target)
            .filter((i) => i && i.icon !== "panel" && i.icon !== "zoom")
            .slice(0, 5)
            .map((i) => (
              <button
                key={i!.text}
                type="button"
                class={`btn ${i!.danger ? "danger" : ""}`}
                disabled={i!.disabled}
                onClick={() => i!.run()}
              >
                <Icon name={i!.icon} size={14} />
                {i!.text}
              </button>
            ))}
          <button
            type="button"
            class="btn"
            aria-haspopup="menu"
            onClick={(e) => openMenu(e, target)}
            aria-label={t("help.menu")}
          >
            …
          </button>
        </div>
      </section>
      <Contents run={run} target={target} />
      <Nearby run={run} path={path} />
    </>
  );
}

const few = 9;
const first = [
  "site.it_power",
  "site.power",
  "site.cooling_power",
  "site.loss_power",
  "site.pue",
  "gpus.busy",
  "gpus.down",
  "jobs.running",
  "jobs.queued",
];

/** What counts most first; the rest as it comes. */
function order(values: Value[]): Value[] {
  const rank = (v: Value) =>
    first.indexOf(v.channel) < 0 ? first.length + (v.value === null ? 1 : 0) : first.indexOf(v.channel);
  return [...values].sort((a, b) => rank(a) - rank(b));
}

function defaultChannel(names: string[]): string {
  const want = [
    "rack.inlet_temperature",
    "gpu.temperature",
    "site.power",
    "crah.supply_temperature",
    "cdu.supply_temperature",
    "ups.charge",
  ];
  return (
    want.find((w) => names.includes(w)) ??
    names.find((n) => n.endsWith(".power") || n.endsWith("temperature")) ??
    names[0] ??
    ""
  );
}

function feeds(run: Run, target: Ref): [string, preact.ComponentChild][] {
  if (target.kind !== "rack") return [];
  const rows: [string, preact.ComponentChild][] = [];
  const link = (kind: string, index: number) => (
    <button key={kind + index} type="button" class="link" onClick={() => go({ sel: run.tree.nameOf({ kind, index }) })}>
      {run.tree.part({ kind, index })}
    </button>
  );
  const pdus = [unpack(run.plant.feeds.a)[target.index] ?? -1, unpack(run.plant.feeds.b)[target.index] ?? -1].filter(
    (i) => i >= 0,
  );
  if (pdus.length) {
    rows.push([
      t("inspector.feeds"),
      <span key="f">{pdus.flatMap((i, k) => (k ? [" · ", link("pdu", i)] : [link("pdu", i)]))}</span>,
    ]);
  }
  const cdu = unpack(run.plant.cdu)[target.index] ?? -1;
  if (cdu >= 0) rows.push([t("inspector.cooled"), link("cdu", cdu)]);
  return rows;
}

function Trend({ run, subject, channel }: { run: Run; subject: string; channel: string }) {
  const s = run.status.value;
  const c = run.channel(channel);
  const head = coarse(s.head, Math.max(1, s.end / 200));
  const other = ghost.value;
  const h = useAsk(`${run.id} ${subject} ${channel} ${head}`, (x) =>
    api.history(run.id, { channel, subject, from: 0, to: s.end, points: 240 }, x),
  );
  const otherHead = other ? coarse(other.status.value.head, Math.max(1, s.end / 100)) : 0;
  const g = useAsk(other ? `${other.id} ${subject} ${channel} ${otherHead}` : "", (x) =>
    api.history(other!.id, { channel, subject, from: other!.info.peek().forked_s ?? 0, to: s.end, points: 240 }, x),
  );
  if (!c) return null;
  return (
    <section>
      <h3>{t("inspector.history")}</h3>
      <Chart
        title={channelTitle(c)}
        unit={c.unit}
        sort={sortOf(channel)}
        from={0}
        to={s.end}
        now={s.t}
        limits={c.thresholds ?? []}
        onSeek={(x) => void seek(x)}
        lines={[
          { name: other ? baseName() : channelTitle(c), history: h.data, tone: "c1" },
          ...(other ? [{ name: besideName(), history: g.data, tone: "fork" as const, dash: true }] : []),
        ]}
      />
      {h.data?.command && <p class="mono faint small wrap">{h.data.command}</p>}
    </section>
  );
}

const inside: Record<string, string> = { site: "hall", hall: "row", row: "rack", rack: "node", node: "gpu" };

function Contents({ run, target }: { run: Run; target: Ref }) {
  const kind = inside[target.kind];
  if (!kind) return null;
  const [lo, hi] = run.tree.descendants(target, kind);
  if (hi <= lo) return null;
  return (
    <section>
      <h3>
        {t("inspector.contains")} ·{" "}
        {hi - lo === 1 ? t("kinds.one", { kind: kindName(kind) }) : `${hi - lo} ${kindsName(kind)}`}
      </h3>
      <div class="chips">
        {Array.from({ length: Math.min(hi - lo, 40) }, (_, i) => {
          const ref = { kind, index: lo + i };
          return (
            <button key={i} type="button" class="chip" onClick={() => go({ sel: run.tree.nameOf(ref) })}>
              {run.tree.part(ref)}
            </button>
          );
        })}
        {hi - lo > 40 && <span class="soft">{t("power.more", { n: hi - lo - 40 })}</span>}
      </div>
    </section>
  );
}

function Nearby({ run, path }: { run: Run; path: string }) {
  const head = coarse(run.status.value.head, 600);
  const e = useAsk(`${run.id} ${path} events ${head}`, (s) =>
    api.events(
      run.id,
      { subject: path === "site" ? "" : path, severity: path === "site" ? "warning" : "info", limit: 8 },
      s,
    ),
  );
  const list = e.data?.events ?? [];
  if (!list.length) return null;
  return (
    <section>
      <h3>{t("inspector.events")}</h3>
      <ol class="eventlist">
        {list.map((x) => (
          <li key={x.id} class={x.severity}>
            <button type="button" class="link" onClick={() => void seek(x.t_s)}>
              <time>{clock(x.t_s)}</time> {path === "site" && x.subject} {x.text}
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
