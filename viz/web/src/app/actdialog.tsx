// The dialog of an action: what, for how long, where, and the line of a scenario that does the same.
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { clock, parseDuration, text } from "../model/format";
import { title } from "../model/look";
import { main, mayAct } from "../model/session";
import { Modal } from "../ui/dialog";
import { Icon } from "../ui/icons";
import { api } from "../wire/api";
import type { Act } from "../wire/types";
import { perform, settingsOf, whyNot } from "./act";
import { copy, type Dialog, dialog, say } from "./overlay";

export function ActDialog({ d }: { d: Extract<Dialog, { kind: "act" }> }) {
  const run = main.value!;
  const info = run.info.value;
  const settings = d.target ? settingsOf(run, d.target.kind) : [];
  const [selector, setSelector] = useState(d.target ? run.tree.nameOf(d.target) : "");
  const [field, setField] = useState(d.field ?? settings[0]?.field ?? "");
  const setting = settings.find((s) => s.field === field);
  const [value, setValue] = useState(() => (setting ? example(setting.unit, setting.min, setting.max) : ""));
  const [span, setSpan] = useState(d.verb === "fail" ? "30 min" : "");
  const [cause, setCause] = useState("");
  const [gpus, setGpus] = useState("8");
  const [work, setWork] = useState("2 h");
  const [fork, setFork] = useState(d.fork || !info.live);
  const [line, setLine] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);

  const act: Act = { verb: d.verb };
  if (d.verb === "submit") act.job = { name: cause.trim() || "what-if", gpus: Number(gpus) || 0, work };
  else if (d.verb !== "note") act.selector = selector;
  if (d.verb === "set") {
    act.field = field;
    act.value = value;
  }
  if (span.trim() && ["fail", "set", "drain"].includes(d.verb)) act.for = span.trim();
  if (cause.trim() && d.verb !== "submit") act.text = cause.trim();
  const wire = JSON.stringify(act);

  // The server says what it would write; nothing is done until it is asked to.
  useEffect(() => {
    if (act.for && parseDuration(act.for) === null) {
      setError(t("action.badDuration"));
      return;
    }
    let old = false;
    const timer = setTimeout(() => {
      api
        .act(run.id, { ...act, at: run.status.peek().t, dry: true })
        .then((r) => {
          if (old) return;
          setLine(r.line);
          setError("");
        })
        .catch((e) => !old && setError(whyNot(e)));
    }, 120);
    return () => {
      old = true;
      clearTimeout(timer);
    };
  }, [wire]);

  const submit = async (e: Event) => {
    e.preventDefault();
    if (busy || error) return;
    setBusy(true);
    try {
      await perform(act, fork);
      dialog.value = null;
    } catch (x) {
      setError(whyNot(x));
    } finally {
      setBusy(false);
    }
  };
  const at = clock(run.status.value.t);
  const what = t(`action.${d.verb}` as "action.fail");
  return (
    <Modal title={d.target ? `${what}: ${title(run.tree, d.target)}` : what} onClose={() => (dialog.value = null)}>
      <form class="contents" onSubmit={submit}>
        <div class="body form">
          {d.verb === "submit" ? (
            <div class="pair">
              <label>
                {t("action.job.gpus")}
                <input
                  class="field"
                  value={gpus}
                  inputMode="numeric"
                  onInput={(e) => setGpus(e.currentTarget.value)}
                  data-autofocus
                />
              </label>
              <label>
                {t("action.job.work")}
                <input class="field" value={work} onInput={(e) => setWork(e.currentTarget.value)} />
              </label>
            </div>
          ) : (
            d.verb !== "note" && (
              <label>
                {t("action.target")}
                <input class="field mono" value={selector} onInput={(e) => setSelector(e.currentTarget.value)} />
              </label>
            )
          )}
          {d.verb === "set" && (
            <div class="pair">
              <label>
                {t("action.field")}
                <select class="field" value={field} onChange={(e) => setField(e.currentTarget.value)}>
                  {settings.map((s) => (
                    <option key={s.field} value={s.field}>
                      {s.field}
                    </option>
                  ))}
                </select>
              </label>
              <label>
                {t("action.value")}
                <input class="field" value={value} onInput={(e) => setValue(e.currentTarget.value)} data-autofocus />
              </label>
              {setting && (
                <p class="soft span">
                  {setting.doc}{" "}
                  {t("action.range", { min: text(setting.min, setting.unit), max: text(setting.max, setting.unit) })}
                </p>
              )}
            </div>
          )}
          <div class="pair">
            {["fail", "set", "drain"].includes(d.verb) && (
              <label>
                {t("action.for")}
                <input
                  class="field"
                  value={span}
                  placeholder={t(d.verb === "set" ? "action.forHintSet" : "action.forHint")}
                  onInput={(e) => setSpan(e.currentTarget.value)}
                  data-autofocus
                />
              </label>
            )}
            <label>
              {t(d.verb === "note" ? "action.note" : d.verb === "submit" ? "action.job.name" : "action.cause")}
              <input class="field" value={cause} onInput={(e) => setCause(e.currentTarget.value)} />
            </label>
          </div>
          <fieldset class="radios" aria-label={t("action.where")}>
            <label>
              <input type="radio" name="where" checked={!fork} disabled={!info.live} onChange={() => setFork(false)} />
              {t("action.whereHere")}
            </label>
            <label>
              <input
                type="radio"
                name="where"
                checked={fork}
                disabled={!info.can_fork}
                onChange={() => setFork(true)}
              />
              {t("action.whereFork", { time: at })}
            </label>
            {!info.live && <p class="soft">{t("action.replay")}</p>}
          </fieldset>
          <section class="snippet">
            <h3>{t("action.snippet")}</h3>
            <pre data-testid="snippet">{line || " "}</pre>
          </section>
          {error && (
            <p class="error" role="alert">
              {error}
            </p>
          )}
        </div>
        <footer>
          <button
            type="button"
            class="btn quiet push"
            disabled={!line}
            onClick={() => void copy(`timeline:\n  ${line}\n`).then(() => say(t("action.copyHint")))}
          >
            <Icon name="copy" size={15} />
            {t("action.copy")}
          </button>
          <button type="button" class="btn" onClick={() => (dialog.value = null)}>
            {t("action.cancel")}
          </button>
          <button type="submit" class="btn primary" disabled={busy || !!error || !mayAct()}>
            {what}
          </button>
        </footer>
      </form>
    </Modal>
  );
}

function example(unit: string, min: number, max: number): string {
  if (unit === "W") return text(Math.min(max, 500), "W");
  if (unit === "degC") return "22 degC";
  if (unit === "") return "80 %";
  return text((min + max) / 2, unit);
}

export function Snippet({ d }: { d: Extract<Dialog, { kind: "snippet" }> }) {
  return (
    <Modal title={d.title} onClose={() => (dialog.value = null)}>
      <div class="body">
        <pre data-testid="snippet" tabIndex={0} data-autofocus>
          {d.text}
        </pre>
      </div>
      <footer>
        <button type="button" class="btn primary" onClick={() => void copy(d.text).then(() => say(t("action.copied")))}>
          <Icon name="copy" size={15} />
          {t("action.copy")}
        </button>
      </footer>
    </Modal>
  );
}
