// Beside reality: what is measured beside what the twin says, where it comes from, what lies ahead, and what is wrong.
import { useEffect, useState } from "preact/hooks";
import { whyNot } from "../../app/act";
import { go, route } from "../../app/route";
import { Chart, type Line } from "../../draw/chart";
import { t } from "../../i18n";
import { number, show, sortOf, text } from "../../model/format";
import { channelTitle } from "../../model/look";
import { useReality } from "../../model/reality";
import type { Run } from "../../model/run";
import { Empty, State } from "../../ui/parts";
import { api } from "../../wire/api";
import type { History, Maybe, Outlook, RealChannel, Reality } from "../../wire/types";
import "./live.css";

export function Live({ run }: { run: Run }) {
  const named = route.value.metric;
  const [channel, setChannel] = useState(named);
  const r = useReality(run, channel);
  if (!r.data) return <Empty title={t(r.error ? "live.none" : "app.loading")}>{r.error || undefined}</Empty>;
  const d = r.data;
  const chosen = d.channels.some((c) => c.name === channel) ? channel : "";
  return (
    <div class="reality" data-testid="reality">
      <Ahead run={run} />
      <Compared run={run} d={d} chosen={chosen} onPick={setChannel} />
      <Sources d={d} />
      <Alarms d={d} />
      {chosen && d.things && <Things run={run} d={d} channel={chosen} />}
      <Mapping d={d} />
      <Held d={d} />
    </div>
  );
}

const age = (s: Maybe) => (s === null ? t("live.never") : t("live.ago", { time: text(Math.max(s, 0), "s") }));

function Sources({ d }: { d: Reality }) {
  return (
    <section class="card" data-testid="sources">
      <h2>{t("live.sources")}</h2>
      <table class="table">
        <thead>
          <tr>
            <th>{t("table.name")}</th>
            <th>{t("table.state")}</th>
            <th class="num">{t("live.answered")}</th>
            <th class="num">{t("live.readings")}</th>
            <th class="num">{t("live.away")}</th>
          </tr>
        </thead>
        <tbody>
          {d.sources.map((s) => (
            <tr key={s.name}>
              <td class="mono">{s.name}</td>
              <td>
                {s.fault || s.age_s === null ? (
                  <State of="failed">{s.fault || t("live.never")}</State>
                ) : (
                  <State of="ok">{t("live.answers")}</State>
                )}
              </td>
              <td class="num">{age(s.age_s)}</td>
              <td class="num">{s.readings.toLocaleString("en-US")}</td>
              <td class="num">{s.faults}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft small">
        {t("live.jobs", { running: d.jobs.running, waiting: d.jobs.waiting, missed: d.jobs.missed })}
        {d.jobs.adrift > 0 && <b class="warn"> {t("live.adrift", { n: d.jobs.adrift })}</b>}
        {d.late > 0 && ` · ${t("live.late", { n: d.late.toLocaleString("en-US") })}`}
      </p>
    </section>
  );
}

function Compared(p: { run: Run; d: Reality; chosen: string; onPick: (c: string) => void }) {
  const value = (c: RealChannel, v: Maybe) => text(v, p.run.channel(c.name)?.unit ?? "", sortOf(c.name), 4);
  return (
    <section class="card" data-testid="compared">
      <h2>{t("live.compared")}</h2>
      {!p.d.channels.length && <p class="soft">{t("live.nothing")}</p>}
      <table class="table">
        <thead>
          <tr>
            <th>{t("data.channel")}</th>
            <th class="num">{t("live.things")}</th>
            <th class="num">{t("live.measured")}</th>
            <th class="num">{t("live.predicted")}</th>
            <th class="num">{t("live.expected")}</th>
            <th class="num">{t("live.rms")}</th>
          </tr>
        </thead>
        <tbody>
          {p.d.channels.map((c) => (
            <tr key={c.name} aria-selected={c.name === p.chosen}>
              <td>
                <button type="button" class="link mono" onClick={() => p.onPick(c.name === p.chosen ? "" : c.name)}>
                  {c.name}
                </button>
              </td>
              <td class="num nowrap">
                {c.things.toLocaleString("en-US")} / {c.of.toLocaleString("en-US")}
              </td>
              <td class="num nowrap">{value(c, c.measured)}</td>
              {c.input ? (
                <td colSpan={3} class="soft">
                  {t("live.input")}
                </td>
              ) : (
                <>
                  <td class="num nowrap">{value(c, c.model)}</td>
                  <td class="num nowrap">{value(c, c.expected)}</td>
                  <td class="num nowrap">{difference(p.run, c.name, c.residual)}</td>
                </>
              )}
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft small">
        {t("live.basis")}{" "}
        {p.d.score &&
          t("live.score", {
            n: p.d.score.count,
            error: text(p.d.score.error, ""),
            persistence: text(p.d.score.persistence, ""),
            covered: text(p.d.score.covered, ""),
          })}
      </p>
    </section>
  );
}

/** A difference of a channel's values: kelvin for temperatures. */
function difference(run: Run, name: string, v: Maybe): string {
  const unit = run.channel(name)?.unit ?? "";
  if (v === null) return "–";
  if (unit === "degC") return `${number(v, 3)}\u00a0K`;
  const s = show(v, unit, sortOf(name), 3);
  return `${s.text}${s.unit ? `\u00a0${s.unit}` : ""}`;
}

function Alarms({ d }: { d: Reality }) {
  return (
    <section class="card" data-testid="alarms">
      <h2>{t("live.alarms")}</h2>
      {d.alarms.length ? (
        <ul class="lines">
          {d.alarms.slice(0, 50).map((a) => (
            <li key={a.subject + a.channel}>
              <span class="state warn">▲</span>{" "}
              <button type="button" class="link" onClick={() => go({ sel: a.subject, metric: a.channel })}>
                {a.subject}
              </button>{" "}
              <span class="soft mono small">{a.channel}</span>
            </li>
          ))}
          {d.alarms.length > 50 && <li class="soft">{t("power.more", { n: d.alarms.length - 50 })}</li>}
        </ul>
      ) : (
        <p class="soft">{t("live.noAlarms")}</p>
      )}
    </section>
  );
}

function Things({ run, d, channel }: { run: Run; d: Reality; channel: string }) {
  const c = run.channel(channel);
  const value = (v: Maybe) => text(v, c?.unit ?? "", sortOf(channel), 4);
  return (
    <section class="card" data-testid="things">
      <h2>
        {c ? channelTitle(c) : channel} <span class="soft small">{t("live.worst")}</span>
      </h2>
      <div class="scroll-table">
        <table class="table">
          <thead>
            <tr>
              <th>{t("table.name")}</th>
              <th class="num">{t("live.measured")}</th>
              <th class="num">{t("live.predicted")}</th>
              <th class="num">{t("live.expected")}</th>
              <th class="num">{t("live.residual")}</th>
              <th class="num">{t("live.age")}</th>
            </tr>
          </thead>
          <tbody>
            {d.things?.map((x) => (
              <tr key={x.subject}>
                <td>
                  <button type="button" class="link" onClick={() => go({ sel: x.subject })}>
                    {x.subject}
                  </button>
                </td>
                <td class="num nowrap">{value(x.measured)}</td>
                <td class="num nowrap">{value(x.model)}</td>
                <td class="num nowrap">
                  {value(x.expected)}
                  {x.interval !== null && <span class="soft"> ± {difference(run, channel, x.interval)}</span>}
                </td>
                <td class="num nowrap">{difference(run, channel, x.residual)}</td>
                <td class="num nowrap">{text(x.age_s, "s")}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Mapping({ d }: { d: Reality }) {
  const matched = d.hosts.filter((h) => h.node).length;
  const first = [...d.hosts].sort((a, b) => Number(!!a.node) - Number(!!b.node) || Number(b.silent) - Number(a.silent));
  return (
    <section class="card" data-testid="mapping">
      <h2>{t("live.mapping")}</h2>
      <p class="soft small">{t("live.matched", { n: matched, not: d.hosts.length - matched, silent: d.silent })}</p>
      {d.conflicts.map((x) => (
        <p key={x} class="warn small">
          ▲ {x}
        </p>
      ))}
      <div class="scroll-table">
        <table class="table">
          <thead>
            <tr>
              <th>{t("live.host")}</th>
              <th>{t("action.where")}</th>
              <th>{t("live.how")}</th>
              <th class="num">{t("live.newest")}</th>
            </tr>
          </thead>
          <tbody>
            {first.slice(0, 300).map((h) => (
              <tr key={h.host}>
                <td class="mono">{h.host}</td>
                <td>
                  {h.node ? (
                    <button type="button" class="link" onClick={() => go({ sel: h.node ?? "" })}>
                      {h.node}
                    </button>
                  ) : (
                    <State of="unknown">{t("live.nowhere")}</State>
                  )}
                </td>
                <td class="soft">{h.how}</td>
                <td class="num">{h.silent ? <State of="failed">{age(h.age_s)}</State> : age(h.age_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Held({ d }: { d: Reality }) {
  if (!d.held.length) return null;
  return (
    <section class="card" data-testid="held">
      <h2>{t("live.held")}</h2>
      <div class="scroll-table">
        <table class="table">
          <thead>
            <tr>
              <th class="num">{t("live.times")}</th>
              <th>{t("live.of")}</th>
              <th>{t("live.why")}</th>
            </tr>
          </thead>
          <tbody>
            {d.held.map((h) => (
              <tr key={h.of + h.what + h.why}>
                <td class="num">{h.count.toLocaleString("en-US")}</td>
                <td class="mono">
                  {h.of} {h.what}
                </td>
                <td>{h.why}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const hour = 3600;

/** A row of numbers over time as charts take it. */
function history(o: Outlook, of: number[]): History {
  const unit = "W";
  return {
    channel: "site.it_power",
    subject: "site",
    unit,
    from: o.t[0] ?? 0,
    to: o.t.at(-1) ?? 0,
    bucket_s: hour / 60,
    exact: true,
    t: o.t,
    min: of,
    max: of,
    mean: of,
  };
}

/** The power of the next hour: what was, what is foretold, and what if the thing selected failed now. */
function Ahead({ run }: { run: Run }) {
  const [base, setBase] = useState<Outlook | null>(null);
  const [loss, setLoss] = useState<{ of: string; o: Outlook } | null>(null);
  const [past, setPast] = useState<History | null>(null);
  const [error, setError] = useState("");
  const [round, setRound] = useState(0);
  const sel = route.value.sel;
  useEffect(() => {
    let gone = false;
    const look = async () => {
      try {
        const o = await api.outlook(run.id, { ahead_s: hour, actions: [] });
        const from = Math.max(0, (o.t[0] ?? 0) - hour);
        const h = await api.history(run.id, {
          channel: "site.it_power",
          subject: "site",
          from,
          to: o.t[0] ?? 0,
          points: 120,
        });
        if (gone) return;
        setBase(o);
        setPast(h);
        setError("");
      } catch (e) {
        if (!gone) setError(whyNot(e));
      }
    };
    void look();
    const timer = setTimeout(() => setRound((n) => n + 1), 15_000);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [run, round]);
  const ask = async () => {
    try {
      const o = await api.outlook(run.id, { ahead_s: hour, actions: [{ verb: "fail", selector: sel }] });
      setLoss({ of: sel, o });
      setError("");
    } catch (e) {
      setError(whyNot(e));
    }
  };
  const lines: Line[] = base
    ? [
        { name: t("live.past"), history: past, tone: "c2" },
        { name: t("live.ahead"), history: history(base, base.mean), tone: "c1" },
        { name: t("live.low"), history: history(base, base.low), tone: "c1", dash: true },
        { name: t("live.high"), history: history(base, base.high), tone: "c1", dash: true },
        ...(loss
          ? [
              {
                name: t("live.without", { what: loss.of }),
                history: history(loss.o, loss.o.mean),
                tone: "fork" as const,
              },
            ]
          : []),
      ]
    : [];
  const now = base?.t[0] ?? 0;
  return (
    <section class="card wide" data-testid="outlook">
      <h2>
        {t("live.outlook")}
        <span class="tools">
          <button type="button" class="btn" disabled={!sel} onClick={() => void ask()}>
            {sel ? t("live.ifFails", { what: sel }) : t("live.pick")}
          </button>
        </span>
      </h2>
      {error && <p class="error">{error}</p>}
      {base && (
        <Chart
          title={t("live.itPower")}
          unit="W"
          sort="share"
          lines={lines}
          from={Math.max(0, now - hour)}
          to={now + hour}
          now={now}
          height={200}
        />
      )}
      {loss && (
        <p data-testid="answer">
          <b>{t("live.without", { what: loss.of })}</b>:{" "}
          {t("live.answer", {
            now: text(loss.o.mean[0], "W", "share", 4),
            end: text(loss.o.mean.at(-1), "W", "share", 4),
            low: text(loss.o.low.at(-1), "W", "share", 4),
            high: text(loss.o.high.at(-1), "W", "share", 4),
            jobs: loss.o.interrupted,
            racks: loss.o.racks,
            inlet: text(loss.o.inlet_c, "degC"),
            took: text(loss.o.took_s, "s"),
          })}
        </p>
      )}
    </section>
  );
}
