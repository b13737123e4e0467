// A cold call, as of a platform that starts a process for each: requires the package, makes a connector and
// one call to a sandbox on this machine. Beside it a process that makes the same call with a bare fetch.

import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";

/** What a program prints when it has its answer: milliseconds since its process began, and of its CPU. */
const PRINT = `({ user, system } = process.cpuUsage()) =>
  console.log(JSON.stringify({ wall: performance.now(), cpu: (user + system) / 1000, id }))`;

const programs = ({ ghl }, contactId) => ({
  ours: `
    const { createConnector } = require("ghl-chartmogul/inline");
    const connector = createConnector({ ghl: ${JSON.stringify(ghl)}, store: "memory" });
    connector.ghl.contacts.get({ contactId: "${contactId}" }).then(({ id }) => (${PRINT})());`,
  bare: `
    const headers = { authorization: "Bearer ${ghl.token}", version: "2021-07-28" };
    fetch("${ghl.baseUrl}/contacts/${contactId}", { headers })
      .then((response) => response.json())
      .then(({ contact: { id } }) => (${PRINT})());`,
});

/**
 * Pairs of new processes in turn. `installed` is the project that has the package, `node` the program.
 * Gives medians in milliseconds from the start of the process to the answer, and of how much more ours take
 * in each pair: of time, and of CPU.
 */
export async function coldCalls({ installed, node = process.execPath, pairs = 15 }) {
  const { createSandbox } = createRequire(join(installed, "package.json"))("ghl-chartmogul/sandbox");
  const sandbox = createSandbox({ contacts: 1, burstLimit: 10_000 });
  const server = await sandbox.serve();
  try {
    const contactId = await oneContact(server.address.ghl);
    const texts = programs(server.address, contactId);
    const files = Object.entries(texts).map(([name, text]) => {
      writeFileSync(join(installed, `cold-${name}.cjs`), text);
      return `cold-${name}.cjs`;
    });
    const start = async (file) => {
      const { stdout } = await promisify(execFile)(node, [file], { cwd: installed, timeout: 60_000 });
      const answer = JSON.parse(stdout);
      if (answer.id !== contactId) throw new Error(`${file} answered ${stdout}`);
      return answer;
    };
    // The first of each reads its files from the disk.
    for (const file of files) await start(file);
    const measured = [];
    for (let pair = 0; pair < pairs; pair += 1) {
      const [ours, bare] = [await start(files[0]), await start(files[1])];
      measured.push({ ours, bare, wall: ours.wall - bare.wall, cpu: ours.cpu - bare.cpu });
    }
    return {
      ours: median(measured.map(({ ours }) => ours.wall)),
      bare: median(measured.map(({ bare }) => bare.wall)),
      more: median(measured.map(({ wall }) => wall)),
      moreCpu: median(measured.map(({ cpu }) => cpu)),
    };
  } finally {
    await server.close();
  }
}

async function oneContact({ baseUrl, token, locationId }) {
  const response = await fetch(`${baseUrl}/contacts/search`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, version: "2021-07-28", "content-type": "application/json" },
    body: JSON.stringify({ locationId, page: 1, pageLimit: 1 }),
  });
  const { contacts } = await response.json();
  return contacts[0].id;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
