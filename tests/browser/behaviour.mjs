/* What the pages do when somebody works with them, against a gateway that is made up. */

import { readFile } from 'node:fs/promises';
import { accessible, check, CONSOLE, equal, finish, fits, openBrowser, PHONE, settled, shot, truth } from './browser.mjs';
import { startGateway } from './fake-gateway.mjs';

const gateway = await startGateway({ folder: CONSOLE });
const windowed = await startGateway({ folder: CONSOLE, entry: 'public.html' });
const browser = await openBrowser();
const { number } = gateway.world;

async function as(user, options = {}) {
  const page = await browser.page(options);
  await page.goto(`${gateway.url}/`);
  await page.locator('#user').fill(user);
  await page.locator('#password').fill(gateway.password);
  await page.keyboard.press('Enter');
  await page.locator('nav#nav').waitFor({ state: 'attached' });
  return page;
}
const go = async (page, path) => { await page.goto(`${gateway.url}/#${path}`); await settled(page); };
async function test(name, user, action, options = {}) {
  await check(name, async () => {
    const page = await as(user, options);
    await action(page);
    equal(page.trouble, [], 'complaints');
    await page.context().close();
  });
}
const changes = () => gateway.log.filter((entry) => !entry.query.includes('dry_run'));

await test('each person sees what concerns him', 'leader', async (page) => {
  equal(await page.locator('nav#nav a', { hasText: '登记' }).count(), 0, 'a leader registers');
  await page.locator('nav#nav a', { hasText: '分析' }).waitFor();
  const agency = await as('agency');
  equal(await agency.locator('nav#nav a', { hasText: '联席会议' }).count(), 0, 'an agency has no joint conference');
  equal(await agency.locator('nav#nav a', { hasText: '分析' }).count(), 0, 'a clerk has no appraisal');
  await agency.context().close();
});

await test('a password that somebody else set is changed first', 'admin', async (page) => {
  const fresh = await browser.page();
  await fresh.goto(`${gateway.url}/`);
  await fresh.locator('#user').fill('fresh');
  await fresh.locator('#password').fill(gateway.password);
  await fresh.keyboard.press('Enter');
  await fresh.getByText('请先设置自己的密码').waitFor();
  await accessible(fresh, 'forced change');
  await fresh.locator('#old').fill('x');
  await fresh.locator('#fresh').fill('short');
  await fresh.keyboard.press('Enter');
  await fresh.locator('[role=alert]').waitFor();
  equal(await fresh.locator('nav#nav').count(), 0, 'the console is open before');
  await fresh.context().close();
  await go(page, '/admin/people');
});

await test('a file is attached part by part, and one that is there can be kept', 'clerk', async (page) => {
  await go(page, `/cases/${number(2)}`);
  const card = page.locator('section.card', { has: page.getByRole('heading', { name: '材料' }) });
  const link = card.locator('li a');
  equal(await link.getAttribute('href'), `/v1/cases/${number(2)}/attachments/1`, 'where it leads');
  truth(await link.getAttribute('download') !== null, 'it is kept, not opened');
  const before = changes().length;
  await card.locator('#attach-file').setInputFiles({ name: '现场 "2".pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(1024 * 1024 + 9) });
  await accessible(page, 'attaching');
  await card.locator('#attach-note').fill('第二次勘验');
  await card.getByRole('button', { name: '附上', exact: true }).click();
  await page.getByText('已附上').waitFor();
  const sent = changes().slice(before);
  equal(sent.map((e) => e.headers['content-range'] ?? e.body.kind), ['bytes 0-1048575/1048585', 'bytes 1048576-1048584/1048585', 'attach'], 'what was sent');
  const { name, note, content_hash: hash, media_type: type } = sent[2].body;
  equal([name, note, hash.length, type], ['现场 "2".pdf', '第二次勘验', 44, 'application/pdf'], 'the act');
  truth(sent.every((e) => !e.path.includes('pdf') && !e.query.includes('pdf')), 'no address holds its name');
  await card.locator('#attach-file').setInputFiles({ name: 'leer', mimeType: '', buffer: Buffer.alloc(0) });
  await card.getByText('文件是空的').waitFor();
  truth(await card.getByRole('button', { name: '附上', exact: true }).isDisabled(), 'an empty one is not sent');
});

await test('every number of Today opens its list', 'clerk', async (page) => {
  await settled(page);
  await page.locator('.tile .count').first().waitFor();
  const links = await page.locator('a.tile').evaluateAll((all) => all.map((a) => a.getAttribute('href')));
  truth(links.length >= 12, `${links.length} numbers`);
  for (const link of links) {
    await page.goto(`${gateway.url}/${link}`);
    await settled(page);
    equal(await page.getByText('没有这一页').count(), 0, link);
  }
  await page.goto(`${gateway.url}/#/cases?light=red&open=true`);
  await settled(page);
  equal(new Set(await page.locator('tbody .light').allInnerTexts()).size, 1, 'lights of the list');
});

await test('what happens is shown without reloading', 'clerk', async (page) => {
  await settled(page);
  await page.getByText('实时更新').waitFor();
  gateway.tell('item', { item: { seq: '999', kind: 'answer', at_ms: String(Date.now()), node: 3, node_name: '县住房和城乡建设局', user: 'zhao', effects: [], stored_by: [] }, case_no: number(2).replaceAll('-', ''), number: number(2), title: '老旧小区漏水无人维修' });
  await page.locator('section[aria-live] a', { hasText: '老旧小区漏水无人维修' }).waitFor();
});

await test('away from the broker it says so and goes on', 'clerk', async (page) => {
  await go(page, '/cases');
  gateway.tell('state', { status: { ...gateway.world.state, line: 'offline' } });
  await page.getByText('与中心的连接已中断').waitFor();
  await accessible(page, 'away');
  await shot(page, 'zh-desktop-away');
  await page.locator('tbody a').first().waitFor();
  gateway.tell('state', { status: gateway.world.state });
  await page.getByText('与中心的连接已中断').waitFor({ state: 'detached' });
});

await test('without its agent it says so, and comes back by itself', 'clerk', async (page) => {
  await go(page, '/cases');
  gateway.setAway(true);
  await page.locator('#f-text').fill('路灯');
  await page.keyboard.press('Enter');
  await page.getByText('暂时无法处理').waitFor();
  gateway.setAway(false);
  await page.getByRole('button', { name: '重试' }).click();
  await page.locator('tbody a').first().waitFor();
});

await test('receipts say since when it was held; what does not hold is an alarm, also on a phone and in English', 'clerk', async (page) => {
  await go(page, `/cases/${number(2)}`);
  const held = page.locator('aside .proven');
  await held.waitFor();
  truth(/^自 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d 起持有：已收存，签名已核验$/.test(await held.innerText()), await held.innerText());
  const card = page.locator('section.receipts');
  equal(await card.getByRole('alert').count(), 0, 'an alarm where all holds');
  await card.getByText('签名已核验 12 个，待收回执 0 个').click();
  await card.getByText('其回执不告知本单位').waitFor(); // of the second page
  await card.getByText('中心尚未签名').waitFor();
  await go(page, `/cases/${number(1)}`);
  await page.locator('aside').getByText('责任仍在发出单位').waitFor();
  equal(await page.locator('aside .proven').count(), 0, 'proven without a receipt');
  const other = await as('clerk', { lang: 'en', size: PHONE });
  await go(other, `/cases/${number(7)}`);
  const alarm = other.locator('section.receipts').getByRole('alert');
  await alarm.getByText('1 receipt does not hold').waitFor();
  truth(/#12: 县住房和城乡建设局 \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/.test(await alarm.innerText()), await alarm.innerText());
  await other.locator('aside .broken').getByText('does not hold').waitFor();
  equal(await other.locator('aside .proven').count(), 0, 'proven all the same');
  await accessible(other, 'an alarm');
  await fits(other, 'an alarm');
  await shot(other, 'en-phone-receipt-broken');
  await other.context().close();
});

await test('what a restored record lacks is submitted again or struck off with a reason', 'clerk', async (page) => {
  await go(page, '/outbox');
  const row = (n) => page.locator('section.former tbody tr').nth(n - 1);
  await row(1).getByText('记录中没有').waitFor();
  equal(await page.locator('section.former tbody button').count(), 4, 'of two of the four');
  await row(3).getByRole('button', { name: /^重新提交/ }).click();
  await page.locator('section.former').getByRole('alert').getByText('目前由县住房和城乡建设局承办').waitFor();
  await row(1).getByRole('button', { name: /^重新提交/ }).click();
  await row(1).getByText('记录中已有').waitFor();
  await row(3).getByRole('button', { name: /^注销/ }).click();
  await page.keyboard.type('已另行答复');
  await accessible(page, 'striking off');
  await page.keyboard.press('Enter');
  await row(3).getByText('已另行答复').waitFor();
  equal(await page.locator('section.former tbody button').count(), 0, 'nothing is left to be decided');
  const sent = changes().filter((entry) => entry.path.startsWith('/v1/former/'));
  equal(sent.map((entry) => [entry.path, entry.body?.reason]), [['/v1/former/3/resubmissions', undefined], ['/v1/former/1/resubmissions', undefined], ['/v1/former/3/dismissals', '已另行答复']].map(([a, b]) => [a, b]), 'what was sent');
});

await test('on a phone the list comes first, its conditions when asked for', 'clerk', async (page) => {
  await go(page, '/cases');
  const { y } = await page.locator('tbody a').first().boundingBox();
  truth(y < PHONE.height, `the first case is at ${y}`);
  equal(await page.locator('#f-stage').isVisible(), false, 'folded');
  const button = page.getByRole('button', { name: /更多条件/ });
  equal(await button.getAttribute('aria-expanded'), 'false', 'told');
  await button.click();
  await page.locator('#f-stage').selectOption({ label: '已受理' });
  await page.getByRole('button', { name: '查找', exact: true }).click();
  await page.waitForURL(/stage=/);
  await page.getByRole('button', { name: '收起条件' }).click();
  await page.getByText('已设 1').waitFor();
  await accessible(page, 'folded');
}, { size: PHONE });

await test('filters are in the address, pages turn, views are kept', 'clerk', async (page) => {
  await go(page, '/cases');
  await page.locator('#f-text').fill('路灯');
  await page.keyboard.press('Enter');
  await page.waitForURL(/text=/);
  await page.waitForFunction(() => [...document.querySelectorAll('tbody td.wide > a')].every((a) => a.textContent.includes('路灯')));
  await page.locator('summary', { hasText: '保存或删除视图' }).click();
  await page.locator('#view-name').fill('路灯');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: '清除条件' }).click();
  await page.waitForURL((url) => !url.href.includes('text='));
  await page.getByText('共 120 件').waitFor();
  await page.getByRole('button', { name: '下一页' }).click();
  await page.getByText('第 2 页').waitFor();
  await page.getByRole('button', { name: '上一页' }).click();
  await page.getByText('第 1 页').waitFor();
  await page.reload();
  await page.getByRole('button', { name: '路灯', exact: true }).click();
  await page.waitForURL(/text=/);
});

await test('only what is allowed is offered; the rest says why, with its article', 'agency', async (page) => {
  await go(page, `/cases/${number(2)}`);
  await page.getByRole('heading', { name: '现在可以办理' }).waitFor();
  const offered = await page.locator('aside .card').first().getByRole('button').allInnerTexts();
  truth(offered.includes('答复') && !offered.includes('办结销号') && !offered.includes('裁定异议'), `offered: ${offered}`);
  await page.locator('summary', { hasText: '不能办理' }).click();
  const reasons = await page.locator('.refusals').innerText();
  truth(/《信访工作条例》第三十二条/.test(reasons), reasons);
  truth(/您的角色没有这项权限/.test(reasons), reasons);
  await accessible(page, 'refusals');
  await shot(page, 'zh-desktop-refusals');
});

await test('an act: tried first, sent once, with the state that was seen', 'agency', async (page) => {
  await go(page, `/cases/${number(2)}`);
  await page.locator('aside').getByRole('button', { name: '答复', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  await accessible(page, 'dialog');
  await shot(page, 'zh-desktop-dialog');
  await dialog.getByRole('button', { name: '答复', exact: true }).click();
  await dialog.getByText('请填写：内容').waitFor();
  await dialog.locator('#act-text').fill('路灯已修复。');
  await dialog.locator('#act-opinion').selectOption('supported');
  await dialog.getByRole('button', { name: '试办' }).click();
  await dialog.getByText('规则允许这样办理').waitFor();
  const before = changes().length;
  await dialog.getByRole('button', { name: '答复', exact: true }).click();
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('已办理。').waitFor();
  await accessible(page, 'told that it was done');
  const sent = changes().slice(before);
  equal(sent.length, 1, 'requests');
  equal(sent[0].body, { kind: 'answer', opinion: 'supported', text: '路灯已修复。' }, 'act');
  truth(/^[0-9a-f]{32}$/.test(sent[0].headers['idempotency-key']), 'no idempotency key');
  truth(sent[0].headers['if-match']?.startsWith('"c2-'), `If-Match: ${sent[0].headers['if-match']}`);
  truth(sent[0].headers['x-csrf-token']?.startsWith('csrf-'), 'no CSRF token');
});

await test('a refusal names the rule and the present holder', 'clerk', async (page) => {
  await go(page, `/cases/${number(2)}`);
  await page.locator('aside').getByRole('button', { name: '转送', exact: true }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('#act-node').selectOption({ label: '县人力资源和社会保障局' });
  await dialog.locator('#act-text').fill('refuse');
  await dialog.getByRole('button', { name: '转送', exact: true }).click();
  await dialog.getByText('目前由县住房和城乡建设局承办').waitFor();
});

await test('a case is registered: number and query code, told once', 'clerk', async (page) => {
  await go(page, '/register');
  await page.locator('#r-title').fill('路灯不亮');
  await page.locator('#r-content').fill('文卫路晚上没有路灯。');
  await page.locator('#p-name-0').fill('张某');
  await page.getByRole('button', { name: '登记', exact: true }).click();
  await page.getByText('K7P2-9QXM').waitFor();
  const sent = changes().at(-1);
  equal(sent.body, { matter: 'appeal', channel: 'visit', title: '路灯不亮', content: '文卫路晚上没有路灯。', people: 1, persons: [{ name: '张某', main_visitor: true }] }, 'registration');
  await accessible(page, 'registered');
});

await test('suggestions give their reason; none for an accusation', 'clerk', async (page) => {
  await go(page, '/assign/waiting');
  const first = page.locator('article', { hasText: '文卫路路灯长期不亮' }).first();
  await first.getByText('职责与“城乡建设”相符').waitFor();
  const accusation = page.locator('article', { hasText: '检举控告' }).first();
  await accusation.getByText('检举控告不作建议').waitFor();
  equal(await accusation.getByRole('button').allInnerTexts(), ['移送'], 'what is offered for an accusation');
  await first.getByRole('button', { name: /交县住房和城乡建设局办理/ }).click();
  equal(await page.locator('#act-node').inputValue(), '3', 'chosen agency');
});

await test('several cases: previewed one by one, an accusation never among them', 'clerk', async (page) => {
  await go(page, '/cases');
  await page.getByLabel('选择本页全部').check();
  await page.getByRole('button', { name: '批量交办…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.locator('#bulk-node').selectOption({ label: '县住房和城乡建设局' });
  await dialog.getByRole('button', { name: '预览' }).click();
  await dialog.getByRole('button', { name: '办理 49 件' }).waitFor();
  await dialog.getByText('检举控告不能批量交办').waitFor();
  await accessible(page, 'bulk');
  await shot(page, 'zh-desktop-bulk');
  const before = changes().length;
  await dialog.getByRole('button', { name: '办理 49 件' }).click();
  await dialog.getByRole('button', { name: '关闭', exact: true }).first().waitFor();
  await page.waitForFunction(() => document.querySelectorAll('.el-dialog .tag.green').length >= 49);
  const sent = changes().slice(before);
  equal(sent.length, 49, 'acts');
  equal(new Set(sent.map((entry) => entry.headers['idempotency-key'])).size, 49, 'keys');
  truth(!sent.some((entry) => entry.path.includes(number(4))), 'the accusation was assigned');
});

await test('an order reads on the paper as it is written', 'leader', async (page) => {
  await go(page, '/supervise/directives');
  const clerk = await as('clerk');
  await go(clerk, `/assign/order?case=${number(2)}`);
  await clerk.locator('#order-node').selectOption({ label: '县住房和城乡建设局' });
  await clerk.locator('#order-demand').selectOption('explanation');
  await clerk.locator('#order-official').fill('王局长');
  await clerk.locator('#order-text').fill('请说明维修进展。');
  await clerk.locator('#order-due_ms').fill('2027-01-15');
  const paper = clerk.locator('.paper');
  for (const text of ['县住房和城乡建设局：', '老旧小区漏水无人维修', '请说明维修进展。', '请于 2027-01-15 24时前完成。', '县信访局']) await paper.getByText(text).first().waitFor();
  const before = changes().length;
  await clerk.getByRole('button', { name: '下达指令', exact: true }).click();
  await clerk.getByText('指令已下达').waitFor();
  const sent = changes()[before];
  equal([sent.path, sent.body.power, sent.body.demand, sent.body.authority], [`/v1/cases/${number(2)}/acts`, 'supervise', 'explanation', 'first_assignment'], 'directive');
  await clerk.context().close();
});

await test('a deadline is explained day by day', 'clerk', async (page) => {
  await go(page, `/cases/${number(2)}`);
  await page.getByRole('button', { name: /说明: 办理期限/ }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('重新计算结果一致').waitFor();
  for (const text of ['起算日，不计入', '节假日，不计入 · 国庆节', '调休工作日，计入', '中止，不计入']) await dialog.getByText(text).waitFor();
  await accessible(page, 'explained');
});

await test('petitioners are shown only when asked for', 'clerk', async (page) => {
  await go(page, `/cases/${number(2)}`);
  equal(await page.getByText('张某').count(), 0, 'names before they are asked for');
  await page.getByRole('button', { name: '查看信访人信息' }).click();
  await page.getByText('张某').waitFor();
});

await test('a figure opens the cases behind it; figures are exported', 'leader', async (page) => {
  await go(page, '/analysis/indicators');
  await page.getByText('无数据').waitFor();
  await page.locator('button.figure').first().click();
  await page.getByRole('dialog').getByText(number(1)).waitFor();
  await page.keyboard.press('Escape');
  const saved = async (name) => {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name }).click()]);
    return [file.suggestedFilename(), (await readFile(await file.path())).toString()];
  };
  for (const [name, ending, lang] of [['导出 CSV', 'csv', 'zh'], ['导出 Excel', 'xlsx', 'zh']]) {
    const [called, held] = await saved(name);
    equal(called, `report.${ending}`, 'its name');
    truth(new RegExp(`^/v1/report\\.${ending}\\?from_ms=\\d+&to_ms=\\d+&lang=${lang}$`).test(held), held);
  }
  await go(page, '/analysis/counts');
  await page.locator('#count-by').selectOption('matter');
  await page.locator('#count-node').selectOption({ index: 1 });
  await page.waitForFunction(() => document.querySelector('a[href*="counts=matter"][href*="node="]') !== null);
  const [, counts] = await saved('导出 Excel');
  truth(/^\/v1\/report\.xlsx\?from_ms=\d+&to_ms=\d+&counts=matter&node=\d+&lang=zh$/.test(counts), counts);
  await go(page, '/analysis/time');
  const [book] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: '导出 Excel' }).click()]);
  equal((await readFile(await book.path())).subarray(0, 2).toString(), 'PK', 'the archive');
});

await test('a backup that is overdue is trouble, today and in administration', 'both', async (page) => {
  await go(page, '/admin/system');
  await page.getByText('备份按时。').waitFor();
  await go(page, '/');
  await page.locator('ul.tiles').waitFor();
  equal(await page.getByRole('alert').count(), 0, 'no trouble yet');
  const kept = { ...gateway.world.backup };
  Object.assign(gateway.world.backup, { overdue: true, written_at_ms: String(Date.now() - 27 * 3600 * 1000) });
  await page.reload();
  const alert = page.getByRole('alert');
  await alert.getByText('备份已逾期').waitFor();
  truth((await alert.textContent()).includes('距今 27 小时，应至少每隔 26 小时'), await alert.textContent());
  await accessible(page, 'overdue');
  await alert.getByRole('link').click();
  await page.waitForURL(/#\/admin\/system/); // today says the same
  await page.locator('.note.bad').getByText('备份已逾期').waitFor();
  Object.assign(gateway.world.backup, { present: false, written_at_ms: undefined, bytes: undefined });
  await page.reload();
  await page.getByText('没有找到备份').waitFor();
  Object.assign(gateway.world.backup, kept);
});

await test('a backup that failed is trouble at once, with why and when', 'both', async (page) => {
  gateway.world.broker.backup_failed = '/backup/broker.jbk: No space left on device';
  await page.reload();
  const alert = page.getByRole('alert');
  await alert.getByText('未成功：/backup/broker.jbk: No space left on device。').waitFor();
  await accessible(page, 'failed');
  await shot(page, 'backup-failed-today');
  await alert.getByRole('link').click();
  await page.waitForURL(/#\/admin\/system/); // today says the same
  await page.locator('.note.bad').getByText('未成功').waitFor();
  equal(await page.getByText('备份按时。').count(), 0, 'not good beside that');
  await shot(page, 'backup-failed-admin');
  gateway.world.broker.backup_failed = 'interrupted';
  await page.reload();
  await page.getByText('未做完就被中断').waitFor();
  delete gateway.world.broker.backup_failed;
  await page.reload();
  await page.getByText('备份按时。').waitFor();
});

await test('a policy file is tried before it is installed; lines that are away are shown', 'both', async (page) => {
  await go(page, '/admin/policy');
  await page.locator('#p-file').setInputFiles({ name: 'policy.ini', mimeType: 'text/plain', buffer: Buffer.from('[policy]') });
  await page.getByRole('button', { name: '试算' }).click();
  await page.getByText('deadline handle: 60 -> 45').waitFor();
  const install = page.getByRole('button', { name: '安装', exact: true });
  equal(await install.isDisabled(), true, 'before it is said to be read');
  await page.getByLabel('我已看过它将改变什么').check();
  await accessible(page, 'before installing');
  await install.click();
  await page.getByText('已安装。').waitFor();
  equal(changes().filter((c) => c.path === '/v1/admin/installs').map((c) => c.body.dry_run), [true, false], 'first tried');
  await page.getByRole('button', { name: '试算' }).click();
  await page.getByText('deadline handle: 60 -> 45').waitFor();
  await page.locator('#p-kind').selectOption('calendar');
  await page.getByText('deadline handle: 60 -> 45').waitFor({ state: 'hidden' });
  equal(await install.count(), 0, 'tried as a policy, installed as a calendar');
  await page.getByRole('button', { name: '试算' }).click();
  await page.getByLabel('我已看过它将改变什么').check();
  await install.click();
  await page.getByText('本网关只能试算').waitFor();
  await go(page, '/');
  await page.locator('a.tile', { hasText: '1' }).filter({ hasText: '离线' }).click();
  await page.getByText('县人力资源和社会保障局').waitFor();
  equal(await page.locator('tbody tr').count(), 1, 'agencies away');
});

await test('the office keeps a template of its own', 'both', async (page) => {
  await go(page, '/admin/templates');
  await page.locator('#t-kind').selectOption('opinion');
  await page.locator('#t-body').waitFor();
  await page.waitForFunction(() => document.querySelector('#t-title').value === '信访事项处理意见书');
  await page.locator('#t-body').fill('{{petitioner}}：\n本局的模板\n{{text}}');
  await page.getByRole('button', { name: '保存' }).click();
  await page.getByText('本单位已修改').waitFor();
  let answer;
  const answered = new Promise((resolve) => { answer = resolve; });
  await page.route('**/v1/templates/acceptance', async (route) => { await answered; await route.continue(); });
  await page.locator('#t-kind').selectOption('acceptance');
  await page.locator('#t-body').waitFor({ state: 'hidden' }); // nobody saves the one as the other
  answer();
  await page.waitForFunction(() => document.querySelector('#t-title')?.value === '受理告知书');
  await go(page, `/print/${number(2)}?kind=opinion&seq=16`);
  await page.locator('.sheet').getByText('本局的模板').waitFor();
  await page.locator('.sheet').getByText('已组织维修。').waitFor();
  await page.emulateMedia({ media: 'print' });
  equal(await page.locator('header.top').isVisible(), false, 'the console is printed too');
  await shot(page, 'zh-print-opinion');
});

await test('by keyboard alone: skip, walk, open, act, close', 'agency', async (page) => {
  await go(page, '/cases');
  await page.locator('tbody a').first().waitFor();
  await page.reload();
  await page.locator('tbody a').first().waitFor();
  await page.keyboard.press('Tab');
  equal(await page.evaluate(() => document.activeElement.className), 'skip', 'first stop');
  await page.keyboard.press('Enter');
  equal(await page.evaluate(() => document.activeElement.id), 'main', 'after skipping');
  const reach = async (wanted) => {
    for (let i = 0; i < 80; i++) {
      await page.keyboard.press('Tab');
      const text = await page.evaluate(() => document.activeElement.innerText ?? '');
      if (text.includes(wanted)) {
        const outlined = await page.evaluate(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0; });
        truth(outlined, `no mark of the focus on ${wanted}`);
        return;
      }
    }
    throw new Error(`never reached: ${wanted}`);
  };
  await reach('老旧小区漏水无人维修');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: '现在可以办理' }).waitFor();
  await page.waitForFunction(() => document.activeElement?.tagName === 'H1' || document.activeElement?.tagName === 'BODY');
  await reach('备注');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor();
  await page.waitForFunction(() => document.querySelector('[role=dialog]')?.contains(document.activeElement));
  for (let i = 0; i < 12; i++) await page.keyboard.press('Tab');
  truth(await page.evaluate(() => document.querySelector('[role=dialog]').contains(document.activeElement)), 'the focus leaves an open dialog');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
});

await test('on a phone: the menu opens, closes, and the dialog fits', 'clerk', async (page) => {
  await go(page, '/');
  truth(!(await page.locator('nav#nav').isVisible()), 'the menu is open');
  await page.getByRole('button', { name: '菜单' }).click();
  await page.locator('nav#nav a', { hasText: '信访件' }).click();
  await page.waitForURL(/#\/cases/);
  truth(!(await page.locator('nav#nav').isVisible()), 'the menu stays open');
  await go(page, `/cases/${number(2)}`);
  await page.locator('aside').getByRole('button', { name: '转送', exact: true }).click();
  await page.getByRole('dialog').waitFor();
  await fits(page, 'dialog');
  await shot(page, 'zh-phone-dialog');
}, { size: PHONE });

await test('the language changes at once and is kept', 'clerk', async (page) => {
  await settled(page);
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('heading', { name: 'Today' }).waitFor();
  equal(await page.title(), 'Today · Jiaoban', 'title');
  await page.reload();
  await page.getByRole('heading', { name: 'Today' }).waitFor();
});

await test('signing out ends it; the session is gone everywhere', 'clerk', async (page) => {
  await page.getByRole('button', { name: '退出' }).click();
  await page.locator('#user').waitFor();
  await page.goto(`${gateway.url}/#/cases`);
  await page.reload();
  await page.locator('#user').waitFor();
});

/* ---- the public window ---- */

for (const lang of ['zh', 'en']) {
  await check(`public window, ${lang}, phone: asks, shows days and documents, takes a rating`, async () => {
    const page = await browser.page({ lang, size: PHONE });
    await page.goto(`${windowed.url}/`);
    await page.locator('#name').fill('张某');
    await page.locator('#code').fill('WRONG');
    await accessible(page, 'query');
    await shot(page, `${lang}-window-query`);
    await page.keyboard.press('Enter');
    await page.locator('[role=alert]').waitFor();
    await page.locator('#code').fill('K7P2-9QXM');
    await page.keyboard.press('Enter');
    await page.locator('table').waitFor();
    equal(await page.locator('tbody tr').count(), 4, 'rows');
    truth((await page.locator('tbody').innerText()).includes(lang === 'zh' ? '已作出答复' : 'answered'), 'words');
    await accessible(page, 'answer');
    await fits(page, 'answer');
    await shot(page, `${lang}-window-answer`);
    await page.locator('input[value=handler]').check();
    await page.locator('input[value=satisfied]').check();
    await page.locator('form button.main').click();
    await page.locator('[role=status]').waitFor();
    equal(page.trouble, [], 'complaints');
    equal([...page.hosts], [new URL(windowed.url).host], 'hosts');
    const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
    equal(kept, [0, 0, ''], 'what the page keeps');
    const bytes = await page.evaluate(() => performance.getEntriesByType('resource').reduce((sum, e) => sum + e.decodedBodySize, 0));
    truth(bytes < 200_000, `${bytes} bytes for a phone`);
    await page.context().close();
  });
}

await browser.close();
await gateway.stop();
await windowed.stop();
finish();
