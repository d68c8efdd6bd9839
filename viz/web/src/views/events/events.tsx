// Events: lanes by domain over time, and what followed from what.
import { useMemo, useState } from "preact/hooks";
import { openMenu } from "../../app/overlay";
import { go, route } from "../../app/route";
import { language, t } from "../../i18n";
import { coarse, useAsk } from "../../model/ask";
import { clock, siteTime, text } from "../../model/format";
import { happened, main, seek } from "../../model/session";
import { Icon, type IconName } from "../../ui/icons";
import { Empty, Search, Segments } from "../../ui/parts";
import { api } from "../../wire/api";
import type { LogEvent, Severity } from "../../wire/types";
import { Lanes } from "./lanes";
import { type Branch, domainOf, forest } from "./tree";
import "./events.css";

const limit = 400;
const severities: Severity[] = ["detail", "info", "warning", "critical"];

export function Events() {
  const run = main.value!;
  const s = run.status.value;
  const q = route.value.q;
  const [severity, setSeverity] = useState<Severity>("info");
  const flat = route.value.tab === "list";
  const head = coarse(s.head, Math.max(30, s.end / 100));
  const fresh = s.state === "running" ? Math.floor(happened.value / 5) : 0;
  const log = useAsk(`${run.id} events ${severity} ${q} ${head} ${fresh}`, (x) =>
    api.events(run.id, { severity, search: q, limit }, x),
  );
  const list = useMemo(() => log.data?.events ?? [], [log.data]);
  const trees = useMemo(() => forest(list), [list]);
  const chosen = Number(/^event-(\d+)$/.exec(route.value.level)?.[1] ?? 0);
  return (
    <>
      <header>
        <h1>{t("events.title")}</h1>
        {log.data && <span class="soft">{log.data.total.toLocaleString("en-US")}</span>}
        <span class="push tools">
          <Search label="events.filter" value={q} onInput={(v) => go({ q: v }, true)} />
          <Segments
            label={t("events.severity")}
            value={severity}
            onPick={setSeverity}
            options={severities.map((v) => [v, t(`events.severity.${v}`)] as const)}
          />
          <Segments
            label={t("events.list")}
            value={flat ? "list" : "tree"}
            onPick={(v) => go({ tab: v === "list" ? "list" : "" })}
            options={[
              ["tree", t("events.tree")],
              ["list", t("events.list")],
            ]}
          />
        </span>
      </header>
      <Lanes events={list} end={s.end} now={s.t} chosen={chosen} onPick={(e) => pick(e)} onSeek={(x) => void seek(x)} />
      {log.error && <p class="error pad">{log.error}</p>}
      <div class="content">
        {log.data && !list.length && <Empty title={t("events.none")} />}
        {flat ? (
          <table class="table" data-testid="event-table">
            <thead>
              <tr>
                <th>{t("events.at")}</th>
                <th>{t("events.severity")}</th>
                <th>{t("events.subject")}</th>
                <th>{t("events.text")}</th>
              </tr>
            </thead>
            <tbody>
              {list.map((e) => (
                <tr key={e.id} data-link aria-selected={e.id === chosen} onClick={() => pick(e)}>
                  <td class="nowrap">
                    <button type="button" class="link" onClick={() => pick(e)}>
                      {clock(e.t_s)}
                    </button>
                  </td>
                  <td>
                    <Sev of={e.severity} />
                  </td>
                  <td>{e.subject}</td>
                  <td>
                    {e.text} <Fields e={e} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        ) : (
          <ol class="forest" data-testid="event-tree">
            {trees.map((b) => (
              <Node key={b.event.id} b={b} depth={0} chosen={chosen} now={s.t} />
            ))}
          </ol>
        )}
        {log.data?.more && (
          <p class="soft pad">{t("events.more", { n: (log.data.total - list.length).toLocaleString("en-US") })}</p>
        )}
      </div>
    </>
  );
}

function pick(e: LogEvent): void {
  const run = main.peek();
  const ref = e.kind !== undefined && e.index !== undefined ? { kind: e.kind, index: e.index } : null;
  const sel = ref && run?.tree.has(ref) ? run.tree.nameOf(ref) : route.peek().sel;
  go({ level: `event-${e.id}`, sel }, true);
  void seek(e.t_s);
}

const marks: Record<Severity, IconName> = { detail: "right", info: "check", warning: "fault", critical: "cross" };

function Sev({ of }: { of: Severity }) {
  return (
    <span class={`state ${of === "critical" ? "bad" : of === "warning" ? "warn" : "soft"}`}>
      <Icon name={of === "detail" || of === "info" ? "right" : marks[of]} size={14} />
      {t(`events.severity.${of}`)}
    </span>
  );
}

function Fields({ e }: { e: LogEvent }) {
  const list = (e.fields ?? []).map(
    (f) => `${f.key} ${f.text ?? text(f.value, f.unit ?? "", f.unit ? "share" : "count")}`,
  );
  return list.length ? <span class="faint small">{list.join(" · ")}</span> : null;
}

const open = 6;

function Node({ b, depth, chosen, now }: { b: Branch; depth: number; chosen: number; now: number }) {
  const [all, setAll] = useState(false);
  const [closed, setClosed] = useState(depth === 0 && b.size > 40);
  const e = b.event;
  const run = main.value!;
  const shown = closed ? [] : all ? b.children : b.children.slice(0, open);
  const ref = e.kind !== undefined && e.index !== undefined ? { kind: e.kind, index: e.index } : null;
  return (
    <li class={e.t_s > now ? "later" : ""}>
      <div
        class={`event ${e.severity} ${e.id === chosen ? "chosen" : ""}`}
        onContextMenu={(x) => {
          if (ref) openMenu(x, ref);
        }}
      >
        <time title={siteTime(run.info.value.start, e.t_s, language.value, true)}>{clock(e.t_s)}</time>
        <Sevmark of={e.severity} />
        <button type="button" class="link what" onClick={() => pick(e)} title={t("events.goto")}>
          <b>{e.subject}</b> {e.text} <Fields e={e} />
        </button>
        <span class="soft small domain">{t(`events.domain.${domainOf(e)}`)}</span>
        {b.size > 0 && (
          <button type="button" class="link soft small" aria-expanded={!closed} onClick={() => setClosed(!closed)}>
            {b.size === 1 ? t("events.consequence") : t("events.consequences", { n: b.size })} {closed ? "▸" : "▾"}
          </button>
        )}
      </div>
      {shown.length > 0 && (
        <ol>
          {shown.map((k) => (
            <Node key={k.event.id} b={k} depth={depth + 1} chosen={chosen} now={now} />
          ))}
        </ol>
      )}
      {!closed && !all && b.children.length > open && (
        <button type="button" class="link soft small rest" onClick={() => setAll(true)}>
          {t("power.more", { n: b.children.length - open })}
        </button>
      )}
    </li>
  );
}

function Sevmark({ of }: { of: Severity }) {
  const tone = of === "critical" ? "bad" : of === "warning" ? "warn" : "faint";
  return (
    <span class={tone} title={t(`events.severity.${of}`)}>
      <Icon name={of === "critical" ? "cross" : of === "warning" ? "fault" : "right"} size={14} />
      <span class="hidden-text">{t(`events.severity.${of}`)}</span>
    </span>
  );
}
