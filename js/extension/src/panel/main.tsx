// Starts the panel.

import { render } from "preact";
import { closeStorage } from "../browser.js";
import { App } from "./app.js";
import { begin } from "./store.js";

const root = document.querySelector("#panel");
if (root !== null) render(<App />, root);
await closeStorage();
begin();
