import { t } from "../i18n";
import { Icon, type IconName } from "../ui/icons";
import { go, hrefTo, route, type View, views } from "./route";

export function Rail() {
  return (
    <nav class="rail" aria-label={t("app.rail")}>
      {views.map((v, i) => (
        <a
          key={v}
          href={hrefTo(change(v))}
          aria-current={route.value.view === v ? "page" : undefined}
          aria-keyshortcuts={String(i + 1)}
          onClick={(e) => {
            if (e.metaKey || e.ctrlKey || e.shiftKey) return;
            e.preventDefault();
            go(change(v));
          }}
        >
          <Icon name={v as IconName} size={20} />
          {t(`view.${v}`)}
        </a>
      ))}
    </nav>
  );
}

/** Another view keeps the run, the moment and the selection, but not its own tab and filter. */
export function change(view: View) {
  return { view, tab: "", q: "" };
}
