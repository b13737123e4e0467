//! The boundary against hostile hosts: whatever a host function does, no promise stays pending and
//! nothing but a value or a plain error object comes out.

use js_sys::{Function, Object, Promise, Reflect};
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use super::Connector;
use super::host::CallHost;
use super::host_object::HostObject;
use crate::error::Code;
use crate::host::{Committed, Guard, Host, StateStore};

const TOKEN: &str = "pit-canary-0815";

/// A host whose time is virtual, with what the script overrides. `this.seen` keeps the requests.
const HOST: &str = r#"
    const text = (value) => new TextEncoder().encode(JSON.stringify(value));
    const answer = (body, status = 200) => ({ status, headers: [["content-type", "application/json"]], body: text(body) });
    const contact = { contact: { id: "c1" } };
    const host = {
        time: 1_800_000_000_000, seen: [], slept: 0, events: [],
        fetch(request) { this.seen.push(request); return Promise.resolve(answer(contact)); },
        sleep(milliseconds, signal) {
            this.time += milliseconds; this.slept += 1;
            return new Promise((resolve, reject) => setTimeout(() => signal?.aborted ? reject({ kind: "aborted" }) : resolve(), 0));
        },
        now() { return this.time; }, monotonic() { return this.time; }, random() { return 0.5; },
        utcOffsetMinutes() { return 60; },
        emit(event) { this.events.push(event); }, crashed() {},
        storeGet(keys) { return keys.map(() => undefined); }, storeCommit() {}, storeScan() { return []; },
    };
    const thrower = () => { throw new TypeError("thrown at once"); };
    return Object.assign(host, OVERRIDES);
"#;

fn host(overrides: &str) -> HostObject {
    let script = HOST.replace("OVERRIDES", &format!("({{ {overrides} }})"));
    Function::new_no_args(&script).call0(&JsValue::UNDEFINED).unwrap().unchecked_into()
}

fn script(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::UNDEFINED).unwrap()
}

fn property(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}

fn options() -> String {
    let options = json!({
        "ghl": {"token": TOKEN, "locationId": "l1", "baseUrl": "https://ghl.test"},
        "chartmogul": {"apiKey": "k", "baseUrl": "https://cm.test"},
    });
    options.to_string()
}

fn connector(host: &HostObject) -> Connector {
    Connector::new(host.clone(), &options()).unwrap()
}

fn get(connector: &Connector, context: JsValue) -> Promise {
    connector.call("ghl.contacts.get".into(), r#"{"contactId":"c1"}"#.into(), context)
}

fn create(connector: &Connector) -> Promise {
    let parameters = r#"{"contactId":"c1","body":"x"}"#;
    connector.call("ghl.notes.create".into(), parameters.into(), JsValue::UNDEFINED)
}

/// `{"ok": value}`, `{"error": plain object}` or `"pending"` after five seconds.
async fn end(promise: Promise) -> Value {
    let watch = Function::new_with_args(
        "promise",
        r#"let timer;
        const late = new Promise((resolve) => { timer = setTimeout(() => resolve("pending"), 5000); });
        const plain = (error) => error && typeof error === "object" ? { ...error, cause: undefined } : String(error);
        const ended = promise.then((ok) => ({ ok }), (error) => ({ error: plain(error), isError: error instanceof Error }));
        return Promise.race([ended, late]).finally(() => clearTimeout(timer)).then(JSON.stringify);"#,
    );
    let watched: Promise = watch.call1(&JsValue::UNDEFINED, &promise).unwrap().unchecked_into();
    let text = JsFuture::from(watched).await.unwrap().as_string().unwrap();
    assert!(!text.contains("canary"), "{text}");
    serde_json::from_str(&text).unwrap()
}

/// The code of the error, which must be a plain object.
fn code(end: &Value) -> &str {
    assert_eq!(end["isError"], false, "{end}");
    assert!(end["error"]["message"].is_string(), "{end}");
    end["error"]["code"].as_str().unwrap_or_else(|| panic!("no error: {end}"))
}

/// What a hostile function may do in place of its work.
const NO_ANSWERS: [&str; 15] = [
    "undefined",
    "null",
    "7",
    "thrower",
    "() => 7",
    "() => undefined",
    "() => Promise.reject('only a text')",
    "() => Promise.reject(undefined)",
    "() => Promise.reject(Object.create(null))",
    "() => Promise.reject(new Error('foreign'))",
    "() => ({ then() { throw new Error('in then'); } })",
    "() => ({ get status() { throw new Error('in a getter'); } })",
    "() => ({ status: 200, headers: [['a']], body: null })",
    "() => ({ status: 200, headers: [], body: { parsed: true } })",
    "() => Promise.resolve(new Proxy({}, { get() { throw new Error('in a proxy'); } }))",
];

#[wasm_bindgen_test]
async fn a_host_that_gives_no_answer_is_an_ordinary_error() {
    for function in ["fetch", "transport"] {
        for given in NO_ANSWERS {
            if function == "transport" && ["undefined", "null", "7"].contains(&given) {
                continue;
            }
            let host = host(&format!("{function}: {given}"));
            let connector = connector(&host);
            let read = end(get(&connector, JsValue::UNDEFINED)).await;
            assert_eq!(code(&read), "network", "{function}: {given}");
            let written = end(create(&connector)).await;
            assert_eq!(code(&written), "outcome_unknown", "{function}: {given}");
        }
    }
}

#[wasm_bindgen_test]
async fn a_foreign_response_is_an_ordinary_error() {
    let given = "fetch: () => Promise.resolve(new Response('{}'))";
    let end = end(get(&connector(&host(given)), JsValue::UNDEFINED)).await;
    assert_eq!(code(&end), "network");
    assert!(end["error"]["message"].as_str().unwrap().contains("{ status, headers, body }"));
}

#[wasm_bindgen_test]
async fn promise_and_plain_value_text_and_any_bytes_are_answers() {
    for given in [
        "() => answer(contact)",
        "() => Promise.resolve(answer(contact))",
        "async () => ({ ...answer(contact), body: text(contact).buffer })",
        "async () => ({ ...answer(contact), body: JSON.stringify(contact) })",
        "async () => ({ ...answer(contact), body: new Uint8Array([32, 32, ...text(contact)]).subarray(2) })",
        "() => ({ then(resolve) { resolve(answer(contact)); } })",
    ] {
        let end = end(get(&connector(&host(&format!("fetch: {given}"))), JsValue::UNDEFINED)).await;
        assert_eq!(end, json!({"ok": r#"{"id":"c1"}"#}), "{given}");
    }
}

#[wasm_bindgen_test]
async fn what_a_host_says_of_its_failure_is_believed() {
    for (kind, expected) in [
        ("not_sent", "network"),
        ("lost", "outcome_unknown"),
        ("timeout", "outcome_unknown"),
        ("aborted", "aborted"),
    ] {
        let given =
            format!("fetch: () => Promise.reject({{ kind: '{kind}', message: 'm {TOKEN}' }})");
        let end = end(create(&connector(&host(&given)))).await;
        assert_eq!(code(&end), expected, "{kind}");
    }
}

#[wasm_bindgen_test]
async fn the_hosts_reason_is_the_cause() {
    let given = "reason: new RangeError('x'), fetch() { return Promise.reject(this.reason); }";
    let host = host(given);
    let error = JsFuture::from(get(&connector(&host), JsValue::UNDEFINED)).await.unwrap_err();
    assert!(Object::is(&property(&error, "cause"), &property(&host, "reason")));
}

#[wasm_bindgen_test]
async fn other_functions_may_fail_too() {
    let functions = ["now", "monotonic", "random", "emit", "utcOffsetMinutes"];
    for function in functions {
        for given in ["undefined", "thrower", "() => 'text'", "() => NaN", "() => ({})", "() => -1"]
        {
            // A clock that stands still would end no wait: time here is the host's own or the system's.
            let host = host(&format!("{function}: {given}"));
            let end = end(get(&connector(&host), JsValue::UNDEFINED)).await;
            assert_eq!(end, json!({"ok": r#"{"id":"c1"}"#}), "{function}: {given}");
        }
    }
}

#[wasm_bindgen_test]
async fn a_broken_sleep_ends_the_call() {
    for given in ["undefined", "thrower", "() => Promise.reject('text')", "() => Promise.reject()"]
    {
        let host = host(&format!("fetch: () => answer({{}}, 503), sleep: {given}"));
        let end = end(get(&connector(&host), JsValue::UNDEFINED)).await;
        assert_eq!(code(&end), "aborted", "{given}");
    }
    // One that does not wait is found out where calls have to: behind the first hundred.
    let host = host("fetch: () => answer({}, 503), sleep: () => 7");
    let connector = connector(&host);
    let mut last = String::new();
    for _ in 0..60 {
        last = code(&end(get(&connector, JsValue::UNDEFINED)).await).to_owned();
        if last == "invalid_config" {
            break;
        }
    }
    assert_eq!(last, "invalid_config");
}

#[wasm_bindgen_test]
async fn the_signal_counts_before_during_and_after() {
    let before =
        script("const c = new AbortController(); c.abort('why'); return { signal: c.signal };");
    let calm = host("");
    assert_eq!(code(&end(get(&connector(&calm), before)).await), "aborted");
    assert_eq!(property(&property(&calm, "seen"), "length"), 0);

    let during = "const c = new AbortController(); setTimeout(() => c.abort(), 20); return { signal: c.signal };";
    let waits = "fetch: (request, timeoutMs, signal) => new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)))";
    assert_eq!(code(&end(get(&connector(&host(waits)), script(during))).await), "aborted");
    let waits = "transport: ({ signal }) => new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject('text')))";
    assert_eq!(code(&end(get(&connector(&host(waits)), script(during))).await), "aborted");

    let between =
        "fetch: () => answer({}, 503), sleep: (milliseconds, signal) => new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)))";
    assert_eq!(code(&end(get(&connector(&host(between)), script(during))).await), "aborted");

    let after = script(
        "const c = new AbortController(); return { signal: c.signal, end() { c.abort(); } };",
    );
    let ended = end(get(&connector(&calm), after.clone())).await;
    property(&after, "end").unchecked_into::<Function>().call0(&after).unwrap();
    assert_eq!(ended, json!({"ok": r#"{"id":"c1"}"#}));
}

#[wasm_bindgen_test]
async fn a_hostile_context_counts_as_no_context() {
    for context in [
        "null",
        "7",
        "'text'",
        "({ signal: 7, timeoutMs: 'soon' })",
        "({ get signal() { throw 1; } })",
    ] {
        let context = script(&format!("return {context}"));
        let end = end(get(&connector(&host("")), context)).await;
        assert_eq!(end, json!({"ok": r#"{"id":"c1"}"#}));
    }
}

#[wasm_bindgen_test]
async fn many_calls_at_once_each_get_their_own_answer() {
    let host = host(
        "fetch: ({ url }) => { const id = url.split('/').pop(); return new Promise((resolve) =>
            setTimeout(() => resolve(answer({ contact: { id } })), 5 * (id % 4))); }",
    );
    let connector = connector(&host);
    let calls: Vec<Promise> = (0..60)
        .map(|id| {
            let parameters = json!({ "contactId": id }).to_string();
            connector.call("ghl.contacts.get".into(), parameters, JsValue::UNDEFINED)
        })
        .collect();
    // Freed with all of them in flight.
    drop(connector);
    for (id, call) in calls.into_iter().enumerate() {
        assert_eq!(end(call).await, json!({"ok": format!(r#"{{"id":"{id}"}}"#)}));
    }
}

#[wasm_bindgen_test]
async fn the_request_is_what_the_row_says() {
    let host = host(
        "fetch(request, timeoutMs, signal) {
            return request.text().then((body) => {
                this.told = JSON.stringify({
                    method: request.method, url: request.url, timeoutMs, signal: signal === undefined, body,
                    version: request.headers.get('version'), authorized: request.headers.has('authorization'),
                });
                return answer({ note: { id: 'n1' } }, 201);
            });
        }",
    );
    assert_eq!(end(create(&connector(&host))).await, json!({"ok": r#"{"id":"n1"}"#}));
    let told: Value = serde_json::from_str(&property(&host, "told").as_string().unwrap()).unwrap();
    assert_eq!(
        told,
        json!({
            "method": "POST", "url": "https://ghl.test/contacts/c1/notes", "timeoutMs": 30000,
            "signal": true, "body": r#"{"body":"x"}"#, "version": "2021-07-28", "authorized": true,
        })
    );
}

#[wasm_bindgen_test]
async fn a_transport_gets_plain_data_and_needs_no_request() {
    let host = host(
        "transport({ method, url, headers, body, timeoutMs, signal }) {
            this.told = JSON.stringify({
                method, url, version: headers.version, bytes: body instanceof Uint8Array,
                body: new TextDecoder().decode(body), timeoutMs, signal,
            });
            return answer({ note: { id: 'n1' } });
        }",
    );
    let without =
        script("const kept = globalThis.Request; delete globalThis.Request; return kept;");
    let ended = end(create(&connector(&host))).await;
    let bare = end(get(&connector(&self::host("")), JsValue::UNDEFINED)).await;
    Reflect::set(&js_sys::global(), &"Request".into(), &without).unwrap();
    assert_eq!(ended, json!({"ok": r#"{"id":"n1"}"#}));
    let told: Value = serde_json::from_str(&property(&host, "told").as_string().unwrap()).unwrap();
    assert_eq!(
        told,
        json!({
            "method": "POST", "url": "https://ghl.test/contacts/c1/notes", "version": "2021-07-28",
            "bytes": true, "body": r#"{"body":"x"}"#, "timeoutMs": 30000,
        })
    );
    assert_eq!(code(&bare), "network");
    assert!(bare["error"]["message"].as_str().unwrap().contains("no Request"));
}

#[wasm_bindgen_test]
async fn the_callers_time_is_handed_on() {
    let host = host("fetch(request, timeoutMs) { this.told = timeoutMs; return answer(contact); }");
    end(get(&connector(&host), script("return { timeoutMs: 1234 };"))).await;
    assert_eq!(property(&host, "told"), 1234);
}

#[wasm_bindgen_test]
async fn pages_and_bytes_cross_as_text_and_bytes() {
    let given = "fetch: () => answer({ contacts: [{ id: 'a' }, { id: 'b' }], total: 2 })";
    let connector = connector(&host(given));
    let page = connector.page("ghl.contacts.search".into(), "{}".into(), None, JsValue::UNDEFINED);
    let ended = end(page).await;
    let page: Value = serde_json::from_str(ended["ok"].as_str().unwrap()).unwrap();
    assert_eq!(
        page,
        json!({"items": [{"id": "a"}, {"id": "b"}], "cursor": null, "total": 2, "missing": 0})
    );
    let parameters = r#"{"contactId":"c1"}"#;
    let bytes = connector.bytes("ghl.contacts.get".into(), parameters.into(), JsValue::UNDEFINED);
    let bytes = JsFuture::from(bytes).await.unwrap();
    assert!(bytes.is_instance_of::<js_sys::Uint8Array>());
}

#[wasm_bindgen_test]
async fn wrong_calls_end_before_the_network() {
    let host = host("fetch: thrower");
    let connector = connector(&host);
    for (name, parameters, expected) in [
        ("ghl.contact.get", "{}", "unknown_endpoint"),
        ("ghl.contacts.get", "{}", "invalid_argument"),
        ("ghl.contacts.get", "[", "invalid_argument"),
        ("ghl.contacts.get", r#"{"contactID":"c"}"#, "invalid_argument"),
    ] {
        let call = connector.call(name.into(), parameters.into(), JsValue::UNDEFINED);
        assert_eq!(code(&end(call).await), expected, "{name} {parameters}");
    }
}

#[wasm_bindgen_test]
fn options_are_refused_as_plain_objects() {
    for (given, expected) in [
        (r#"{"ghl":{"tokn":"canary"}}"#, "unknown option `ghl.tokn`"),
        (r#"{"ghl":{"token":7}}"#, "ghl.token must be a text"),
        (r#"{"gohighlevel":{}}"#, "unknown option `gohighlevel`"),
        (r#"{"sync":{"anchor":"everything"}}"#, "sync.anchor"),
        ("7", ""),
        ("", "the options are not valid JSON"),
    ] {
        let error = Connector::new(host(""), given).unwrap_err();
        assert!(!error.is_instance_of::<js_sys::Error>());
        assert_eq!(property(&error, "code"), "invalid_config", "{given}");
        let message = property(&error, "message").as_string().unwrap();
        assert!(message.contains(expected) && !message.contains("canary"), "{message}");
    }
}

#[wasm_bindgen_test]
async fn a_store_is_not_trusted_either() {
    let keys = ["a".to_owned(), "b".to_owned()];
    let bad = [
        "undefined",
        "thrower",
        "() => 7",
        "() => Promise.reject('text')",
        "() => ['one']",
        "() => [1, 2]",
        "() => [['a', 1]]",
        "() => ({ length: 2 })",
    ];
    for given in bad {
        let object = host(&format!("storeGet: {given}, storeScan: {given}"));
        let host = CallHost::new(object, &JsValue::UNDEFINED);
        assert_eq!(host.store().get(&keys).await.unwrap_err().code, Code::StoreFailed, "{given}");
        assert_eq!(host.store().scan("a", None, 9, 99).await.unwrap_err().code, Code::StoreFailed);
    }
    for given in ["undefined", "thrower", "async () => { throw 'text'; }"] {
        let host = CallHost::new(host(&format!("storeCommit: {given}")), &JsValue::UNDEFINED);
        let committed = host.store().commit(Vec::new(), Vec::new(), None).await;
        assert_eq!(committed.unwrap_err().code, Code::StoreFailed, "{given}");
    }
}

#[wasm_bindgen_test]
async fn a_store_gets_and_gives_what_was_put() {
    let map = "map: new Map(),
        storeGet(keys) { return keys.map((key) => this.map.get(key)); },
        async storeCommit(puts, deletes) {
            for (const [key, value] of puts) this.map.set(key, value);
            for (const key of deletes) this.map.delete(key);
        },
        async storeScan(prefix, after, limit, size) {
            if (size === 1) limit = 1;
            return [...this.map].filter(([key]) => key.startsWith(prefix) && (after === undefined || key > after)).sort().slice(0, limit);
        }";
    let host = CallHost::new(host(map), &JsValue::UNDEFINED);
    let store = host.store();
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let puts = vec![pair("p/1", "{}"), pair("p/2", "ü"), pair("p/3", ""), pair("q/1", "x")];
    let committed = store.commit(puts, vec!["p/3".to_owned()], None).await;
    assert_eq!(committed.unwrap(), Committed::Yes);
    let values = store.get(&["p/2".to_owned(), "p/3".to_owned()]).await.unwrap();
    assert_eq!(values, [Some("ü".to_owned()), None]);
    assert_eq!(store.scan("p/", None, 9, 99).await.unwrap(), [pair("p/1", "{}"), pair("p/2", "ü")]);
    assert_eq!(store.scan("p/", Some("p/1"), 1, 99).await.unwrap(), [pair("p/2", "ü")]);
    assert_eq!(store.scan("p/", None, 9, 1).await.unwrap(), [pair("p/1", "{}")]);
}

#[wasm_bindgen_test]
async fn a_guard_reaches_the_store_and_its_refusal_comes_back() {
    let given = "storeCommit(puts, deletes, guard) {
        this.guards = [...(this.guards ?? []), guard && [Object.keys(guard).join(), guard.key, guard.value]];
        return this.answer;
    }";
    let object = host(given);
    let host = CallHost::new(object.clone(), &JsValue::UNDEFINED);
    let set_answer = |answer: JsValue| Reflect::set(&object, &"answer".into(), &answer).unwrap();
    let guard = |value: Option<&str>| Guard { key: "k".into(), value: value.map(Into::into) };
    let commit = |guard| host.store().commit(Vec::new(), Vec::new(), guard);

    for answer in [JsValue::UNDEFINED, JsValue::NULL, JsValue::TRUE, JsValue::from_f64(0.0)] {
        set_answer(answer);
        assert_eq!(commit(Some(guard(Some("v")))).await.unwrap(), Committed::Yes);
    }
    set_answer(JsValue::FALSE);
    assert_eq!(commit(Some(guard(None))).await.unwrap(), Committed::Superseded);
    assert_eq!(commit(None).await.unwrap_err().code, Code::StoreFailed);

    let guards = js_sys::JSON::stringify(&property(&object, "guards")).unwrap();
    let held = r#"["key,value","k","v"]"#;
    // JSON writes undefined as null.
    let absent = r#"["key,value","k",null]"#;
    assert_eq!(guards, format!("[{held},{held},{held},{held},{absent},null]"));
}

#[wasm_bindgen_test]
async fn a_store_may_say_that_it_is_busy_and_what_to_do() {
    for (reason, code, message, hint) in [
        ("{ code: 'busy', hint: 'Wait.' }", Code::Busy, "m", Some("Wait.")),
        ("{ code: 'store_failed', hint: 5 }", Code::StoreFailed, "m", None),
        ("{ code: 'ENOSPC', hint: 'h' }", Code::StoreFailed, "the state store failed: m", None),
        ("{ code: 'not_found' }", Code::StoreFailed, "the state store failed: m", None),
        ("{}", Code::StoreFailed, "the state store failed: m", None),
    ] {
        let given =
            format!("storeScan: async () => {{ throw Object.assign(new Error('m'), {reason}); }}");
        let host = CallHost::new(host(&given), &JsValue::UNDEFINED);
        let error = host.store().scan("a", None, 9, 99).await.unwrap_err();
        let said = (error.code, error.message.as_str(), error.hint.as_deref());
        assert_eq!(said, (code, message, hint), "{reason}");
        assert!(host.cause_of(error.code).is_some(), "{reason}");
    }
}
