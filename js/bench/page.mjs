// A page of 500 GHL contacts as bytes, to the bodies of ChartMogul customers as bytes: through the
// packed module, and in plain JavaScript. Run by bench.mjs in the package's project; prints both medians.

import { createConnector } from "ghl-chartmogul";
import { createSandbox } from "ghl-chartmogul/sandbox";

const CONTACTS = 500;
const ROUNDS = 60;

const sandbox = createSandbox({ contacts: CONTACTS, seed: 7 });
const { locationId, ghlToken } = sandbox.credentials;
const answer = await sandbox.fetch("http://127.0.0.1/contacts/search", {
  method: "POST",
  headers: { authorization: `Bearer ${ghlToken}`, version: "2021-07-28", "content-type": "application/json" },
  body: JSON.stringify({ locationId, pageLimit: CONTACTS }),
});
const page = new Uint8Array(await answer.arrayBuffer());
const connector = createConnector({ store: "memory", sync: { anchor: "contact-is-customer" } });

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const text = (value) => (typeof value === "string" && value.trim() !== "" ? value.trim() : undefined);
const email = (value) => {
  const address = text(value)?.toLowerCase();
  return address !== undefined && /^[^\s@,;<>()"]+@[^\s@,;<>()"]+\.[^\s@.]+$/.test(address)
    ? address
    : undefined;
};
const phone = (value) => {
  const digits = text(value)?.replace(/\D/g, "");
  return digits ? `+${digits}` : undefined;
};

/** The same bodies, as one writes it in JavaScript. */
function plain(bytes) {
  const { contacts } = JSON.parse(decoder.decode(bytes));
  const bodies = contacts.map((contact) => {
    const first = text(contact.firstNameRaw ?? contact.firstName);
    const last = text(contact.lastNameRaw ?? contact.lastName);
    const address = email(contact.email);
    return {
      name:
        [first, last].filter(Boolean).join(" ") ||
        text(contact.contactName) ||
        text(contact.companyName) ||
        address?.split("@")[0] ||
        text(contact.phone) ||
        contact.id,
      company: text(contact.companyName),
      email: address,
      website_url: text(contact.website),
      city: text(contact.city),
      zip: text(contact.postalCode),
      country: text(contact.country),
      state: contact.country === "US" ? text(contact.state) : undefined,
      lead_created_at: contact.dateAdded && new Date(contact.dateAdded).toISOString(),
      primary_contact: { first_name: first, last_name: last, email: address, phone: phone(contact.phone) },
    };
  });
  return encoder.encode(JSON.stringify(bodies));
}

async function medianOf(run) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[ROUNDS / 2];
}

const count = (bytes) => JSON.parse(decoder.decode(bytes)).length;
const mapped = await connector.sync.preview(page);
if (count(mapped) !== CONTACTS || count(plain(page)) !== CONTACTS) throw new Error("a contact is missing");
await medianOf(() => plain(page));
const ours = await medianOf(() => connector.sync.preview(page));
const theirs = await medianOf(() => plain(page));
process.stdout.write(JSON.stringify({ ours, theirs, bytes: page.length }));
await connector.close();
