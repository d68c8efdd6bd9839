import { render } from "preact";
import { App } from "./app/app";
import { watchKeys } from "./app/keys";
import { watchHistory } from "./app/route";
import { usual, wear } from "./app/theme";
import { drawTimes } from "./draw/canvas";
import { preferred, speak } from "./i18n";
import { begin, traffic } from "./model/session";
import "./theme/tokens.css";
import "./theme/base.css";
import "./theme/ui.css";
import "./theme/shell.css";
import "./theme/views.css";

// What frames cost, for the bench and the curious: `halltwin.traffic` in the console.
Object.assign(window, { halltwin: { traffic, drawTimes } });

wear(usual());
await speak(preferred()).catch(() => speak("en"));
watchHistory();
watchKeys();
const root = document.getElementById("app");
if (root) render(<App />, root);
void begin();
