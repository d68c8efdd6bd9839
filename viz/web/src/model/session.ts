// The session of this page: who asks, which runs there are, which one is shown and which fork runs beside it.
import { batch, effect, signal, untracked } from "@preact/signals";
import { go, route } from "../app/route";
import { api } from "../wire/api";
import { FrameError, parseFrame } from "../wire/frame";
import { type Message, RequestError, Socket } from "../wire/socket";
import type { LogEvent, Plant, RunInfo, ServerInfo, Status, Ticks } from "../wire/types";
import { Run } from "./run";

export const server = signal<ServerInfo | null>(null);
export const runs = signal<RunInfo[]>([]);
export const main = signal<Run | null>(null);
/** The run beside: a fork that runs ahead of its base. */
export const ghost = signal<Run | null>(null);
export const link = signal<"connecting" | "open" | "lost" | "refused" | "login">("connecting");
export const trouble = signal("");
export const ticks = signal<Ticks | null>(null);
/** Counts arrivals of events, so that lists know when to ask again. */
export const happened = signal(0);
export const recent = signal<LogEvent[]>([]);

/** How many messages and bytes came, for the bench. */
export const traffic = { frames: 0, bytes: 0, decode: [] as number[] };

const byNumber = new Map<number, Run>();
const attending = new Map<string, Promise<Run>>();

const socket = new Socket(api.ticket, {
  open: () => void reopen(),
  lost: (why) => {
    link.value = link.value === "login" ? "login" : "lost";
    trouble.value = why;
    byNumber.clear();
    attending.clear();
  },
  message: receive,
  frame: (data) => {
    const from = performance.now();
    try {
      const f = parseFrame(data);
      byNumber.get(f.run)?.apply(f);
    } catch (e) {
      if (!(e instanceof FrameError)) throw e;
      trouble.value = e.message;
    }
    traffic.frames++;
    traffic.bytes += data.byteLength;
    traffic.decode.push(performance.now() - from);
    if (traffic.decode.length > 2000) traffic.decode.splice(0, 1000);
  },
});

function runOf(m: Message): Run | undefined {
  return [main.peek(), ghost.peek()].find((r) => r?.id === m.run) ?? undefined;
}

function receive(m: Message): void {
  switch (m.type) {
    case "status": {
      const r = runOf(m);
      if (r) r.status.value = m as unknown as Status;
      if (r && r === ghost.peek()) void catchUp(r);
      break;
    }
    case "events": {
      if (m.run !== main.peek()?.id) break;
      const list = m.events as LogEvent[];
      batch(() => {
        recent.value = [...recent.value, ...list].slice(-500);
        happened.value++;
      });
      break;
    }
    case "skipped":
      happened.value++;
      break;
    case "runs":
      void refreshRuns();
      break;
    case "closed":
      if (m.id === undefined && m.run === ghost.peek()?.id) dropGhost();
      break;
  }
}

export async function refreshRuns(): Promise<void> {
  const list = await api.runs();
  batch(() => {
    runs.value = list;
    for (const r of [main.peek(), ghost.peek()]) {
      const info = list.find((i) => i.id === r?.id);
      if (r && info) r.info.value = { ...r.info.peek(), ...info };
    }
  });
}

/** Starts the session; called once. */
export async function begin(): Promise<void> {
  try {
    server.value = await api.server();
    if (server.value.login && !server.value.role) {
      link.value = "login";
      return;
    }
    await refreshRuns();
    await socket.connect();
  } catch (e) {
    if (e instanceof RequestError && e.code === "login") {
      link.value = "login";
      return;
    }
    link.value = "refused";
    trouble.value = e instanceof Error ? e.message : String(e);
  }
}

export async function login(token: string): Promise<void> {
  server.value = await api.login(token);
  link.value = "connecting";
  await refreshRuns();
  await socket.connect();
}

/** After every connection: what was attended is attended again. */
async function reopen(): Promise<void> {
  link.value = "open";
  trouble.value = "";
  const [m, g] = [main.peek()?.id, ghost.peek()?.id];
  main.value = null;
  ghost.value = null;
  await show(route.peek().run || m || "");
  if (g) await beside(g).catch(() => {});
}

/** A recording of an older version may not say how its site is fed and cooled. */
const noPlant: Plant = {
  sides: [],
  power: { nodes: [], edges: [] },
  feeds: { a: [], b: [] },
  cooling: { nodes: [], edges: [] },
  cdu: [],
  racks: [],
};

async function attend(id: string): Promise<Run> {
  const [info, site, plant, registry] = await Promise.all([
    api.run(id),
    api.site(id),
    api.plant(id).catch(() => noPlant),
    api.registry(id),
  ]);
  const opened = await socket.request("open", { run: id, events: "info" });
  const run = new Run({
    info,
    site,
    plant,
    registry,
    number: opened.number as number,
    status: opened.status as Status,
    send: (subscriptions) => void socket.request("subscribe", { run: id, subscriptions }).catch(report),
    keyframe: () => void socket.request("keyframe", { run: id }).catch(() => {}),
  });
  byNumber.set(run.number, run);
  return run;
}

function attendOnce(id: string): Promise<Run> {
  let p = attending.get(id);
  if (!p) {
    p = attend(id);
    attending.set(id, p);
    p.catch(() => attending.delete(id));
  }
  return p;
}

function leave(run: Run | null): void {
  if (!run) return;
  byNumber.delete(run.number);
  attending.delete(run.id);
  socket.request("close", { run: run.id }).catch(() => {});
}

function report(e: unknown): void {
  trouble.value = e instanceof Error ? e.message : String(e);
}

/** Shows a run, the server's choice if none is named. */
export async function show(id: string): Promise<void> {
  const chosen = id || server.peek()?.run || runs.peek()[0]?.id || "";
  if (!chosen || main.peek()?.id === chosen) return;
  try {
    const run = await attendOnce(chosen);
    const old = main.peek();
    batch(() => {
      main.value = run;
      recent.value = [];
      ticks.value = null;
    });
    if (old && old.id !== ghost.peek()?.id) leave(old);
    const t = route.peek().t;
    if (t !== null) await seek(t, false);
    // Beside a real site, what is measured there stands beside what the twin says.
    const real = run.info.peek().measured;
    if (real && !route.peek().with) go({ with: real }, true);
    await refreshTicks();
  } catch (e) {
    report(e);
    if (id && id !== server.peek()?.run) {
      go({ run: "" }, true);
      await show("");
    }
  }
}

export async function refreshTicks(): Promise<void> {
  const run = main.peek();
  if (!run) return;
  ticks.value = await api.ticks(run.id, 400).catch(() => null);
}

/** Puts a run beside the one shown. */
export async function beside(id: string): Promise<void> {
  const old = ghost.peek();
  if (old?.id === id) return;
  const run = await attendOnce(id);
  ghost.value = run;
  if (old && old.id !== main.peek()?.id) leave(old);
  const base = main.peek();
  if (base) await pin(run, base.status.peek().t);
}

/** Takes the run beside away; of a twin beside a real site, what is measured there comes back. */
export function leaveGhost(): void {
  const real = main.peek()?.info.peek().measured ?? "";
  go({ with: ghost.peek()?.id === real ? "" : real });
}

export function dropGhost(): void {
  const old = ghost.peek();
  ghost.value = null;
  if (old && old.id !== main.peek()?.id) leave(old);
  if (route.peek().with) go({ with: "" }, true);
}

const clampT = (run: Run, t: number) => Math.max(0, Math.min(t, run.status.peek().head));

async function pin(run: Run, t: number): Promise<void> {
  const m = await socket.request("seek", { run: run.id, t: clampT(run, t) });
  run.status.value = m as unknown as Status;
}

let catching = false;

/** A fork that still runs ahead may not have been where its base is shown; once it has, it is shown there. */
async function catchUp(run: Run): Promise<void> {
  const base = main.peek();
  const [s, b] = [run.status.peek(), base?.status.peek()];
  if (!b || catching) return;
  if (b.follow && run.info.peek().twin === base?.id) {
    // Both are at the present, which comes when it comes.
    if (s.follow) return;
    catching = true;
    await socket
      .request("follow", { run: run.id })
      .then((m) => {
        run.status.value = m as unknown as Status;
      })
      .catch(() => {});
    catching = false;
    return;
  }
  if (s.playing || b.playing) return;
  if (Math.abs(clampT(run, b.t) - s.t) < 1e-3) return;
  catching = true;
  await pin(run, b.t).catch(() => {});
  catching = false;
}

async function command(op: string, body: Record<string, unknown> = {}): Promise<void> {
  const run = main.peek();
  if (!run) return;
  try {
    const m = await socket.request(op, { run: run.id, ...body });
    run.status.value = m as unknown as Status;
    const g = ghost.peek();
    if (g) {
      if (op === "play") await socket.request("seek", { run: g.id, t: clampT(g, run.status.peek().t) });
      if (op === "play" || op === "pause") await socket.request(op, { run: g.id, ...body });
      if (op === "follow" && g.info.peek().twin === run.id) await catchUp(g);
      else if (op !== "play") await pin(g, run.status.peek().t);
    }
  } catch (e) {
    report(e);
  }
}

/** Stands at a time; `note` writes it into the address. */
export async function seek(t: number, note = true): Promise<void> {
  const run = main.peek();
  if (!run) return;
  const at = clampT(run, t);
  if (note) go({ t: at }, false);
  await command("seek", { t: at });
}

export const play = (speed: number) => command("play", { speed });
export const step = (steps: number) => command("step", { steps }).then(noteTime);
export const follow = () => command("follow").then(() => go({ t: null }, true));
export const pause = () => command("pause").then(noteTime);

function noteTime(): void {
  const s = main.peek()?.status.peek();
  if (s && !s.follow) go({ t: s.t }, true);
}

/** Pauses, resumes or paces the run itself. */
export async function control(what: string, speed?: number): Promise<void> {
  const run = main.peek();
  if (run) await api.control(run.id, speed === undefined ? { do: what } : { do: what, speed }).catch(report);
}

export const mayAct = () => server.value?.role === "operator";

// The address leads: going back shows the run, the moment and the run beside of that entry.
let asked = -1;
effect(() => {
  const r = route.value;
  if (link.value !== "open") return;
  untracked(() => {
    const run = main.peek();
    if (r.run && run && r.run !== run.id) void show(r.run);
    if (r.with && r.with !== ghost.peek()?.id && r.view !== "compare")
      void beside(r.with).catch(() => go({ with: "" }, true));
    if (!r.with && ghost.peek() && r.view !== "compare") dropGhost();
    const t = r.t ?? -1;
    if (run && t >= 0 && t !== asked && Math.abs(run.status.peek().t - t) > 1e-3 && !run.status.peek().playing) {
      void command("seek", { t: clampT(run, t) });
    }
    asked = t;
  });
});
