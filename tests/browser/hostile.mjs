/* Every page of real gateways, full of texts that try to be markup (hostile.py wrote them): nothing is
 * run, no page complains, and each text is somewhere whole. */

import { readFileSync } from 'node:fs';
import { check, equal, finish, openBrowser, PHONE, settled, truth, until } from './browser.mjs';

const { urls: sites, window: windowUrl, password, numbers, odd, written, petitioner } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const browser = await openBrowser();
const shown = new Set(); // marks of texts that a page showed whole
const note = (text) => { for (const [mark, [, whole]] of written.entries()) if (text.includes(whole)) shown.add(mark); };

async function signIn(agency, user, options = {}) {
  const page = await browser.page(options);
  page.site = sites[agency];
  await page.goto(`${page.site}/`);
  await page.locator('#user').fill(user);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('nav#nav').waitFor({ state: 'attached' });
  return page;
}

/* All that a page shows, what stands in fields and in names of buttons as well. */
const textOf = (page) => page.evaluate(() => [document.body.textContent,
  ...[...document.querySelectorAll('input, textarea')].map((e) => e.value),
  ...[...document.querySelectorAll('[aria-label]')].map((e) => e.getAttribute('aria-label'))].join('\n'));

async function unharmed(page, what) {
  const found = await page.evaluate(() => ({ hit: globalThis.hit, title: document.title,
    made: [...document.querySelectorAll('img, iframe, object, embed, [onerror], [onload], [onmouseover], script:not([src])')].map((e) => e.outerHTML.slice(0, 100)),
    links: [...document.querySelectorAll('a[href]')].map((a) => a.href).filter((href) => !/^https?:/.test(href)) }));
  equal([found.hit ?? null, found.made, found.links], [null, [], []], what);
  equal(page.trouble, [], `${what}: complaints`);
}

async function look(page, path) {
  page.trouble.length = 0;
  await page.goto(`${page.site}/#${path}`);
  await settled(page);
  const text = await textOf(page);
  note(text);
  await unharmed(page, path);
}

const LISTS = ['/', '/cases', '/deadlines', '/alarms', '/outbox', '/register', '/query', '/assign/waiting', '/assign/order', '/assign/countersign', '/supervise/proposals', '/supervise/dockets', '/supervise/directives', '/supervise/circulars', '/conference/disputes', '/conference/cross', '/conference/minutes', '/analysis/indicators', '/analysis/counts', '/analysis/time', '/admin/nodes', '/admin/people', '/admin/policy', '/admin/audit', '/admin/templates', '/admin/system'];
const cases = numbers.map((number) => `/cases/${number}`);
const ROUNDS = [
  ['xfj', 'sun', {}, [...LISTS, ...cases]],
  ['xfj', 'li', { lang: 'en', size: PHONE }, [...LISTS, ...cases]],
  ['xfj', 'qian', {}, LISTS.filter((path) => path.startsWith('/admin'))],
  ['zjj', 'head', { lang: 'en' }, [...LISTS, ...cases]],
  ['zjj', 'zhao', {}, ['/', ...cases]],
  ['xzf', 'g', {}, ['/', '/cases', ...cases]],
  ['xzf', 'cg', {}, ['/']],
  ['sz', 'c', {}, cases],
];

for (const [agency, user, options, paths] of ROUNDS) {
  const page = await signIn(agency, user, options);
  for (const path of paths) await check(`${user}: ${path}`, () => look(page, path));
  await page.context().close();
}

await check('each paper that can be printed', async () => {
  const page = await signIn('xfj', 'li');
  let papers = 0;
  for (const number of numbers) {
    await look(page, `/print/${number}?kind=case-sheet`);
    const choices = await page.locator('#paper option').evaluateAll((all) => all.map((o) => o.value));
    for (const choice of choices) {
      await page.locator('#paper').evaluate((select, value) => { select.value = value; select.dispatchEvent(new Event('change')); }, choice);
      await page.waitForURL((url) => url.href.includes(`kind=${choice.split('|')[0]}`));
      await settled(page);
      await page.emulateMedia({ media: 'print' });
      truth(await page.locator('article.sheet').isVisible(), `${choice}: no paper`);
      await unharmed(page, choice);
      await page.emulateMedia({ media: 'screen' });
      papers++;
    }
  }
  truth(papers > 20, `only ${papers}`);
  await page.context().close();
});

await check('what is sealed, opened', async () => {
  const page = await signIn('xfj', 'li');
  let opened = 0;
  for (const number of numbers) {
    await look(page, `/cases/${number}`);
    await page.locator('.timeline').waitFor();
    const button = page.getByRole('button', { name: '查看信访人信息', exact: true });
    if ((await button.count()) === 0) continue;
    await button.click();
    await button.waitFor({ state: 'detached' });
    note(await textOf(page));
    await unharmed(page, number);
    opened++;
  }
  truth(opened > 9, `only ${opened}`);
  await page.context().close();
});

await check('the public window, asked with a name that is markup', async () => {
  const page = await browser.page({ size: PHONE });
  await page.goto(windowUrl);
  await page.locator('#name').fill(petitioner.name);
  await page.locator('#code').fill(petitioner.code);
  await page.locator('button.main').click();
  await page.locator('table').waitFor();
  const documents = await page.locator('tbody td:last-child').allInnerTexts();
  truth(documents.some((text) => text.includes('<img src=x')), JSON.stringify(documents));
  await page.getByRole('button', { name: 'English' }).click();
  await page.emulateMedia({ media: 'print' });
  await unharmed(page, 'window');
  await page.context().close();
});

const reader = await signIn('xfj', 'li');
for (const { number, title, content, reply } of odd) {
  await check(`an odd record: ${JSON.stringify(title).slice(0, 60)}`, async () => {
    const page = reader;
    await look(page, `/cases/${number}`);
    await page.locator('.timeline').waitFor();
    equal(await page.locator('main h1').textContent(), title || '（无标题）', 'title');
    if (content !== '') equal(await page.locator('.text.content').textContent(), content, 'content');
    if (reply !== '') truth((await page.locator('.timeline dd.text').allTextContents()).includes(reply), 'the reply is not shown whole');
  });
}

await check('each text that was written is shown whole somewhere', async () => {
  const lost = [...written.entries()].filter(([mark, [what]]) => what !== '' && !shown.has(mark)).map(([, [what]]) => what);
  equal(lost, [], 'shown nowhere');
});

await check('these checks can fail', async () => {
  const page = await signIn('xfj', 'li');
  await page.evaluate(() => { document.querySelector('main').insertAdjacentHTML('beforeend', '<img src=x onerror=hit=1>'); });
  await until(page, () => page.trouble.length > 0, 'the browser did not complain');
  truth(await unharmed(page, 'x').then(() => false, () => true), 'an element made of text is not noticed');
  await page.context().close();
});

await browser.close();
finish();
