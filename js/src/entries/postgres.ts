// The entry `ghl-chartmogul/postgres`: a state store in PostgreSQL.

export {
  type PostgresClient,
  type PostgresJs,
  type PostgresOptions,
  postgres,
  postgresSchema,
} from "../stores/postgres.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
