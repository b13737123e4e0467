// A transport for looking around: the same reading is sent once, and nothing is written.

import { ConnectorError } from "../../errors.js";
import type { NodeResponse } from "../../node/transport.js";
import type { Transport, TransportRequest } from "../../transport.js";

/** A transport that remembers what it read. */
export interface RememberedReads {
  transport: Transport;
  /** Requests that were sent. */
  readonly sent: number;
}

/** Bytes of answers that are kept; what is read beyond is asked for again. */
const MOST_BYTES = 128 * 1024 * 1024;

/** Headers that say how it stands now, and no longer do later. */
const PASSING = /^(?:x-ratelimit-|retry-after|date)/i;

/** Several plans of a location, with different settings, then cost the calls of one. */
export function rememberReads(send: (request: TransportRequest) => Promise<NodeResponse>): RememberedReads {
  const known = new Map<string, NodeResponse>();
  let bytes = 0;
  let sent = 0;
  return {
    get sent() {
      return sent;
    },
    async transport(request) {
      if (!isReading(request))
        throw new ConnectorError({
          code: "invalid_argument",
          message: `setting up writes nothing, and would have sent ${request.method} ${new URL(request.url).pathname}`,
        });
      const key = `${request.method} ${request.url} ${request.body === undefined ? "" : new TextDecoder().decode(request.body)}`;
      const remembered = known.get(key);
      if (remembered !== undefined) return remembered;
      sent += 1;
      const answer = await send(request);
      if (answer.status === 200 && bytes + answer.body.byteLength <= MOST_BYTES) {
        bytes += answer.body.byteLength;
        known.set(key, { ...answer, headers: lasting(answer.headers) });
      }
      return answer;
    },
  };
}

/** GHL's searches are reads that are sent as POST. */
function isReading({ method, url }: TransportRequest): boolean {
  return method === "GET" || (method === "POST" && /\/search$/.test(new URL(url).pathname));
}

function lasting(headers: NodeResponse["headers"]): NodeResponse["headers"] {
  return headers.filter(([name]) => !PASSING.test(name));
}
