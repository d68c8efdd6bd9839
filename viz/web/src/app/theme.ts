import { signal } from "@preact/signals";
import { recall, remember } from "../i18n";

export type Theme = "dark" | "light";

const storage = "halltwin.theme";

export const theme = signal<Theme>("dark");

export function wear(t: Theme): void {
  document.documentElement.dataset.theme = t;
  theme.value = t;
  remember(storage, t);
}

/** The theme chosen before, or the system's. */
export function usual(): Theme {
  const saved = recall(storage);
  if (saved === "dark" || saved === "light") return saved;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
