// An endpoint as data: what `connector.endpoints` lists.

/** What a call gives: one value, a list, bytes, or nothing. */
export type ResultKind = "one" | "list" | "bytes" | "nothing";

/** A parameter of an endpoint. */
export interface EndpointParameter {
  name: string;
  in: "path" | "query" | "body";
  /** Its TypeScript type. */
  type: string;
  required: boolean;
  summary: string;
}

/** One endpoint of one service. */
export interface Endpoint {
  service: "ghl" | "chartmogul";
  /** Group and name, for example `contacts.get`: called as `connector.<service>.<name>`. */
  name: string;
  summary: string;
  method: string;
  /** Path template, for example `/contacts/{contactId}`. */
  path: string;
  kind: ResultKind;
  /** GHL's `Version` header. */
  version?: string;
  /** Scopes that a GHL token needs. */
  scopes: readonly string[];
  /** Whether a request whose answer was lost is sent again: a `create` only when it never left. */
  retry: "read" | "repeatable" | "create";
  /** How the list goes on; null for what has one page. */
  paging: string | null;
  parameters: readonly EndpointParameter[];
  /** TypeScript type of the result, or of one item of a list. */
  result: string;
  /** Its places in the product's catalogue of operations. */
  catalogue: readonly { category: string; kind: "trigger" | "action"; name: string }[];
  /** What to use instead of a deprecated endpoint. */
  replacedBy?: string;
  /** Whether GHL's generation v3 documents it. */
  v3: boolean;
}
