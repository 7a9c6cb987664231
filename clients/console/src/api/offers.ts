/* What may be offered where the gateway does not judge acts beforehand: all that a person's rights cover.
 * The rules refuse the rest when it is sent, with their reasons. */

import type { Action, RightsView } from './types';

export function actionsByRights(view: RightsView): Action[] {
  return view.rights.flatMap((row) => row.what.map((kind): Action => (row.mine === true
    ? { kind, allowed: true, right: row.right }
    : { kind, allowed: false, right: row.right, name: 'DENIED' })));
}
