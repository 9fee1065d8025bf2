import { setTheme, theme, THEMES } from "../state/theme.js";
import { isLocal, go } from "../state/place.js";
import { Menu } from "./menu.js";

const NAMES = { system: "Same as the system", light: "Light", dark: "Dark" } as const;

/** Light or dark, UTC or local. */
export function Settings() {
  return (
    <Menu label={<span aria-hidden="true">◐</span>} name="Colours and times" align="right">
      {() => (
        <>
          <fieldset>
            <legend>Colours</legend>
            {THEMES.map((each) => (
              <label key={each}>
                <input
                  type="radio"
                  name="theme"
                  checked={theme.value === each}
                  onChange={() => setTheme(each)}
                />
                {NAMES[each]}
              </label>
            ))}
          </fieldset>
          <fieldset>
            <legend>Times</legend>
            {(["utc", "local"] as const).map((zone) => (
              <label key={zone}>
                <input
                  type="radio"
                  name="zone"
                  checked={isLocal.value === (zone === "local")}
                  onChange={() => go({ zone }, "replace")}
                />
                {zone === "utc" ? "UTC" : `Local (${Intl.DateTimeFormat().resolvedOptions().timeZone})`}
              </label>
            ))}
          </fieldset>
        </>
      )}
    </Menu>
  );
}
