// What opens on demand, in one piece that is loaded with the first dialog.
import "./dialogs.css";

export { ActDialog, Snippet } from "./actdialog";
export { Help } from "./help";
export { Palette } from "./palette";
