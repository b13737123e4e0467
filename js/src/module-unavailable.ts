// Turns whatever keeps a WebAssembly module from loading into `module_unavailable`, with the cure for
// the host that it happened on.

import { type ConnectorError, createError } from "./errors.js";

/** What an entry of the package knows of how it gets its module. */
export interface ModuleOrigin {
  /** The file's name, for example `connector.wasm`. */
  file: string;
  /** Where it was looked for, if that is a file or an address. */
  place?: (() => string) | undefined;
  /** What to do where it is not there. */
  cure: string;
}

const INLINE = "import ghl-chartmogul/inline, which carries the module in itself";

/** What loading a module gives, at once or later; fails with `module_unavailable` only. */
export function withModule<Loaded>(origin: ModuleOrigin, load: () => Loaded): Loaded;
export function withModule<Loaded>(
  origin: ModuleOrigin,
  load: () => Loaded | Promise<Loaded>,
): Loaded | Promise<Loaded> {
  const missing = missingGlobals();
  if (missing !== undefined) throw unavailable(missing);
  const fail = (reason: unknown): never => {
    throw unavailable(refusal(reason) ?? unusable(reason, origin) ?? absent(reason, origin), reason);
  };
  try {
    const loaded = load();
    return loaded instanceof Promise ? loaded.catch(fail) : loaded;
  } catch (reason) {
    return fail(reason);
  }
}

function unavailable({ what, cure }: Finding, reason?: unknown): ConnectorError {
  return createError({
    code: "module_unavailable",
    message: `the WebAssembly module did not load: ${what}`,
    hint: cure,
    cause: reason,
  });
}

interface Finding {
  what: string;
  cure: string;
}

/** What the glue takes from its host. */
const NEEDED = ["WebAssembly", "TextDecoder", "TextEncoder"] as const;

function missingGlobals(): Finding | undefined {
  const globals = globalThis as Record<string, unknown>;
  const missing = NEEDED.filter((name) => globals[name] === undefined);
  if (missing.length === 0) return undefined;
  const what = `this environment has no ${missing.join(" and no ")}`;
  if (missing.includes("WebAssembly")) {
    const cure = "Node's --jitless and Safari's Lockdown Mode turn WebAssembly off; run without them.";
    return { what, cure };
  }
  const assign = `Object.assign(globalThis, { ${missing.join(", ")} })`;
  const cure = /jsdom/i.test(userAgent())
    ? `jsdom leaves them out. In jest, set testEnvironment to "node", or in a setup file import them from node:util and run ${assign}.`
    : `Give the environment's global object these before the first call, in Node.js from node:util: ${assign}.`;
  return { what, cure };
}

/** A host that has the module, and may not compile it. */
function refusal(reason: unknown): Finding | undefined {
  const text = textOf(reason);
  if (/generation disallowed/i.test(text)) {
    return { what: "this runtime runs only WebAssembly that was compiled at deployment", cure: edgeCure() };
  }
  if (!/unsafe-eval|content security policy|\bCSP\b/i.test(text)) return undefined;
  return isExtension()
    ? {
        what: "the extension's Content Security Policy forbids WebAssembly",
        cure: `Add to manifest.json: "content_security_policy": { "extension_pages": "script-src 'self' 'wasm-unsafe-eval'" }.`,
      }
    : {
        what: "the page's Content Security Policy forbids WebAssembly",
        cure: "Add 'wasm-unsafe-eval' to its script-src: Content-Security-Policy: script-src 'self' 'wasm-unsafe-eval'.",
      };
}

function edgeCure(): string {
  if (userAgent() === "Cloudflare-Workers") {
    return "Bundle ghl-chartmogul with the condition workerd (wrangler does; esbuild: --conditions=workerd --external:*.wasm), and import it, not ghl-chartmogul/inline.";
  }
  if ("EdgeRuntime" in globalThis) {
    return "Import ghl-chartmogul, not ghl-chartmogul/inline: with the condition edge-light, which Next's edge runtime has, it brings a compiled module.";
  }
  return (
    "Use createConnector of ghl-chartmogul/slim with the option module, as in: import module from " +
    '"ghl-chartmogul/connector.wasm". In a vm context of Node.js, allow codeGeneration.wasm.'
  );
}

/** What came is not this version's module. */
function unusable(reason: unknown, { file, place }: ModuleOrigin): Finding | undefined {
  const isOther = nameOf(reason) === "LinkError" || /\bimport\b.*(is not|must be)/i.test(textOf(reason));
  if (!isOther && nameOf(reason) !== "CompileError") return undefined;
  const from = place === undefined ? file : located(file, place);
  return isOther
    ? {
        what: `${from} is of another version of ghl-chartmogul`,
        cure: `Copy ${file} out of the installed package again; do so at each build.`,
      }
    : {
        what: `${from} is not a whole WebAssembly module: ${textOf(reason)}`,
        cure: `A server may answer with a page in its place, or a copy was cut. Serve ${file} of the installed package unchanged.`,
      };
}

/** The file is missing, may not be read, or its server does not answer. */
function absent(reason: unknown, { file, place, cure }: ModuleOrigin): Finding {
  const { code } = (reason ?? {}) as { code?: unknown };
  const denied = /^(NotCapable|PermissionDenied|EACCES|EPERM|ERR_ACCESS_DENIED)$/;
  const isDenied = denied.test(nameOf(reason)) || denied.test(String(code));
  const where = place === undefined ? file : located(file, place);
  const why = code === "ENOENT" ? "no such file" : textOf(reason);
  return {
    what: `${where}: ${why}`,
    cure: isDenied
      ? "Allow reading that file: --allow-read in Deno, --allow-fs-read in Node.js with --permission."
      : cure,
  };
}

function located(file: string, place: () => string): string {
  try {
    return place();
  } catch {
    // A bundle without `import.meta.url` knows no place.
    return file;
  }
}

/** What to do where a bundler left the file out. */
export const bundled = (file: string): string =>
  `If a bundler left it out, copy ${file} from node_modules/ghl-chartmogul to that place` +
  `${file === "connector.wasm" ? `, or ${INLINE}` : ""}, or keep ghl-chartmogul out of the bundle ` +
  "(esbuild, bun build: --external; rollup, webpack: external). Without a bundler, install the package again.";

/** The same in a browser, where the file comes from a server. */
export const served = (file: string): string =>
  `Serve ${file} of node_modules/ghl-chartmogul at that address, and allow it in connect-src of the ` +
  `Content Security Policy; ${file === "connector.wasm" ? `or ${INLINE}` : "or bundle it as an asset"}.`;

function textOf(reason: unknown): string {
  const { message } = (reason ?? {}) as { message?: unknown };
  return typeof message === "string" && message !== "" ? message : String(reason);
}

/** The name of an error, also of another realm. */
function nameOf(reason: unknown): string {
  const { name } = (reason ?? {}) as { name?: unknown };
  return typeof name === "string" ? name : "";
}

function userAgent(): string {
  const { navigator } = globalThis as { navigator?: { userAgent?: unknown } };
  return String(navigator?.userAgent ?? "");
}

function isExtension(): boolean {
  const { location } = globalThis as { location?: { protocol?: unknown } };
  return /-extension:$/.test(String(location?.protocol ?? ""));
}
