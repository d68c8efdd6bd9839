// A node: its GPUs, each with everything that is recorded of it.
import { openMenu } from "../../app/overlay";
import { go, route } from "../../app/route";
import { colour, css, inkOn } from "../../draw/scale";
import { channelSort, channelTitle, stateChannel, stateOf, title } from "../../model/look";
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import { useWant } from "../../model/want";
import { Figure, State } from "../../ui/parts";
import type { Channel } from "../../wire/types";
import type { Shown } from "./plan";
import type { CellKind } from "./texture";

export function NodeView({
  run,
  at,
  channel,
  cell,
  shown,
}: {
  run: Run;
  at: Ref;
  channel: Channel;
  cell: CellKind;
  shown: Shown;
}) {
  const [lo, hi] = run.tree.descendants(at, "gpu");
  const channels = run.registry.channels.filter((c) => c.kind === "gpu" && !c.name.endsWith(".state"));
  const state = run.channel(stateChannel("gpu"));
  useWant(
    run,
    "node",
    [...channels, ...(state ? [state] : [])].map((c) => ({ channel: c.name, level: "gpu", ranges: [[lo, hi]] })),
  );
  const scale = shown.scale();
  const values = shown.values();
  return (
    <div class="gpus">
      {Array.from({ length: hi - lo }, (_, i) => {
        const ref: Ref = { kind: "gpu", index: lo + i };
        const up = cell === "gpu" ? ref.index : run.tree.ancestor(ref, cell);
        const v = values?.[up] ?? Number.NaN;
        const tone = Number.isFinite(v) ? colour(scale.palette, (v - scale.lo) / (scale.hi - scale.lo || 1)) : null;
        const name = run.tree.nameOf(ref);
        return (
          <button
            key={ref.index}
            type="button"
            class="gpu card"
            aria-pressed={route.value.sel === name}
            onClick={() => go({ sel: name })}
            onContextMenu={(e) => {
              go({ sel: name }, true);
              openMenu(e, ref);
            }}
          >
            <span
              class={`chip-head ${tone ? "" : "hatch"}`}
              style={tone ? { background: css(tone), color: inkOn(tone) } : {}}
            >
              <b>{title(run.tree, ref)}</b>
              {tone ? <Figure value={v} unit={channel.unit} sort={channelSort(channel)} /> : <State of="unknown" />}
            </span>
            <dl class="facts">
              {channels.flatMap((c) => [
                <dt key={`n${c.name}`}>{channelTitle(c)}</dt>,
                <dd key={`v${c.name}`}>
                  <Figure value={run.value(c.name, ref.index, "gpu")} unit={c.unit} sort={channelSort(c)} />
                </dd>,
              ])}
            </dl>
            {state && <State of={stateOf(run, ref)} />}
          </button>
        );
      })}
    </div>
  );
}
