// The command palette: anything can be reached by typing a part of its name.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { language, speak, t } from "../i18n";
import { clock, parseDuration } from "../model/format";
import { channelTitle, kindName, title } from "../model/look";
import type { Run } from "../model/run";
import { main, runs, seek } from "../model/session";
import { Modal } from "../ui/dialog";
import { Icon, type IconName } from "../ui/icons";
import { itemsFor } from "./menu";
import { copy, dialog, inspecting, say } from "./overlay";
import { change } from "./rail";
import { go, route, views } from "./route";
import { theme, wear } from "./theme";
import { jump, toggle } from "./transport";

interface Entry {
  group: string;
  icon: IconName;
  text: string;
  hint?: string;
  find: string;
  run: () => void;
}

function commands(run: Run | null): Entry[] {
  const list: Entry[] = views.map((v, i) => ({
    group: t("palette.go"),
    icon: v as IconName,
    text: t(`view.${v}`),
    hint: String(i + 1),
    find: `${t(`view.${v}`)} ${v}`,
    run: () => go(change(v)),
  }));
  const add = (icon: IconName, text: string, hint: string, act: () => void) =>
    list.push({ group: t("palette.command"), icon, text, hint, find: text, run: act });
  add("play", `${t("transport.play")} / ${t("transport.pause")}`, "Space", toggle);
  add("fault", t("transport.nextFault"), "N", () => jump(1));
  add("sun", t("palette.theme"), "Shift T", () => wear(theme.peek() === "dark" ? "light" : "dark"));
  add("globe", t("palette.language"), "Shift L", () => void speak(language.peek() === "en" ? "zh" : "en"));
  add("help", t("help.title"), "?", () => (dialog.value = { kind: "help" }));
  add("link", t("palette.copyLink"), "", () => void copy(location.href).then(() => say(t("action.copied"))));
  if (!run) return list;
  const sel = route.peek().sel ? run.tree.parse(route.peek().sel) : null;
  for (const item of itemsFor(sel)) {
    if (item && !item.disabled)
      add(item.icon, sel ? `${item.text}: ${title(run.tree, sel)}` : item.text, item.keys ?? "", item.run);
  }
  for (const c of run.registry.channels) {
    if (!["rack", "gpu", "node", "row", "hall"].includes(c.kind) || c.name.endsWith(".state")) continue;
    list.push({
      group: t("palette.metric"),
      icon: "floor",
      text: channelTitle(c),
      hint: c.name,
      find: `${channelTitle(c)} ${c.name}`,
      run: () => go({ view: "floor", metric: c.name, tab: "" }),
    });
  }
  for (const r of runs.peek()) {
    if (r.id !== run.id) {
      list.push({
        group: t("palette.run"),
        icon: "compare",
        text: r.name,
        find: r.name,
        run: () => go({ run: r.id, t: null, at: "", sel: "", with: "" }),
      });
    }
  }
  return list;
}

/** Things by name: those that begin with what is typed first, never more than a few dozen looked at a kind. */
function things(run: Run, query: string): Entry[] {
  const out: Entry[] = [];
  const exact = run.tree.parse(query);
  const push = (ref: { kind: string; index: number }) => {
    const name = run.tree.nameOf(ref);
    out.push({
      group: t("palette.thing"),
      icon: "zoom",
      text: title(run.tree, ref),
      hint: name,
      find: `${name} ${title(run.tree, ref)}`,
      run: () => {
        inspecting.value = true;
        go({ sel: name });
      },
    });
  };
  if (exact && exact.kind !== "site") push(exact);
  const q = query.toLowerCase();
  for (const kind of run.tree.kinds) {
    if (kind === "gpu" || kind === "node" || kind === "job") continue;
    const n = Math.min(run.tree.count(kind), 4000);
    let found = 0;
    for (let i = 0; i < n && found < 6; i++) {
      const ref = { kind, index: i };
      const text = `${run.tree.nameOf(ref)} ${kindName(kind)} ${run.tree.local(ref)}`.toLowerCase();
      if (q.split(/\s+/).every((w) => text.includes(w))) {
        push(ref);
        found++;
      }
    }
  }
  return out.slice(0, 24);
}

export function Palette() {
  const run = main.value;
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const all = useMemo(() => commands(run), [run]);
  const words = query.toLowerCase().trim().split(/\s+/).filter(Boolean);
  const found = all
    .filter((e) => words.every((w) => e.find.toLowerCase().includes(w)))
    .slice(0, words.length ? 14 : 13);
  const time = parseDuration(query);
  if (time !== null && run) {
    found.unshift({
      group: t("palette.go"),
      icon: "next",
      text: t("palette.time", { time: clock(time) }),
      find: "",
      run: () => void seek(time),
    });
  }
  if (run && words.length) found.push(...things(run, query.trim()));
  const chosen = Math.min(at, found.length - 1);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  });
  const close = () => (dialog.value = null);
  const take = (e: Entry | undefined) => {
    if (!e) return;
    close();
    e.run();
  };
  const onKeyDown = (e: KeyboardEvent) => {
    if (e.key === "ArrowDown") setAt((chosen + 1) % Math.max(1, found.length));
    else if (e.key === "ArrowUp") setAt((chosen - 1 + found.length) % Math.max(1, found.length));
    else if (e.key === "Enter") take(found[chosen]);
    else return;
    e.preventDefault();
  };
  let group = "";
  return (
    <Modal title={t("palette.title")} onClose={close} bare>
      <div class="palette">
        <label class="ask">
          <Icon name="search" size={17} />
          <input
            data-autofocus
            role="combobox"
            aria-expanded="true"
            aria-controls="palette-list"
            aria-activedescendant={found.length ? `palette-${chosen}` : undefined}
            aria-label={t("palette.title")}
            placeholder={t("palette.hint")}
            value={query}
            onInput={(e) => {
              setQuery(e.currentTarget.value);
              setAt(0);
            }}
            onKeyDown={onKeyDown}
          />
        </label>
        <ul id="palette-list" role="listbox" aria-label={t("palette.title")} ref={list}>
          {found.map((e, i) => {
            const head = e.group !== group;
            group = e.group;
            return (
              <li
                key={`${e.group}${e.text}${e.hint}`}
                id={`palette-${i}`}
                role="option"
                aria-selected={i === chosen}
                data-group={head ? e.group : undefined}
                onPointerMove={() => setAt(i)}
                onClick={() => take(e)}
                onKeyDown={() => {}}
              >
                <Icon name={e.icon} size={15} />
                <span class="clip">{e.text}</span>
                <span class="hint clip">{e.hint}</span>
              </li>
            );
          })}
          {!found.length && <li class="none">{t("palette.none")}</li>}
        </ul>
      </div>
    </Modal>
  );
}
