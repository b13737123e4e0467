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
  /**
   * Category in the product's catalogue of operations. An endpoint outside the catalogue has the
   * category of its group there, or else the group's title, for example `Data Sources`.
   */
  category: string;
  /** Kind in the catalogue; outside it, what only reads is a `trigger`. */
  kind: "trigger" | "action";
  method: string;
  /** Path template, for example `/contacts/{contactId}`. */
  path: string;
  /** What a call gives. */
  gives: ResultKind;
  /** GHL's `Version` header. */
  version?: string;
  /** Scopes that a GHL token needs. */
  scopes: readonly string[];
  /** Whether a request whose answer was lost is sent again: a `create` only when it never left. */
  retry: "read" | "repeatable" | "create";
  /** How the list continues; null for what has one page. */
  paging: string | null;
  parameters: readonly EndpointParameter[];
  /** TypeScript type of the result, or of one item of a list. */
  result: string;
  /** Its names in the catalogue, for example `Get Contact`; none for an endpoint outside it. */
  catalogue: readonly string[];
  /** What to use instead of a deprecated endpoint. */
  replacedBy?: string;
  /** Whether GHL's generation v3 documents it. */
  v3: boolean;
}
