// The settings page: how both services are reached, where the panel opens, what it may write, and its keys.

import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { patternOf, patternOfAddress, readDomain, readLocationId, readServeAddress } from "../address.js";
import { askFor, closeStorage, giveBack } from "../browser.js";
import { longDate } from "../dates.js";
import type { DirectSettings } from "../direct.js";
import { Button, Icon, type IconName, Words } from "../panel/parts.js";
import type { ServedSettings } from "../served.js";
import {
  API_ADDRESSES,
  builtInHosts,
  forgetAll,
  forgetKeys,
  onSettingsChange,
  readSettings,
  type Settings,
  writeSettings,
} from "../settings.js";
import { crm, isNeutralBuild } from "../words.js";
import {
  type Line,
  mistakeOfChartMogul,
  mistakeOfCrm,
  mistakeOfServed,
  type Tested,
  testChartMogul,
  testCrm,
  testServed,
} from "./testing.js";

type Standing = "new" | "testing" | Tested;

const notAsked = (patterns: readonly string[]): Tested => ({
  isOk: false,
  lines: [
    {
      isOk: false,
      what: "The browser did not allow the panel to call this address.",
      todo: `Press Test again and allow ${patterns.join(", ")}.`,
    },
  ],
});

function Page() {
  const [settings, setSettings] = useState<Settings>();
  // Another number: the fields begin anew with what is stored.
  const [edition, setEdition] = useState(0);
  useEffect(() => {
    const load = () => void readSettings().then(setSettings);
    load();
    return onSettingsChange(load);
  }, [edition]);
  if (settings === undefined) return null;
  return (
    <div class="page">
      <header>
        <p class="brand">
          <svg class="icon" viewBox="0 0 24 16" aria-hidden="true">
            <use href="#i-product" />
          </svg>
          {isNeutralBuild ? "Customer panel" : "ghl-chartmogul panel"}
        </p>
        <h1>Settings</h1>
      </header>
      <main>
        <Connections key={edition} settings={settings} />
        <Places settings={settings} />
        <Writing settings={settings} />
        <Keys settings={settings} onForgotten={() => setEdition(edition + 1)} />
      </main>
    </div>
  );
}

/** The lines of a test. */
function Result({ standing, who, id }: { standing: Standing; who: string; id: string }) {
  const item = ({ isOk, what, todo }: Line) => (
    <li class={isOk ? "is-in-step" : "is-failed"} key={what}>
      <Icon name={isOk ? "check" : "failed"} />
      <span>{what}</span>
      {todo !== undefined && (
        <small>
          <Words text={todo} />
        </small>
      )}
    </li>
  );
  return (
    <div class="result" role="status" aria-live="polite" id={id}>
      {standing === "new" && (
        <p class="wait">
          <Icon name="unlinked" />
          <span>Not tested yet</span>
        </p>
      )}
      {standing === "testing" && (
        <p class="wait">
          <Icon name="both-ways" />
          <span>Asking {who}…</span>
        </p>
      )}
      {typeof standing === "object" && <ul>{standing.lines.map(item)}</ul>}
    </div>
  );
}

const isFine = (standing: Standing): boolean => typeof standing === "object" && standing.isOk;
const isBad = (standing: Standing): boolean => typeof standing === "object" && !standing.isOk;

function Connections({ settings }: { settings: Settings }) {
  const { way } = settings;
  const choose = (chosen: Settings["way"]) => void writeSettings({ way: chosen });
  return (
    <section class="part" aria-labelledby="connections">
      <div>
        <h2 id="connections">Connections</h2>
        <p>What you enter is tested first and saved only if it works. Testing never writes.</p>
      </div>
      <div>
        <fieldset class="ways">
          <legend class="sr">How both services are reached</legend>
          <label class="opt">
            <input type="radio" name="way" checked={way === "served"} onChange={() => choose("served")} />
            Through serve
            <small>
              <code>ghl-chartmogul serve</code> runs somewhere and keeps the keys. The panel shares its store,
              so it can plan, sync, link and settle conflicts.
            </small>
          </label>
          <label class="opt">
            <input type="radio" name="way" checked={way === "direct"} onChange={() => choose("direct")} />
            Directly with keys
            <small>
              The keys are in this browser. The panel reads both sides and writes single records, with the
              marks by which a sync knows them. It does not sync: a location has one store.
            </small>
          </label>
        </fieldset>
        {way === "served" ? <Served stored={settings.served} /> : <Direct stored={settings.direct} />}
      </div>
    </section>
  );
}

function Served({ stored }: { stored: ServedSettings }) {
  const [url, setUrl] = useState(stored.url);
  const [token, setToken] = useState(stored.token);
  const [standing, setStanding] = useState<{ crm: Standing; chartmogul: Standing }>({
    crm: "new",
    chartmogul: "new",
  });
  const [mistake, setMistake] = useState<Line>();
  const asked = useRef(new AbortController());

  const test = async () => {
    const address = readServeAddress(url);
    const wrong = mistakeOfServed(address, token.trim());
    setMistake(wrong);
    if (wrong !== undefined || address === undefined) return;
    asked.current.abort();
    asked.current = new AbortController();
    const { signal } = asked.current;
    const pattern = patternOfAddress(address) as string;
    setStanding({ crm: "testing", chartmogul: "testing" });
    if (!(await askFor([pattern]))) {
      setStanding({ crm: notAsked([pattern]), chartmogul: "new" });
      return;
    }
    const served = { url: address, token: token.trim() };
    const tested = await testServed(served, signal);
    if (signal.aborted) return;
    setStanding(tested);
    if (tested.crm.isOk && tested.chartmogul.isOk) {
      setUrl(address);
      await writeSettings({ way: "served", served });
    }
  };

  return (
    <div class="box">
      <form
        aria-label="Serve"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void test();
        }}
      >
        <div>
          <label class="label" for="serve-url">
            Address of serve
          </label>
          <input
            class="field"
            id="serve-url"
            type="url"
            inputMode="url"
            value={url}
            placeholder="https://sync.example.com"
            autocomplete="off"
            spellcheck={false}
            aria-describedby="serve-url-help"
            onInput={(event) => setUrl(event.currentTarget.value)}
          />
          <p class="help" id="serve-url-help">
            On this computer: http://127.0.0.1:8787. Elsewhere it needs https.
          </p>
        </div>
        <div>
          <label class="label" for="serve-token">
            Token
          </label>
          <div class="secret">
            <input
              class="field"
              id="serve-token"
              type="password"
              value={token}
              autocomplete="off"
              spellcheck={false}
              aria-describedby="serve-token-help"
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          </div>
          <p class="help" id="serve-token-help">
            SERVE_TOKEN of the machine that serve runs on
          </p>
        </div>
        <Mistake line={mistake} />
        <div>
          <button class="button" type="submit">
            Test and save
          </button>
        </div>
      </form>
      <Seam standing={standing} />
    </div>
  );
}

const Mistake = ({ line }: { line: Line | undefined }) => (
  <div role="status" aria-live="polite">
    {line !== undefined && (
      <p class="err">
        <Icon name="failed" />
        <span>
          {line.what} {line.todo}
        </span>
      </p>
    )}
  </div>
);

const signOf = (one: Standing, other: Standing): "in-step" | "failed" | "unlinked" =>
  isBad(one) || isBad(other) ? "failed" : isFine(one) && isFine(other) ? "in-step" : "unlinked";

/** What `serve` says of both sides. */
function Seam({ standing }: { standing: { crm: Standing; chartmogul: Standing } }) {
  const sign = signOf(standing.crm, standing.chartmogul);
  return (
    <div class="seam keys" style={{ marginTop: "16px" }}>
      <div class="half">
        <h3>
          <span class="mark solid" />
          {crm()}
        </h3>
        <Result standing={standing.crm} who="serve" id="tested-crm" />
      </div>
      <span class={`sign is-${sign}`}>
        <Icon name={sign} />
      </span>
      <div class="half">
        <h3>
          <span class="mark disc solid" />
          ChartMogul
        </h3>
        <Result standing={standing.chartmogul} who="serve" id="tested-chartmogul" />
      </div>
    </div>
  );
}

function Direct({ stored }: { stored: DirectSettings }) {
  const [draft, setDraft] = useState(stored);
  const [standing, setStanding] = useState<{ crm: Standing; chartmogul: Standing }>({
    crm: "new",
    chartmogul: "new",
  });
  const sign = signOf(standing.crm, standing.chartmogul);
  const set = (change: Partial<DirectSettings>) => setDraft((before) => ({ ...before, ...change }));
  const addressOf = (text: string | undefined) => (text?.trim() ? readServeAddress(text) : undefined);
  const baseUrls = () => ({
    ghlBaseUrl: addressOf(draft.ghlBaseUrl),
    chartmogulBaseUrl: addressOf(draft.chartmogulBaseUrl),
  });

  const test = async (
    side: "crm" | "chartmogul",
    mistake: Line | undefined,
    address: string,
    run: (signal: AbortSignal) => Promise<Tested>,
    saved: Partial<DirectSettings>,
  ) => {
    const put = (one: Standing) => setStanding((before) => ({ ...before, [side]: one }));
    if (mistake !== undefined) {
      put({ isOk: false, lines: [mistake] });
      return;
    }
    put("testing");
    const pattern = patternOfAddress(address) as string;
    if (!(await askFor([pattern]))) {
      put(notAsked([pattern]));
      return;
    }
    const tested = await run(AbortSignal.timeout(60_000));
    put(tested);
    if (!tested.isOk) return;
    const { direct } = await readSettings();
    await writeSettings({ way: "direct", direct: { ...direct, ...saved } });
  };
  const testCrmSide = () => {
    const ghlToken = draft.ghlToken.trim();
    const locationId = readLocationId(draft.locationId);
    const saved = { ghlToken, locationId: locationId ?? "", ghlBaseUrl: baseUrls().ghlBaseUrl };
    if (locationId !== undefined) set({ locationId });
    void test(
      "crm",
      mistakeOfCrm(ghlToken, locationId),
      saved.ghlBaseUrl ?? API_ADDRESSES.ghl,
      (signal) => testCrm({ ...draft, ...baseUrls(), ...saved }, signal),
      saved,
    );
  };
  const testChartMogulSide = () => {
    const chartmogulKey = draft.chartmogulKey.trim();
    const saved = { chartmogulKey, chartmogulBaseUrl: baseUrls().chartmogulBaseUrl };
    void test(
      "chartmogul",
      mistakeOfChartMogul(chartmogulKey),
      saved.chartmogulBaseUrl ?? API_ADDRESSES.chartmogul,
      (signal) => testChartMogul({ ...draft, ...baseUrls(), ...saved }, signal),
      saved,
    );
  };
  return (
    <>
      <div class="seam keys">
        <div class="half">
          <form
            aria-labelledby="side-crm"
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              testCrmSide();
            }}
          >
            <h3 id="side-crm">
              <span class="mark solid" />
              {crm()}
            </h3>
            <Secret
              id="token"
              label="Private Integration token"
              help="Location settings, Private Integrations"
              value={draft.ghlToken}
              onInput={(ghlToken) => set({ ghlToken })}
            />
            <div>
              <label class="label" for="location">
                Location
              </label>
              <input
                class="field"
                id="location"
                type="text"
                value={draft.locationId}
                autocomplete="off"
                spellcheck={false}
                aria-describedby="location-help"
                onInput={(event) => set({ locationId: event.currentTarget.value })}
              />
              <p class="help" id="location-help">
                Its id, or the address of any of its pages
              </p>
            </div>
            <div>
              <button class="button" type="submit">
                Test and save<span class="sr"> {crm()}</span>
              </button>
            </div>
            <Result standing={standing.crm} who={crm()} id="tested-crm" />
          </form>
        </div>
        <span class={`sign is-${sign}`}>
          <Icon name={sign} />
        </span>
        <div class="half">
          <form
            aria-labelledby="side-chartmogul"
            noValidate
            onSubmit={(event) => {
              event.preventDefault();
              testChartMogulSide();
            }}
          >
            <h3 id="side-chartmogul">
              <span class="mark disc solid" />
              ChartMogul
            </h3>
            <Secret
              id="key"
              label="API key"
              help="Profile, API keys. A read-only key is enough to look"
              value={draft.chartmogulKey}
              onInput={(chartmogulKey) => set({ chartmogulKey })}
            />
            <div>
              <button class="button" type="submit">
                Test and save<span class="sr"> ChartMogul</span>
              </button>
            </div>
            <Result standing={standing.chartmogul} who="ChartMogul" id="tested-chartmogul" />
          </form>
        </div>
      </div>
      <details class="sandbox">
        <summary>Use a sandbox instead</summary>
        <div class="two-fields">
          {(["ghlBaseUrl", "chartmogulBaseUrl"] as const).map((name) => (
            <div key={name}>
              <label class="label" for={name}>
                Address in place of {name === "ghlBaseUrl" ? `${crm()}’s` : "ChartMogul’s"}
              </label>
              <input
                class="field"
                id={name}
                type="url"
                value={draft[name] ?? ""}
                placeholder="http://127.0.0.1:4010"
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => set({ [name]: event.currentTarget.value })}
              />
            </div>
          ))}
        </div>
        <p class="help">
          As <code>ghl-chartmogul sandbox</code> prints them. Leave both empty for the real services.
        </p>
      </details>
    </>
  );
}

interface SecretProps {
  id: string;
  label: string;
  help: string;
  value: string;
  onInput: (value: string) => void;
}

const Secret = ({ id, label, help, value, onInput }: SecretProps) => (
  <div>
    <label class="label" for={id}>
      {label}
    </label>
    <div class="secret">
      <input
        class="field"
        id={id}
        type="password"
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={`${id}-help`}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
    <p class="help" id={`${id}-help`}>
      {help}
    </p>
  </div>
);

function Places({ settings }: { settings: Settings }) {
  const { domains } = settings;
  const [text, setText] = useState("");
  const [mistake, setMistake] = useState<string>();
  const [said, setSaid] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const allow = async () => {
    const host = readDomain(text);
    const problem =
      host === undefined
        ? "That is not a domain. Copy it from the address bar, such as app.example.com."
        : builtInHosts().includes(host) || host in domains
          ? `${host} is allowed already.`
          : undefined;
    setMistake(problem);
    if (problem !== undefined || host === undefined) {
      field.current?.focus();
      return;
    }
    if (!(await askFor([patternOf(host)]))) {
      setMistake(`The browser did not allow ${host}. Press Allow to be asked again.`);
      return;
    }
    await writeSettings({ domains: { ...domains, [host]: Date.now() } });
    setText("");
    setSaid(`${host} allowed.`);
  };
  const remove = async (host: string) => {
    await giveBack([patternOf(host)]).catch(() => false);
    const { [host]: _, ...left } = domains;
    await writeSettings({ domains: left });
    setSaid(`${host} removed.`);
    field.current?.focus();
  };
  return (
    <section class="part" aria-labelledby="places">
      <div>
        <h2 id="places">Where the panel opens</h2>
        <p>
          The panel reads the address of tabs on these sites to find the contact. It never reads page content.
        </p>
      </div>
      <div>
        <ul class="list">
          {builtInHosts().map((host) => (
            <li key={host}>
              <span class="t">
                {host}
                <small>Built in</small>
              </span>
            </li>
          ))}
          {Object.entries(domains).map(([host, at]) => (
            <li key={host}>
              <span class="t">
                {host}
                <small>Allowed {longDate(at)}</small>
              </span>
              <Button look="bare" onClick={() => void remove(host)}>
                Remove<span class="sr"> {host}</span>
              </Button>
            </li>
          ))}
        </ul>
        <form
          class="add"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            void allow();
          }}
        >
          <div>
            <label class="label" for="domain">
              Your agency’s own domain
            </label>
            <input
              class="field"
              id="domain"
              ref={field}
              type="text"
              inputMode="url"
              placeholder="app.example.com"
              autocomplete="off"
              spellcheck={false}
              value={text}
              aria-invalid={mistake === undefined ? undefined : "true"}
              aria-describedby="domain-error domain-help"
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <p class="err" id="domain-error" hidden={mistake === undefined}>
              <Icon name="failed" />
              {mistake}
            </p>
            <p class="help" id="domain-help">
              The browser asks you once, for this domain only.
            </p>
          </div>
          <div class="push">
            <button class="button" type="submit">
              Allow…
            </button>
          </div>
        </form>
        <p class="sr" role="status" aria-live="polite">
          {said}
        </p>
      </div>
    </section>
  );
}

function Writing({ settings }: { settings: Settings }) {
  const { isReadOnly, isNeutral } = settings;
  return (
    <section class="part" aria-labelledby="writing">
      <div>
        <h2 id="writing">Writing</h2>
        <p>What the panel may do with this connection.</p>
      </div>
      <div>
        <fieldset>
          <legend class="sr">Writing</legend>
          <label class="opt">
            <input
              type="radio"
              name="writing"
              checked={!isReadOnly}
              onChange={() => void writeSettings({ isReadOnly: false })}
            />
            Plan first
            <small>Each sync shows what it would write and waits for you.</small>
          </label>
          <label class="opt">
            <input
              type="radio"
              name="writing"
              checked={isReadOnly}
              onChange={() => void writeSettings({ isReadOnly: true })}
            />
            Read only
            <small>Both sides are shown, nothing can be written. Works with read-only keys.</small>
          </label>
        </fieldset>
        {!isNeutralBuild && (
          <label class="opt" style={{ marginTop: "8px" }}>
            <input
              type="checkbox"
              checked={isNeutral}
              onChange={(event) => void writeSettings({ isNeutral: event.currentTarget.checked })}
            />
            Say “CRM” instead of “GHL”
            <small>For white-label accounts.</small>
          </label>
        )}
      </div>
    </section>
  );
}

const Honest = ({
  icon,
  isBad: bad = false,
  children,
}: {
  icon: IconName;
  isBad?: boolean;
  children: string;
}) => (
  <li class={bad ? "bad" : ""}>
    <Icon name={icon} />
    {children}
  </li>
);

function Keys({ settings, onForgotten }: { settings: Settings; onForgotten: () => void }) {
  const [said, setSaid] = useState("");
  const forget = async (how: () => Promise<void>, text: string) => {
    await how();
    setSaid(text);
    // The stored settings are read again first.
    setTimeout(onForgotten, 50);
  };
  const isServed = settings.way === "served";
  const what = isServed ? "token" : "keys";
  return (
    <section class="part" aria-labelledby="keys">
      <div>
        <h2 id="keys">Your {what} in this browser</h2>
        <p>What is protected, and what is not.</p>
      </div>
      <div>
        <ul class="honest">
          <Honest icon="lock">
            {isServed
              ? "The token is kept in this browser profile. Web pages and other extensions cannot read it, and it is sent only to your serve, which keeps the keys themselves."
              : `They are kept in this browser profile. Web pages and other extensions cannot read them, and they are sent only to ${crm()} and ChartMogul.`}
          </Honest>
          <Honest icon="lock">We run no server. No usage data is collected.</Honest>
          <Honest icon="failed" isBad>
            {isServed
              ? "It is not encrypted on disk. Anyone who can use this profile or read its files can read and sync through serve with it. Give SERVE_TOKEN a new value if this computer is lost."
              : "They are not encrypted on disk. Anyone who can use this profile or read its files can use the keys. Give the panel its own keys with the fewest rights, and revoke them if this computer is lost."}
          </Honest>
        </ul>
        <div class="actions">
          <Button
            onClick={() =>
              void forget(forgetKeys, isServed ? "The token is forgotten." : "The keys are forgotten.")
            }
          >
            Forget the {what}
          </Button>
          <Button look="bare" onClick={() => void forget(forgetAll, "All data kept here is forgotten.")}>
            Forget all data kept here
          </Button>
        </div>
        <p class="done" role="status" aria-live="polite">
          {said}
        </p>
      </div>
    </section>
  );
}

const root = document.querySelector("#options");
if (root !== null) render(<Page />, root);
await closeStorage();
