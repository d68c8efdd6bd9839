// What can be done, and doing it: now where the run is live, in a fork where it has ended.
import { t } from "../i18n";
import { clock } from "../model/format";
import type { Run } from "../model/run";
import { beside, ghost, main, mayAct, refreshRuns, refreshTicks } from "../model/session";
import type { Ref } from "../model/tree";
import { api } from "../wire/api";
import { RequestError } from "../wire/socket";
import type { Act } from "../wire/types";
import { copy, dialog, say } from "./overlay";
import { go } from "./route";

export function verbsOf(run: Run, target: Ref | null): string[] {
  const kind = target?.kind ?? "site";
  return run.registry.verbs.filter((v) => v.kinds.includes(kind)).map((v) => v.name);
}

export function settingsOf(run: Run, kind: string) {
  return run.registry.settings.filter((s) => s.kind === kind);
}

export function whyNot(e: unknown): string {
  if (e instanceof RequestError) return e.fix ? `${e.message}: ${e.fix}` : e.message;
  return e instanceof Error ? e.message : String(e);
}

/** Does an action on the run shown, or in a new fork at the moment shown. */
export async function perform(act: Act, fork: boolean): Promise<void> {
  const run = main.peek();
  if (!run) return;
  if (fork) {
    await forkHere([act]);
    return;
  }
  const done = await api.act(run.id, act);
  say(
    t("action.done", {
      what: `${t(`action.${act.verb}` as "action.fail")} ${act.selector ?? ""}`,
      time: clock(done.at),
    }),
    "info",
    {
      label: t("action.copy"),
      run: () => dialogSnippet(done.line),
    },
  );
  void refreshTicks();
}

function dialogSnippet(text: string): void {
  dialog.value = { kind: "snippet", text, title: t("action.copy") };
}

/** Forks the run at the moment shown; the fork runs ahead as a ghost beside its base. */
export async function forkHere(actions: Act[]): Promise<void> {
  const run = main.peek();
  if (!run) return;
  const s = run.status.peek();
  // A twin beside a real site is left at its present, which goes on meanwhile.
  const present = s.follow && !!run.info.peek().measured;
  const info = await api.fork(run.id, present ? { actions } : { t: s.t, actions });
  const at = info.forked_s ?? s.t;
  await refreshRuns();
  await beside(info.id);
  go(present ? { with: info.id } : { with: info.id, t: at });
  say(t("fork.made", { time: clock(at) }));
}

export async function tryFork(): Promise<void> {
  if (!mayAct()) {
    say(t("action.viewer"), "bad");
    return;
  }
  await forkHere([]).catch((e) => say(t("action.refused", { why: whyNot(e) }), "bad"));
}

/** Shows the timeline entry that does the same as an action, without doing it. */
export async function showSnippet(act: Act): Promise<void> {
  const run = main.peek();
  if (!run) return;
  try {
    const r = await api.act(run.id, { ...act, at: run.status.peek().t, dry: true });
    const text = `timeline:\n  ${r.line}\n`;
    const copied = await copy(text);
    dialog.value = { kind: "snippet", text, title: t(copied ? "action.copyHint" : "action.copy") };
  } catch (e) {
    say(t("action.refused", { why: whyNot(e) }), "bad");
  }
}

/** The whole what-if beside the base, as a scenario that makes it again. */
export function forkSnippet(): void {
  const info = ghost.peek()?.info.peek();
  if (!info) return;
  const lines = (info.actions ?? []).map((a) => `  ${a.startsWith("- ") ? a : `- ${a}`}`);
  const text = `timeline:\n${lines.join("\n") || "  []"}\n`;
  void copy(text);
  dialog.value = { kind: "snippet", text, title: t("action.copyHint") };
}
