// Jobs: who ran when on how much; bars while they can be told apart, a density curve when they are too many.
import { useMemo, useRef, useState } from "preact/hooks";
import { go, route } from "../../app/route";
import { t, tryT } from "../../i18n";
import { coarse, useAsk } from "../../model/ask";
import { clock, count, duration, text } from "../../model/format";
import type { Run } from "../../model/run";
import { ghost, main, seek } from "../../model/session";
import { Empty, Facts, Search, Segments } from "../../ui/parts";
import { api } from "../../wire/api";
import type { Job } from "../../wire/types";
import { Density } from "./density";
import { Gantt, lanes, sortsOf, tones } from "./gantt";
import "./jobs.css";

const most = 400;
const windows: [string, number][] = [
  ["1h", 3600],
  ["6h", 21600],
  ["1d", 86400],
  ["all", 0],
];

export function Jobs() {
  const run = main.value!;
  const s = run.status.value;
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState("6h");
  const [shape, setShape] = useState<"auto" | "density" | "table">("auto");
  const q = route.value.q;
  const span = windows.find(([n]) => n === width)?.[1] ?? 0;
  const moving = s.playing || (s.follow && s.state === "running");
  const at = moving ? coarse(s.t, Math.max(60, (span || s.end) / 30)) : s.t;
  const from = span ? Math.max(0, Math.min(at - span / 2, s.end - span)) : 0;
  const to = span ? Math.min(s.end, from + span) : s.end;
  const head = coarse(s.head, Math.max(60, (to - from) / 50));
  const then = coarse(at, 60);
  const jobs = useAsk(`${run.id} jobs ${from} ${to} ${then} ${q} ${head}`, (x) =>
    api.jobs(run.id, { from, to, at: then, search: q, limit: most, buckets: 200 }, x),
  );
  const other = ghost.value;
  const beside = useAsk(
    other ? `${other.id} jobs ${from} ${to} ${Math.round(other.status.value.head / 600)}` : "",
    (x) => api.jobs(other!.id, { from, to, limit: 1, buckets: 200 }, x),
  );
  const rows = useMemo(() => order(jobs.data?.rows ?? []), [jobs.data]);
  const many = (jobs.data?.total ?? 0) > rows.length || lanes(rows, from, to).count > 100;
  const dense = shape === "density" || (shape === "auto" && many);
  const sel = rows.find((j) => `job-${j.index}` === route.value.sel) ?? null;
  return (
    <>
      <header>
        <h1>{t("jobs.title")}</h1>
        {jobs.data && (
          <span class="soft" data-testid="job-count">
            {t("jobs.bars", { n: jobs.data.total.toLocaleString("en-US") })} · {clock(from, false)} – {clock(to, false)}
          </span>
        )}
        <span class="push tools">
          <Search label="jobs.filter" value={q} onInput={(v) => go({ q: v }, true)} />
          <Segments
            label={t("jobs.window")}
            value={width}
            onPick={setWidth}
            options={windows.map(
              ([n]) => [n, n === "all" ? t("jobs.window.all") : n.replace("h", " h").replace("d", " d")] as const,
            )}
          />
          <Segments
            label={t("jobs.title")}
            value={shape === "auto" && dense ? "density" : shape}
            onPick={(v) => setShape(v as typeof shape)}
            options={[
              ["auto", t("jobs.gantt")],
              ["density", t("jobs.density")],
              ["table", t("jobs.table")],
            ]}
          />
        </span>
      </header>
      {jobs.error && <p class="error pad">{jobs.error}</p>}
      <div class="jobs" ref={box}>
        {!jobs.data ? (
          <Empty title={t("app.loading")} />
        ) : !jobs.data.total ? (
          <Empty title={t("jobs.none")} />
        ) : shape === "table" ? null : dense ? (
          <>
            {many && <p class="soft small pad">{t("jobs.many", { n: jobs.data.total.toLocaleString("en-US") })}</p>}
            <Density
              jobs={jobs.data}
              beside={beside.data}
              from={from}
              to={to}
              now={s.t}
              onSeek={(x) => void seek(x)}
              gpus={run.tree.count("gpu")}
            />
          </>
        ) : (
          <>
            <ul class="job-sorts">
              {sortsOf(rows).map((k, i) => (
                <li key={k}>
                  <i class={`tone-${tones[Math.min(tones.length - 1, i)]}`} />
                  {k}
                </li>
              ))}
              <li>
                <i class="hatch" />
                {t("jobs.state.queued")}
              </li>
            </ul>
            <Gantt rows={rows} from={from} to={to} now={s.t} selected={sel?.index ?? -1} onSeek={(x) => void seek(x)} />
          </>
        )}
        {sel && <Why run={run} job={sel} now={s.t} />}
        {(shape === "table" || (rows.length > 0 && !dense)) && (
          <JobTable rows={rows} now={then} tall={shape === "table"} />
        )}
        {dense && rows.length > 0 && <JobTable rows={rows.slice(0, 100)} now={then} tall={false} />}
      </div>
    </>
  );
}

/** Running and waiting ones first, by when they began. */
function order(rows: Job[]): Job[] {
  return [...rows].sort((a, b) => (a.start ?? a.submit ?? 0) - (b.start ?? b.submit ?? 0) || a.index - b.index);
}

export const jobState = (s: string) => tryT(`jobs.state.${s}`, s);
export const jobTone = (s: string) =>
  s === "failed" ? "bad" : s === "stalled" || s === "cancelled" ? "warn" : s === "running" ? "ok" : "soft";

/** The nodes of a job, a few by name. */
function whereOf(run: Run, job: Job): string {
  const names = (job.nodes ?? []).slice(0, 3).map(([lo, hi]) => {
    const first = run.tree.nameOf({ kind: "node", index: lo });
    return hi - lo > 1 ? `${first} +${hi - lo - 1}` : first;
  });
  return names.join(", ") + ((job.nodes ?? []).length > 3 ? " …" : "");
}

function Why({ run, job, now }: { run: Run; job: Job; now: number }) {
  const wait = Math.max(0, Math.min(job.start ?? now, now) - (job.submit ?? now));
  return (
    <section class="card why">
      <header>
        <h2 class="clip">{job.name}</h2>
        <span class={jobTone(job.state)}>{jobState(job.state)}</span>
      </header>
      <Facts
        rows={[
          [t("jobs.col.gpus"), count(job.gpus)],
          [t("jobs.col.wait"), duration(wait)],
          [t("jobs.col.speed"), job.speed === null ? "–" : text(job.speed, "")],
          ...(job.why
            ? [
                [
                  t("jobs.why"),
                  <span key="w" class="reason">
                    {job.why}
                  </span>,
                ] as const,
              ]
            : []),
          ...(job.slow
            ? [
                [
                  t("jobs.slow"),
                  <span key="s" class="reason">
                    {job.slow}
                  </span>,
                ] as const,
              ]
            : []),
          ...(job.nodes?.length
            ? [
                [
                  t("jobs.where"),
                  <span key="p" class="reason">
                    {whereOf(run, job)}
                  </span>,
                ] as const,
              ]
            : []),
        ]}
      />
      {job.nodes?.length ? (
        <button
          type="button"
          class="btn"
          onClick={() => go({ view: "floor", tab: "", at: "", sel: `job-${job.index}` })}
        >
          {t("jobs.show")}
        </button>
      ) : null}
    </section>
  );
}

function JobTable({ rows, now, tall }: { rows: Job[]; now: number; tall: boolean }) {
  return (
    <div class={`jobtable ${tall ? "tall" : ""}`}>
      <table class="table" data-testid="job-table">
        <thead>
          <tr>
            <th>{t("jobs.col.job")}</th>
            <th>{t("jobs.col.state")}</th>
            <th class="num">{t("jobs.col.gpus")}</th>
            <th class="num">{t("jobs.col.submitted")}</th>
            <th class="num">{t("jobs.col.wait")}</th>
            <th class="num">{t("jobs.col.run")}</th>
            <th class="num">{t("jobs.col.speed")}</th>
            <th>{t("jobs.col.why")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((j) => {
            const ran = j.segments.reduce((sum, [a, b]) => sum + Math.max(0, Math.min(b ?? now, now) - (a ?? 0)), 0);
            return (
              <tr
                key={j.index}
                data-link
                aria-selected={route.value.sel === `job-${j.index}`}
                onClick={() => go({ sel: `job-${j.index}` }, true)}
              >
                <td>
                  <button type="button" class="link" onClick={() => go({ sel: `job-${j.index}` }, true)}>
                    {j.name}
                  </button>
                  {j.class && j.class !== "batch" && <span class="soft"> · {j.class}</span>}
                </td>
                <td class={jobTone(j.state)}>{jobState(j.state)}</td>
                <td class="num">{count(j.gpus)}</td>
                <td class="num">{j.submit === null ? "–" : clock(j.submit)}</td>
                <td class="num">{j.start === null || j.submit === null ? "–" : duration(j.start - j.submit)}</td>
                <td class="num">{ran > 0 ? duration(ran) : "–"}</td>
                <td class="num">{j.speed === null ? "–" : text(j.speed, "")}</td>
                <td class="soft">{j.why ?? j.slow ?? ""}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
