// The bar above: which run, how it is to be taken, its few figures, and the tools.

import { language, metricName, speak, t } from "../i18n";
import { number, show } from "../model/format";
import { channelSort, modeKey, runTitle } from "../model/look";
import { besideName } from "../model/reality";
import { ghost, main, runs } from "../model/session";
import { useWant } from "../model/want";
import { Icon } from "../ui/icons";
import { Figure, IconButton } from "../ui/parts";
import { dialog, inspecting } from "./overlay";
import { go } from "./route";
import { theme, wear } from "./theme";

export function ModeBadge({ mode }: { mode: string }) {
  const k = modeKey(mode);
  return (
    <span class={`badge ${k}`} data-mode={k}>
      {t(`mode.${k}`)} <span class="says">{t(`mode.${k}.says`)}</span>
    </span>
  );
}

const figures = [
  "site.it_power",
  "site.power",
  "site.pue",
  "rack.inlet_temperature",
  "rack.gpu_temperature",
  "jobs.running",
  "jobs.queued",
];

function Kpis() {
  const run = main.value;
  const beside = ghost.value;
  const list = figures.filter((n) => run?.channel(n));
  const subs = list.map((channel) => ({ channel, level: "site", bits: 16 as const }));
  useWant(run, "bar", subs);
  useWant(beside, "bar", subs);
  if (!run) return <div class="kpis" />;
  return (
    <section class="kpis" aria-label={t("compare.kpis")}>
      {list.map((name) => {
        const c = run.channel(name)!;
        const v = run.value(name, 0, "site");
        const other = beside?.channel(name) ? beside.value(name, 0, "site") : Number.NaN;
        const d = other - v;
        return (
          <div class="kpi" key={name} title={c.doc}>
            <span class="name">{metricName(name)}</span>
            <span class="value">
              <Figure value={v} unit={c.unit} sort={channelSort(c)} />
              {Number.isFinite(d) && Math.abs(d) > Math.abs(v) * 5e-4 && (
                <Delta d={d} unit={c.unit} base={v} name={name} />
              )}
            </span>
          </div>
        );
      })}
    </section>
  );
}

function Delta({ d, unit, base, name }: { d: number; unit: string; base: number; name: string }) {
  const run = main.value!;
  const c = run.channel(name)!;
  const s = unit === "degC" ? { text: number(Math.abs(d), 2), unit: "K" } : show(Math.abs(d), unit, channelSort(c), 2);
  return (
    <span class="delta" title={`${besideName()} ${t("fork.delta")} (${number(base)})`}>
      {d < 0 ? "\u2212" : "+"}
      {s.text}
      {s.unit && `\u00a0${s.unit}`}
    </span>
  );
}

export function Bar() {
  const run = main.value;
  const info = run?.info.value;
  return (
    <header class="bar">
      <a
        class="brand"
        href="/"
        aria-label="Halltwin"
        onClick={(e) => (e.preventDefault(), go({ view: "floor", at: "", sel: "" }))}
      >
        <img src="/favicon.svg" alt="" />
      </a>
      <div class="run">
        <select
          class="field"
          aria-label={t("bar.run")}
          value={run?.id ?? ""}
          onChange={(e) => go({ run: e.currentTarget.value, t: null, sel: "", at: "", with: "" })}
        >
          {runs.value.map((r) => (
            <option key={r.id} value={r.id}>
              {runTitle(r)}
              {r.variant ? ` · ${r.variant}` : ""}
              {r.mode === "FORK" ? ` · ${t("mode.fork")}` : ""}
            </option>
          ))}
        </select>
        {info && <ModeBadge mode={info.mode} />}
      </div>
      <Kpis />
      <div class="tools">
        <button
          type="button"
          class="searchbox"
          onClick={() => (dialog.value = { kind: "palette" })}
          title={t("bar.search")}
        >
          <Icon name="search" size={15} />
          <span>{t("palette.title")}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <IconButton
          icon={theme.value === "dark" ? "sun" : "moon"}
          label={t(theme.value === "dark" ? "bar.theme.light" : "bar.theme.dark")}
          keys="Shift T"
          onClick={() => wear(theme.value === "dark" ? "light" : "dark")}
        />
        <button
          type="button"
          class="btn quiet icon"
          lang={language.value === "en" ? "zh-Hans" : "en"}
          title={t("bar.language")}
          aria-label={t("bar.language")}
          onClick={() => void speak(language.value === "en" ? "zh" : "en")}
        >
          {language.value === "en" ? "中" : "En"}
        </button>
        <IconButton icon="help" label={t("bar.help")} keys="?" onClick={() => (dialog.value = { kind: "help" })} />
        <IconButton
          icon="panel"
          label={t(inspecting.value ? "inspector.hide" : "inspector.show")}
          keys="i"
          pressed={inspecting.value}
          onClick={() => (inspecting.value = !inspecting.value)}
        />
      </div>
    </header>
  );
}
