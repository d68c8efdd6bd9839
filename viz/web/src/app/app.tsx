import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n";
import { ghost, leaveGhost, link, login, main, trouble } from "../model/session";
import { Icon } from "../ui/icons";
import { Empty, IconButton } from "../ui/parts";
import { Floor } from "../views/floor/floor";
import { forkSnippet, whyNot } from "./act";
import { Bar, ModeBadge } from "./bar";
import { Beside } from "./beside";
import { Inspector } from "./inspector";
import { Menu } from "./menu";
import { dialog, dismiss, menu, toasts } from "./overlay";
import { Rail } from "./rail";
import { go, route, type View } from "./route";
import { Transport } from "./transport";

// The floor comes with the first load, the other views when they are looked at.
const loaders: Record<View, () => Promise<ComponentType>> = {
  floor: () => Promise.resolve(Floor),
  power: () => import("../views/power/power").then((m) => m.Power),
  cooling: () => import("../views/cooling/cooling").then((m) => m.Cooling),
  jobs: () => import("../views/jobs/jobs").then((m) => m.Jobs),
  events: () => import("../views/events/events").then((m) => m.Events),
  compare: () => import("../views/compare/compare").then((m) => m.Compare),
  data: () => import("../views/data/data").then((m) => m.Data),
};

const loaded = new Map<View, ComponentType>([["floor", Floor]]);

function Lazy({ view }: { view: View }) {
  const [, again] = useState(0);
  const [failed, setFailed] = useState("");
  useEffect(() => {
    if (loaded.has(view)) return;
    setFailed("");
    loaders[view]().then(
      (c) => {
        loaded.set(view, c);
        again((n) => n + 1);
      },
      (e) => setFailed(whyNot(e)),
    );
  }, [view]);
  const C = loaded.get(view);
  if (failed) return <Empty title={t("app.error")}>{failed}</Empty>;
  return C ? <C /> : <Empty title={t("app.loading")} />;
}

/** A view that fails says so, and the rest of the page goes on. */
class Guard extends Component<{ children: ComponentChildren; name: string }, { error: string; of: string }> {
  override state = { error: "", of: "" };
  override componentDidCatch(e: unknown) {
    console.error(e);
    this.setState({ error: whyNot(e), of: this.props.name });
  }
  override render() {
    if (this.state.error && this.state.of === this.props.name) {
      return (
        <Empty title={t("app.error")}>
          {this.state.error}
          <br />
          <button type="button" class="btn" onClick={() => this.setState({ error: "", of: "" })}>
            {t("app.retry")}
          </button>
        </Empty>
      );
    }
    return this.props.children;
  }
}

const dialogs = () => import("./dialogs");

function Overlay() {
  const d = dialog.value;
  const [parts, setParts] = useState<Awaited<ReturnType<typeof dialogs>> | null>(null);
  useEffect(() => {
    if (d && !parts) void dialogs().then(setParts);
  }, [d, parts]);
  if (!d || !parts) return null;
  switch (d.kind) {
    case "palette":
      return <parts.Palette />;
    case "help":
      return <parts.Help />;
    case "act":
      return <parts.ActDialog d={d} />;
    case "snippet":
      return <parts.Snippet d={d} />;
  }
}

function Login() {
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  return (
    <form
      class="card login"
      onSubmit={(e) => {
        e.preventDefault();
        login(token).catch((x) => setError(whyNot(x)));
      }}
    >
      <h1>Halltwin</h1>
      <div class="form">
        <label>
          {t("login.token")}
          <input
            class="field"
            type="password"
            autocomplete="current-password"
            value={token}
            onInput={(e) => setToken(e.currentTarget.value)}
          />
        </label>
        {error && (
          <p class="error" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="btn primary">
          {t("login.enter")}
        </button>
      </div>
    </form>
  );
}

function Banners() {
  const g = ghost.value;
  const base = main.value;
  return (
    <>
      {link.value === "lost" && (
        <div class="banner warn" role="status">
          <Icon name="fault" size={15} /> {t("app.lost")}
        </div>
      )}
      <Beside />
      {g && base && g.info.value.mode === "FORK" && route.value.view !== "compare" && (
        <div class="banner fork" role="status" data-testid="ghost">
          <ModeBadge mode="FORK" />
          <span class="clip">
            {t("fork.ghost", { base: base.info.value.name })}:{" "}
            {(g.info.value.actions ?? []).map(plain).join(" · ") || g.info.value.name}
          </span>
          <span class="push">
            <button type="button" class="btn quiet" onClick={() => go({ view: "compare", with: g.id })}>
              <Icon name="compare" size={14} />
              {t("fork.compare")}
            </button>
            <button type="button" class="btn quiet" onClick={forkSnippet}>
              <Icon name="copy" size={14} />
              {t("action.copy")}
            </button>
            <IconButton icon="close" label={t("fork.drop")} onClick={leaveGhost} />
          </span>
        </div>
      )}
    </>
  );
}

/** A timeline entry without its YAML brackets. */
function plain(line: string): string {
  return line
    .replace(/^- \{|\}.*$/g, "")
    .replace(/at: [^,]+, /, "")
    .replaceAll('"', "");
}

export function App() {
  if (link.value === "login") return <Login />;
  if (link.value === "refused") return <Empty title={t("app.refused", { why: trouble.value })} />;
  const run = main.value;
  const view = route.value.view;
  return (
    <>
      <a class="skip" href="#view" onClick={(e) => (e.preventDefault(), document.getElementById("view")?.focus())}>
        {t("app.skip")}
      </a>
      <div class="shell">
        <Bar />
        <Rail />
        <main class="view" id="view" tabIndex={-1} aria-label={t(`view.${view}`)}>
          <Banners />
          {run ? (
            <Guard name={view} key={run.id}>
              <Lazy view={view} />
            </Guard>
          ) : (
            <Empty title={t(trouble.value ? "app.none" : "app.connecting")}>{trouble.value || undefined}</Empty>
          )}
        </main>
        <Inspector />
        <Transport />
      </div>
      <Overlay />
      {menu.value && <Menu />}
      <div class="toasts" role="status" aria-live="polite">
        {toasts.value.map((x) => (
          <div key={x.id} class={`toast ${x.tone}`}>
            <span>{x.text}</span>
            {x.action && (
              <button type="button" class="btn quiet" onClick={x.action.run}>
                {x.action.label}
              </button>
            )}
            <IconButton icon="close" label={t("help.close")} onClick={() => dismiss(x.id)} />
          </div>
        ))}
      </div>
    </>
  );
}
