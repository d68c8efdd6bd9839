// How much ran and waited over time, for when bars are too many.

import { Chart } from "../../draw/chart";
import { t } from "../../i18n";
import { besideName } from "../../model/reality";
import type { History, Jobs } from "../../wire/types";

export function Density(p: {
  jobs: Jobs;
  beside: Jobs | null;
  from: number;
  to: number;
  now: number;
  gpus: number;
  onSeek: (t: number) => void;
}) {
  const history = (j: Jobs, key: "running" | "queued" | "busy"): History => {
    const v = j.density[key] ?? [];
    return {
      channel: key,
      subject: "site",
      unit: "",
      from: j.from,
      to: j.to,
      bucket_s: j.density.bucket_s,
      exact: false,
      t: v.map((_, i) => j.from + i * j.density.bucket_s),
      min: v,
      max: v,
      mean: v,
    };
  };
  const common = { unit: "", sort: "count" as const, from: p.from, to: p.to, now: p.now, onSeek: p.onSeek };
  return (
    <div class="density" data-testid="density">
      <Chart
        {...common}
        title={`${t("jobs.busy")} (${t("jobs.capacity")} ${p.gpus.toLocaleString("en-US")})`}
        height={220}
        lines={[
          { name: t("jobs.busy"), history: history(p.jobs, "busy"), tone: "c1" },
          ...(p.beside
            ? [{ name: besideName(), history: history(p.beside, "busy"), tone: "fork" as const, dash: true }]
            : []),
        ]}
      />
      <Chart
        {...common}
        title={`${t("jobs.state.running")} · ${t("jobs.state.queued")}`}
        height={150}
        lines={[
          { name: t("jobs.state.running"), history: history(p.jobs, "running"), tone: "c3" },
          { name: t("jobs.state.queued"), history: history(p.jobs, "queued"), tone: "c2" },
        ]}
      />
    </div>
  );
}
