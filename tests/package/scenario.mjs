// What every host does with the package: a few calls over a transport of its own, without network.
// Takes the package's exports, so that each host can load them its own way; gives "ok" or throws.

const TOKEN = "pit-canary-ghl-token";

/** A webhook that was signed in the past: whoever calls it too old has found its signature right. */
const WEBHOOK = {
  publicKey: "MCowBQYDK2VwAyEAWEvDWY08XoEp+MvOOArHQXWASQACotB6xWFYxDkKN6Y=",
  signature: "e4fdMB2wrBApMbYduIy/HSQVlNMEwdFHhGd6eE/nVt9BFpCFgulcUDqv+8DmN+B/sCyHTNRCAdQ4gxQq+tfeCQ==",
  body: `{"type":"ContactUpdate","timestamp":"2026-11-22T10:00:00.000Z","webhookId":"1","locationId":"location1","id":"contact1","name":"Zoë 🚀"}`,
};

export async function scenario({ createConnector, ConnectorError }) {
  const requests = [];
  const connector = createConnector({
    ghl: { token: TOKEN, locationId: "location1" },
    chartmogul: { apiKey: "canary-chartmogul-key" },
    store: "memory",
    webhooks: { publicKey: WEBHOOK.publicKey },
    transport(request) {
      requests.push(request);
      return answer(request.url);
    },
  });

  const contact = await connector.ghl.contacts.get({ contactId: "contact 1/2" });
  expect(contact.firstName === "Zoë 🚀", "the record arrives unchanged");
  expect(requests.length === 1, "one call sends one request");
  const [{ method, url, headers }] = requests;
  expect(method === "GET" && url.endsWith("/contacts/contact%201%2F2"), `encodes the path: ${url}`);
  expect(headers.authorization === `Bearer ${TOKEN}`, "authorizes");
  expect(/^\d{4}-\d\d-\d\d$/.test(headers.version), "sends the date version");

  const customers = [];
  for await (const customer of connector.chartmogul.customers.list({ per_page: 1 })) {
    customers.push(customer.uuid);
  }
  expect(customers.join() === "cus_1,cus_2", `reads every page: ${customers}`);

  const missing = await failure(() => connector.ghl.contacts.get({ contactId: "missing" }));
  expect(missing instanceof ConnectorError, "fails with a ConnectorError");
  expect(missing.code === "not_found" && missing.status === 404, `tells what failed: ${missing.code}`);
  expect(!JSON.stringify(missing).includes(TOKEN), "keeps the token to itself");
  const sent = requests.length;
  const refused = await failure(() => connector.ghl.contacts.get({}));
  expect(refused.code === "invalid_argument" && requests.length === sent, "refuses before sending");

  const verify = (body) => connector.webhooks.verify(body, { "x-ghl-signature": WEBHOOK.signature });
  const old = await failure(() => verify(WEBHOOK.body));
  expect(old.details?.reason === "too_old", `knows the signature: ${old.message}`);
  const changed = await failure(() => verify(WEBHOOK.body.replace("Zoë", "Zoe")));
  expect(changed.details?.reason === "wrong_signature", `knows a wrong one: ${changed.message}`);
  await connector.close();
  return "ok";
}

/** Reads the state from the store that the host has when none is given. */
export async function defaultStore({ createConnector }) {
  const connector = createConnector({
    ghl: { token: TOKEN, locationId: "location1" },
    chartmogul: { apiKey: "canary-chartmogul-key" },
  });
  const status = await connector.sync.status();
  await connector.close();
  return typeof status;
}

function answer(url) {
  const json = (status, value) => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  });
  if (url.includes("/contacts/missing")) return json(404, { statusCode: 404, message: "Contact not found" });
  if (url.includes("/contacts/")) return json(200, { contact: { id: "contact1", firstName: "Zoë 🚀" } });
  const second = url.includes("cursor=");
  const entry = { uuid: second ? "cus_2" : "cus_1" };
  return json(200, { entries: [entry], has_more: !second, cursor: second ? null : "after-1" });
}

async function failure(call) {
  try {
    await call();
  } catch (reason) {
    return reason;
  }
  throw new Error("the call should have failed");
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}
