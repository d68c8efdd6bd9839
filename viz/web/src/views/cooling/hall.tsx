// The air of a hall: supply, cold aisle, racks, hot aisle, return; its air handlers; its class.
import { go } from "../../app/route";
import { t } from "../../i18n";
import { text } from "../../model/format";
import { title } from "../../model/look";
import type { Run } from "../../model/run";
import { Icon } from "../../ui/icons";
import { statusTone } from "../../ui/parts";
import { Margin, UnitChip } from "./cooling";
import { spreadOf, unitsOf } from "./model";

export function Hall({ run, index }: { run: Run; index: number }) {
  const ref = { kind: "hall", index };
  const [lo, hi] = run.tree.descendants(ref, "rack");
  const inlet = spreadOf(run, "rack.inlet_temperature", lo, hi);
  const outlet = spreadOf(run, "rack.outlet_temperature", lo, hi);
  const limit = run.channel("rack.inlet_temperature")?.thresholds?.find((x) => x.above)?.at;
  const units = ["crah", "in-row", "rear-door"]
    .flatMap((k) => unitsOf(run, k))
    .filter((u) => run.tree.ancestor({ kind: u.node.kind, index: u.node.index }, "hall") === index);
  const worst = [...units].sort(
    (a, b) => Number(statusTone[b.status] === "bad") - Number(statusTone[a.status] === "bad"),
  );
  const hall = (f: string) => (run.channel(`hall.${f}`) ? run.value(`hall.${f}`, index, "hall") : Number.NaN);
  const supplies = units.map((u) => u.supply).filter(Number.isFinite);
  const supply = Number.isFinite(hall("supply_temperature"))
    ? hall("supply_temperature")
    : supplies.length
      ? Math.max(...supplies)
      : Number.NaN;
  const returns = units.map((u) => u.back).filter(Number.isFinite);
  const cls = hall("class");
  return (
    <article class="hall card">
      <header>
        <button
          type="button"
          class="link strong"
          onClick={() => go({ view: "floor", at: run.tree.nameOf(ref), metric: "rack.inlet_temperature", tab: "" })}
        >
          {title(run.tree, ref)}
        </button>
        {Number.isFinite(cls) && (
          <span class={cls >= 2 ? "bad" : cls >= 1 ? "warn" : "ok"}>
            <Icon name={cls >= 1 ? "fault" : "check"} size={14} /> ASHRAE:{" "}
            {t(`cooling.class.${Math.max(0, Math.min(2, Math.round(cls)))}` as "cooling.class.0")}
          </span>
        )}
      </header>
      <div class="airpath">
        <Cell name={t("cooling.supply")} value={text(supply, "degC")} tone="cold" />
        <Arrow />
        <Cell
          name={t("floor.cold")}
          value={inlet ? `${text(inlet.low, "degC")} – ${text(inlet.high, "degC")}` : t("state.unknown")}
          tone="cold"
          unknown={!inlet?.known}
        />
        <Arrow />
        <Cell name={t("kinds.rack")} value={String(hi - lo)} />
        <Arrow />
        <Cell
          name={t("floor.hot")}
          value={outlet?.known ? `${text(outlet.low, "degC")} – ${text(outlet.high, "degC")}` : t("state.unknown")}
          tone="hot"
          unknown={!outlet?.known}
        />
        <Arrow />
        <Cell
          name={t("cooling.return")}
          value={returns.length ? text(Math.max(...returns), "degC") : t("state.unknown")}
          tone="hot"
          unknown={!returns.length}
        />
      </div>
      {inlet && limit !== undefined && (
        <Margin value={inlet.high} limit={limit} name={t("limit.recommended")} span={10} />
      )}
      <dl class="inline">
        {Number.isFinite(hall("dew_point")) && (
          <div>
            <dt>{t("cooling.dewPoint")}</dt>
            <dd>{text(hall("dew_point"), "degC")}</dd>
          </div>
        )}
        {Number.isFinite(hall("relative_humidity")) && (
          <div>
            <dt>{t("cooling.humidity")}</dt>
            <dd>{text(hall("relative_humidity"), "")}</dd>
          </div>
        )}
      </dl>
      <div class="units">
        {worst.slice(0, 12).map((u) => (
          <UnitChip key={u.node.id} run={run} u={u} />
        ))}
      </div>
      {worst.length > 12 && <p class="soft small">{t("power.more", { n: worst.length - 12 })}</p>}
    </article>
  );
}

function Cell({
  name,
  value,
  tone,
  unknown,
}: {
  name: string;
  value: string;
  tone?: "hot" | "cold";
  unknown?: boolean;
}) {
  return (
    <div class={`cell ${tone ?? ""} ${unknown ? "hatch" : ""}`}>
      <span class="small">{name}</span>
      <b>{value}</b>
    </div>
  );
}

const Arrow = () => (
  <span class="arrow" aria-hidden="true">
    <Icon name="right" size={13} />
  </span>
);
