// What every entry exports besides `createConnector`.

export type { Alert, AlertSettings } from "../alerts.js";
export type { CallOptions, List, ListOptions, Page } from "../call.js";
export type { CheckOptions, Connector } from "../connector.js";
export type {
  CredentialContext,
  CredentialFunction,
  CredentialSource,
  IssuedCredential,
  TokenProvider,
} from "../credentials.js";
export type { Endpoint, EndpointParameter, ResultKind } from "../endpoint.js";
export {
  AuthenticationError,
  ConnectionError,
  ConnectorError,
  DuplicateError,
  type ErrorCode,
  type ErrorFields,
  NotFoundError,
  RateLimitError,
  ValidationError,
} from "../errors.js";
export type { ConnectorEvent, ProgressEvent } from "../events.js";
export type * from "../generated/answers.js";
export type * from "../generated/settings.js";
export type * from "../generated/types.js";
export type { ChartMogulOptions, ConnectorOptions, GhlOptions } from "../options.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
export type * from "../sync.js";
export type {
  BodyBytes,
  HeaderSource,
  Transport,
  TransportRequest,
  TransportResponse,
} from "../transport.js";
export type {
  NewestOptions,
  Poll,
  PollOptions,
  PollPage,
  Trigger,
  TriggerFinding,
  TriggerItem,
  Triggers,
} from "../triggers.js";
export type { ChartMogulEvent } from "../webhooks/chartmogul-event.js";
export type { FetchContext, FetchHandler } from "../webhooks/fetch-handler.js";
export type * from "../webhooks/ghl-events.js";
export type { NodeHandler, NodeRequest, NodeResponse } from "../webhooks/node-handler.js";
export type { PublicKey } from "../webhooks/public-key.js";
export type { WebhookHandlerOptions } from "../webhooks/receive.js";
export type { RefusalReason, WebhookRefusal } from "../webhooks/refusal.js";
export type { RunAfterWebhooks } from "../webhooks/runs-after.js";
export type { WebhookSettings } from "../webhooks/settings.js";
export type { RawBody, WebhookHeaders } from "../webhooks/verify.js";
export type { HandledWebhook, WebhookEvent, Webhooks } from "../webhooks/webhooks.js";
