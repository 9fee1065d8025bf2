import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { listen } from "./listen.js";

/** An STS of one role, on a real socket. */
export interface StsServer {
  readonly url: string;
  /** The parameters of every AssumeRole, and the access key id that signed it. */
  readonly log: { readonly signedBy: string | undefined; readonly parameters: URLSearchParams }[];
  /** Answers of so many requests to come are 503. */
  unavailable: number;
  stop(): Promise<void>;
}

export interface Role {
  readonly arn: string;
  readonly externalId?: string;
  /** What it is called with once it is assumed. */
  readonly accessKeyId: string;
  /** Until its credentials expire; an hour unless told otherwise. */
  readonly lifetimeMs?: number;
}

export async function startSts({
  arn,
  externalId,
  accessKeyId,
  lifetimeMs = 3_600_000,
}: Role): Promise<StsServer> {
  const server = createServer();
  const listening = await listen(server);
  const sts: StsServer = {
    url: `http://127.0.0.1:${listening.port}`,
    log: [],
    unavailable: 0,
    stop: () => listening.close(),
  };
  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parameters = new URLSearchParams(await text(message));
    const [, signedBy] = /Credential=([^/]+)\//.exec(message.headers.authorization ?? "") ?? [];
    sts.log.push({ signedBy, parameters });
    response.setHeader("content-type", "text/xml");
    if (sts.unavailable-- > 0) {
      response.writeHead(503).end(error("ServiceUnavailable", "a switch"));
    } else if (
      parameters.get("RoleArn") !== arn ||
      (parameters.get("ExternalId") ?? undefined) !== externalId
    ) {
      response.writeHead(403).end(error("AccessDenied", "not authorized to perform: sts:AssumeRole"));
    } else {
      const expiration = new Date(Date.now() + lifetimeMs).toISOString();
      response.end(
        `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>` +
          `<AccessKeyId>${accessKeyId}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>` +
          `<SessionToken>session-of-${accessKeyId}</SessionToken><Expiration>${expiration}</Expiration>` +
          `</Credentials></AssumeRoleResult></AssumeRoleResponse>`,
      );
    }
  };
  server.on("request", (message: IncomingMessage, response: ServerResponse) => {
    // Whoever breaks off a request has no use for an answer.
    serve(message, response).catch(() => response.destroy());
  });
  return sts;
}

function error(code: string, message: string): string {
  return `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
}
