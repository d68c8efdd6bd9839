// The table behind the plan: every cell with its value and state, the worst first.
import { useState } from "preact/hooks";
import { go, route } from "../../app/route";
import { t } from "../../i18n";
import { channelTitle, kindName, kindsName, shown as showValue, stateChannel, stateOf } from "../../model/look";
import type { Run } from "../../model/run";
import type { Ref } from "../../model/tree";
import { useWant } from "../../model/want";
import { State } from "../../ui/parts";
import type { Channel } from "../../wire/types";
import type { Shown } from "./plan";
import type { CellKind } from "./texture";

const most = 500;

export function FloorTable({
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
  const [by, setBy] = useState<"value" | "name">("value");
  const values = shown.values();
  const inside = at.kind === cell ? [at.index, at.index + 1] : run.tree.descendants(at, cell);
  const [lo, hi] = inside as [number, number];
  const order = Array.from({ length: hi - lo }, (_, i) => lo + i);
  const down = channel.reduce !== "min";
  const at2 = (i: number) => {
    const v = values?.[i] ?? Number.NaN;
    return Number.isNaN(v) ? Number.NEGATIVE_INFINITY : down ? v : -v;
  };
  if (by === "value" && values) order.sort((a, b) => at2(b) - at2(a));
  const state = run.channel(stateChannel(cell));
  useWant(run, "table", state ? [{ channel: state.name, level: cell }] : []);
  return (
    <div class="content">
      <table class="table" data-testid="floor-table">
        <caption class="hidden-text">
          {t("floor.summary", { metric: channelTitle(channel), n: hi - lo, what: kindsName(cell), low: "", high: "" })}
        </caption>
        <thead>
          <tr>
            <th aria-sort={by === "name" ? "ascending" : "none"}>
              <button type="button" class="link" onClick={() => setBy("name")}>
                {kindName(cell)}
              </button>
            </th>
            <th class="num" aria-sort={by === "value" ? "descending" : "none"}>
              <button type="button" class="link" onClick={() => setBy("value")}>
                {channelTitle(channel)}
              </button>
            </th>
            {state && <th>{t("table.state")}</th>}
          </tr>
        </thead>
        <tbody>
          {order.slice(0, most).map((i) => {
            const ref = { kind: cell, index: i };
            const name = run.tree.nameOf(ref);
            const v = values?.[i];
            return (
              <tr key={i} data-link aria-selected={route.value.sel === name} onClick={() => go({ sel: name })}>
                <td>
                  <button type="button" class="link" onClick={() => go({ sel: name })}>
                    {name}
                  </button>
                </td>
                <td class="num">
                  {v !== undefined && Number.isFinite(v) ? showValue(channel, v, 4) : <State of="unknown" />}
                </td>
                {state && (
                  <td>
                    <State of={stateOf(run, ref)} />
                  </td>
                )}
              </tr>
            );
          })}
        </tbody>
      </table>
      {order.length > most && (
        <p class="soft pad">{t("data.shown", { n: most, all: order.length.toLocaleString("en-US") })}</p>
      )}
    </div>
  );
}
