/* A receiver of webhooks as an agency's own developers would write it: the SDK of CloudEvents and a
 * verifier of Standard Webhooks from the npm registry, nothing of ours. Arguments as receiver.py. */

import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, port] = process.argv.slice(2);
const require = createRequire(join(process.env.JB_BUILD ?? process.env.BUILD, 'console-work', 'package.json'));
const { HTTP } = require('cloudevents');
const { Webhook } = require('standardwebhooks');

const read = (name) => readFileSync(join(folder, name), 'utf8').trim();
const said = (action) => { try { return action(); } catch (error) { return { error: String(error.message) }; } };

/* What the two make of a message; "as it came" and with one character of it changed. */
function judge(headers, body) {
  const verifier = new Webhook(read('secret'));
  const spoilt = body.replace(/"id":"./, (text) => `${text.slice(0, -1)}${text.endsWith('x') ? 'y' : 'x'}`);
  const verified = said(() => { verifier.verify(body, headers); return true; });
  const event = said(() => HTTP.toEvent({ headers, body }));
  return {
    verified,
    spoilt: said(() => { verifier.verify(spoilt, headers); return true; }),
    isEvent: HTTP.isEvent({ headers, body }),
    valid: said(() => event.validate()),
    event: said(() => JSON.parse(event.toString())),
  };
}

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts).toString('utf8');
    const note = { id: request.headers['webhook-id'], mode: read('mode'), ...judge(request.headers, body) };
    appendFileSync(join(folder, 'notes'), `${JSON.stringify(note)}\n`);
    response.writeHead(Number(note.mode)).end();
  });
});
server.listen(Number(port), '127.0.0.1', () => {
  writeFileSync(join(folder, 'port.new'), String(server.address().port));
  renameSync(join(folder, 'port.new'), join(folder, 'port'));
});
