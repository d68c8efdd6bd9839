// Keys that work everywhere but in a field; the help sheet lists them.
import { language, speak } from "../i18n";
import { main, pause, seek, step } from "../model/session";
import { tryFork } from "./act";
import { dialog, inspecting, menu, openMenu } from "./overlay";
import { change } from "./rail";
import { go, route, views } from "./route";
import { theme, wear } from "./theme";
import { jump, pace, toggle } from "./transport";

export function watchKeys(): void {
  addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k") {
      e.preventDefault();
      dialog.value = dialog.value?.kind === "palette" ? null : { kind: "palette" };
      return;
    }
    const el = e.target as HTMLElement;
    const range = el instanceof HTMLInputElement && el.type === "range";
    if (!range && /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName)) return;
    if (dialog.value || menu.value || e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
    if (act(e, el)) e.preventDefault();
  });
}

function act(e: KeyboardEvent, el: HTMLElement): boolean {
  const run = main.peek();
  const n = Number(e.key);
  const button = el.tagName === "BUTTON" || el.tagName === "A";
  if (e.shiftKey && e.key === "T") wear(theme.peek() === "dark" ? "light" : "dark");
  else if (e.shiftKey && e.key === "L") void speak(language.peek() === "en" ? "zh" : "en");
  else if (e.key === "N") jump(-1);
  else if (e.key === "?") dialog.value = { kind: "help" };
  else if (e.key === "/") dialog.value = { kind: "palette" };
  else if (e.shiftKey && e.key !== "F10") return false;
  else if (n >= 1 && n <= views.length) go(change(views[n - 1]!));
  else if (e.key === " " && !button) toggle();
  else if (e.key === ",") void step(-1);
  else if (e.key === ".") void step(1);
  else if (e.key === "n") jump(1);
  else if (e.key === "[") pace(-1);
  else if (e.key === "]") pace(1);
  else if (e.key === "Home") void seek(0);
  else if (e.key === "End") void seek(run?.status.peek().head ?? 0);
  else if (e.key === "i") inspecting.value = !inspecting.value;
  else if (e.key === "f") void tryFork();
  else if (e.key === "m" || e.key === "ContextMenu" || (e.shiftKey && e.key === "F10")) {
    openMenu(e, run?.tree.parse(route.peek().sel || route.peek().at) ?? null, {
      x: innerWidth / 2 - 110,
      y: innerHeight / 3,
    });
  } else if (e.key === "Escape") {
    if (run?.status.peek().playing) void pause();
    else if (route.peek().sel) go({ sel: "" });
  } else return false;
  return true;
}
