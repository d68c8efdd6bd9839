// The strip above the views of a twin beside a real site: how both stand, at a glance.
import { t } from "../i18n";
import { concerns, isBeside, useReality } from "../model/reality";
import { main } from "../model/session";
import { Icon } from "../ui/icons";
import { ModeBadge } from "./bar";
import { go, route } from "./route";

export function Beside() {
  const run = main.value;
  const r = useReality(run);
  if (!run || !isBeside(run.info.value)) return null;
  const d = r.data;
  const c = d && concerns(d);
  const bad = !!r.error || !!c?.lost.length || !!c?.silent.length || !!c?.alarms;
  return (
    <div class={`banner ${bad ? "warn" : ""}`} role="status" data-testid="beside">
      <ModeBadge mode="LIVE" />
      <span class="clip">
        {r.error && r.error}
        {d && c && (
          <>
            {c.lost.length ? t("live.lost", { list: c.lost.join(", ") }) : t("live.allAnswer", { n: d.sources.length })}
            {" · "}
            {c.silent.length
              ? t("live.silentHosts", { n: c.silent.length, list: c.silent.slice(0, 4).join(", ") })
              : t("live.hosts", { n: d.hosts.filter((h) => h.node).length })}
            {" · "}
            {c.alarms ? t("live.drift", { n: c.alarms }) : t("live.noAlarms")}
          </>
        )}
      </span>
      <span class="push">
        {!(route.value.view === "data" && route.value.tab === "live") && (
          <button type="button" class="btn quiet" onClick={() => go({ view: "data", tab: "live", q: "" })}>
            <Icon name="compare" size={14} />
            {t("live.title")}
          </button>
        )}
      </span>
    </div>
  );
}
