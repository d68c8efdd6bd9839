// Compare: what differs between two runs, since when, and what it changes.

import { tryFork } from "../../app/act";
import { ModeBadge } from "../../app/bar";
import { go, route } from "../../app/route";
import { Chart } from "../../draw/chart";
import { t } from "../../i18n";
import { coarse, useAsk } from "../../model/ask";
import { clock, number, sortOf, text } from "../../model/format";
import { channelTitle, provenance, runTitle } from "../../model/look";
import type { Run } from "../../model/run";
import { main, runs, seek } from "../../model/session";
import { Icon } from "../../ui/icons";
import { api } from "../../wire/api";
import type { Comparison, RunInfo } from "../../wire/types";
import "./compare.css";

const charts = ["rack.inlet_temperature", "rack.gpu_temperature", "site.power", "site.pue", "gpus.busy", "jobs.queued"];

export function Compare() {
  const run = main.value!;
  const others = runs.value.filter((r) => r.id !== run.id);
  const id = route.value.with || others.find((r) => r.base === run.id)?.id || run.info.value.base || "";
  const other = others.find((r) => r.id === id);
  const registry = useAsk(other ? `registry ${other.id}` : "", () => api.registry(other!.id));
  const both = (n: string) => run.channel(n) && registry.data?.channels.some((c) => c.name === n);
  const stamp = other ? `${other.state} ${coarse(other.head_s, 3600)} ${coarse(run.status.value.head, 3600)}` : "";
  const answer = useAsk(other ? `compare ${run.id} ${other.id} ${stamp}` : "", () => api.compare(run.id, other!.id));
  return (
    <>
      <header>
        <h1>{t("compare.title")}</h1>
        <span class="versus">
          <b>{run.info.value.name}</b> <ModeBadge mode={run.info.value.mode} />
          <Icon name="compare" size={16} />
          <select
            class="field"
            aria-label={t("compare.b")}
            value={other?.id ?? ""}
            onChange={(e) => go({ with: e.currentTarget.value })}
          >
            <option value="">–</option>
            {others.map((r) => (
              <option key={r.id} value={r.id}>
                {runTitle(r)}
                {r.mode === "FORK"
                  ? ` · ${t("mode.fork")} · ${(r.actions ?? []).length ? r.actions![0]!.replace(/^- \{at: [^,]+, |\}.*$/g, "").replaceAll('"', "") : r.id}`
                  : ""}
              </option>
            ))}
          </select>
          {other && <ModeBadge mode={other.mode} />}
        </span>
      </header>
      <div class="content pad compare">
        {!other ? (
          <Choose others={others} />
        ) : (
          <>
            {answer.error && <p class="error">{answer.error}</p>}
            {answer.data && <Result c={answer.data} />}
            <section>
              <h3>{t("compare.charts")}</h3>
              <div class="chartgrid">
                {charts.filter(both).map((n) => (
                  <Pair key={n} run={run} other={other} channel={n} />
                ))}
              </div>
            </section>
          </>
        )}
      </div>
    </>
  );
}

/** What can be set beside: other runs, and a fork that leaves now. */
function Choose({ others }: { others: RunInfo[] }) {
  const run = main.value!;
  return (
    <div class="choose">
      <h2>{t("compare.choose")}</h2>
      <p class="soft">{t("compare.hint")}</p>
      {run.info.value.can_fork && (
        <button type="button" class="btn primary" onClick={() => void tryFork()}>
          <Icon name="fork" size={15} />
          {t("action.fork")} · {clock(run.status.value.t)}
        </button>
      )}
      {others.length > 0 && (
        <ul class="card" data-testid="others">
          {others.slice(-shownRuns).map((r) => (
            <li key={r.id}>
              <button type="button" class="line" onClick={() => go({ with: r.id })}>
                <b class="clip">{runTitle(r)}</b>
                <span class="soft clip">{r.about || r.scenario}</span>
                <ModeBadge mode={r.mode} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The newest of many runs; the list above has them all. */
const shownRuns = 30;

function Result({ c }: { c: Comparison }) {
  const groups = [...new Set(c.kpis.map((k) => k.group))];
  return (
    <>
      <section>
        <h3>{t("compare.inputs")}</h3>
        {c.inputs.length ? (
          <table class="table card" data-testid="differences">
            <thead>
              <tr>
                <th>{t("compare.path")}</th>
                <th>{t("compare.a")}</th>
                <th>{t("compare.b")}</th>
              </tr>
            </thead>
            <tbody>
              {c.inputs.map((d) => (
                <tr key={d.path}>
                  <td class="mono">{d.path}</td>
                  <td>{d.a || "–"}</td>
                  <td class="fork">{d.b || "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <p class="soft">{t("compare.same")}</p>
        )}
        <p>
          {t("compare.diverge")}:{" "}
          {c.diverges ? (
            <button type="button" class="link accent" onClick={() => void seek(c.diverges!.t)}>
              {t("compare.divergeAt", { what: c.diverges.text, time: clock(c.diverges.t) })}
            </button>
          ) : (
            t("compare.never")
          )}
        </p>
        {c.notes?.map((n) => (
          <p key={n} class="soft small">
            {n}
          </p>
        ))}
      </section>
      {c.kpis.length > 0 && (
        <section>
          <h3>{t("compare.kpis")}</h3>
          <table class="table card" data-testid="kpis">
            <thead>
              <tr>
                <th>{t("compare.kpi")}</th>
                <th class="num">{t("compare.a")}</th>
                <th class="num">{t("compare.b")}</th>
                <th class="num">{t("compare.difference")}</th>
                <th class="num">{t("compare.percent")}</th>
                <th />
              </tr>
            </thead>
            {groups.map((g) => (
              <tbody key={g}>
                <tr class="grouphead">
                  <th colSpan={6} scope="rowgroup">
                    {g}
                  </th>
                </tr>
                {c.kpis
                  .filter((k) => k.group === g)
                  .map((k) => (
                    <tr key={k.key}>
                      <td>{k.label}</td>
                      <td class="num">{figure(k.a, k.unit, k.key)}</td>
                      <td class="num">{figure(k.b, k.unit, k.key)}</td>
                      <td class={`num ${k.difference ? "fork" : "soft"}`}>{signed(k.difference, k.unit, k.key)}</td>
                      <td class="num soft">
                        {k.percent === null ? "–" : `${k.percent > 0 ? "+" : ""}${number(k.percent, 2)} %`}
                      </td>
                      <td class="faint small">{provenance(k.provenance)}</td>
                    </tr>
                  ))}
              </tbody>
            ))}
          </table>
          <p class="soft small">{t("compare.one")}</p>
          <p class="mono faint small wrap">{c.command}</p>
        </section>
      )}
    </>
  );
}

const kpiSort = (key: string) =>
  /pue|wue/i.test(key) ? "factor" : /share|goodput|ettr|availability|utilis|sla/.test(key) ? "share" : "count";

function figure(v: number | null, unit: string, key: string): string {
  if (v === null) return "–";
  return unit === "" && kpiSort(key) === "count" ? number(v, 4) : text(v, unit, kpiSort(key), 4);
}

function signed(v: number | null, unit: string, key: string): string {
  if (v === null) return "–";
  if (v === 0) return "0";
  const s = unit === "degC" ? `${number(Math.abs(v), 3)} K` : figure(Math.abs(v), unit, key);
  return `${v < 0 ? "\u2212" : "+"}${s}`;
}

function Pair({ run, other, channel }: { run: Run; other: RunInfo; channel: string }) {
  const s = run.status.value;
  const c = run.channel(channel)!;
  const q = { channel, subject: "site", from: 0, to: s.end, points: 200 };
  const a = useAsk(`${run.id} ${channel} ${coarse(s.head, s.end / 50)}`, (x) => api.history(run.id, q, x));
  const b = useAsk(`${other.id} ${channel} ${coarse(other.head_s, s.end / 50)}`, (x) => api.history(other.id, q, x));
  return (
    <div class="card chartcard">
      <Chart
        title={channelTitle(c)}
        unit={c.unit}
        sort={sortOf(channel)}
        from={0}
        to={s.end}
        now={s.t}
        height={170}
        onSeek={(x) => void seek(x)}
        limits={c.thresholds ?? []}
        lines={[
          { name: t("compare.a"), history: a.data, tone: "c1" },
          {
            name: other.mode === "FORK" ? t("fork.ghostShort") : t("compare.b"),
            history: b.data,
            tone: "fork",
            dash: true,
          },
        ]}
      />
    </div>
  );
}
