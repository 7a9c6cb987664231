/* The same story in English, by people who have a keyboard and nothing else: whatever is used is reached
 * with Tab from where they are, and used with keys. */

import { accessible, check, equal, finish, openBrowser, settled, shot, truth } from './browser.mjs';

const { urls: sites, window: windowUrl, password } = JSON.parse(process.env.JB_STORY);
const browser = await openBrowser();
const FARTHEST = 400; // presses of Tab

const here = (page) => page.evaluate(() => { const e = document.activeElement; return `${e.tagName} ${e.id} ${(e.getAttribute('aria-label') ?? e.textContent ?? '').trim().slice(0, 40)}`; });

async function reach(page, target) {
  await target.waitFor();
  for (let i = 0; i < FARTHEST; i++) {
    if (await target.evaluate((e) => e === document.activeElement)) {
      truth(await target.evaluate((e) => e.matches(':focus-visible')), `${await here(page)}: nobody sees where the focus is`);
      return;
    }
    await page.keyboard.press('Tab');
  }
  throw new Error(`${target} cannot be reached with Tab; the focus is at ${await here(page)}`);
}
async function press(page, target, key = 'Enter') {
  await reach(page, target);
  await page.keyboard.press(key);
}
async function type(page, target, text) {
  await reach(page, target);
  await page.keyboard.insertText(text); // as an input method does
}
async function choose(page, target, text) {
  await reach(page, target);
  const chosen = () => target.evaluate((e) => e.selectedOptions[0]?.textContent.trim());
  for (let i = 0; i < 40 && (await chosen()) !== text; i++) await page.keyboard.press('ArrowDown');
  equal(await chosen(), text, 'the choice');
}
/* Into a field for a date and a time of day, digit by digit; at the office in Shanghai. */
async function now(page, target) {
  const at = new Date(Date.now() + 8 * 3_600_000 - 60_000).toISOString();
  const [year, month, day, hour, minute] = at.match(/\d+/g);
  const half = Number(hour) < 12 ? 'A' : 'P';
  await reach(page, target);
  await page.keyboard.type(`${month}${day}${year}`);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type(`${String(Number(hour) % 12 || 12).padStart(2, '0')}${minute}${half}`);
  equal(await target.inputValue(), at.slice(0, 16), 'the time');
}

async function person(agency, user) {
  const page = await browser.page({ lang: 'en' });
  page.site = sites[agency];
  await page.goto(`${page.site}/`);
  await type(page, page.locator('#user'), user);
  await type(page, page.locator('#password'), password);
  await page.keyboard.press('Enter');
  await page.locator('nav#nav').waitFor({ state: 'attached' });
  return page;
}
const nav = async (page, name) => { await press(page, page.locator('nav#nav').getByRole('link', { name, exact: true })); await page.locator('nav#nav a[aria-current=page]', { hasText: name }).waitFor(); await settled(page); };
const open = async (page) => {
  await nav(page, 'Cases');
  await press(page, page.locator('tbody a', { hasText: TITLE }));
  await page.locator('.timeline').waitFor();
};
const stage = (page, word) => page.locator('h1 + p .tag', { hasText: word }).waitFor();

async function does(page, name, fields = {}, sure = false) {
  await press(page, page.locator('aside').getByRole('button', { name, exact: true }));
  const dialog = page.getByRole('dialog');
  for (const [field, value] of Object.entries(fields)) {
    const input = dialog.locator(`#act-${field}`);
    await input.waitFor();
    if (value === NOW) await now(page, input);
    else if ((await input.evaluate((e) => e.tagName)) === 'SELECT') await choose(page, input, value);
    else await type(page, input, value);
  }
  if (sure) await press(page, dialog.getByText('I have checked it').locator('input'), 'Space');
  await press(page, dialog.getByRole('button', { name, exact: true }));
  await dialog.waitFor({ state: 'hidden' });
}

const NOW = Symbol('now');
const TITLE = 'No street light in Wenwei Road';
let number = '';
let code = '';
const clerk = await person('xfj', 'li');
const chief = await person('xfj', 'sun');
const bureau = await person('zjj', 'zhao');

await check('the clerk registers; number and code are told once', async () => {
  await nav(clerk, 'Register');
  await type(clerk, clerk.locator('#r-class'), '城乡建设');
  await type(clerk, clerk.locator('#r-title'), TITLE);
  await type(clerk, clerk.locator('#r-content'), 'It is dark at night.');
  await type(clerk, clerk.locator('#p-name-0'), 'Wang Xiaoming');
  await press(clerk, clerk.locator('form').getByRole('button', { name: 'Register', exact: true }));
  number = await clerk.locator('.note.good a').innerText();
  code = await clerk.locator('.note.good .code').innerText();
  truth(/^\d{8}-\d{5}-\d{5}-\d$/.test(number), number);
});

await check('the office tries the assignment, then assigns', async () => {
  await nav(clerk, 'Assign');
  const row = clerk.locator('article', { hasText: number });
  await press(clerk, row.getByRole('button', { name: /县住房和城乡建设局/ }));
  const dialog = clerk.getByRole('dialog');
  await type(clerk, dialog.locator('#act-text'), 'Please look into it.');
  await press(clerk, dialog.getByRole('button', { name: 'Try' }));
  await dialog.getByText('The rules allow it.').waitFor();
  await press(clerk, dialog.getByRole('button', { name: 'Assign', exact: true }));
  await dialog.waitFor({ state: 'hidden' });
  await row.waitFor({ state: 'detached' });
});

await check('the agency finds it and signs for it', async () => {
  await open(bureau);
  await stage(bureau, 'to be signed for');
  await does(bureau, 'Sign for');
  await stage(bureau, 'signed for');
  await accessible(bureau, 'case page');
  await shot(bureau, 'keyboard-case');
});

await check('the office sees since when the agency has held it, proven', async () => {
  await open(clerk);
  await clerk.locator('.proven', { hasText: /holds it since .*:\d\d: on its disk, signature verified/ }).waitFor();
});

await check('the agency objects; the office refuses, with reasons', async () => {
  await does(bureau, 'Object', { reason: 'Street lights are not ours.' });
  await open(chief);
  await chief.locator('.tag', { hasText: 'objection' }).first().waitFor();
  await does(chief, 'Rule on the objection', { ruling: 'not agreed', reason: 'They are yours.' });
  await bureau.getByText('They are yours.').waitFor();
});

await check('the agency accepts and answers', async () => {
  await does(bureau, 'Accept', { notice_no: '12/2026', told_at_ms: NOW, how: 'in person' });
  await stage(bureau, 'accepted');
  await does(bureau, 'Answer', { opinion: 'supported', text: 'The lights are repaired.', opinion_no: '3/2026', report: 'Repaired.', told_at_ms: NOW, how: 'in person' });
  await stage(bureau, 'answered');
});

await check('what cannot be done is explained, with the article', async () => {
  await stage(chief, 'answered');
  await press(chief, chief.locator('summary', { hasText: 'cannot be done now' }));
  await chief.locator('.refusals li').first().waitFor();
  truth(/Regulations, Art\./.test(await chief.locator('.refusals').innerText()), 'no article');
});

await check('the agency carries it out', () => does(bureau, 'Record that it was carried out', { text: 'New lamps.' }));

await check('the opinion is printed from the timeline; the paper is Chinese', async () => {
  await press(bureau, bureau.getByRole('link', { name: /信访事项处理意见书/ }));
  await bureau.locator('.sheet').getByText('The lights are repaired.').waitFor();
  await reach(bureau, bureau.getByRole('button', { name: 'Print', exact: true }));
});

await check('another agency finds nothing', async () => {
  const other = await person('rsj', 'feng');
  await nav(other, 'Cases');
  equal(await other.locator('tbody a').count(), 0, 'cases of others');
  await other.context().close();
});

await check('the petitioner is told days and documents at the counter', async () => {
  await nav(clerk, 'Ask for a petitioner');
  await type(clerk, clerk.locator('#q-name'), 'Wang Xiaoming');
  await type(clerk, clerk.locator('#q-code'), code);
  await press(clerk, clerk.getByRole('button', { name: 'Ask', exact: true }));
  await clerk.getByText('3/2026').waitFor();
});

await check('and at the window, where he rates', async () => {
  const page = await browser.page({ lang: 'en' });
  await page.goto(windowUrl);
  if ((await page.locator('header button').innerText()) === 'English') await press(page, page.locator('header button'));
  await type(page, page.locator('#name'), 'Wang Xiaoming');
  await type(page, page.locator('#code'), code);
  await press(page, page.locator('button.main'));
  await page.getByText('3/2026').waitFor();
  await press(page, page.getByLabel('Petition office'), 'ArrowDown'); // to the next: the handling agency
  truth(await page.getByLabel('Handling agency').isChecked(), 'the arrow does not choose');
  await press(page, page.getByLabel('Satisfied', { exact: true }), 'Space');
  await press(page, page.getByRole('button', { name: 'Send the rating' }));
  await page.getByText('The rating has been received').waitFor();
  await shot(page, 'keyboard-window');
  await accessible(page, 'window');
  equal(page.trouble, [], 'complaints');
  await page.context().close();
});

await check('the office closes it', async () => {
  await open(clerk);
  await does(clerk, 'Close', {}, true);
  await stage(clerk, 'closed');
});

await check('the leader reads the report', async () => {
  const leader = await person('xfj', 'wang');
  await nav(leader, 'Analysis');
  await press(leader, leader.getByRole('link', { name: 'Counts', exact: true }));
  await leader.locator('tbody tr', { hasText: '城乡建设' }).waitFor();
  await shot(leader, 'keyboard-report');
  equal(leader.trouble, [], 'complaints');
  await leader.context().close();
});

for (const [name, page] of Object.entries({ clerk, chief, bureau })) {
  await check(`nothing was complained of by the ${name}'s browser; nothing stayed Chinese but what people wrote`, async () => {
    equal(page.trouble, [], 'complaints');
    await nav(page, 'Today');
    const left = await page.evaluate(() => [...document.querySelectorAll('h1, h2, h3, th, dt, label, button, nav a')].map((e) => e.innerText).filter((text) => /[\u4e00-\u9fff]/.test(text) && text !== '中文'));
    equal(left, [], 'not translated');
  });
}

await browser.close();
finish();
