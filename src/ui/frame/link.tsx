import type { ComponentChildren } from "preact";
import type { Place } from "../state/address.js";
import { addressOf, go } from "../state/place.js";

/** A link within the page: opened elsewhere, it is loaded there. */
export function Link({
  change,
  class: className,
  name,
  children,
}: {
  change: Partial<Place>;
  class?: string;
  name?: string;
  children: ComponentChildren;
}) {
  return (
    <a
      class={className}
      href={addressOf(change)}
      aria-label={name}
      title={name}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(change);
      }}
    >
      {children}
    </a>
  );
}
