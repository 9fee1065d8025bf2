import { GraphRows } from "./graph-rows.js";
import { WindowForm } from "./window-form.js";

/** Where no window is chosen yet. */
export function Choose() {
  return (
    <main class="middle">
      <h1>Who talks to whom</h1>
      <p>Choose a window of time. The service reads its flow logs and draws what it finds in them.</p>
      <WindowForm />
      <GraphRows />
    </main>
  );
}
