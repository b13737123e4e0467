// The entry `ghl-chartmogul/redis`: a state store in Redis or Valkey.

export {
  type IoRedisClient,
  type NodeRedisClient,
  type NodeRedisCluster,
  type RedisClient,
  type RedisOptions,
  redis,
} from "../stores/redis.js";
export type { CommitGuard, StateStore } from "../stores/store.js";
