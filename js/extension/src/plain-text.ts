// Plain text of what the services give as text or HTML. Nothing of it ever becomes markup of the panel.

/** Elements that begin a line. */
const LINES = new Set([
  "BR",
  "DIV",
  "P",
  "LI",
  "TR",
  "H1",
  "H2",
  "H3",
  "H4",
  "H5",
  "H6",
  "BLOCKQUOTE",
  "UL",
  "OL",
]);
/** Elements whose text nobody reads. */
const SILENT = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "HEAD", "TITLE"]);

/** Deepest nesting that is followed. */
const DEEPEST = 200;

/** The text of HTML. A document without a window: nothing in it runs, and nothing is loaded. */
export function plainText(html: string): string {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  let text = "";
  const walk = (node: Node, depth: number): void => {
    if (node.nodeType === Node.TEXT_NODE) {
      text += (node.nodeValue ?? "").replaceAll(/\s+/g, " ");
      return;
    }
    if (node.nodeType !== Node.ELEMENT_NODE || SILENT.has(node.nodeName) || depth > DEEPEST) return;
    const isLine = LINES.has(node.nodeName);
    if (isLine && text !== "" && !text.endsWith("\n")) text += "\n";
    for (const child of node.childNodes) walk(child, depth + 1);
    if (isLine && node.nodeName !== "BR" && !text.endsWith("\n")) text += "\n";
  };
  walk(body, 0);
  return text.replaceAll(/ *\n */g, "\n").trim();
}
