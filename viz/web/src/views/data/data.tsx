// Data: every channel with its meaning, exact values, files to take away, and the command that makes the figure again.
import { useState } from "preact/hooks";
import { copy, say } from "../../app/overlay";
import { go, route } from "../../app/route";
import { Chart } from "../../draw/chart";
import { t } from "../../i18n";
import { coarse, useAsk } from "../../model/ask";
import { clock, scaleOf, sortOf, text } from "../../model/format";
import { channelTitle, kindName, provenance } from "../../model/look";
import { isBeside } from "../../model/reality";
import type { Run } from "../../model/run";
import { main, seek } from "../../model/session";
import { useWant } from "../../model/want";
import { Icon } from "../../ui/icons";
import { Search, Segments } from "../../ui/parts";
import { api } from "../../wire/api";
import type { Channel } from "../../wire/types";
import { Live } from "../live/live";
import "./data.css";

export function Data() {
  const run = main.value!;
  const beside = isBeside(run.info.value);
  if (!beside) return <Channels run={run} />;
  const live = route.value.tab === "live";
  const pick = (
    <Segments
      label={t("view.data")}
      value={live ? "live" : "channels"}
      onPick={(v) => go({ tab: v === "live" ? "live" : "", metric: "" })}
      options={[
        ["channels", t("data.channels")],
        ["live", t("live.title")],
      ]}
    />
  );
  if (!live) return <Channels run={run} pick={pick} />;
  return (
    <>
      <header>
        <h1>{t("live.title")}</h1>
        <span class="push tools">{pick}</span>
      </header>
      <Live run={run} />
    </>
  );
}

function Channels({ run, pick }: { run: Run; pick?: preact.ComponentChild }) {
  const q = route.value.q.toLowerCase();
  const all = run.registry.channels;
  const list = all.filter((c) => `${c.name} ${channelTitle(c)} ${c.doc}`.toLowerCase().includes(q));
  const chosen = all.find((c) => c.name === route.value.metric) ?? null;
  // What is of the site itself comes exact by HTTP; the others stream, reduced to one value for the site.
  const onSite = all
    .filter((c) => c.kind !== "job" && c.kind !== "service" && c.kind !== "site" && !c.name.endsWith(".state"))
    .slice(0, 60);
  const s = run.status.value;
  const at = s.playing ? coarse(s.t, Math.abs(s.speed)) : s.t;
  const own = useAsk(`${run.id} site ${at}`, (x) => api.values(run.id, "site", at, x));
  const now = (c: Channel) =>
    c.kind === "site"
      ? (own.data?.values.find((v) => v.channel === c.name)?.value ?? Number.NaN)
      : onSite.includes(c)
        ? run.value(c.name, 0, "site")
        : Number.NaN;
  useWant(
    run,
    "data",
    onSite.map((c) => ({ channel: c.name, level: "site", bits: 16 as const })),
  );
  return (
    <>
      <header>
        <h1>{t("data.channels")}</h1>
        <span class="soft">{t("data.shown", { n: list.length, all: all.length })}</span>
        <span class="push tools">
          {pick}
          <Search label="data.filter" value={route.value.q} onInput={(v) => go({ q: v }, true)} />
        </span>
      </header>
      <div class="data">
        <div class="content">
          <table class="table" data-testid="channels">
            <thead>
              <tr>
                <th>{t("data.channel")}</th>
                <th>{t("data.level")}</th>
                <th>{t("data.unit")}</th>
                <th>{t("data.reduce")}</th>
                <th class="num">{t("data.now")}</th>
                <th>{t("data.doc")}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((c) => (
                <tr
                  key={c.name}
                  data-link
                  aria-selected={c.name === chosen?.name}
                  onClick={() => go({ metric: c.name })}
                >
                  <td>
                    <button type="button" class="link mono" onClick={() => go({ metric: c.name })}>
                      {c.name}
                    </button>
                  </td>
                  <td>{kindName(c.kind)}</td>
                  <td class="nowrap">{c.unit === "" ? "–" : scaleOf(c.unit, 0).unit}</td>
                  <td class="soft">{t(`reduce.${c.reduce}`)}</td>
                  <td class="num">{text(now(c), c.unit, sortOf(c.name))}</td>
                  <td class="soft">{c.doc}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        <div class="detail">
          {chosen ? <Detail key={chosen.name} run={run} c={chosen} /> : <p class="soft pad">{t("data.pick")}</p>}
          <Files run={run} />
        </div>
      </div>
    </>
  );
}

function Detail({ run, c }: { run: Run; c: Channel }) {
  const s = run.status.value;
  const [subject, setSubject] = useState(
    route.value.sel && run.tree.parse(route.value.sel)?.kind === c.kind ? route.value.sel : "site",
  );
  const q = { channel: c.name, subject, from: 0, to: s.end, points: 240 };
  const h = useAsk(`${run.id} ${c.name} ${subject} ${coarse(s.head, s.end / 100)}`, (x) => api.history(run.id, q, x));
  const at = s.playing ? coarse(s.t, Math.abs(s.speed)) : s.t;
  const v = useAsk(`${run.id} ${c.name} ${subject} ${at}`, async (x) => {
    const ref = run.tree.parse(subject);
    if (!ref || ref.kind !== c.kind) return null;
    return (await api.values(run.id, subject, at, x)).values.find((y) => y.channel === c.name) ?? null;
  });
  const command = h.data?.command ?? "";
  return (
    <section class="card channel">
      <header>
        <div>
          <h2>{channelTitle(c)}</h2>
          <p class="mono soft small">{c.name}</p>
        </div>
        <span class="badge">{t(`data.type.${c.type}`)}</span>
      </header>
      <p class="soft">{c.doc}</p>
      <label class="soft small">
        {t("data.subject")}{" "}
        <input
          class="field mono"
          value={subject}
          onChange={(e) => setSubject(e.currentTarget.value || "site")}
          list="subjects"
        />
        <datalist id="subjects">
          <option value="site" />
          {Array.from({ length: Math.min(40, run.tree.count(c.kind)) }, (_, index) => (
            <option key={index} value={run.tree.nameOf({ kind: c.kind, index })} />
          ))}
        </datalist>
      </label>
      {h.error && <p class="error">{h.error}</p>}
      <Chart
        title={`${channelTitle(c)}${h.data?.reduce && subject === "site" && c.kind !== "site" ? ` · ${t(`reduce.${c.reduce}`)}` : ""}`}
        unit={c.unit}
        sort={sortOf(c.name)}
        from={0}
        to={s.end}
        now={s.t}
        height={170}
        limits={c.thresholds ?? []}
        onSeek={(x) => void seek(x)}
        lines={[{ name: channelTitle(c), history: h.data, tone: "c1" }]}
      />
      {v.data && (
        <p data-testid="exact">
          <span class="soft">
            {t("inspector.exact")}, {t("inspector.asOf", { time: clock(v.data.t) })}:
          </span>{" "}
          <b>
            {v.data.value === null ? t("state.unknown") : String(v.data.value)}{" "}
            {c.unit === "" ? "" : c.unit === "degC" ? "°C" : c.unit}
          </b>{" "}
          <span class="faint small">{provenance(v.data.provenance)}</span>
        </p>
      )}
      <div class="tools">
        <a class="btn" href={api.exportHref(run.id, { ...q, format: "csv", exact: 1 })} download>
          <Icon name="download" size={14} />
          {t("data.csv")}
        </a>
        <a class="btn" href={api.fileHref(run.id, `metrics/${c.kind.replace("-", "_")}.parquet`)} download>
          <Icon name="download" size={14} />
          {t("data.parquet")}
        </a>
      </div>
      {command && (
        <div class="snippet">
          <h3>{t("data.command")}</h3>
          <pre>{command}</pre>
          <button type="button" class="btn" onClick={() => void copy(command).then(() => say(t("action.copied")))}>
            <Icon name="copy" size={14} />
            {t("data.copy")}
          </button>
        </div>
      )}
    </section>
  );
}

function Files({ run }: { run: Run }) {
  const f = useAsk(`${run.id} files`, () => api.files(run.id));
  if (!f.data?.length) return null;
  return (
    <section class="card channel">
      <h2>{t("data.files")}</h2>
      <ul class="files">
        {f.data.map((x) => (
          <li key={x.name}>
            <a href={api.fileHref(run.id, x.name)} download>
              {x.name}
            </a>
            <span class="soft small">
              {text(x.bytes, "B")}
              {x.about ? ` · ${x.about}` : ""}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
