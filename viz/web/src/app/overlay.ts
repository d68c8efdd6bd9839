// What floats above the page: at most one dialog, one menu, and short messages.
import { signal } from "@preact/signals";
import type { Ref } from "../model/tree";

export interface Place {
  x: number;
  y: number;
}

export type Dialog =
  | { kind: "palette" }
  | { kind: "help" }
  | { kind: "act"; verb: string; target: Ref | null; field?: string; fork: boolean }
  | { kind: "snippet"; text: string; title: string };

export const inspecting = signal(typeof innerWidth === "undefined" || innerWidth > 1000);
export const dialog = signal<Dialog | null>(null);
export const menu = signal<{ at: Place; target: Ref | null; job?: number } | null>(null);

export interface Toast {
  id: number;
  text: string;
  tone: "info" | "bad";
  action?: { label: string; run: () => void };
}

export const toasts = signal<Toast[]>([]);
let next = 1;

export function say(text: string, tone: Toast["tone"] = "info", action?: Toast["action"]): void {
  const toast: Toast = { id: next++, text, tone };
  if (action) toast.action = action;
  toasts.value = [...toasts.value.slice(-2), toast];
  setTimeout(() => dismiss(toast.id), tone === "bad" ? 12000 : 7000);
}

export function dismiss(id: number): void {
  toasts.value = toasts.value.filter((x) => x.id !== id);
}

/** Opens the menu of a thing at the pointer, or at an element when it was asked for by keyboard. */
export function openMenu(e: MouseEvent | KeyboardEvent, target: Ref | null, at?: Place): void {
  e.preventDefault();
  const box = e.currentTarget instanceof Element ? e.currentTarget.getBoundingClientRect() : null;
  const pointed = e instanceof MouseEvent && (e.clientX > 0 || e.clientY > 0) ? { x: e.clientX, y: e.clientY } : null;
  menu.value = { at: at ?? pointed ?? { x: (box?.left ?? 80) + 24, y: (box?.top ?? 80) + 24 }, target };
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
