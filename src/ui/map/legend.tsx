import { FLAGS, flagText } from "../state/flags.js";
import { Mark } from "./mark.js";

/** What the marks of the map mean. */
export function Legend() {
  return (
    <ul class="legend" aria-label="Legend">
      <li>Width: bytes</li>
      {FLAGS.map((flag) => (
        <li key={flag}>
          <svg width={12} height={12} aria-hidden="true">
            <Mark flag={flag} x={6} y={7} />
          </svg>{" "}
          {flagText(flag)}
        </li>
      ))}
      <li>
        <svg width={24} height={12} aria-hidden="true">
          <path class="dashes" d="M0 6h24" />
        </svg>{" "}
        ✕ mostly rejected
      </li>
      <li>Double click or Enter opens a box</li>
    </ul>
  );
}
