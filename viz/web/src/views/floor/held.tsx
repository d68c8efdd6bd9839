// Where a job runs: the racks of the nodes that it holds at the moment shown.
import { go, route } from "../../app/route";
import { t } from "../../i18n";
import { coarse, useAsk } from "../../model/ask";
import { kindsName } from "../../model/look";
import type { Run } from "../../model/run";
import { IconButton } from "../../ui/parts";
import { api } from "../../wire/api";
import type { Job } from "../../wire/types";

/** The number of the job that is selected, or -1. */
export function jobSelected(sel: string): number {
  const m = /^job-(\d+)$/.exec(sel);
  return m ? Number(m[1]) : -1;
}

/** The selected job at the moment shown, or null. */
export function useSelectedJob(run: Run): Job | null {
  const index = jobSelected(route.value.sel);
  const s = run.status.value;
  const moving = s.playing || (s.follow && s.state === "running");
  const at = moving ? coarse(s.t, Math.max(60, s.end / 300)) : s.t;
  const answer = useAsk(index < 0 ? "" : `${run.id} job ${index} ${at}`, (x) =>
    api.jobs(run.id, { index, at, to: at, limit: 1, buckets: 1 }, x),
  );
  const job = answer.data?.rows[0];
  return job && job.index === index ? job : null;
}

/** The racks that hold nodes of a job. */
export function racksOf(run: Run, job: Pick<Job, "nodes"> | null): number[] {
  const racks = new Set<number>();
  for (const [lo, hi] of job?.nodes ?? []) {
    for (let n = lo; n < Math.min(hi, run.tree.count("node")); n++)
      racks.add(run.tree.ancestor({ kind: "node", index: n }, "rack"));
  }
  return [...racks];
}

export const nodesHeld = (job: Pick<Job, "nodes">) => (job.nodes ?? []).reduce((n, [lo, hi]) => n + hi - lo, 0);

export function HeldNote({ run, job }: { run: Run; job: Job }) {
  const racks = racksOf(run, job).length;
  return (
    <p class="held card small" data-testid="held" role="status">
      <span>
        <b>{job.name}</b>{" "}
        {racks
          ? t("jobs.held", {
              nodes: `${nodesHeld(job)} ${kindsName("node").toLowerCase()}`,
              racks: `${racks} ${kindsName("rack").toLowerCase()}`,
            })
          : t("jobs.heldNone")}
      </span>
      <IconButton icon="close" label={t("help.close")} onClick={() => go({ sel: "" })} />
    </p>
  );
}
