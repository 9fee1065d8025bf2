/**
 * Milliseconds after which a wait gives up. Far more than any takes on a busy machine, and it costs nothing until something
 * is wrong.
 */
export const DEADLINE_MS = 120_000;
