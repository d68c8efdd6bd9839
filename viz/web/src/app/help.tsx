import { type Key, t } from "../i18n";
import { Modal } from "../ui/dialog";
import { State, type Status } from "../ui/parts";
import { dialog } from "./overlay";
import { views } from "./route";

const sheets: [Key, [string, Key][]][] = [
  [
    "help.everywhere",
    [
      ["Ctrl K  /", "help.palette"],
      [`1 … ${views.length}`, "help.views"],
      ["i", "help.inspector"],
      ["m", "help.menu"],
      ["f", "help.fork"],
      ["Shift T", "help.theme"],
      ["Shift L", "help.language"],
      ["Esc", "help.escape"],
    ],
  ],
  [
    "help.transport",
    [
      ["Space", "help.play"],
      [",  .", "help.step"],
      ["Shift N  n", "help.fault"],
      ["Home  End", "help.ends"],
      ["[  ]", "help.speed"],
    ],
  ],
  [
    "help.canvas",
    [
      ["← ↑ → ↓", "help.move"],
      ["Enter  ⌫", "help.enter"],
      ["Shift F10", "help.menu"],
      ["t", "help.table"],
    ],
  ],
];

const signs: Status[] = ["ok", "standby", "drained", "throttled", "overload", "battery", "off", "failed", "unknown"];

export function Help() {
  return (
    <Modal title={t("help.title")} wide onClose={() => (dialog.value = null)}>
      <div class="body help">
        {sheets.map(([title, rows]) => (
          <section key={title}>
            <h3>{t(title)}</h3>
            <dl class="facts">
              {rows.flatMap(([keys, what]) => [
                <dt key={`k${what}`}>{t(what)}</dt>,
                <dd key={`v${what}`}>
                  {keys.split("  ").map((k) => (
                    <kbd key={k}>{k}</kbd>
                  ))}
                </dd>,
              ])}
            </dl>
          </section>
        ))}
        <section>
          <h3>{t("help.legend")}</h3>
          <ul class="signs">
            {signs.map((s) => (
              <li key={s}>
                <State of={s} />
              </li>
            ))}
          </ul>
        </section>
        <p class="soft notes">
          {t("help.unknownSays")} {t("help.sourceSays")}
        </p>
      </div>
    </Modal>
  );
}
