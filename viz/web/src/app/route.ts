// Every screen is an address: the view is its path, what is looked at its query.
//
//	/floor?run=first-run&t=43200&at=hall-0/row-1&sel=hall-0/crah-0&metric=rack.inlet_temperature
import { signal } from "@preact/signals";

export const views = ["floor", "power", "cooling", "jobs", "events", "compare", "data"] as const;
export type View = (typeof views)[number];

export interface Route {
  view: View;
  run: string;
  /** Simulated seconds, or null for wherever the run is. */
  t: number | null;
  /** What the floor shows: the path of a site, hall, row, rack or node. */
  at: string;
  /** What the inspector shows. */
  sel: string;
  metric: string;
  /** The level of a cell on the floor, if not the metric's own. */
  level: string;
  tab: string;
  /** The run set beside: the base of a fork, or the second of a comparison. */
  with: string;
  /** Words that lists are filtered by. */
  q: string;
}

export const blank: Route = {
  view: "floor",
  run: "",
  t: null,
  at: "",
  sel: "",
  metric: "",
  level: "",
  tab: "",
  with: "",
  q: "",
};

const words = ["run", "at", "sel", "metric", "level", "tab", "with", "q"] as const;

export function parseRoute(path: string, search: string): Route {
  const name = path.replace(/^\/+|\/+$/g, "").split("/")[0] ?? "";
  const q = new URLSearchParams(search);
  const route: Route = { ...blank, view: (views as readonly string[]).includes(name) ? (name as View) : "floor" };
  for (const w of words) route[w] = (q.get(w) ?? "").slice(0, 512);
  const t = q.get("t");
  const s = t === null || t === "" ? Number.NaN : Number(t);
  if (Number.isFinite(s) && s >= 0) route.t = s;
  return route;
}

export function formatRoute(r: Route): string {
  const q = new URLSearchParams();
  for (const w of words) if (r[w]) q.set(w, r[w]);
  if (r.t !== null) q.set("t", String(Math.round(r.t * 1000) / 1000));
  const query = q.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return `/${r.view}${query ? `?${query}` : ""}`;
}

export const route = signal<Route>(
  typeof location === "undefined" ? blank : parseRoute(location.pathname, location.search),
);

/** Goes to another screen. A step of the transport or of a pointer replaces the entry instead of piling up history. */
export function go(change: Partial<Route>, replace = false): void {
  const next = { ...route.value, ...change };
  const href = formatRoute(next);
  if (href === formatRoute(route.value)) return;
  route.value = next;
  if (replace) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
}

/** The address of another screen, for links. */
export function hrefTo(change: Partial<Route>): string {
  return formatRoute({ ...route.value, ...change });
}

export function watchHistory(): void {
  addEventListener("popstate", () => {
    route.value = parseRoute(location.pathname, location.search);
  });
}
