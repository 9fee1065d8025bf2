import { useState } from "preact/hooks";
import { Menu } from "../frame/menu.js";
import { token } from "../state/api.js";
import { viewQuery } from "../state/graph.js";
import { place } from "../state/place.js";

/** What is seen as an address, or as a call of the API. */
export function Share() {
  const [said, setSaid] = useState("");
  const copy = async (text: string, close: () => void) => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied.");
      close();
    } catch {
      setSaid("This browser doesn’t let the page copy.");
    }
  };
  return (
    <Menu label="Share" align="right">
      {(close) => (
        <ul class="choices">
          <li>
            <button type="button" class="button" onClick={() => void copy(location.href, close)}>
              Copy link
            </button>
          </li>
          <li>
            <button type="button" class="button" onClick={() => void copy(curlText(), close)}>
              Copy as curl
            </button>
          </li>
          <li role="status">{said}</li>
        </ul>
      )}
    </Menu>
  );
}

/** The token stays here: who runs it has one in the environment. */
function curlText(): string {
  const query = viewQuery(place.value, { format: "json" }) ?? "";
  const header = token.value === "" ? "" : ` -H "Authorization: Bearer $TOKEN"`;
  return `curl${header} '${location.origin}${query.replaceAll("'", "%27")}'`;
}
