/** An address that this process listens on, as in `server.address()`. */
export interface BoundAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

/**
 * What every module can have besides the methods of its port. Constructors do nothing; `start` does the work.
 * Modules are started in the order storage, marker, digester, queuer, and stopped in the reverse order.
 */
export interface Module {
  /**
   * Called once, before any other call. If it rejects, the process does not start. If it takes longer than five seconds, the process
   * starts to serve without it: it isn't ready until this has ended, and other calls can come before.
   */
  start?(): Promise<void>;
  /** Called when the process has started to listen. */
  listening?(address: BoundAddress): void;
  /**
   * Called once, when the process starts to stop: take on nothing new. Other calls still follow, for work that is under way.
   * Must not hang.
   */
  drain?(): Promise<void>;
  /** Called once, after all other calls have ended. Must not hang. */
  stop?(): Promise<void>;
  /** Resolves if the module can do its work now; otherwise rejects with the reason. */
  ready?(signal: AbortSignal): Promise<void>;
}
