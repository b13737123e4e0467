// The browser's interfaces that the panel uses, of Chrome and Firefox alike.

type Api = typeof chrome;

/** Firefox has promises under `browser`; Chrome under `chrome`. */
export const api: Api = (globalThis as unknown as { browser?: Api }).browser ?? chrome;

/** A tab, as far as its address may be seen. */
export interface SeenTab {
  id: number;
  /** Undefined where the panel has no permission for its site. */
  url: string | undefined;
}

/**
 * The tab that the person looks at. A panel that was opened as a tab of its own follows the one that was used
 * before it.
 */
export async function activeTab(): Promise<SeenTab | undefined> {
  const own = await api.tabs.getCurrent().catch(() => undefined);
  const tabs = await api.tabs.query(
    own === undefined ? { active: true, currentWindow: true } : { currentWindow: true },
  );
  const others = tabs
    .filter((tab) => tab.id !== undefined && tab.id !== own?.id)
    .sort((one, other) => (other.lastAccessed ?? 0) - (one.lastAccessed ?? 0));
  const tab = others[0];
  return tab?.id === undefined ? undefined : { id: tab.id, url: tab.url || undefined };
}

/** Calls back whenever another tab may be active, or its address another one. Gives what ends that. */
export function onTabChange(callback: () => void): () => void {
  const onUpdated = (_: number, change: { url?: string; status?: string }) => {
    if (change.url !== undefined || change.status === "complete") callback();
  };
  const { onActivated, onRemoved } = api.tabs;
  const { onAdded, onRemoved: onGivenBack } = api.permissions;
  const events = [onActivated, onRemoved, onAdded, onGivenBack] as unknown as Pick<
    typeof onAdded,
    "addListener" | "removeListener"
  >[];
  for (const event of events) event.addListener(callback);
  api.tabs.onUpdated.addListener(onUpdated);
  return () => {
    for (const event of events) event.removeListener(callback);
    api.tabs.onUpdated.removeListener(onUpdated);
  };
}

/** Whether a permission for these addresses is there. */
export const isAllowed = (patterns: readonly string[]): Promise<boolean> =>
  api.permissions.contains({ origins: [...patterns] });

/** Asks the person for it. Must be called from a click. */
export const askFor = (patterns: readonly string[]): Promise<boolean> =>
  api.permissions.request({ origins: [...patterns] });

/** Gives it back. */
export const giveBack = (patterns: readonly string[]): Promise<boolean> =>
  api.permissions.remove({ origins: [...patterns] });

/** Opens the settings. */
export const openSettings = (): Promise<void> => api.runtime.openOptionsPage();

/** Keeps what is stored from pages and content scripts, where the browser can. */
export async function closeStorage(): Promise<void> {
  for (const area of [api.storage.local, api.storage.session])
    await area?.setAccessLevel?.({ accessLevel: "TRUSTED_CONTEXTS" }).catch(() => {});
}
