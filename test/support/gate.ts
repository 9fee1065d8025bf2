export interface Gate {
  readonly opened: Promise<void>;
  readonly open: () => void;
}

/** What waits until a test lets it go on. */
export function gate(): Gate {
  let open: (() => void) | undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open?.() };
}
