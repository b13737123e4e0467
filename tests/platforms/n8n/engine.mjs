// n8n's own engine in this process: runs nodes, polls triggers and fills lists, without a server or a database.

import { mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

// n8n writes a settings file where this points to.
process.env.N8N_USER_FOLDER ??= mkdtempSync(join(tmpdir(), "n8n-user-"));
const require = createRequire(import.meta.url);
require("reflect-metadata");
const core = require("n8n-core");
const { NodeHelpers, Workflow } = require("n8n-workflow");

/** The start of a workflow: gives the items of the run. */
const startWith = (items) => ({
  description: {
    ...{ displayName: "Start", name: "start", group: ["trigger"], version: 1, inputs: [], outputs: ["main"] },
    ...{ properties: [], defaults: {} },
  },
  execute: async () => [items],
});

/** The nodes and credentials of built packages; `credentials` gives the values by credential type. */
export async function loadEngine(folders, credentials) {
  const types = {};
  const credentialTypes = {};
  for (const folder of folders) {
    const loader = new core.CustomDirectoryLoader(folder);
    await loader.loadAll();
    for (const [name, { type }] of Object.entries(loader.nodeTypes)) types[name] = type;
    for (const [name, { type }] of Object.entries(loader.credentialTypes)) credentialTypes[name] = type;
  }
  return new Engine(types, credentialTypes, credentials);
}

class Engine {
  constructor(types, credentialTypes, credentials) {
    this.types = types;
    this.credentialTypes = credentialTypes;
    this.credentials = credentials;
    this.requests = [];
  }

  /** Runs one node with these items; gives its items by output, or throws its error. */
  async run({ type, parameters, items = [{ json: {} }], settings = {}, credential, workflowSettings = {} }) {
    const node = this.node(type, parameters, { ...settings, credential });
    const start = {
      id: "start",
      name: "Start",
      type: "start",
      typeVersion: 1,
      position: [0, 0],
      parameters: {},
    };
    const connections = { Start: { main: [[{ node: node.name, type: "main", index: 0 }]] } };
    const workflow = this.workflow([start, node], connections, items, workflowSettings);
    const hooks = new core.ExecutionLifecycleHooks("manual", "execution", {
      ...{ id: "workflow", name: "Test", nodes: [start, node], connections, active: false },
    });
    const additional = this.additional({ hooks, executionId: "execution" });
    const run = new core.WorkflowExecute(additional, "manual").run({
      workflow,
      startNode: workflow.getNode("Start"),
    });
    const { data } = await run;
    const task = data.resultData.runData[node.name]?.[0];
    if (data.resultData.error !== undefined) throw Object.assign(data.resultData.error, { runData: task });
    return task.data.main;
  }

  /** Polls a trigger with the static data that it keeps. */
  async poll({ type, parameters, staticData, mode = "trigger", credential }) {
    const node = this.node(type, parameters, { credential });
    const workflow = this.workflow([node], {}, []);
    const kept = workflow.getStaticData("node", node);
    Object.assign(kept, structuredClone(staticData));
    const context = new core.PollContext(workflow, node, this.additional({}), mode, "activate");
    const result = await this.types[type].poll.call(context);
    // n8n keeps the static data of a poll that did not fail.
    return { items: result?.[0] ?? [], staticData: structuredClone({ ...kept }) };
  }

  /** What a list of a node shows: `kind` is `listSearch`, `loadOptions` or `resourceMapping`. */
  async list({ type, kind, method, parameters = {}, given = [], credential }) {
    const node = this.node(type, parameters, { credential });
    const workflow = this.workflow([node], {}, []);
    const additional = this.additional({ currentNodeParameters: { ...node.parameters, ...parameters } });
    const context = new core.LoadOptionsContext(workflow, node, additional, "");
    return this.types[type].methods[kind][method].call(context, ...given);
  }

  node(type, parameters, { credential, ...settings } = {}) {
    const { properties, credentials = [] } = this.types[type].description;
    const base = { id: "node", name: "Node", type, typeVersion: 1, position: [200, 0], ...settings };
    const known = credentials.filter(({ name, required }) => required || name in this.credentials);
    const chosen = known.map(({ name }) => [name, { id: credential ?? name, name: credential ?? name }]);
    const node = { ...base, parameters, credentials: Object.fromEntries(chosen) };
    // As the editor and the server do: what is not chosen has its default.
    const whole = NodeHelpers.getNodeParameters(
      ...[properties, parameters, true, false, node, this.types[type].description],
    );
    return { ...node, parameters: { ...whole, ...parameters } };
  }

  workflow(nodes, connections, items, settings = {}) {
    const types = { ...this.types, start: startWith(items) };
    return new Workflow({
      ...{ id: "workflow", name: "Test", nodes, connections, active: false, settings, staticData: {} },
      nodeTypes: {
        getByName: (name) => types[name],
        getByNameAndVersion: (name, version) => NodeHelpers.getVersionedNodeType(types[name], version),
        getKnownTypes: () => ({}),
      },
    });
  }

  /** What the server gives an execution. */
  additional(more) {
    const local = "http://localhost";
    const refuse = async () => {
      throw new Error("not in this test");
    };
    return {
      credentialsHelper: this.credentialsHelper(),
      ...{ restApiUrl: local, instanceBaseUrl: local, webhookBaseUrl: local, webhookWaitingBaseUrl: local },
      ...{ webhookTestBaseUrl: local, formWaitingBaseUrl: local, variables: {}, userId: "user" },
      ...{ executeWorkflow: refuse, startRunnerTask: refuse, getRunExecutionData: async () => undefined },
      ...{ setExecutionStatus() {}, sendDataToUI() {}, logAiEvent() {}, externalSecretsProxy: {} },
      currentNodeParameters: undefined,
      ...more,
    };
  }

  credentialsHelper() {
    const known = (name) => this.credentials[name];
    return {
      getDecrypted: async (_additional, { id }, type) => known(id) ?? known(type),
      getParentTypes: (type) => this.credentialTypes[type]?.extends ?? [],
      isCredentialUsableByNode: () => true,
      // What the credential's `authenticate` says, of texts with one expression.
      authenticate: async (values, type, request) => {
        const { headers = {}, auth } = this.credentialTypes[type].authenticate.properties;
        const filled = (texts) =>
          Object.fromEntries(
            Object.entries(texts).map(([name, text]) => [
              name,
              text.replace(/^=/, "").replace(/\{\{\$credentials\.(\w+)\}\}/g, (_, one) => values[one]),
            ]),
          );
        return {
          ...request,
          headers: { ...request.headers, ...filled(headers) },
          ...(auth && { auth: filled(auth) }),
        };
      },
      preAuthentication: async () => undefined,
      runPreAuthentication: async () => undefined,
      getCredentialsProperties: () => [],
      updateCredentials: async () => {},
      updateCredentialsOauthTokenData: async ({ id }, type, values) => {
        Object.assign(known(id) ?? known(type), values);
      },
    };
  }
}
