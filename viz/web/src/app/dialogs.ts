// What opens on demand, in one piece that is loaded with the first dialog.
export { ActDialog, Snippet } from "./actdialog";
export { Help } from "./help";
export { Palette } from "./palette";
