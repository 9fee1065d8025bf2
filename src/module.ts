/** An address this process listens on, as `server.address()` tells it. */
export interface BoundAddress {
  /** An IP address. */
  readonly host: string;
  readonly port: number;
}

/**
 * What every module behind a port may have besides the port itself. Constructors do nothing; `start` does.
 * Modules are started in the order storage, marker, digester, queuer and stopped in the reverse.
 */
export interface Module {
  /**
   * Called once before any other call. A rejection stops the process from starting. A start that takes longer than five
   * seconds isn't waited for: the process serves, isn't ready until it has ended, and other calls may come before.
   */
  start?(): Promise<void>;
  /** Called when the process has begun to listen, with where. */
  listening?(address: BoundAddress): void;
  /**
   * Called once, when the process begins to stop: bring nothing new. Other calls, for what is under way, still follow.
   * Must not hang.
   */
  drain?(): Promise<void>;
  /** Called once, after the last other call has settled. Must not hang. */
  stop?(): Promise<void>;
  /** Resolves when the module could serve a call now; rejects with the reason when it could not. */
  ready?(signal: AbortSignal): Promise<void>;
}
