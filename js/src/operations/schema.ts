// The types of parameters and results as data, as `cargo xtask generate` writes them.

/** A JSON Schema. A `$ref` names a model: `ghl.Contact`. */
export interface Schema {
  type?: "string" | "integer" | "number" | "boolean" | "array" | "object";
  format?: "email" | "date-time" | "date" | "binary";
  /** All texts there are. */
  enum?: readonly string[];
  /** Usual texts; others are let through. */
  examples?: readonly string[];
  nullable?: boolean;
  items?: Schema;
  properties?: Readonly<Record<string, Schema>>;
  required?: readonly string[];
  additionalProperties?: Schema;
  anyOf?: readonly Schema[];
  $ref?: string;
  description?: string;
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  maxLength?: number;
}

/** What an endpoint takes and gives. */
export interface EndpointSchema {
  parameters: Readonly<Record<string, Schema>>;
  /** Its result, or one item of it; null where it gives nothing or bytes. */
  result: Schema | null;
  /** An example of that. */
  sample: unknown;
}

/** All of them. */
export interface Schemas {
  models: Readonly<Record<string, Schema>>;
  /** By full name: `ghl.contacts.get`. */
  endpoints: Readonly<Record<string, EndpointSchema>>;
}
