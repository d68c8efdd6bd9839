// A server of made-up values that speaks the protocol of package wire: for measuring frames of sites that would take long
// to simulate, and for working on the front end without a run. Usage: node browser/fake.mjs [GPUs] [port]

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { equipment, makeSite, registry } from "./fakesite.mjs";

const root = fileURLToPath(new URL("../dist", import.meta.url));
const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
const csp =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function start({ gpus = 1024, port = 0, every = 250 } = {}) {
  const world = new World(gpus);
  const server = createServer(async (q, s) => {
    s.setHeader("Content-Security-Policy", csp);
    const url = new URL(q.url, "http://x");
    if (url.pathname.startsWith("/api/")) {
      const body = await new Promise((done) => {
        let b = "";
        q.on("data", (d) => (b += d));
        q.on("end", () => done(b));
      });
      const [status, answer] = world.answer(q.method, url, body ? JSON.parse(body) : {});
      s.writeHead(status, { "Content-Type": "application/json" });
      s.end(JSON.stringify(answer));
      return;
    }
    const name = extname(url.pathname) ? normalize(url.pathname) : "/index.html";
    try {
      const data = await readFile(join(root, name));
      s.writeHead(200, { "Content-Type": types[extname(name)] ?? "application/octet-stream" });
      s.end(data);
    } catch {
      s.writeHead(404).end();
    }
  });
  const sockets = new WebSocketServer({
    server,
    path: "/api/socket",
    perMessageDeflate: { threshold: 256 },
    handleProtocols: () => "halltwin.1",
  });
  const counted = { live: new Set(), beats: 0 };
  sockets.on("connection", (ws, request) => {
    counted.live.add(request.socket);
    new Viewer(world, ws, every, counted);
  });
  const wire = () => ({ bytes: [...counted.live].reduce((n, x) => n + x.bytesWritten, 0), beats: counted.beats });
  return new Promise((done) =>
    server.listen(port, "127.0.0.1", () =>
      done({ port: server.address().port, wire, close: () => (sockets.close(), server.close()) }),
    ),
  );
}

class World {
  constructor(gpus) {
    this.site = makeSite(gpus);
    this.registry = registry(this.site);
    this.end = 86400;
    this.every = 60;
    this.runs = new Map([["first-run", { id: "first-run", failures: [{ at: 43200, until: 50400, index: 0 }] }]]);
  }

  info(id) {
    const r = this.runs.get(id);
    return {
      id,
      name: r.base ? `${r.base} · what-if` : id,
      mode: r.base ? "FORK" : "REPLAY",
      source: "simulated",
      scenario: "first-run",
      about: "One hall works through a day of research jobs; a CRAH fails at noon.",
      seed: 7,
      start: "2025-07-15T00:00:00-05:00",
      duration_s: this.end,
      every_s: this.every,
      head_s: this.end,
      state: "finished",
      speed: 0,
      version: "fake",
      live: false,
      can_fork: true,
      verdict: "passed",
      base: r.base,
      forked_s: r.forked,
      actions: r.actions,
      counts: {},
      inputs: [],
    };
  }

  count(kind) {
    return kind === "site" ? 1 : (this.site.site.levels.find((l) => l.kind === kind)?.count ?? 0);
  }

  lost(run, t) {
    return (this.runs.get(run)?.failures ?? []).filter((f) => t >= f.at && t < f.until);
  }

  /** Values that move like a hall's: slow daily swings, jobs in blocks, warmth where a CRAH is gone. */
  column(run, name, level, t) {
    const n = this.count(level);
    const out = new Float32Array(n);
    const lost = this.lost(run, t);
    const heat = lost.reduce((a, f) => a + Math.min(1, (t - f.at) / 900), 0);
    const wave = (i, k, p) => Math.sin(t / p + i * k) * 0.5 + 0.5;
    const [kind, field] = name.includes(".") ? name.split(".") : ["site", name];
    for (let i = 0; i < n; i++) {
      const block = Math.floor(i / (level === "gpu" ? 24 : 3));
      const busy = wave(block, 2.399, 9000) > 0.22 ? 1 : 0;
      const noise = ((Math.imul(i + 1, 2654435761) >>> 8) % 1000) / 1000;
      let v = noise;
      if (field === "inlet_temperature")
        v = 22.2 + noise * 1.1 + wave(i, 0.7, 7000) * 0.8 + heat * (4 + 5 * Math.exp(-((i % 8) ** 2) / 18));
      else if (field === "outlet_temperature") v = 34 + busy * 3 + noise;
      else if (field === "gpu_temperature") v = 44 + busy * 30 + noise * 6 + heat * 6;
      else if (field === "temperature") v = 36 + busy * 34 + noise * 9 + heat * 6;
      else if (field === "utilisation") v = busy * (0.82 + 0.18 * noise);
      else if (field === "state") v = lost.some((f) => kind === "crah" && f.index === i) ? 4 : 0;
      else if (field === "supply_temperature")
        v = kind === "cdu" ? 36 + noise : 22 + (lost.some((f) => f.index === i) && kind === "crah" ? 9 : 0);
      else if (field === "return_temperature") v = 35 + noise;
      else if (field === "pue") v = 1.24 + 0.03 * wave(0, 1, 13000);
      else if (field === "load" || field === "charge") v = field === "charge" ? 1 : 0.4 + 0.3 * wave(i, 1, 5000);
      else if (field === "power")
        v =
          {
            gpu: 90 + busy * (480 + 120 * noise),
            node: 2600 + busy * 5200,
            rack: 9000 + busy * 22000 * (0.9 + 0.1 * noise),
            row: 210e3,
            hall: 830e3,
            site: 1.02e6,
            crah: 9000,
            ups: 410e3,
            pdu: 120e3,
          }[kind] ?? 5e5 + 1e5 * wave(i, 1, 4000);
      else if (field === "it_power") v = 790e3 + 60e3 * wave(0, 1, 9000);
      else if (field === "running") v = Math.round(60 + 9 * wave(0, 1, 5000));
      else if (field === "queued") v = Math.round(4 * wave(0, 1, 3000));
      out[i] = v;
    }
    return out;
  }

  reduce(run, c, level, t) {
    const own = this.column(run, c.name, c.kind, t);
    if (level === c.kind) return own;
    const chain = ["gpu", "node", "rack", "row", "hall", "site"];
    let values = own;
    for (let at = chain.indexOf(c.kind); chain[at] !== level && at >= 0 && at < 5; at++) {
      const l = this.site.site.levels.find((x) => x.kind === chain[at]);
      const n = this.count(chain[at + 1]);
      const next = new Float32Array(n);
      let i = 0;
      let p = 0;
      for (const [many, kids] of l.counts) {
        for (let k = 0; k < many; k++, p++) {
          let acc = c.reduce === "max" ? -Infinity : c.reduce === "min" ? Infinity : 0;
          for (let j = 0; j < kids; j++, i++)
            acc =
              c.reduce === "max"
                ? Math.max(acc, values[i])
                : c.reduce === "min"
                  ? Math.min(acc, values[i])
                  : acc + values[i];
          next[p] = c.reduce === "mean" ? acc / Math.max(1, kids) : acc;
        }
      }
      values = next;
    }
    if (level === "site" && values.length !== 1)
      return Float32Array.of(values.reduce((a, b) => (c.reduce === "max" ? Math.max(a, b) : a + b)));
    return values;
  }

  answer(method, url, body) {
    const [, , ...path] = url.pathname.split("/");
    const q = url.searchParams;
    if (path[0] === "server")
      return [200, { version: "fake", protocol: 1, login: false, role: "operator", who: "local", run: "first-run" }];
    if (path[0] === "ticket") return [200, { ticket: "x", expires_s: 30 }];
    if (path[0] === "compare")
      return [200, { a: q.get("a"), b: q.get("b"), inputs: [], kpis: [], command: "halltwin compare" }];
    if (path[0] !== "runs") return [404, { code: "unknown", text: "no such thing" }];
    if (!path[1]) return [200, { runs: [...this.runs.keys()].map((id) => this.info(id)) }];
    const run = decodeURIComponent(path[1]);
    if (!this.runs.has(run)) return [404, { code: "unknown-run", text: `no run ${run}` }];
    const t = Number(q.get("t") ?? 0);
    switch (path[2]) {
      case undefined:
        return [200, this.info(run)];
      case "site":
        return [200, this.site.site];
      case "plant":
        return [200, this.site.plant];
      case "channels":
        return [200, this.registry];
      case "values": {
        const at = equipment(this.site.site, q.get("subject"));
        const list = this.registry.channels.filter((c) => c.kind === at.kind);
        return [
          200,
          {
            subject: q.get("subject"),
            kind: at.kind,
            index: at.index,
            t,
            values: list.map((c) => ({
              channel: c.name,
              value: this.column(run, c.name, c.kind, t)[at.index],
              unit: c.unit,
              t,
              provenance: "modelled",
            })),
          },
        ];
      }
      case "history": {
        const c = this.registry.channels.find((x) => x.name === q.get("channel"));
        const at = equipment(this.site.site, q.get("subject") ?? "site");
        const [from, to, n] = [Number(q.get("from") ?? 0), Number(q.get("to") ?? this.end), 160];
        const ts = Array.from({ length: n }, (_, i) => from + ((to - from) * i) / n);
        const v = ts.map((x) => this.reduce(run, c, at.kind, x)[at.index]);
        return [
          200,
          {
            channel: c.name,
            subject: at.kind,
            unit: c.unit,
            from,
            to,
            bucket_s: (to - from) / n,
            exact: false,
            t: ts,
            min: v,
            max: v,
            mean: v,
            command: `halltwin export ${run} ${c.name}`,
          },
        ];
      }
      case "events":
      case "tree":
        return [200, { events: this.events(run), total: 2, more: false }];
      case "ticks":
        return [
          200,
          {
            bucket_s: this.end / 200,
            counts: { info: Array.from({ length: 200 }, (_, i) => Math.round(6 * Math.abs(Math.sin(i / 9)))) },
            faults: this.events(run).map((e) => ({ ...e, t: e.t_s })),
          },
        ];
      case "now":
        return [200, { t, redundancy: "2N", faults: [], ups: [], counts: {} }];
      case "jobs":
        return [
          200,
          { from: 0, to: this.end, total: 0, rows: [], density: { bucket_s: 600, running: [], queued: [], busy: [] } },
        ];
      case "files":
        return [200, { files: [] }];
      case "actions":
        return [
          200,
          { at: 43200, line: `- {at: 43200 s, ${body.verb}: "${body.selector}"}`, targets: 1, done: !body.dry },
        ];
      case "fork": {
        const id = `fork-${this.runs.size}`;
        const actions = body.actions ?? [];
        const failures = [
          ...this.runs.get(run).failures,
          ...actions
            .filter((a) => a.verb === "fail")
            .map((a) => ({ at: body.t, until: body.t + 7200, index: equipment(this.site.site, a.selector).index })),
        ];
        this.runs.set(id, {
          id,
          base: run,
          forked: body.t,
          failures,
          actions: actions.map((a) => `- {at: ${body.t} s, ${a.verb}: "${a.selector}"}`),
        });
        return [200, this.info(id)];
      }
    }
    return [404, { code: "unknown", text: "no such thing" }];
  }

  events(run) {
    return this.runs.get(run).failures.flatMap((f, i) => [
      {
        t_s: f.at,
        at: "",
        id: 10 + 2 * i,
        severity: "warning",
        type: "fail",
        subject: `hall-0/crah-${f.index}`,
        kind: "crah",
        index: f.index,
        text: "fails (timeline)",
      },
      {
        t_s: f.until,
        at: "",
        id: 11 + 2 * i,
        parent: 10 + 2 * i,
        severity: "info",
        type: "repair",
        subject: `hall-0/crah-${f.index}`,
        kind: "crah",
        index: f.index,
        text: "repaired",
      },
    ]);
  }
}

const tile = 16384;

class Viewer {
  constructor(world, ws, every, counted) {
    Object.assign(this, { world, ws, counted, attended: new Map(), next: 1 });
    this.say({ type: "hello", protocol: 1, version: "fake", role: "operator", who: "local" });
    ws.on("message", (m) => this.receive(JSON.parse(String(m))));
    const timer = setInterval(() => this.beat(every / 1000), every);
    ws.on("close", () => clearInterval(timer));
  }

  say(m) {
    this.ws.send(JSON.stringify(m));
  }

  status(a, id) {
    this.say({
      type: "status",
      id,
      run: a.run,
      stream: a.stream,
      t: a.t,
      head: this.world.end,
      end: this.world.end,
      follow: false,
      playing: a.speed !== 0,
      speed: a.speed,
      state: "finished",
      run_speed: 0,
      skipped: 0,
    });
  }

  receive(m) {
    const a = this.attended.get(m.run);
    switch (m.op) {
      case "open": {
        const b = { run: m.run, number: this.next++, stream: 1, t: 0, speed: 0, subs: [], last: new Map() };
        this.attended.set(m.run, b);
        this.say({
          type: "opened",
          id: m.id,
          run: m.run,
          number: b.number,
          mode: "REPLAY",
          status: {
            run: m.run,
            stream: 1,
            t: 0,
            head: this.world.end,
            end: this.world.end,
            follow: false,
            playing: false,
            speed: 0,
            state: "finished",
            run_speed: 0,
            skipped: 0,
          },
        });
        return;
      }
      case "close":
        this.attended.delete(m.run);
        return this.say({ type: "closed", id: m.id, run: m.run });
      case "subscribe":
        a.subs = m.subscriptions;
        this.say({ type: "subscribed", id: m.id, run: m.run });
        return this.send(a, true);
      case "keyframe":
        return this.send(a, true);
      case "seek":
        a.t = m.t;
        a.stream++;
        break;
      case "play":
        a.speed = m.speed;
        break;
      case "pause":
        a.speed = 0;
        break;
      case "step":
        a.t = Math.max(0, Math.min(this.world.end, a.t + m.steps * 60));
        a.stream++;
        break;
    }
    this.status(a, m.id);
    if (m.op === "seek" || m.op === "step") this.send(a, true);
  }

  beat(dt) {
    for (const a of this.attended.values()) {
      if (!a.speed) continue;
      a.t = Math.min(this.world.end, a.t + a.speed * dt);
      a.beats = (a.beats ?? 0) + 1;
      this.counted.beats++;
      this.send(a, a.beats % Math.round(5 / dt) === 0);
      this.status(a);
    }
  }

  send(a, key) {
    for (const s of a.subs) {
      const c = this.world.registry.channels.find((x) => x.name === s.channel);
      const level = s.level ?? c.kind;
      const values = this.world.reduce(a.run, c, level, a.t);
      const number = level === "site" ? 0 : this.world.site.site.levels.find((l) => l.kind === level).number;
      for (let first = 0; first < values.length; first += tile) {
        this.ws.send(
          this.frame(a, c, level, number, first, values.subarray(first, first + tile), values.length, key, s.bits ?? 8),
        );
      }
    }
  }

  frame(a, c, level, number, first, values, total, key, bits) {
    const id = `${c.id}/${level}/${first}/${bits}/${a.stream}`;
    const width = bits / 8;
    const top = bits === 8 ? 254 : 65534;
    let last = a.last.get(id);
    if (key || !last) {
      let [lo, hi] = [Infinity, -Infinity];
      for (const v of values) [lo, hi] = [Math.min(lo, v), Math.max(hi, v)];
      last = { sequence: last?.sequence ?? 0, offset: lo, scale: (hi - lo) / top || 0, codes: null };
      a.last.set(id, last);
      key = true;
    }
    const codes = new (bits === 8 ? Uint8Array : Uint16Array)(values.length);
    for (let i = 0; i < codes.length; i++)
      codes[i] = last.scale ? Math.max(0, Math.min(top, Math.round((values[i] - last.offset) / last.scale))) : 0;
    const sent = key ? codes : codes.map((q, i) => q - last.codes[i]);
    last.codes = codes;
    last.sequence++;
    const b = new ArrayBuffer(56 + sent.length * width);
    const v = new DataView(b);
    [0x48, 1, key ? 1 : 2, width].forEach((x, i) => v.setUint8(i, x));
    v.setUint32(4, a.number, true);
    v.setUint32(8, a.stream, true);
    v.setUint16(12, c.id, true);
    v.setUint8(14, number);
    [last.sequence, first, sent.length, total].forEach((x, i) => v.setUint32(16 + 4 * i, x, true));
    [a.t, last.offset, last.scale].forEach((x, i) => v.setFloat64(32 + 8 * i, x, true));
    new Uint8Array(b, 56).set(new Uint8Array(sent.buffer, sent.byteOffset, sent.byteLength));
    return b;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { port } = await start({ gpus: Number(process.argv[2] ?? 1024), port: Number(process.argv[3] ?? 7071) });
  console.log(`http://127.0.0.1:${port}`);
}
