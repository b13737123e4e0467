// Stands in for `globalThis` in the build for n8n (see build.mjs), whose nodes may not name it: what the
// package looks for there, each taken from the host when it is asked for. Names no process.

// The compiler's library for the web is not loaded.
declare const WebAssembly: object | undefined;

/** The host's globals by their names; undefined for what it has not. */
export const hostGlobals = {
  get WebAssembly() {
    return typeof WebAssembly === "undefined" ? undefined : WebAssembly;
  },
  get TextDecoder() {
    return typeof TextDecoder === "undefined" ? undefined : TextDecoder;
  },
  get TextEncoder() {
    return typeof TextEncoder === "undefined" ? undefined : TextEncoder;
  },
  get fetch() {
    return typeof fetch === "undefined" ? undefined : fetch;
  },
  get crypto() {
    return typeof crypto === "undefined" ? undefined : crypto;
  },
};
