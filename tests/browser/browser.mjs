/* What the browser tests share: Chromium of the system, pages in one language and size, TAP, checks of
 * accessibility and of the content policy. Libraries come from where the console was built. */

import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const build = process.env.JB_BUILD ?? process.env.BUILD;
if (build === undefined) throw new Error('JB_BUILD: the folder where the console was built');
export const CONSOLE = join(build, 'console');
const require = createRequire(join(build, 'console-work', 'package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const DESKTOP = { width: 1280, height: 720 };
export const PHONE = { width: 390, height: 844 };
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const WAIT_MS = 20_000 * Number(process.env.JB_SLOW ?? 1);

/* ---- TAP ---- */

let count = 0;
let failed = 0;
export async function check(name, action) {
  count++;
  try {
    await action();
    console.log(`ok ${count} - ${name}`);
  } catch (error) {
    failed++;
    console.log(`not ok ${count} - ${name}`);
    for (const line of String(error?.stack ?? error).split('\n')) console.log(`# ${line}`);
  }
}
export function finish() {
  console.log(`1..${count}`);
  process.exitCode = failed > 0 ? 1 : 0;
}
export function equal(got, wanted, what = '') {
  if (JSON.stringify(got) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
}
export function truth(value, what) {
  if (!value) throw new Error(what);
}

/* ---- browser ---- */

export async function openBrowser() {
  const folder = await mkdtemp(join(tmpdir(), 'jbb.'));
  const contexts = [];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS, env: { ...process.env, HOME: folder, TMPDIR: folder, XDG_CONFIG_HOME: folder, XDG_CACHE_HOME: folder } });
  return {
    /* A page of its own: fresh cookies and storage; whatever it complains of is kept in page.trouble. */
    async page({ lang = 'zh', size = DESKTOP, reduced = true } = {}) {
      const context = await browser.newContext({ locale: lang === 'zh' ? 'zh-CN' : 'en-GB', viewport: size, timezoneId: 'America/New_York', reducedMotion: reduced ? 'reduce' : 'no-preference', hasTouch: size.width < 500 });
      contexts.push(context);
      const page = await context.newPage();
      page.setDefaultTimeout(WAIT_MS);
      page.trouble = [];
      page.hosts = new Set();
      page.asked = new Set(); // what is not answered yet; the stream of events never is
      page.on('request', (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith('http')) page.hosts.add(url.host);
        if (request.isNavigationRequest()) page.asked.clear();
        if (!request.url().includes('/v1/events')) page.asked.add(request);
      });
      for (const event of ['requestfinished', 'requestfailed']) page.on(event, (request) => page.asked.delete(request));
      page.on('pageerror', (error) => page.trouble.push(`error: ${error.message}`));
      page.on('console', (message) => { if (['error', 'warning'].includes(message.type()) && !/status of (40[134]|422|429|503)|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(message.text())) page.trouble.push(`${message.type()}: ${message.text()}`); });
      return page;
    },
    async close() {
      for (const context of contexts) await context.close().catch(() => undefined);
      await browser.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/* axe-core by the debugger, which no policy of the page forbids. What has just changed is looked at when it is
 * painted: until then a colour is still the one before. */
export async function accessible(page, what) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const session = await page.context().newCDPSession(page);
  await session.send('Runtime.evaluate', { expression: axe });
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] }).then((r) => JSON.stringify(r.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.slice(0, 3).map((n) => n.html.slice(0, 200) + ' ' + (n.failureSummary ?? '').slice(0, 200)) }))))",
    awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  if (exceptionDetails !== undefined) throw new Error(`${what}: axe failed: ${JSON.stringify(exceptionDetails).slice(0, 500)}`);
  equal(JSON.parse(result.value), [], `${what}: accessibility`);
}

/* No part of the page is wider than the window: nobody scrolls sideways. */
export async function fits(page, what) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  truth(over <= 1, `${what}: ${over} pixels wider than the window`);
}

/* The page of the address is there, and everything that it asked is answered and drawn: nothing is awaited, nothing
 * says that it is being read, and nothing has changed from one look, two frames long, to the next. One look alone may
 * see the moment between an answer and its drawing. */
export async function settled(page) {
  await page.locator('main h1').first().waitFor();
  const end = Date.now() + WAIT_MS;
  for (let last = ''; ;) {
    const now = await page.evaluate(async () => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
      const reading = [...document.querySelectorAll('[role=status]')].some((e) => /正在读取|Loading …|正在打开|Opening/.test(e.textContent ?? ''));
      const router = document.querySelector('#app')?.__vue_app__?.config.globalProperties.$router;
      if (router === undefined && document.querySelector('nav#nav') !== null) throw new Error('where is the router?');
      const there = router === undefined || decodeURIComponent(router.currentRoute.value.fullPath) === decodeURIComponent(location.hash.slice(1) || '/');
      return reading || !there ? '' : `${location.href} ${document.querySelector('main')?.innerText ?? ''}`;
    }).catch((error) => { if (/context was destroyed|navigati/.test(error.message)) return ''; throw error; });
    if (page.asked.size === 0 && now !== '' && now === last) return;
    if (Date.now() > end) throw new Error(`${page.url()} does not settle: waits for ${[...page.asked].map((request) => request.url())}, ${JSON.stringify(now.slice(0, 300))}`);
    last = now;
  }
}

/* What the browser itself reports comes when it comes. */
export async function until(page, isTrue, what) {
  for (const end = Date.now() + WAIT_MS; !isTrue();) {
    truth(Date.now() < end, what);
    await page.waitForTimeout(20);
  }
}

/* Into $JB_SHOTS, if somebody wants to look: the page's first 2400 pixels. */
export async function shot(page, name) {
  if (!process.env.JB_SHOTS) return;
  const { width } = page.viewportSize();
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await page.screenshot({ path: join(process.env.JB_SHOTS, `${name}.png`), fullPage: true, clip: { x: 0, y: 0, width, height: Math.min(height, 2400) } });
}
