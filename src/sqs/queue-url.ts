import { z } from "zod";

/** A queue of SQS, or of another service that speaks its protocol. */
export class QueueUrl {
  /** As SQS knows the queue. */
  readonly href: string;
  /** Undefined: what AWS_REGION or the shared configuration file says; other services than AWS take any. */
  readonly region: string | undefined;

  constructor(href: string, region: string | undefined) {
    this.href = href;
    this.region = region;
  }

  /** Where it is asked. */
  get origin(): string {
    return new URL(this.href).origin;
  }
}

/** How it is written, for messages. */
export const EXPECTED_QUEUE =
  '"https://sqs.<region>.amazonaws.com/<account>/<queue>", or "sqs+https://…" for another service that speaks the protocol of SQS';

/** Tells the URL of a queue, right or wrong, from that of a bus. */
export const LIKE_QUEUE =
  /^sqs\+|^https?:\/\/(?:[\w.-]+\.)?sqs(?:-fips)?\.[\w.-]*(?:amazonaws\.com|api\.aws)\b/i;

/** The region in the host, of endpoints of a VPC too: `vpce-1-2.sqs.eu-west-1.vpce.amazonaws.com`. */
const AWS_HOST = /(?:^|\.)sqs(?:-fips)?\.([a-z0-9-]+)\.(?:vpce\.)?(?:amazonaws\.com(?:\.cn)?|api\.aws)$/;
const PATH = /^\/(?:[\w-]+\/)*([\w-]{1,80}(?:\.fifo)?)$/;

export const queueUrl = z.string().transform((text, context) => {
  const refuse = (message: string) => {
    context.addIssue(message);
    return z.NEVER;
  };
  const isOther = /^sqs\+https?:/i.test(text);
  const candidate = isOther ? text.slice("sqs+".length) : text;
  const url = URL.canParse(candidate) ? new URL(candidate) : undefined;
  const [, name] = PATH.exec(url?.pathname ?? "") ?? [];
  const [, region] = AWS_HOST.exec(url?.hostname ?? "") ?? [];
  if (url === undefined || name === undefined || url.search !== "" || url.hash !== "") {
    return refuse(`expected ${EXPECTED_QUEUE}`);
  }
  if (!isOther && (region === undefined || url.protocol !== "https:")) {
    return refuse(`expected ${EXPECTED_QUEUE}`);
  }
  if (url.username !== "" || url.password !== "") {
    return refuse("expected a URL without user and password: see USE_IAM");
  }
  if (name.endsWith(".fifo")) {
    return refuse("expected a standard queue: a FIFO queue can't delay single jobs, and isn't needed");
  }
  return new QueueUrl(url.href, region);
});
