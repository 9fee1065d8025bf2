import picomatch from "picomatch";

/** Patterns over keys. One without a slash is for names of files and folders wherever they are; what a folder's name matches goes for all in it. */
export interface Globs {
  matches(key: string): boolean;
  /** Whether everything below a folder, which ends with a slash, matches. */
  coversFolder(folder: string): boolean;
  /** Whether anything below a folder may match. */
  mayMatchBelow(folder: string): boolean;
}

const OPTIONS = { dot: true, nonegate: true, noextglob: true };
/** Matches wildcards, and nothing else that a pattern has. */
const ANYTHING = "\u{F8FF}".repeat(50);

export function parseGlobs(patterns: readonly string[]): Globs {
  const whole = patterns.map((pattern) => {
    const bare = pattern.replace(/^\/+|\/+$/g, "");
    return bare.includes("/") ? bare : `**/${bare}`;
  });
  const inside = picomatch(
    whole.map((pattern) => `${pattern}/**`),
    OPTIONS,
  );
  const exactly = picomatch([...whole], OPTIONS);
  const bases = whole.map((pattern) => {
    const { base, isGlob } = picomatch.scan(pattern, OPTIONS);
    return isGlob ? base : pattern;
  });
  const matches = (key: string) => exactly(key) || inside(key);
  return {
    matches,
    coversFolder: (folder) => matches(folder + ANYTHING),
    mayMatchBelow: (folder) =>
      bases.some((base) => base === "" || `${base}/`.startsWith(folder) || folder.startsWith(`${base}/`)),
  };
}
