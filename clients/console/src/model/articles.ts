/* The article of the Regulations that an act is done under, as i18n/article.ts spells it out. Acts that
 * none names are not here. */

export const articleOfAct: Readonly<Record<string, string>> = {
  register: '22', forward: '22', assign: '22(3)', refer: '22',
  sign_for: '23', accept: '23', decline: '23', notify: '23', object: '23(3)', rule_on_objection: '23(3)',
  report_up: '25', recuse: '28(3)', classify: '29', execute: '32', extend: '34', answer: '34',
  request_review: '35', give_review: '35', request_recheck: '36', give_recheck: '36', terminate: '36', start_hearing: '36', end_hearing: '36',
  urge: '39', open_docket: '39', step_docket: '39', close_docket: '39',
  issue_directive: 'SPEECH', rate: 'G11', start_simple: 'simple', turn_ordinary: 'simple',
};
