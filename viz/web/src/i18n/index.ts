// The interface's language. English comes with the first load, Chinese when it is asked for.
import { signal } from "@preact/signals";
import { en, type Key } from "./en";
import { metrics } from "./metrics";

export type { Key } from "./en";
export type Language = "en" | "zh";

export const language = signal<Language>("en");
const words = signal<Record<Key, string>>(en);

const storage = "halltwin.language";

export async function speak(l: Language): Promise<void> {
  words.value = l === "zh" ? (await import("./zh")).zh : en;
  language.value = l;
  document.documentElement.lang = l === "zh" ? "zh-Hans" : "en";
  remember(storage, l);
}

/** The language chosen before, or the browser's. */
export function preferred(): Language {
  const saved = recall(storage);
  if (saved === "en" || saved === "zh") return saved;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** A text of the interface, with its {places} filled. */
export function t(key: Key, places?: Record<string, string | number>): string {
  const s = words.value[key];
  return places ? s.replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole)) : s;
}

/** Whether a computed key exists: kinds and states that a newer server may add. */
export function tryT(key: string, otherwise: string): string {
  return key in en ? t(key as Key) : otherwise;
}

/** The short name of a channel. */
export function metricName(channel: string): string {
  return metrics[channel]?.[language.value === "zh" ? 1 : 0] ?? channel;
}

export function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be blocked; the choice then lasts for this page.
  }
}

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
