// The HTTP side: exact values, history, the log, and what is done.
import { RequestError } from "./socket";
import type * as w from "./types";

async function ask<T>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET") {
    headers["X-Halltwin"] = "1";
    headers["Content-Type"] = "application/json";
  }
  const init: RequestInit = { method, headers, credentials: "same-origin", redirect: "error" };
  if (method === "POST") init.body = JSON.stringify(body ?? {});
  if (signal) init.signal = signal;
  const r = await fetch(`/api/${path}`, init);
  const text = await r.text();
  let answer: unknown = {};
  try {
    answer = text ? JSON.parse(text) : {};
  } catch {
    throw new RequestError("malformed", `${r.status} ${r.statusText}: ${text.slice(0, 200)}`);
  }
  if (!r.ok) {
    const e = answer as { code?: string; text?: string; fix?: string };
    throw new RequestError(e.code ?? String(r.status), e.text ?? r.statusText, e.fix ?? "");
  }
  return answer as T;
}

type Query = Record<string, string | number | undefined>;

function query(q: Query): string {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(q)) if (v !== undefined && v !== "") p.set(k, String(v));
  const s = p.toString();
  return s ? `?${s}` : "";
}

const of = (run: string) => `runs/${encodeURIComponent(run)}`;

export const api = {
  server: () => ask<w.ServerInfo>("GET", "server"),
  login: (token: string) => ask<w.ServerInfo>("POST", "login", { token }),
  ticket: async () => (await ask<{ ticket: string }>("POST", "ticket")).ticket,
  runs: async () => (await ask<{ runs: w.RunInfo[] }>("GET", "runs")).runs,
  run: (run: string) => ask<w.RunInfo>("GET", of(run)),
  discard: (run: string) => ask<unknown>("DELETE", of(run)),
  site: (run: string) => ask<w.Site>("GET", `${of(run)}/site`),
  plant: (run: string) => ask<w.Plant>("GET", `${of(run)}/plant`),
  registry: (run: string) => ask<w.Registry>("GET", `${of(run)}/channels`),
  values: (run: string, subject: string, t: number, s?: AbortSignal) =>
    ask<w.Values>("GET", `${of(run)}/values${query({ subject, t })}`, undefined, s),
  history: (run: string, q: Query, s?: AbortSignal) =>
    ask<w.History>("GET", `${of(run)}/history${query(q)}`, undefined, s),
  events: (run: string, q: Query, s?: AbortSignal) =>
    ask<w.Events>("GET", `${of(run)}/events${query(q)}`, undefined, s),
  tree: (run: string, event: number) => ask<w.Events>("GET", `${of(run)}/tree${query({ event })}`),
  ticks: (run: string, buckets: number) => ask<w.Ticks>("GET", `${of(run)}/ticks${query({ buckets })}`),
  jobs: (run: string, q: Query, s?: AbortSignal) => ask<w.Jobs>("GET", `${of(run)}/jobs${query(q)}`, undefined, s),
  now: (run: string, at: number, s?: AbortSignal) =>
    ask<w.Now>("GET", `${of(run)}/now${query({ t: at })}`, undefined, s),
  reality: (run: string, channel: string, s?: AbortSignal) =>
    ask<w.Reality>("GET", `${of(run)}/reality${query({ channel })}`, undefined, s),
  outlook: (run: string, a: { ahead_s: number; actions: w.Act[] }) => ask<w.Outlook>("POST", `${of(run)}/outlook`, a),
  files: async (run: string) => (await ask<{ files: w.FileInfo[] }>("GET", `${of(run)}/files`)).files,
  compare: (a: string, b: string) => ask<w.Comparison>("GET", `compare${query({ a, b })}`),
  act: (run: string, act: w.Act) => ask<w.Acted>("POST", `${of(run)}/actions`, act),
  control: (run: string, c: { do: string; speed?: number }) => ask<unknown>("POST", `${of(run)}/control`, c),
  fork: (run: string, f: w.Forking) => ask<w.RunInfo>("POST", `${of(run)}/fork`, f),
  fileHref: (run: string, name: string) => `/api/${of(run)}/files/${name.split("/").map(encodeURIComponent).join("/")}`,
  exportHref: (run: string, q: Query) => `/api/${of(run)}/export${query(q)}`,
};
