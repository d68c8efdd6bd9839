// Asking the server over HTTP from a component, again whenever the question changes, never twice at a time.
import { useEffect, useRef, useState } from "preact/hooks";

export interface Answer<T> {
  data: T | null;
  error: string;
  loading: boolean;
}

/** Asks when `key` changes; an empty key asks nothing. The last answer stays until the next one comes. */
export function useAsk<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, keep = true): Answer<T> {
  const [state, set] = useState<Answer<T>>({ data: null, error: "", loading: !!key });
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (!key) {
      set({ data: null, error: "", loading: false });
      return;
    }
    const stop = new AbortController();
    set((s) => ({ data: keep ? s.data : null, error: "", loading: true }));
    const timer = setTimeout(() => {
      latest
        .current(stop.signal)
        .then((data) => !stop.signal.aborted && set({ data, error: "", loading: false }))
        .catch((e) => {
          if (!stop.signal.aborted)
            set((s) => ({ ...s, error: e instanceof Error ? e.message : String(e), loading: false }));
        });
    }, 30);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [key, keep]);
  return state;
}

/** A time that moves in steps, so that a question about it is not asked at every frame. */
export function coarse(t: number, step: number): number {
  return Math.floor(t / step) * step;
}
