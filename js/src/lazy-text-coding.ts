// Stands in for the globals `TextDecoder` and `TextEncoder` inside wasm-bindgen's glue (see build.mjs),
// which makes both when it is imported: here they are taken from the host at their first use.

/** UTF-8 to text. */
export class LazyDecoder {
  readonly #options: { ignoreBOM: boolean };
  #decoder: InstanceType<typeof TextDecoder> | undefined;

  constructor(_label: "utf-8", options: { ignoreBOM: boolean }) {
    this.#options = options;
  }

  decode(bytes?: Uint8Array): string {
    // The glue asks for nothing when it is imported, to warm it up.
    if (bytes === undefined) return "";
    this.#decoder ??= new TextDecoder("utf-8", this.#options);
    return this.#decoder.decode(bytes);
  }
}

/** Text to UTF-8. */
export class LazyEncoder {
  #encoder: InstanceType<typeof TextEncoder> | undefined;

  get #own(): InstanceType<typeof TextEncoder> {
    this.#encoder ??= new TextEncoder();
    return this.#encoder;
  }

  encode(text: string): Uint8Array {
    return this.#own.encode(text);
  }

  encodeInto(text: string, target: Uint8Array): { read: number; written: number } {
    if (typeof this.#own.encodeInto === "function") return this.#own.encodeInto(text, target);
    const bytes = this.encode(text);
    target.set(bytes);
    return { read: text.length, written: bytes.length };
  }
}
