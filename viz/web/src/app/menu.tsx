// The menu of a thing: what it is, and what can be done with it.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { title } from "../model/look";
import { main, mayAct } from "../model/session";
import type { Ref } from "../model/tree";
import { Icon, type IconName } from "../ui/icons";
import { settingsOf, showSnippet, tryFork, verbsOf } from "./act";
import { dialog, inspecting, menu } from "./overlay";
import { go } from "./route";

interface Item {
  icon: IconName;
  text: string;
  keys?: string;
  run: () => void;
  disabled?: boolean;
  danger?: boolean;
}

const places = new Set(["site", "hall", "row", "rack", "node"]);

export function itemsFor(target: Ref | null): (Item | null)[] {
  const run = main.peek();
  if (!run) return [];
  const operator = mayAct();
  const info = run.info.peek();
  const verbs = verbsOf(run, target);
  const name = target ? run.tree.nameOf(target) : "";
  const open = (verb: string, fork = !info.live, field?: string) => {
    dialog.value = field ? { kind: "act", verb, target, fork, field } : { kind: "act", verb, target, fork };
  };
  const items: (Item | null)[] = [];
  if (target) {
    items.push({
      icon: "panel",
      text: t("action.select"),
      run: () => {
        inspecting.value = true;
        go({ sel: name });
      },
    });
    if (places.has(target.kind)) {
      items.push({
        icon: "zoom",
        text: t("action.open"),
        run: () => go({ view: "floor", at: name === "site" ? "" : name, sel: name }),
      });
    }
    items.push(null);
  }
  const act = (verb: string, icon: IconName, danger = false) => {
    if (verbs.includes(verb)) {
      items.push({
        icon,
        text: t(`action.${verb}` as "action.fail"),
        run: () => open(verb),
        disabled: !operator,
        danger,
      });
    }
  };
  act("fail", "cross", true);
  act("repair", "wrench");
  if (target && settingsOf(run, target.kind).length) {
    const derate = settingsOf(run, target.kind).find((s) => s.field === "power_limit" || s.field === "voltage");
    items.push({ icon: "sliders", text: t("action.set"), run: () => open("set"), disabled: !operator });
    if (derate)
      items.push({
        icon: "down",
        text: t("action.derate"),
        run: () => open("set", !info.live, derate.field),
        disabled: !operator,
      });
  }
  act("drain", "drain");
  act("undrain", "reset");
  act("submit", "plus");
  if (verbs.includes("note")) act("note", "copy");
  if (items.at(-1) !== null) items.push(null);
  items.push({
    icon: "fork",
    text: t("action.fork"),
    keys: "F",
    run: () => void tryFork(),
    disabled: !operator || !info.can_fork,
  });
  if (target && verbs.includes("fail")) {
    const what = {
      icon: "fork" as const,
      text: t("action.forkFail"),
      run: () => open("fail", true),
      disabled: !operator || !info.can_fork,
    };
    // Beside a real site the question comes before the statement.
    if (info.measured) items.unshift(what);
    else items.push(what);
    items.push({ icon: "copy", text: t("action.copy"), run: () => void showSnippet({ verb: "fail", selector: name }) });
  }
  return items;
}

export function Menu() {
  const m = menu.value;
  const ref = useRef<HTMLDivElement>(null);
  const run = main.value;
  useLayoutEffect(() => {
    const el = ref.current;
    if (!el || !m) return;
    const before = document.activeElement as HTMLElement | null;
    const box = el.getBoundingClientRect();
    el.style.left = `${Math.max(8, Math.min(m.at.x, innerWidth - box.width - 8))}px`;
    el.style.top = `${Math.max(8, Math.min(m.at.y, innerHeight - box.height - 8))}px`;
    el.querySelector<HTMLElement>("button:not(:disabled)")?.focus();
    return () => before?.focus?.();
  }, [m]);
  useEffect(() => {
    if (!m) return;
    const close = (e: Event) => {
      if (!ref.current?.contains(e.target as Node)) menu.value = null;
    };
    addEventListener("pointerdown", close);
    addEventListener("resize", close);
    return () => {
      removeEventListener("pointerdown", close);
      removeEventListener("resize", close);
    };
  }, [m]);
  if (!m || !run) return null;
  const onKeyDown = (e: KeyboardEvent) => {
    const list = [...(ref.current?.querySelectorAll<HTMLElement>("button:not(:disabled)") ?? [])];
    const i = list.indexOf(document.activeElement as HTMLElement);
    if (e.key === "ArrowDown") list[(i + 1) % list.length]?.focus();
    else if (e.key === "ArrowUp") list[(i - 1 + list.length) % list.length]?.focus();
    else if (e.key === "Home") list[0]?.focus();
    else if (e.key === "End") list.at(-1)?.focus();
    else if (e.key === "Escape" || e.key === "Tab") menu.value = null;
    else return;
    e.preventDefault();
    e.stopPropagation();
  };
  let hr = 0;
  return (
    <div
      class="menu"
      role="menu"
      ref={ref}
      tabIndex={-1}
      onKeyDown={onKeyDown}
      aria-label={m.target ? title(run.tree, m.target) : run.tree.name}
    >
      <div class="title clip" aria-hidden="true">
        {m.target ? run.tree.nameOf(m.target) : run.tree.name}
      </div>
      {itemsFor(m.target).map((item) =>
        item ? (
          <button
            type="button"
            role="menuitem"
            key={item.text}
            class={item.danger ? "bad" : ""}
            disabled={item.disabled}
            onClick={() => {
              menu.value = null;
              item.run();
            }}
          >
            <Icon name={item.icon} size={15} />
            {item.text}
            {item.keys && <kbd>{item.keys}</kbd>}
          </button>
        ) : (
          <hr key={`hr${hr++}`} />
        ),
      )}
    </div>
  );
}
