// The same as lookups.c with c-ares, which Node's dns.resolve4 is; "lookup" as a fourth argument takes getaddrinfo in its place.
import dns from 'node:dns/promises';

const [count, atATime, suffix, way = 'resolve4'] = process.argv.slice(2);
let next = 0;
await Promise.all(Array.from({ length: Number(atATime) }, async () => {
  while (next < Number(count)) {
    const number = next++, started = performance.now();
    const found = await (way === 'lookup' ? dns.lookup(`n${number}.${suffix}`).then(({ address }) => address)
      : dns.resolve4(`n${number}.${suffix}`).then(([address]) => address)).catch(error => `error ${error.code}`);
    console.log(`${(performance.now() - started).toFixed(1)} ${number} ${found}`);
  }
}));
process.exit(0);
