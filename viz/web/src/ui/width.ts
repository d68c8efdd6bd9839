import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** The width of an element, followed. */
export function useWidth(ref: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(1000);
  useLayoutEffect(() => {
    const el = ref.current;
    if (!el) return;
    setWidth(el.clientWidth);
    const watcher = new ResizeObserver(() => setWidth(el.clientWidth));
    watcher.observe(el);
    return () => watcher.disconnect();
  }, [ref]);
  return width;
}
