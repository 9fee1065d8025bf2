import type { MessagePort } from "node:worker_threads";

/** The other side has gone, or wants no more answers. */
export class ChannelClosedError extends Error {
  override name = "ChannelClosedError";

  constructor() {
    super("the channel was closed");
  }
}

/** What is sent back: the answer, or `failed` where there is none. */
type Reply<Answer> = { readonly answer: Answer } | { readonly failed: true };

/** Asks whoever answers at the other end of a port, one question at a time. */
export class Asker<Question, Answer> {
  readonly #port: MessagePort;
  #isClosed = false;
  #settle: ((reply: Reply<Answer> | undefined) => void) | undefined;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (reply: Reply<Answer>) => this.#settle?.(reply));
    port.on("close", () => {
      this.#isClosed = true;
      this.#settle?.(undefined);
    });
  }

  /** @throws ChannelClosedError when no answer will come, because either side closed or the other one failed */
  async ask(question: Question): Promise<Answer> {
    const reply = await new Promise<Reply<Answer> | undefined>((settle) => {
      if (this.#isClosed) settle(undefined);
      this.#settle = settle;
      this.#port.postMessage(question, []);
    });
    if (reply === undefined || "failed" in reply) throw new ChannelClosedError();
    return reply.answer;
  }

  close(): void {
    this.#port.close();
  }
}

/**
 * Answers what is asked through a port until either side closes it. A failure to answer is told to `onFailure`; the other
 * side learns only that there is no answer.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- whoever answers knows what is asked
export function answerThrough<Question, Answer>(
  port: MessagePort,
  answer: (question: Question) => Promise<Answer>,
  onFailure: (error: unknown) => void,
): void {
  port.on("message", (question: Question) => {
    answer(question).then(
      (value) => port.postMessage({ answer: value } satisfies Reply<Answer>),
      (error: unknown) => {
        onFailure(error);
        port.postMessage({ failed: true } satisfies Reply<Answer>);
      },
    );
  });
}
