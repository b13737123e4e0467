// Two agencies in one store of tokens: each location gets its tokens from its own.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { importSources } from "../build-sources.mjs";

const { createOAuth, memory } = await importSources("oauth/oauth", "stores/memory");

const AGENCIES = { aaa: ["loc-a1", "loc-a2"], bbb: ["loc-b1"] };

/** What GoHighLevel answers; `foreign` is how it refuses another agency's location. */
function play(foreign) {
  let issued = 0;
  const asked = [];
  const valid = new Map();
  const json = (status, body) => ({ status, body: JSON.stringify(body) });
  const issue = (whose) => {
    issued += 1;
    const token = `token-${issued}`;
    valid.set(token, whose);
    return token;
  };
  const transport = async ({ url, headers, body }) => {
    const { pathname, searchParams } = new URL(url);
    const form = new URLSearchParams(new TextDecoder().decode(body));
    asked.push(pathname);
    const company = valid.get(headers.authorization?.slice("Bearer ".length));
    if (pathname === "/oauth/token") {
      const companyId = form.get("code") ?? form.get("refresh_token").split("/")[0];
      const refresh = `${companyId}/${issued}`;
      const tokens = { access_token: issue(companyId), refresh_token: refresh, expires_in: 86_399 };
      return json(200, { ...tokens, userType: "Company", companyId });
    }
    if (company === undefined) return json(401, { message: "Invalid JWT" });
    if (pathname === "/oauth/installedLocations") {
      const locations = AGENCIES[searchParams.get("companyId")].map((_id) => ({ _id, name: _id }));
      return json(200, { locations });
    }
    const locationId = form.get("locationId");
    if (!AGENCIES[company].includes(locationId)) return json(foreign.status, foreign.body);
    return json(201, { access_token: issue(locationId), expires_in: 86_399, locationId });
  };
  const oauth = createOAuth({
    clientId: "app-1",
    clientSecret: "secret",
    redirectUri: "https://app.example.com/callback",
    store: memory(),
    encryptionKey: "0".repeat(64),
    transport,
  });
  return { oauth, asked, valid };
}

const REFUSALS = [
  { status: 403, body: { message: "The token does not have access to this location." } },
  { status: 400, body: { message: "Location not found" } },
  { status: 401, body: { message: "Invalid JWT" } },
  { status: 404, body: {} },
];

describe("two agencies", () => {
  for (const foreign of REFUSALS)
    test(`that refuse each other's locations with ${foreign.status} connect their own`, async () => {
      const { oauth, valid } = play(foreign);
      await oauth.exchange("aaa");
      await oauth.exchange("bbb");
      const connected = async (company) =>
        (await oauth.connectLocations(company)).map(({ locationId, isConnected }) => [
          locationId,
          isConnected,
        ]);
      assert.deepEqual(await connected("bbb"), [["loc-b1", true]]);
      assert.deepEqual(await connected(undefined), [
        ["loc-a1", true],
        ["loc-a2", true],
        ["loc-b1", true],
      ]);
      const { token } = await oauth.location("loc-b1")();
      assert.equal(valid.get(token), "loc-b1");
    });

  test("give a location that nobody has named its own agency's token, whichever is asked first", async () => {
    for (const foreign of REFUSALS) {
      const { oauth, valid, asked } = play(foreign);
      await oauth.exchange("aaa");
      await oauth.exchange("bbb");
      const { token } = await oauth.location("loc-b1")();
      assert.equal(valid.get(token), "loc-b1");
      assert.equal(asked.filter((path) => path === "/oauth/token").length, 2, "no rotation is used up");
    }
  });

  test("have webhooks of other apps change nothing", async () => {
    const { oauth, asked } = play(REFUSALS[0]);
    await oauth.exchange("aaa");
    const before = asked.length;
    const event = { type: "UNINSTALL", appId: "another", companyId: "aaa" };
    assert.equal(await oauth.handleAppEvent(event), "unchanged");
    assert.equal(asked.length, before);
    assert.equal((await oauth.installations()).length, 1);
  });
});
