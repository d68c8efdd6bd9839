// Where the viewer stands in time: scrub with the ticks of events, step, pace, and jump from fault to fault.
import { useEffect, useRef, useState } from "preact/hooks";
import { Canvas, inks, type Surface } from "../draw/canvas";
import { hours } from "../draw/time";
import { language, t } from "../i18n";
import { clock, siteTime } from "../model/format";
import { control, follow, ghost, main, mayAct, pause, play, seek, step, ticks } from "../model/session";
import { Icon } from "../ui/icons";
import { IconButton } from "../ui/parts";
import { say } from "./overlay";
import { go } from "./route";
import { theme } from "./theme";

const speeds = [1, 10, 60, 300, 600, 1800, 3600, 7200];

/** The pace that plays a run in about a minute. */
function usualSpeed(end: number): number {
  return speeds.find((s) => end / s <= 75) ?? 7200;
}

let chosen = 0;
const speedNow = () => chosen || usualSpeed(main.peek()?.status.peek().end ?? 86400);

export function toggle(): void {
  const run = main.peek();
  if (!run) return;
  const s = run.status.peek();
  const going = s.state === "running" || s.state === "paused";
  // Reality does not stop: of a twin beside it, only the looking does.
  if (s.follow && run.info.peek().measured) void pause();
  else if (s.follow && going && run.info.peek().live && mayAct())
    void control(s.state === "running" ? "pause" : "resume");
  else if (s.playing) void pause();
  else if (s.t >= s.head && !going) void seek(0).then(() => play(speedNow()));
  else void play(speedNow());
}

export function pace(delta: number): void {
  const i = speeds.indexOf(speedNow());
  chosen = speeds[Math.max(0, Math.min(speeds.length - 1, (i < 0 ? 4 : i) + delta))]!;
  setSpeed(chosen);
}

function setSpeed(v: number): void {
  chosen = v;
  const run = main.peek();
  const s = run?.status.peek();
  if (!run || !s) return;
  if (s.follow && run.info.peek().live && !run.info.peek().measured && mayAct()) void control("speed", v);
  else if (s.playing) void play(v);
}

export function jump(direction: 1 | -1): void {
  const run = main.peek();
  const list = ticks.peek()?.faults ?? [];
  if (!run) return;
  const now = run.status.peek().t;
  const found = direction > 0 ? list.find((f) => f.t > now + 1e-3) : list.findLast((f) => f.t < now - 1e-3);
  if (!found) {
    say(t("transport.noFault"));
    return;
  }
  void seek(found.t);
  say(`${clock(found.t)} · ${found.subject} ${found.text}`);
  const ref = run.tree.parse(found.subject);
  if (ref) go({ sel: found.subject }, true);
}

export function Transport() {
  const run = main.value;
  const [drag, setDrag] = useState<number | null>(null);
  const [, redraw] = useState(0);
  const last = useRef(0);
  const s = run?.status.value;
  const playing = !!s && (s.playing || (s.follow && s.state === "running"));

  // The address follows a moving cursor, a few times a minute at most, so that a copied link shows this moment.
  useEffect(() => {
    if (s?.playing && !s.follow && Date.now() - last.current > 2000) {
      last.current = Date.now();
      go({ t: s.t }, true);
    }
  }, [s]);

  if (!run || !s) return <footer class="transport" />;
  const shown = drag ?? s.t;
  const info = run.info.value;
  const commit = (v: number) => {
    setDrag(null);
    void seek(v);
  };
  return (
    <footer class="transport">
      <div class="keys">
        <IconButton icon="fault" label={t("transport.previousFault")} keys="Shift N" onClick={() => jump(-1)} />
        <IconButton icon="back" label={t("transport.back")} keys="," onClick={() => void step(-1)} />
        <button
          type="button"
          class="btn quiet play"
          aria-label={t(playing ? "transport.pause" : "transport.play")}
          title={`${t(playing ? "transport.pause" : "transport.play")} (Space)`}
          onClick={toggle}
        >
          <Icon name={playing ? "pause" : "play"} size={18} />
        </button>
        <IconButton icon="next" label={t("transport.step")} keys="." onClick={() => void step(1)} />
        <button type="button" class="btn quiet" title={`${t("transport.nextFault")} (N)`} onClick={() => jump(1)}>
          <Icon name="fault" size={15} />
          {t("transport.nextFault")}
        </button>
      </div>
      <div class="when">
        <strong data-testid="clock">{clock(shown)}</strong>
        <span>
          {siteTime(info.start, shown, language.value)}
          {!info.measured && ` · ${t("transport.of", { end: hours(s.end) })}`}
        </span>
      </div>
      <div class="scrub">
        <Canvas label="" aria-hidden="true" draw={(x) => drawScrub(x, shown)} />
        <input
          type="range"
          min={0}
          max={s.end}
          step={info.every_s || 1}
          value={shown}
          aria-label={t("transport.scrub")}
          aria-valuetext={`${clock(shown)}, ${t("transport.ticks", { n: ticks.value?.faults.length ?? 0 })}`}
          onInput={(e) => setDrag(Math.min(Number(e.currentTarget.value), s.head))}
          onChange={(e) => commit(Number(e.currentTarget.value))}
        />
      </div>
      <div class="keys">
        <select
          class="field"
          hidden={!!info.measured && s.follow}
          aria-label={t("transport.speed")}
          value={s.playing ? Math.abs(s.speed) : s.follow && s.run_speed ? s.run_speed : speedNow()}
          onChange={(e) => {
            setSpeed(Number(e.currentTarget.value));
            redraw((n) => n + 1);
          }}
        >
          {[
            ...new Set([
              ...speeds,
              s.playing ? Math.abs(s.speed) : speedNow(),
              ...(s.follow && s.run_speed ? [s.run_speed] : []),
            ]),
          ]
            .sort((a, b) => a - b)
            .map((v) => (
              <option key={v} value={v}>
                {v.toLocaleString("en-US")}×
              </option>
            ))}
        </select>
        {!s.follow && (s.state === "running" || s.state === "paused") && (
          <button type="button" class="btn" onClick={() => void follow()}>
            {t("transport.live")}
          </button>
        )}
      </div>
    </footer>
  );
}

function drawScrub({ c, width, height }: Surface, shown: number): void {
  const ink = inks(theme);
  const run = main.value;
  if (!run) return;
  const s = run.status.value;
  const x = (t: number) => 2 + (width - 4) * Math.min(1, t / Math.max(1, s.end));
  const mid = height - 12;
  const log = ticks.value;
  // How much happens, above the line.
  if (log) {
    const info = log.counts.info ?? [];
    const most = Math.max(4, ...info);
    c.fillStyle = ink.get("rule");
    info.forEach((n, i) => {
      if (!n) return;
      const h = Math.max(1, Math.sqrt(n / most) * (mid - 16));
      const w = Math.max(1, x((i + 1) * log.bucket_s) - x(i * log.bucket_s) - 0.5);
      c.fillRect(x(i * log.bucket_s), mid - 2 - h, w, h);
    });
  }
  c.fillStyle = ink.get("rule");
  c.fillRect(2, mid - 1.5, width - 4, 3);
  c.fillStyle = ink.get("edge");
  c.fillRect(2, mid - 1.5, x(s.head) - 2, 3);
  c.fillStyle = ink.get("accent");
  c.fillRect(2, mid - 1.5, x(shown) - 2, 3);
  const g = ghost.value;
  if (g) {
    const info = g.info.value;
    c.fillStyle = ink.get("fork");
    const from = x(info.forked_s ?? 0);
    c.fillRect(from, mid + 4.5, Math.max(2, x(g.status.value.head) - from), 2.5);
  }
  // Warnings are diamonds, critical events triangles.
  for (const f of log?.faults ?? []) {
    const at = x(f.t);
    const bad = f.severity === "critical";
    c.fillStyle = ink.get(bad ? "bad" : "warn");
    c.beginPath();
    if (bad) {
      c.moveTo(at, 3);
      c.lineTo(at + 4.5, 11);
      c.lineTo(at - 4.5, 11);
    } else {
      c.moveTo(at, 3);
      c.lineTo(at + 3.5, 7);
      c.lineTo(at, 11);
      c.lineTo(at - 3.5, 7);
    }
    c.closePath();
    c.fill();
    c.globalAlpha = 0.5;
    c.fillRect(at - 0.5, 11, 1, mid - 12);
    c.globalAlpha = 1;
  }
  c.fillStyle = ink.get("card");
  c.strokeStyle = ink.get("accent");
  c.lineWidth = 2.5;
  c.beginPath();
  c.arc(Math.max(7, Math.min(width - 7, x(shown))), mid, 5.5, 0, 7);
  c.fill();
  c.stroke();
}
