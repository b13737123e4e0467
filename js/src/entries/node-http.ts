// The entry `ghl-chartmogul/node`: a transport over Node's own http, for programs that choose it.

export {
  type NodeResponse,
  type NodeTransport,
  type NodeTransportOptions,
  nodeTransport,
} from "../node/transport.js";
export type { Transport, TransportRequest } from "../transport.js";
