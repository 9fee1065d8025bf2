/**
 * Looks at the disk, of which those asked for in one turn of the event loop are one. It begins when they all have asked, so
 * that each sees what was there after it asked. A look takes a thread of Node's pool, which costs more than a small answer.
 */
export class SharedLook<Key, Found> {
  readonly #look: (key: Key) => Promise<Found>;
  readonly #asked = new Map<Key, Promise<Found>>();

  constructor(look: (key: Key) => Promise<Found>) {
    this.#look = look;
  }

  at(key: Key): Promise<Found> {
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const found = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#asked.delete(key);
      return this.#look(key);
    });
    this.#asked.set(key, found);
    return found;
  }
}
