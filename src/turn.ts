/** So long is worked at a time, by all jobs together: whatever else is to be done waits for no longer. */
const TURN_MS = 1;
/** The same while a caller waits: an answer takes some turns, and each costs what a look for events does. */
const TURN_OF_CALLERS_MS = 0.25;

/** Whose work goes on in one of the next turns, in this order. */
const waiting: (() => void)[] = [];
let began = 0;
let callers = 0;

/** Somebody waits for an answer, until `callerLeaves`. */
export function callerComes(): void {
  callers++;
}

export function callerLeaves(): void {
  callers--;
}

/**
 * Whether work that goes on should await `nextTurn`. To be asked after each step of at most half a millisecond. It costs
 * as much as a look at the clock.
 */
export function turnIsOver(): boolean {
  const past = performance.now() - began;
  // It can't have begun later, unless the clock was put back, as tests do.
  return past >= (callers > 0 ? TURN_OF_CALLERS_MS : TURN_MS) || past < 0;
}

/**
 * Lets everybody else have their turn: requests are answered then. Of those who wait, one goes on in each turn of the event
 * loop, so that two jobs make turns no longer than one.
 */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(goOn);
  });
}

function goOn(): void {
  const next = waiting.shift();
  if (waiting.length > 0) setImmediate(goOn);
  began = performance.now();
  next?.();
}
