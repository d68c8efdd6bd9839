import type { Browser } from "playwright-core";

export const missing: string;
export function findChromium(): string | null;
export function launch(): Promise<Browser>;
