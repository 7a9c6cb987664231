/* What the accused agency's people see while they are accused: exactly what they saw before. */

import { check, equal, finish, openBrowser, settled, truth } from './browser.mjs';

const { urls: sites, password, accused, ordinary, absent } = JSON.parse(process.env.JB_ACCUSED);
const SECRET = '某局长收受贿赂';
const browser = await openBrowser();

/* Signed in; whatever its gateway answers is kept in page.heard. */
async function signIn(agency, user) {
  const page = await browser.page();
  page.site = sites[agency];
  page.heard = [];
  page.on('response', (response) => {
    if (!new URL(response.url()).pathname.startsWith('/v1/') || response.url().includes('/v1/events')) return;
    page.heard.push(response.text().then((text) => `${response.status()} ${response.url()} ${text}`, () => ''));
  });
  await page.goto(`${page.site}/`);
  await page.locator('#user').fill(user);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('nav#nav').waitFor({ state: 'attached' });
  return page;
}
const look = async (page, path) => {
  await page.goto(`${page.site}/#${path}`);
  await settled(page);
  return page.locator('main').innerText();
};
/* Asks as the page would, with its session. */
const ask = (page, path, init = {}) => page.evaluate(async ([at, given]) => {
  const answer = await fetch(at, { ...given, headers: { 'Content-Type': 'application/json', 'Idempotency-Key': String(Math.random()).slice(2), 'X-CSRF-Token': (await (await fetch('/v1/session')).json()).csrf_token } });
  return { status: answer.status, body: await answer.text() };
}, [path, init]);
const post = (page, path, body) => ask(page, path, { method: 'POST', body: JSON.stringify(body) });

/* All events from now on, into the page's memory, beside what the page itself listens to. */
const listen = (page) => page.evaluate(() => {
  globalThis.events = [];
  const source = new EventSource('/v1/events?alarms=true');
  for (const kind of ['item', 'settled', 'alarm', 'state', 'reset']) source.addEventListener(kind, (e) => globalThis.events.push(e.data));
  return new Promise((resolve, reject) => { source.onopen = () => resolve(); source.onerror = () => reject(new Error('no events')); setTimeout(() => reject(new Error('no events in time')), 20_000); });
});

const PATHS = ['/', '/cases', `/cases?text=${encodeURIComponent(SECRET)}`, '/cases?matter=accusation', '/cases?class_code=纪检监察', '/cases?open=true', '/deadlines', '/alarms', '/outbox', '/query', '/assign/waiting', '/assign/countersign', '/supervise/proposals', '/supervise/dockets', '/supervise/directives', '/supervise/circulars', '/conference/disputes', '/conference/cross', '/conference/minutes', '/analysis/indicators', '/analysis/counts', '/analysis/time', '/admin/nodes', '/admin/people', '/admin/policy', '/admin/audit', '/admin/templates'];
/* The time of day is no news, nor is how far the agency's copy of the record goes, nor the mark that the office sets below, among what has just happened. */
const still = (text) => text.replace(/最新动态[\s\S]*/, '').replace(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/g, 'T').replace(/\d+ ?(分钟|小时|秒)/g, 'D').replace(/记录第 \d+ 号/, '');

const office = await signIn('xfj', 'li');
const chief = await signIn('xfj', 'sun');
const people = { clerk: await signIn('zjj', 'zhao'), head: await signIn('zjj', 'head'), administrator: await signIn('zjj', 'boss') };
const before = {};
for (const [who, page] of Object.entries(people)) {
  before[who] = {};
  for (const path of PATHS) before[who][path] = still(await look(page, path));
  await look(page, '/');
  await listen(page);
}

let number = '';
await check('the office takes the accusation in and works on it', async () => {
  const made = await post(office, '/v1/cases', { title: SECRET, content: `${SECRET}，证据如下。`, matter: 'accusation', class_code: '纪检监察', accused: [accused], persons: [{ name: '王小明' }] });
  equal(made.status, 201, made.body);
  number = JSON.parse(made.body).case_number;
  for (const body of [{ kind: 'note', text: SECRET }, { kind: 'refer', organ: '县纪委监委', reason: SECRET }]) {
    const done = await post(chief, `/v1/cases/${number}/acts`, body);
    equal(done.status, 200, done.body);
  }
  const text = await look(office, `/cases/${number}`);
  truth(text.includes(SECRET), 'the office itself does not see it');
  truth((await look(office, '/cases?matter=accusation')).includes(SECRET), 'nor in its list');
});

/* What came after it has arrived at the agency: so would it have. */
await check('a mark set afterwards has arrived', async () => {
  equal((await post(office, `/v1/cases/${ordinary}/acts`, { kind: 'note', text: '其后的标记' })).status, 200, 'mark');
  for (const page of Object.values(people)) {
    await page.waitForFunction(() => globalThis.events.some((e) => e.includes('其后的标记')));
  }
});

const hint = (text) => [SECRET, number, number.replaceAll('-', '')].some((word) => text.includes(word));
for (const [who, page] of Object.entries(people)) {
  await check(`the ${who}'s events have nothing of it`, async () => {
    const events = await page.evaluate(() => globalThis.events);
    truth(events.length > 0, 'no events at all');
    equal(events.filter(hint), [], 'events');
    truth(!hint(await page.locator('body').innerText()), 'on the page that was open');
  });
  await check(`the ${who}'s pages are what they were`, async () => {
    for (const path of PATHS) {
      const now = still(await look(page, path));
      truth(!hint(now), path);
      if (!path.startsWith('/admin/audit')) equal(now, before[who][path], path);
    }
  });
  await check(`the ${who} learns nothing from guessed addresses`, async () => {
    for (const path of ['/cases/N', '/print/N?kind=case-sheet', '/print/N?kind=opinion&seq=1']) {
      const [guessed, none] = [await look(page, path.replace('N', number)), await look(page, path.replace('N', absent))];
      equal(guessed.replaceAll(number, 'N'), none.replaceAll(absent, 'N'), path);
    }
    const same = (answer, of) => answer.body.replaceAll(of, 'N').replaceAll(of.replaceAll('-', ''), 'N');
    for (const path of ['', '?persons=true', '?timeline=true', '/actions', '/explain', '/evidence', '/audit', '/attachments', '/receipts']) {
      const [guessed, none] = [await ask(page, `/v1/cases/${number}${path}`), await ask(page, `/v1/cases/${absent}${path}`)];
      equal([guessed.status, same(guessed, number)], [none.status, same(none, absent)], path);
      truth(guessed.status !== 200 || !hint(guessed.body.replaceAll(number, '')), path);
    }
    const acts = {
      note: (of) => post(page, `/v1/cases/${of}/acts?dry_run=true`, { kind: 'note', text: 'x' }),
      link: (of) => post(page, `/v1/cases/${ordinary}/acts?dry_run=true`, { kind: 'link', other_case_no: of, link_kind: 'related' }),
    };
    for (const [kind, tried] of Object.entries(acts)) {
      const [guessed, none] = [await tried(number), await tried(absent)];
      equal([guessed.status, same(guessed, number)], [none.status, same(none, absent)], kind);
    }
  });
  await check(`no answer of the gateway to the ${who}'s browser had anything of it`, async () => {
    const heard = await Promise.all(page.heard);
    truth(heard.length > 60, `only ${heard.length} answers`);
    // the address that was guessed stands in answers about it
    equal(heard.filter((line) => line.includes(SECRET) || (hint(line) && !line.includes(`/${number}`) && !line.includes('/acts?dry_run'))).map((line) => line.slice(0, 300)), [], 'answers');
  });
}

await browser.close();
finish();
