// Line icons on a 20-unit square.
const paths = {
  floor: "M3 3h6v6H3zM11 3h6v6h-6zM3 11h6v6H3zM11 11h6v6h-6z",
  power: "M11 2 4 11.5h5L8.5 18 16 8.5h-5.2z",
  cooling: "M10 2v16M3.1 6l13.8 8M16.9 6 3.1 14M7.8 3.4 10 5.6l2.2-2.2M7.8 16.6l2.2-2.2 2.2 2.2",
  jobs: "M3 5h8M6 10h9M4 15h6M15 5h2M13 15h4",
  events: "M4 3v14M4 4h10l-2 3 2 3H4M9 14h7M9 17h5",
  compare: "M10 2v16M4 6h3M4 10h3M4 14h3M13 6h3M13 10h1.5M13 14h3",
  data: "M3 4h14v12H3zM3 8h14M3 12h14M8 8v8",
  search: "M8.5 3a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM12.6 12.6 17 17",
  sun: "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6 16 16M16 4l-1.4 1.4M5.4 14.6 4 16",
  moon: "M16.5 12A7 7 0 0 1 8 3.5 7 7 0 1 0 16.5 12z",
  globe: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM2.5 10h15M10 2.5c5 5 5 10 0 15M10 2.5c-5 5-5 10 0 15",
  help: "M7.5 7.5a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.9-1.1 1.8M10 14.6v.1M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z",
  play: "M6 3.5v13l10-6.5z",
  pause: "M6.5 4v12M13.5 4v12",
  next: "M5 4v12l7-6zM14.5 4v12",
  back: "M15 4v12l-7-6zM5.5 4v12",
  fault: "M10 3 2.5 16.5h15zM10 8v4M10 14.2v.1",
  cross: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM7 7l6 6M13 7l-6 6",
  check: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM6.5 10.2l2.4 2.4 4.6-5",
  unknown: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM4.7 15.3 15.3 4.7M3 11.5 11.5 3M8.5 17 17 8.5",
  off: "M10 2.5v7M5.6 5.2a7 7 0 1 0 8.8 0",
  battery: "M2.5 6.5h13v7h-13zM17.5 9v2M5 9v2M8 9v2",
  wrench: "M16.6 5.2a4 4 0 0 1-5.3 5.3L6 15.8A1.7 1.7 0 0 1 3.6 13.4l5.3-5.3a4 4 0 0 1 5.3-5.3L11.8 5.2l.4 2.2 2.2.4z",
  drain: "M3 4h14l-5.5 6.5V16l-3 1.5v-7z",
  sliders: "M4 4v12M10 4v12M16 4v12M2.5 8h3M8.5 12.5h3M14.5 6.5h3",
  plus: "M10 4v12M4 10h12",
  fork: "M5 3v14M5 12c0-4 9-2 9-7M11.5 6.5 14 4l2.5 2.5",
  copy: "M7 7h9.5v9.5H7zM13 7V3.5H3.5V13H7",
  close: "M5 5l10 10M15 5 5 15",
  right: "M7.5 4.5 13 10l-5.5 5.5",
  down: "M4.5 7.5 10 13l5.5-5.5",
  download: "M10 3v10M6 9.5l4 4 4-4M3.5 16.5h13",
  table: "M3 4h14v12H3zM3 8h14M3 12h14M10 4v12",
  panel: "M3 4h14v12H3zM12.5 4v12",
  fit: "M3 7V3h4M13 3h4v4M17 13v4h-4M7 17H3v-4",
  zoom: "M8.5 3a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM12.6 12.6 17 17M8.5 6v5M6 8.5h5",
  link: "M8 12a3.5 3.5 0 0 0 5 0l3-3a3.5 3.5 0 0 0-5-5l-1 1M12 8a3.5 3.5 0 0 0-5 0l-3 3a3.5 3.5 0 0 0 5 5l1-1",
  cube: "M10 2.5 16.5 6v8L10 17.5 3.5 14V6zM3.5 6 10 9.5 16.5 6M10 9.5v8",
  reset: "M4 4v4h4M4.5 8A6.5 6.5 0 1 1 3.5 11.5",
} as const;

export type IconName = keyof typeof paths;

const filled = new Set<IconName>(["play"]);

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill={filled.has(name) ? "currentColor" : "none"}
      stroke="currentColor"
      stroke-width="1.6"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={paths[name]} />
    </svg>
  );
}
