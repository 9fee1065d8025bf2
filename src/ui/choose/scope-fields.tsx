import { useState } from "preact/hooks";
import { PARTS, parametersOf } from "../state/scope.js";

/** What somebody has typed, by part. */
export type ScopeValues = Readonly<Record<(typeof PARTS)[number], string>>;

export function valuesOf(scope: string): ScopeValues {
  const parameters = parametersOf(scope);
  const [account = "", region = "", vpc = ""] = PARTS.map((part) => parameters.get(part) ?? "");
  return { account, region, vpc };
}

const NAMES = { account: "Accounts", region: "Regions", vpc: "VPCs" } as const;
const EXAMPLES = { account: "111122223333", region: "eu-west-1", vpc: "vpc-0a1b2c3d" } as const;

/** A part of the flow logs, for whoever doesn't want to see all of them. */
export function ScopeFields({
  values,
  change,
}: {
  values: ScopeValues;
  change: (values: ScopeValues) => void;
}) {
  // What somebody has opened isn't closed while it is emptied.
  const [isGiven] = useState(PARTS.some((part) => values[part] !== ""));
  return (
    <details class="scope-fields" open={isGiven}>
      <summary>Only a part of the flow logs</summary>
      <div class="pair">
        {PARTS.map((part) => (
          <label key={part}>
            {NAMES[part]}
            <input
              type="text"
              value={values[part]}
              placeholder={EXAMPLES[part]}
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => change({ ...values, [part]: event.currentTarget.value })}
            />
          </label>
        ))}
      </div>
      <p class="hint">
        Empty: all. Several are separated by commas. VPCs need the field vpc-id in the flow logs.
      </p>
    </details>
  );
}
