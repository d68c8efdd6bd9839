// Small parts that every view uses.
import type { ComponentChildren } from "preact";
import { type Key, t } from "../i18n";
import { type Sort, show } from "../model/format";
import { Icon, type IconName } from "./icons";

/** What a thing is doing; unknown is never good. */
export type Status =
  | "ok"
  | "failed"
  | "off"
  | "overload"
  | "battery"
  | "drained"
  | "standby"
  | "tripped"
  | "bypass"
  | "starting"
  | "throttled"
  | "unknown";

export const statusTone: Record<Status, "ok" | "bad" | "warn" | "soft"> = {
  ok: "ok",
  failed: "bad",
  off: "bad",
  tripped: "bad",
  overload: "warn",
  battery: "warn",
  bypass: "warn",
  starting: "warn",
  throttled: "warn",
  drained: "soft",
  standby: "soft",
  unknown: "soft",
};

export const statusIcon: Record<Status, IconName> = {
  ok: "check",
  failed: "cross",
  off: "off",
  tripped: "cross",
  overload: "fault",
  battery: "battery",
  bypass: "fault",
  starting: "next",
  throttled: "fault",
  drained: "drain",
  standby: "pause",
  unknown: "unknown",
};

/** A status by shape, word and colour. */
export function State({ of, children }: { of: Status; children?: ComponentChildren }) {
  return (
    <span class={`state ${statusTone[of]}`}>
      <Icon name={statusIcon[of]} size={15} />
      <span>{children ?? t(`state.${of}`)}</span>
    </span>
  );
}

/** A figure with its unit, the unit quieter. */
export function Figure(p: { value: number | null | undefined; unit: string; sort?: Sort; places?: number }) {
  const s = show(p.value, p.unit, p.sort ?? "share", p.places ?? 3);
  return (
    <span class="figure">
      {s.text}
      {s.unit && <span class="unit">{`\u00a0${s.unit}`}</span>}
    </span>
  );
}

/** One of a few choices. */
export function Segments<T extends string>(p: {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onPick: (v: T) => void;
}) {
  return (
    <fieldset class="segments" aria-label={p.label}>
      {p.options.map(([v, text]) => (
        <button key={v} type="button" aria-pressed={v === p.value} onClick={() => p.onPick(v)}>
          {text}
        </button>
      ))}
    </fieldset>
  );
}

export function IconButton(p: {
  icon: IconName;
  label: string;
  onClick: () => void;
  pressed?: boolean;
  disabled?: boolean;
  keys?: string;
  size?: number;
}) {
  return (
    <button
      type="button"
      class="btn quiet icon"
      aria-label={p.label}
      title={p.keys ? `${p.label} (${p.keys})` : p.label}
      aria-pressed={p.pressed}
      disabled={p.disabled}
      onClick={p.onClick}
    >
      <Icon name={p.icon} size={p.size ?? 16} />
    </button>
  );
}

/** Nothing to show, and why. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
    </div>
  );
}

export function Facts({ rows }: { rows: readonly (readonly [ComponentChildren, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.flatMap(([name, value], i) => [<dt key={`n${i}`}>{name}</dt>, <dd key={`v${i}`}>{value}</dd>])}
    </dl>
  );
}

export function Search(p: { label: Key; value: string; onInput: (v: string) => void }) {
  return (
    <input
      class="field search"
      type="search"
      placeholder={t(p.label)}
      aria-label={t(p.label)}
      value={p.value}
      onInput={(e) => p.onInput(e.currentTarget.value)}
    />
  );
}
