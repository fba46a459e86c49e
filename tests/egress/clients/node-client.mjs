// usage: node-client.mjs undici-fetch|undici-request|https-proxy-agent URL; with HTTPS_PROXY in the environment
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { ProxyAgent, fetch, request } from 'undici';

const [way, url] = process.argv.slice(2), proxy = process.env.HTTPS_PROXY;
const ways = {
  'undici-fetch': async () => (await fetch(url, { dispatcher: new ProxyAgent(proxy) })).text(),
  'undici-request': async () => (await request(url, { dispatcher: new ProxyAgent(proxy) })).body.text(),
  'https-proxy-agent': () => new Promise((resolve, reject) => {
    get(url, { agent: new HttpsProxyAgent(proxy) }, async response => resolve(`${response.statusCode} ${await text(response)}`)).on('error', reject);
  }),
};
try {
  console.log(await ways[way]());
} catch (error) {
  console.error([error, error.cause].filter(Boolean).map(({ code, message }) => `${code ?? ''} ${message}`).join('; '));
  process.exit(1);
}
process.exit(0);
