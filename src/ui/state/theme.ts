import { effect, signal } from "@preact/signals";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const KEY = "vpcflow-grapherd theme";

export const theme = signal<Theme>(THEMES.find((each) => each === localStorage.getItem(KEY)) ?? "system");

export function setTheme(next: Theme): void {
  theme.value = next;
  localStorage.setItem(KEY, next);
}

effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
});
