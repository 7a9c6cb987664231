/* Every page, in both languages, at 1280x720 and on a phone: shows what the gateway answers, complains
 * of nothing, breaks no rule of its content policy, asks no other host, has no accessibility violation. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { accessible, check, CONSOLE, DESKTOP, equal, finish, fits, openBrowser, PHONE, settled, shot, truth, until } from './browser.mjs';
import { startGateway } from './fake-gateway.mjs';
import { NASTY } from './county.mjs';

const gateway = await startGateway({ folder: CONSOLE });
const browser = await openBrowser();
const { number } = gateway.world;

const PAGES = {
  clerk: ['/', '/cases', `/cases/${number(2)}`, `/cases/${number(0)}`, `/cases/${number(7)}`, '/register', '/query', '/deadlines?mine=true', '/alarms', '/outbox', '/assign/waiting', '/assign/order', '/assign/countersign', '/supervise/proposals', '/supervise/dockets', '/supervise/directives', '/supervise/circulars', '/conference/disputes', '/conference/cross', '/conference/minutes', '/analysis/indicators', '/analysis/counts', '/analysis/time', `/print/${number(2)}?kind=opinion&seq=16`, '/password', '/nowhere'],
  admin: ['/admin/nodes', '/admin/people', '/admin/policy', '/admin/audit', '/admin/system'],
  leader: ['/', '/admin/templates', '/analysis/indicators'],
  agency: ['/', `/cases/${number(2)}`],
};

async function signIn(page, user) {
  await page.goto(`${gateway.url}/`);
  await page.locator('#user').fill(user);
  await page.locator('#password').fill(gateway.password);
  await page.locator('button[type=submit]').click();
  await page.locator('nav#nav').waitFor({ state: 'attached' });
}

async function visit(page, path, what) {
  await page.goto(`${gateway.url}/#${path}`);
  await settled(page);
  await fits(page, what);
  await accessible(page, what);
  const text = await page.locator('main').innerText();
  truth(text.trim().length > 12, `${what}: is empty`);
  truth(!/undefined|NaN|\[object/.test(text), `${what}: ${/.{0,40}(undefined|NaN|\[object).{0,40}/.exec(text)?.[0]}`);
  return text;
}

for (const lang of ['zh', 'en']) {
  for (const [device, size] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    await check(`sign-in, ${lang}, ${device}`, async () => {
      const page = await browser.page({ lang, size });
      await page.goto(`${gateway.url}/`);
      await settled(page);
      await accessible(page, 'sign-in');
      await fits(page, 'sign-in');
      equal(await page.locator('html').getAttribute('lang'), lang === 'zh' ? 'zh-CN' : 'en', 'language');
      await shot(page, `${lang}-${device}-signin`);
      await page.locator('button[type=submit]').click();
      await page.locator('.note.bad').waitFor();
      await page.locator('#user').fill('clerk');
      await page.locator('#password').fill('wrong');
      await page.locator('button[type=submit]').click();
      await page.getByText(lang === 'zh' ? '用户名或密码不正确' : 'is wrong').waitFor();
      equal(page.trouble, [], 'complaints');
      await page.context().close();
    });
    for (const [user, paths] of Object.entries(PAGES)) {
      const page = await browser.page({ lang, size });
      await signIn(page, user);
      for (const path of paths) {
        const name = `${lang}-${device}-${user}${path.replace(/[/?=&]+/g, '-')}`;
        await check(`${user} ${path}, ${lang}, ${device}`, async () => {
          page.trouble.length = 0;
          const text = await visit(page, path, path);
          await shot(page, name);
          if (lang === 'en' && path.startsWith('/admin/policy')) truth(/calendar days/.test(text), 'units are not English');
          truth((await page.title()) !== 'hit', 'markup in a text was run');
          equal(page.trouble, [], 'complaints');
          equal([...page.hosts], [new URL(gateway.url).host], 'hosts');
        });
      }
      await page.context().close();
    }
  }
}

await check('what lies there compressed is the same', async () => {
  const files = readdirSync(CONSOLE, { recursive: true }).filter((name) => name.endsWith('.gz'));
  truth(files.length > 10, `only ${files.length} files`);
  for (const name of files) truth(gunzipSync(readFileSync(join(CONSOLE, name))).equals(readFileSync(join(CONSOLE, name.slice(0, -3)))), name);
});

await check('the checks themselves can fail', async () => {
  const page = await browser.page();
  await page.goto(`${gateway.url}/`);
  await settled(page);
  await page.evaluate(() => { document.querySelector('main').insertAdjacentHTML('beforeend', '<img src="/favicon.svg"><p class="probe">x</p>'); document.querySelector('.probe').style.width = '3000px'; });
  for (const [what, look] of [['axe', accessible], ['width', fits]]) {
    const found = await look(page, 'x').then(() => false, () => true);
    truth(found, `${what} finds nothing`);
  }
  await page.evaluate(() => { document.body.insertAdjacentHTML('beforeend', '<b style="color: red">x</b>'); });
  await until(page, () => page.trouble.some((line) => /style/i.test(line)), 'a breach of the content policy is not noticed');
  await page.context().close();
});

await check('a paper is signed at the right', async () => {
  const page = await browser.page();
  await signIn(page, 'clerk');
  await page.goto(`${gateway.url}/#/print/${number(2)}?kind=opinion&seq=16`);
  await settled(page);
  equal(await page.locator('.sheet p.signed').count(), 2, 'who, and the day');
  truth(/^\d+年\d+月\d+日$/.test((await page.locator('.sheet p.signed').last().innerText()).trim()), await page.locator('.sheet p.signed').last().innerText());
  equal(await page.locator('.sheet p.signed').last().evaluate((p) => getComputedStyle(p).textAlign), 'right', 'where');
  await page.goto(`${gateway.url}/#/print/${number(2)}?kind=case-sheet`);
  await settled(page);
  await page.context().close();
});

await check('the public window on a phone: days and numbers in one line, Chinese signs in Chinese texts', async () => {
  const window = await startGateway({ folder: CONSOLE, entry: 'public.html' });
  const page = await browser.page({ lang: 'zh', size: PHONE });
  const half = /[\u4e00-\u9fff][,;:][\u4e00-\u9fff]/;
  await page.goto(`${window.url}/`);
  await page.locator('#name').fill('张某');
  truth(!half.test(await page.locator('main').innerText()), 'a half-width sign in the question');
  await page.locator('#code').fill('K7P2-9QXM');
  await page.locator('button[type=submit]').click();
  await page.locator('td.number').first().waitFor();
  await fits(page, 'the answer');
  await accessible(page, 'the answer');
  await shot(page, 'zh-phone-window-answer');
  truth(!half.test(await page.locator('main').innerText()), 'a half-width sign in the answer');
  for (const place of ['td.number', 'h1 .number'])
    for (const element of await page.locator(place).all())
      equal(await element.evaluate((e) => { const r = document.createRange(); r.selectNodeContents(e); return r.getClientRects().length; }), 1, `lines of ${await element.innerText()}`);
  await page.context().close();
  await window.stop();
});

await check('texts that try to be markup stay texts', async () => {
  const page = await browser.page();
  await signIn(page, 'clerk');
  await page.goto(`${gateway.url}/#/cases/${number(7)}`);
  await settled(page);
  await page.locator('h1', { hasText: '<img src=x' }).waitFor(); // as it is
  equal(await page.locator('main img, main script').count(), 0, 'elements made of text');
  truth((await page.locator('main').innerText()).includes(NASTY.slice(0, 40)), 'the content is not shown');
  equal(page.trouble, [], 'complaints');
  await page.context().close();
});

await browser.close();
await gateway.stop();
finish();
