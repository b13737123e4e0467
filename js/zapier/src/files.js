// Files that operations give: Zapier fetches them when a later step needs them.

const { findOperation, methodOf } = require("ghl-chartmogul/operations");
const { withConnector } = require("./connector.js");
const { keyOf } = require("./names.js");

/** Downloads a file and hands it to Zapier, which keeps it and gives its address. */
async function file(z, bundle) {
  const { operation, parameters } = bundle.inputData;
  return withConnector(z, bundle, async (connector, signal) => {
    const { name } = findOperation(operation);
    const bytes = Buffer.from(await methodOf(connector, name)(parameters, { signal }));
    const { extension, type } = formatOf(bytes);
    return z.stashFile(bytes, bytes.length, `${keyOf(name)}.${extension}`, type);
  });
}

/** What a file is, by its first bytes. */
function formatOf(bytes) {
  const start = bytes.subarray(0, 12).toString("latin1");
  if (start.startsWith("RIFF") && start.endsWith("WAVE")) return { extension: "wav", type: "audio/wav" };
  if (start.startsWith("ID3") || (bytes[0] === 0xff && (bytes[1] & 0xe0) === 0xe0))
    return { extension: "mp3", type: "audio/mpeg" };
  if (start.startsWith("OggS")) return { extension: "ogg", type: "audio/ogg" };
  return { extension: "txt", type: "text/plain" };
}

/** The record of a file: where Zapier fetches it, and how long it is. */
function fileRecordOf(z, name, parameters, bytes) {
  return { file: z.dehydrateFile(file, { operation: name, parameters }), bytes: bytes.length };
}

const FILE_FIELDS = [
  { key: "file", label: "File", type: "file" },
  { key: "bytes", label: "Bytes", type: "integer" },
];

const FILE_SAMPLE = { file: "SAMPLE FILE", bytes: 48_000 };

module.exports = { FILE_FIELDS, FILE_SAMPLE, fileRecordOf, hydrators: { file } };
