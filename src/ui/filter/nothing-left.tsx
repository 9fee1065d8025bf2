import { go, place } from "../state/place.js";

/** Shown instead of a graph when the filter leaves nothing of it. */
export function NothingLeft() {
  const { where, around } = place.value;
  return (
    <p class="note">
      Nothing is left by this filter.{" "}
      {(where !== "" || around !== undefined) && (
        <button type="button" class="button" onClick={() => go({ where: "", around: undefined, hops: "1" })}>
          Remove the filter
        </button>
      )}
    </p>
  );
}
