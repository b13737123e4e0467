// The entry `ghl-chartmogul/oauth`: GoHighLevel's OAuth.

export {
  type AppEvent,
  type AuthorizationOptions,
  createEncryptionKey,
  createOAuth,
  type EncryptionKey,
  type Installation,
  type InstalledLocation,
  type LocationConnection,
  type OAuth,
  type OAuthOptions,
} from "../oauth/oauth.js";
