// Keys, labels and nouns of Zapier for operations and triggers.

/** The key of an operation: `ghl.contacts.create` is `ghl_contacts_create`. */
function keyOf(name) {
  return name.replaceAll(".", "_");
}

/** A label in the case of titles, with ChartMogul's name where its record is meant; 64 characters at most. */
function labelOf({ title, service }) {
  const words = title.replaceAll(
    /(^|[\s(])([a-z])/g,
    (_, before, letter) => `${before}${letter.toUpperCase()}`,
  );
  const label = service === "chartmogul" && !/chartmogul/i.test(words) ? `${words} in ChartMogul` : words;
  return cut(label, 64);
}

/** One sentence or more, without what Zapier does not take; `more` is never cut off. */
function descriptionOf(text, more = "") {
  const whole = text.trim().replace(/[^.!?]$/, "$&.");
  const shown = cut(whole.charAt(0).toUpperCase() + whole.slice(1), 1_000 - more.length - 1);
  return more === "" ? shown : `${shown} ${more}`;
}

/** A text of at most so many characters. */
function cut(text, most) {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

module.exports = { cut, descriptionOf, keyOf, labelOf };
