// The table behind the one-line diagram.
import { go, route } from "../../app/route";
import { t } from "../../i18n";
import { duration, text } from "../../model/format";
import { kindName } from "../../model/look";
import type { Run } from "../../model/run";
import { State } from "../../ui/parts";
import { statusOfNode } from "./power";

export function PowerTable({ run, kinds }: { run: Run; kinds: string[] }) {
  const of = (kind: string, index: number, field: string) =>
    run.channel(`${kind}.${field}`) ? run.value(`${kind}.${field}`, index, kind) : Number.NaN;
  return (
    <div class="content">
      <table class="table">
        <thead>
          <tr>
            <th>{t("table.name")}</th>
            <th>{t("data.level")}</th>
            <th>{t("table.state")}</th>
            <th class="num">{t("power.load")}</th>
            <th class="num">{t("kind.site") && t("table.value")}</th>
            <th class="num">{t("limit.rating")}</th>
            <th class="num">{t("state.battery")}</th>
          </tr>
        </thead>
        <tbody>
          {run.plant.power.nodes
            .filter((n) => kinds.includes(n.kind))
            .map((n) => {
              const name = run.tree.nameOf({ kind: n.kind, index: n.index });
              const autonomy = of(n.kind, n.index, "autonomy");
              return (
                <tr key={n.id} data-link aria-selected={route.value.sel === name} onClick={() => go({ sel: name })}>
                  <td>
                    <button type="button" class="link" onClick={() => go({ sel: name })}>
                      {name}
                    </button>
                  </td>
                  <td>{kindName(n.kind)}</td>
                  <td>
                    <State of={statusOfNode(run, n)} />
                  </td>
                  <td class="num">{n.rating_w ? text(of(n.kind, n.index, "load"), "") : "–"}</td>
                  <td class="num">{text(of(n.kind, n.index, "power"), "W")}</td>
                  <td class="num">{n.rating_w ? text(n.rating_w, "W") : "–"}</td>
                  <td class="num">{n.kind === "ups" ? duration(autonomy) : ""}</td>
                </tr>
              );
            })}
        </tbody>
      </table>
    </div>
  );
}
