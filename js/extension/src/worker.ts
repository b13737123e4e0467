// The background of the extension: opens the panel on a click, and keeps storage closed to pages.

import { api, closeStorage } from "./browser.js";

void closeStorage();

// The click lets the panel see this one tab's address, on an agency's domain that is not allowed yet too.
api.action.onClicked.addListener((tab) => {
  const { sidebarAction } = api as unknown as { sidebarAction?: { open(): Promise<void> } };
  if (sidebarAction !== undefined) void sidebarAction.open();
  else if (tab.windowId !== undefined) void api.sidePanel.open({ windowId: tab.windowId });
});

api.runtime.onInstalled.addListener(({ reason }) => {
  if (reason === "install") void api.runtime.openOptionsPage();
});
