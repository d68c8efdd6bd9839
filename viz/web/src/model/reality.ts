// A twin beside a real site: how both stand to one another, asked for every two seconds while somebody looks.
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { api } from "../wire/api";
import type { Reality, RunInfo } from "../wire/types";
import { type Answer, useAsk } from "./ask";
import type { Run } from "./run";
import { ghost, main } from "./session";

/** Whether a run is the twin of a real site, or that site. */
export const isBeside = (i: RunInfo) => !!(i.measured || i.twin) && i.state === "running";

/** Whether what stands beside is what is measured, not a fork. */
export const measuredBeside = () => !!ghost.value && ghost.value.id === main.value?.info.value.measured;

/** What the run shown and the one beside are called. */
export const baseName = () => t(measuredBeside() ? "live.predicted" : "fork.base");
export const besideName = () => t(measuredBeside() ? "live.measured" : "fork.ghostShort");

/** How a twin and its site stand; the things of a channel too, if one is named. */
export function useReality(run: Run | null, channel = ""): Answer<Reality> {
  const on = !!run && isBeside(run.info.value);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!on) return;
    const timer = setInterval(() => setRound((n) => n + 1), 2000);
    return () => clearInterval(timer);
  }, [on]);
  return useAsk(on ? `${run!.id} reality ${channel} ${round}` : "", (s) => api.reality(run!.id, channel, s));
}

/** Sources and hosts that tell nothing, and things that drift. */
export function concerns(r: Reality): { lost: string[]; silent: string[]; alarms: number } {
  return {
    lost: r.sources.filter((s) => s.fault || s.age_s === null).map((s) => s.name),
    silent: r.hosts.filter((h) => h.silent).map((h) => h.host),
    alarms: r.alarms.length,
  };
}
