// A modal dialog: focus stays in it, Escape and a click beside it close it, and focus returns where it was.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { IconButton } from "./parts";

const focusable = 'button:not(:disabled), [href], input:not(:disabled), select, textarea, [tabindex="0"]';

export function Modal(p: {
  title: string;
  onClose: () => void;
  wide?: boolean;
  bare?: boolean;
  children: ComponentChildren;
}) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    const el = ref.current;
    if (el && !el.contains(document.activeElement)) {
      el.querySelector<HTMLElement>("[data-autofocus]")?.focus();
      if (!el.contains(document.activeElement)) el.focus();
    }
    return () => before?.focus?.();
  }, []);
  const close = useRef(p.onClose);
  close.current = p.onClose;
  useLayoutEffect(() => {
    const onKeyDown = (e: KeyboardEvent) => {
      const el = ref.current;
      if (!el) return;
      if (e.key === "Escape") {
        e.stopPropagation();
        close.current();
      }
      if (e.key !== "Tab") return;
      const list = [...el.querySelectorAll<HTMLElement>(focusable)].filter((x) => x.offsetParent !== null);
      const [first, last] = [list[0], list.at(-1)];
      const inside = el.contains(document.activeElement);
      if (e.shiftKey && (!inside || document.activeElement === first)) {
        e.preventDefault();
        last?.focus();
      } else if (!e.shiftKey && (!inside || document.activeElement === last)) {
        e.preventDefault();
        first?.focus();
      }
    };
    document.addEventListener("keydown", onKeyDown, true);
    return () => document.removeEventListener("keydown", onKeyDown, true);
  }, []);
  return (
    <div class="scrim" onPointerDown={(e) => e.target === e.currentTarget && p.onClose()}>
      <div
        class={`dialog ${p.wide ? "wide" : ""}`}
        role="dialog"
        aria-modal="true"
        aria-label={p.title}
        tabIndex={-1}
        ref={ref}
      >
        {!p.bare && (
          <header>
            <h2>{p.title}</h2>
            <IconButton icon="close" label={t("help.close")} onClick={p.onClose} />
          </header>
        )}
        {p.children}
      </div>
    </div>
  );
}
