// Modules that build.mjs provides.

/** wasm-bindgen's glue of the connector, `--target web`. */
declare module "glue:connector" {
  export const Connector: import("./glue.js").Glue["Connector"];
  /** Initialises from a module or bytes, at once. Does nothing once initialised. */
  export function initSync(source: { module: object }): unknown;
  /** Initialises from anything that leads to a module. Does nothing once initialised. */
  export default function init(source: { module_or_path: unknown }): Promise<unknown>;
}

/** wasm-bindgen's glue of the sandbox. */
declare module "glue:sandbox" {
  export const Sandbox: import("./sandbox/glue.js").SandboxGlue["Sandbox"];
  export function initSync(source: { module: object }): unknown;
  export default function init(source: { module_or_path: unknown }): Promise<unknown>;
}

/** The connector's WebAssembly file, deflated, as base64. */
declare module "base64:connector" {
  const base64: string;
  export default base64;
}

/** The sandbox's, in the same way. */
declare module "base64:sandbox" {
  const base64: string;
  export default base64;
}

/** Left as it is: a bundler for Workers gives a compiled module. */
declare module "*/connector.wasm" {
  const module: object;
  export default module;
}

/** The same in the spelling of edge runtimes. */
declare module "*/connector.wasm?module" {
  const module: object;
  export default module;
}

/** Where the package's files are, seen from the built file. */
declare const PACKAGE_ROOT: string;
/** The package's version. */
declare const PACKAGE_VERSION: string;

/** What is used here of the packages that a program installs for a store of a URL. */
declare module "ioredis" {
  export class Redis {
    constructor(
      url: string,
      options: {
        maxRetriesPerRequest: number;
        retryStrategy: (times: number) => number;
        /** Milliseconds, as each below. */
        connectTimeout: number;
        /** Since a command was sent without any data since: then another connection is made. */
        socketTimeout: number;
        commandTimeout: number;
      },
    );
    call(command: string, ...values: string[]): Promise<unknown>;
    on(event: "error", listener: (reason: Error) => void): this;
    disconnect(): void;
  }
}

declare module "pg" {
  export class Pool {
    constructor(options: {
      connectionString: string;
      max: number;
      allowExitOnIdle: boolean;
      /** Milliseconds, as the next. */
      connectionTimeoutMillis: number;
      query_timeout: number;
      keepAlive: boolean;
      stream: () => unknown;
    });
    query(query: {
      text: string;
      values?: unknown[];
      query_timeout?: number;
    }): Promise<{ rows: Record<string, unknown>[] }>;
    on(event: "error", listener: (reason: Error) => void): this;
    end(): Promise<void>;
  }
}
