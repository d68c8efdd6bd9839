import { useEffect, useId } from "preact/hooks";
import type { Subscription } from "../wire/types";
import type { Run } from "./run";

/** Subscribes a component to channels for as long as it stands. */
export function useWant(run: Run | null, who: string, list: Subscription[]): void {
  const id = useId();
  const text = JSON.stringify(list);
  useEffect(() => {
    if (!run) return;
    const key = `${who} ${id}`;
    run.want(key, list);
    return () => run.want(key, []);
  }, [run, text, who, id]);
}
