// Drives headless Chromium by JSON lines, `{"do": NAME, …}`, one answer a line. A context is one
// phone or one till: its own cookies, user agent and screen. See tests/it/support/browser.rs.

import { createInterface } from "node:readline";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const EXECUTABLE = process.env.TONGMA_TEST_CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  // A phone's camera and chime, without a camera and a finger.
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];
const WAIT_MS = 15_000;

let browser;
const profile = mkdtempSync(join(tmpdir(), "tongma-chromium-"));
const pages = new Map();
let next = 1;

const page = (ask) => {
  const found = pages.get(ask.page);
  if (!found) throw new Error(`page ${ask.page} is not open`);
  return found;
};

const handlers = {
  // One tab in a context of its own; answers with its number.
  async open({ user_agent, width = 390, height = 844, locale = "zh-CN", headers, before }) {
    browser ??= await chromium.launch({
      executablePath: EXECUTABLE,
      headless: true,
      args: FLAGS,
      env: { ...process.env, HOME: profile },
    });
    const context = await browser.newContext({
      userAgent: user_agent,
      viewport: { width, height },
      locale,
      extraHTTPHeaders: headers,
    });
    context.setDefaultTimeout(WAIT_MS);
    // A script that every page of it finds already run.
    if (before) await context.addInitScript(before);
    const tab = await context.newPage();
    tab.problems = [];
    tab.on("pageerror", (error) => tab.problems.push(String(error)));
    tab.on("console", (line) => {
      if (line.type() === "error") tab.problems.push(line.text());
    });
    pages.set(next, tab);
    return next++;
  },
  // Answers with the status and headers of the page itself.
  async goto({ url, ...ask }) {
    const reply = await page(ask).goto(url);
    return { status: reply?.status(), headers: reply?.headers(), url: page(ask).url() };
  },
  url: async (ask) => page(ask).url(),
  click: async ({ at, ...ask }) => page(ask).click(at).then(() => true),
  fill: async ({ at, value, ...ask }) => page(ask).fill(at, value).then(() => true),
  select: async ({ at, value, ...ask }) => page(ask).selectOption(at, value).then(() => true),
  press: async ({ key, ...ask }) => page(ask).keyboard.press(key).then(() => true),
  files: async ({ at, paths, ...ask }) => page(ask).setInputFiles(at, paths).then(() => true),
  // The text that a person sees there; waits until something is there.
  text: async ({ at = "body", ...ask }) => page(ask).innerText(at),
  texts: async ({ at, ...ask }) => page(ask).locator(at).allInnerTexts(),
  attribute: async ({ at, name, ...ask }) => page(ask).getAttribute(at, name),
  count: async ({ at, ...ask }) => page(ask).locator(at).count(),
  // Until an element is visible (or in another `state`), or until it holds a text.
  async wait({ at, has_text, state = "visible", timeout_ms = WAIT_MS, ...ask }) {
    const options = has_text === undefined ? {} : { hasText: has_text };
    await page(ask).locator(at, options).first().waitFor({ state, timeout: timeout_ms });
    return true;
  },
  evaluate: async ({ code, ...ask }) => page(ask).evaluate(code),
  // Errors on the page's console, and scripts that threw: the content security policy speaks here.
  problems: async (ask) => page(ask).problems,
  cookies: async (ask) => page(ask).context().cookies(),
  screenshot: async ({ path, full = true, ...ask }) =>
    page(ask).screenshot({ path, fullPage: full }).then(() => true),
  offline: async ({ is = true, ...ask }) => page(ask).context().setOffline(is).then(() => true),
  async close(ask) {
    await page(ask).context().close();
    return pages.delete(ask.page);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const ask = JSON.parse(line);
    const handler = handlers[ask.do];
    if (!handler) throw new Error(`${ask.do} is nothing that the browser driver does`);
    answer = { ok: (await handler(ask)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await browser?.close();
rmSync(profile, { recursive: true, force: true });
