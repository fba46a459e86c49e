// Tells when the machine got less processor than it has: a neighbour on the same hardware, or a quota, took it.
// usage: node starvation.mjs FILE        writes to FILE the second (of the epoch) at the end of every window that was starved
//
// A thread of the highest priority wakes every 50 ms and does 2 ms of work. What the gate itself runs hardly delays it (with
// nine threads waiting for two cores it woke 1 to 2 ms late, and the work took 1.1 times its best); what takes the whole
// processor away delays it as it delays the tests.
import { appendFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';

const pauseMs = 50, workMs = 2, windowMs = 5000;
const lateMs = 8, slowdown = 1.6;        // what a window takes on average to be called starved

const file = process.argv[2];
const now = () => Number(process.hrtime.bigint()) / 1e6;

let sink = 0;
function work(rounds) {
  for (let i = 0; i < rounds; i++) sink = (sink * 31 + i) | 0;
}
function cost(rounds) {
  const started = now();
  work(rounds);
  return now() - started;
}

// How many rounds take 2 ms when nothing interferes: the best of many.
function calibrate() {
  const rounds = 1e6;
  for (let i = 0; i < 20; i++) work(rounds);
  let best = Infinity;
  for (let i = 0; i < 50; i++) best = Math.min(best, cost(rounds));
  return Math.round(rounds * workMs / best);
}

os.setPriority(0, -20);                  // throws without root: then nothing is measured, and the gate repeats nothing
writeFileSync(file, '');
const rounds = calibrate();
const clock = new Int32Array(new SharedArrayBuffer(4));
for (;;) {
  const end = now() + windowMs;
  let late = 0, taken = 0, count = 0;
  while (now() < end) {
    const slept = now();
    Atomics.wait(clock, 0, 0, pauseMs);
    late += now() - slept - pauseMs;
    taken += cost(rounds);
    count++;
  }
  if (late / count > lateMs || taken / count > slowdown * workMs) {
    appendFileSync(file, `${Math.floor(Date.now() / 1000)} woke ${(late / count).toFixed(1)} ms late, worked ${(taken / count / workMs).toFixed(1)} times as long\n`);
  }
  if (process.ppid === 1) break;         // the gate is gone
}
