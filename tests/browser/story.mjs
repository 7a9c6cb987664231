/* One case from the counter to the report, each step by the person whose it is, in the console. */

import { accessible, check, equal, finish, fits, openBrowser, PHONE, settled, shot, truth } from './browser.mjs';

const { urls: sites, window: windowUrl, password } = JSON.parse(process.env.JB_STORY);
const browser = await openBrowser();

async function person(agency, user, options = {}) {
  const page = await browser.page(options);
  page.site = sites[agency];
  await page.goto(`${page.site}/`);
  await page.locator('#user').fill(user);
  await page.locator('#password').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('nav#nav').waitFor({ state: 'attached' });
  return page;
}
const go = async (page, path) => { await page.goto(`${page.site}/#${path}`); await settled(page); };

/* Opens the dialog of an act on the page of the case, fills it in, sends it. */
async function act(page, name, fields = {}) {
  await page.locator('aside').getByRole('button', { name, exact: true }).click();
  const dialog = page.getByRole('dialog');
  for (const [field, value] of Object.entries(fields)) {
    const input = dialog.locator(`#act-${field}`);
    if ((await input.evaluate((e) => e.tagName)) === 'SELECT') await input.selectOption(value);
    else await input.fill(value);
  }
  await dialog.getByRole('button', { name, exact: true }).click();
  return dialog;
}
async function does(page, name, fields) {
  const dialog = await act(page, name, fields);
  await dialog.waitFor({ state: 'hidden' });
}
const stage = (page, word) => page.locator('h1 + p .tag', { hasText: word }).waitFor();

const TITLE = '文卫路路灯不亮 <script>document.title="hit"</script>';
let number = '';
let code = '';
const clerk = await person('xfj', 'li');
const chief = await person('xfj', 'sun');
const bureau = await person('zjj', 'zhao');

await check('the clerk registers; number and code are told once', async () => {
  await go(clerk, '/register');
  await clerk.locator('#r-title').fill(TITLE);
  await clerk.locator('#r-content').fill('文卫路晚上没有路灯。\n已经两周。');
  await clerk.locator('#r-class').fill('城乡建设');
  await clerk.locator('#p-name-0').fill('王小明');
  await clerk.getByRole('button', { name: '登记', exact: true }).click();
  number = await clerk.locator('.note.good a').innerText();
  code = await clerk.locator('.note.good .code').innerText();
  truth(/^\d{8}-\d{5}-\d{5}-\d$/.test(number), number);
  truth(code.length >= 8, code);
});

await check('the office is told whom it might go to, tries it, assigns it', async () => {
  await go(clerk, '/assign/waiting');
  const row = clerk.locator('article', { hasText: number });
  await row.getByText('职责与“城乡建设”相符').waitFor();
  await shot(clerk, 'story-assign');
  await row.getByRole('button', { name: /交县住房和城乡建设局办理/ }).click();
  const dialog = clerk.getByRole('dialog');
  await dialog.locator('#act-text').fill('请核实并答复。');
  await dialog.getByRole('button', { name: '试办' }).click();
  await dialog.getByText('规则允许这样办理').waitFor();
  await dialog.getByRole('button', { name: '交办', exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  await row.waitFor({ state: 'detached' });
});

await check('it appears at the agency without reloading, which signs for it', async () => {
  await go(bureau, '/cases');
  await bureau.locator('tbody a', { hasText: '文卫路路灯不亮' }).waitFor();
  await bureau.locator('tbody a', { hasText: '文卫路路灯不亮' }).click();
  await stage(bureau, '待签收');
  await does(bureau, '签收');
  await stage(bureau, '已签收');
  await accessible(bureau, 'case page');
});

await check('the office sees since when the agency has held it, proven', async () => {
  await go(clerk, `/cases/${number}`);
  const held = clerk.locator('aside .proven', { hasText: '签名已核验' });
  await held.waitFor();
  truth(/自 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 起持有/.test(await held.innerText()), await held.innerText());
  equal(await clerk.locator('section.receipts').getByRole('alert').count(), 0, 'a receipt that does not hold');
  await clerk.getByText(/zhao 签收/).waitFor();
  await shot(clerk, 'story-custody');
});

await check('the agency objects; the office refuses, with reasons; a clerk may not', async () => {
  await does(bureau, '提出异议', { reason: '路灯由城管部门管理。' });
  await go(chief, '/cases?objections=true');
  await chief.locator('tbody a', { hasText: '文卫路路灯不亮' }).click();
  await clerk.locator('.tag', { hasText: '异议待裁定' }).waitFor();
  equal(await clerk.locator('aside').getByRole('button', { name: '裁定异议' }).count(), 0, 'a clerk may rule');
  await does(chief, '裁定异议', { ruling: 'refuse', reason: '路灯维护属你局职责。' });
  await bureau.getByText('路灯维护属你局职责。').waitFor();
});

await check('the agency accepts, answers and carries it out', async () => {
  await does(bureau, '受理', { notice_no: '住建受〔2026〕12号', told_at_ms: today(), how: '当面' });
  await stage(bureau, '已受理');
  await does(bureau, '答复', { opinion: 'supported', text: '路灯已修复。', opinion_no: '住建复〔2026〕3号', report: '已修复，报请办结。', told_at_ms: today(), how: '当面' });
  await stage(bureau, '已答复');
  await closingIsRefused();
  await does(bureau, '落实', { text: '已更换灯具。' });
  await shot(bureau, 'story-answered');
});

/* A supported claim has to be carried out first: said beforehand, with the article. */
async function closingIsRefused() {
  await go(chief, `/cases/${number}`);
  await stage(chief, '已答复');
  equal(await chief.locator('aside').getByRole('button', { name: '办结销号', exact: true }).count(), 0, 'closing is offered');
  await chief.locator('summary', { hasText: '不能办理' }).click();
  await chief.locator('.refusals').getByText('《信访工作条例》第三十二条').first().waitFor();
}

function today() {
  return new Date(Date.now() + 8 * 3_600_000 - 60_000).toISOString().slice(0, 16);
}

await check('what others do meanwhile leaves the reader where he is', async () => {
  const link = bureau.getByRole('link', { name: '打印《信访事项处理意见书》' });
  await link.focus();
  await chief.locator('.timeline').getByText('已更换灯具。').waitFor(); // else the case has changed under his hands
  await does(chief, '备注', { text: '已电话告知来访人。' });
  await bureau.locator('.timeline').getByText('已电话告知来访人。').waitFor();
  truth(await link.evaluate((e) => e === document.activeElement), 'the link that had the focus was drawn anew');
});

await check('the opinion is printed from the timeline', async () => {
  await bureau.getByRole('link', { name: '打印《信访事项处理意见书》' }).click();
  await bureau.locator('.sheet').getByText('路灯已修复。').waitFor();
  truth((await bureau.locator('.sheet').innerText()).includes('住建复〔2026〕3号'), 'number of the opinion');
});

await check('another agency neither sees nor finds it', async () => {
  const other = await person('rsj', 'feng');
  await go(other, '/cases');
  equal(await other.locator('tbody a').count(), 0, 'cases of others');
  await other.goto(`${other.site}/#/cases/${number}`);
  await other.getByText('没有这一内容，或者您无权查看').waitFor();
  await other.context().close();
});

await check('the petitioner is told days and documents', async () => {
  await go(clerk, '/query');
  await clerk.locator('#q-name').fill('王小明');
  await clerk.locator('#q-code').fill(code);
  await clerk.getByRole('button', { name: '查询', exact: true }).click();
  await clerk.getByText('住建复〔2026〕3号').waitFor();
  await clerk.getByText('已作出答复').waitFor();
});

await check('the petitioner does the same on a phone at the window, prints, rates; once', async () => {
  const page = await browser.page({ size: PHONE });
  await page.goto(windowUrl);
  await accessible(page, 'window');
  const ask = async (name) => {
    await page.locator('#name').fill(name);
    await page.locator('#code').fill(code);
    await page.locator('button.main').click();
  };
  await ask('李小明');
  await page.getByText('没有查到').waitFor();
  await ask('王小明');
  await page.getByText('住建复〔2026〕3号').waitFor();
  equal(await page.getByText('路灯已修复').count(), 0, 'what was answered is nobody else’s affair');
  const rate = async () => {
    await page.getByLabel('责任单位').check();
    await page.getByLabel('满意', { exact: true }).check();
    await page.getByRole('button', { name: '提交评价' }).click();
  };
  await rate();
  await page.getByText('评价已收到').waitFor();
  await rate();
  await page.getByText('已经评价过了').waitFor();
  await accessible(page, 'window, answered');
  await fits(page, 'window, answered');
  await shot(page, 'story-window');
  await page.emulateMedia({ media: 'print' });
  equal(await page.getByRole('button', { name: '打印' }).isVisible(), false, 'buttons on paper');
  truth(await page.getByText('住建复〔2026〕3号').isVisible(), 'paper');
  equal(page.trouble, [], 'complaints');
  equal([...page.hosts], [new URL(windowUrl).host], 'hosts');
  await page.context().close();
});

await check('the office closes it', async () => {
  await go(clerk, `/cases/${number}`);
  await stage(clerk, '已答复');
  await clerk.locator('aside').getByRole('button', { name: '办结销号', exact: true }).click();
  await clerk.getByRole('dialog').getByText('我已核对').click();
  await clerk.getByRole('dialog').getByRole('button', { name: '办结销号', exact: true }).click();
  await stage(clerk, '已办结');
});

await check('the leader reads the report, in English, on a phone', async () => {
  const leader = await person('xfj', 'wang', { lang: 'en', size: PHONE });
  await go(leader, '/analysis/counts');
  await leader.locator('tbody tr', { hasText: '城乡建设' }).waitFor();
  await go(leader, '/analysis/indicators');
  await leader.getByRole('heading', { name: 'Analysis' }).waitFor();
  await accessible(leader, 'report');
  await shot(leader, 'story-report');
  await leader.context().close();
});

for (const [name, page] of Object.entries({ clerk, chief, bureau })) {
  await check(`nothing was complained of by the ${name}'s browser`, async () => {
    equal(page.trouble, [], 'complaints');
    truth((await page.title()) !== 'hit', 'markup in a title was run');
    equal([...page.hosts], [new URL(page.site).host], 'hosts');
  });
}

await browser.close();
finish();
