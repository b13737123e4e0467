// The journey in Next: routes on Node and on the edge, built and started.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { packageFolder, run } from "./project.mjs";
import { judge, world } from "./world.mjs";

process.env.NEXT_TELEMETRY_DISABLED = "1";

const requireHere = createRequire(import.meta.url);
const next = join(dirname(requireHere.resolve("next/package.json")), "dist/bin/next");

/** A route that makes the journey. */
const route = (entry, runtime) => `
  import * as connector from "${entry}";
  import { journey } from "../../journey.mjs";
  import { given } from "../../given.mjs";
  export const dynamic = "force-dynamic";
  export const runtime = "${runtime}";
  export const GET = () => journey(connector, given).then(
    (seen) => Response.json(seen),
    ({ stack, code, message, hint }) => Response.json({ failed: stack, code, message, hint }),
  );`;

const routes = {
  node: route("ghl-chartmogul", "nodejs"),
  "node-inline": route("ghl-chartmogul/inline", "nodejs"),
  edge: route("ghl-chartmogul", "edge"),
  "edge-inline": route("ghl-chartmogul/inline", "edge"),
};

/** The folder that two paths have in common. */
function common(one, other) {
  while (one !== dirname(one) && !other.startsWith(one + sep)) one = dirname(one);
  return one;
}

/** A Next program with the routes; its packages are those of this folder, and the installed one. */
function createProgram(folder) {
  for (const [name, text] of Object.entries(routes)) {
    mkdirSync(join(folder, "app", name), { recursive: true });
    writeFileSync(join(folder, "app", name, "route.js"), text);
  }
  writeFileSync(
    join(folder, "app/layout.js"),
    "export default ({ children }) => <html><body>{children}</body></html>;",
  );
  mkdirSync(join(folder, "node_modules"));
  const modules = join(import.meta.dirname, "node_modules");
  for (const name of ["next", "react", "react-dom"])
    symlinkSync(join(modules, name), join(folder, "node_modules", name));
  cpSync(packageFolder, join(folder, "node_modules/ghl-chartmogul"), { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true }');
  const configuration = { turbopack: { root: common(folder, modules) } };
  writeFileSync(join(folder, "next.config.mjs"), `export default ${JSON.stringify(configuration)};`);
}

/** Starts what was built; gives its origin. */
async function start(context, folder) {
  const server = spawn(process.execPath, [next, "start", "--port", "0", "--hostname", "127.0.0.1"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => server.kill());
  for await (const line of createInterface(server.stdout)) {
    const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (origin !== undefined) return origin;
  }
  return assert.fail("next start named no address");
}

test("Next", async (context) => {
  const { sandbox, folder } = await world(context, "next", {});
  createProgram(folder);
  await run(folder, process.execPath, next, "build").catch((error) =>
    assert.fail(`${error.stdout}\n${error.stderr}`),
  );
  const origin = await start(context, folder);
  for (const name of Object.keys(routes)) {
    await context.test(`a route: ${name}`, async () => {
      sandbox.reset();
      judge(sandbox, await (await fetchPatiently(`${origin}/${name}`)).text());
    });
  }
});

/** The address is printed a moment before it is listened to. */
async function fetchPatiently(url) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await fetch(url);
    } catch (error) {
      if (attempt === 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
