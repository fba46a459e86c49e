import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** What a process holds now: descriptors, the sockets among them, and its proportional set size in KiB. */
export function usage(pid) {
  const descriptors = [];
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      descriptors.push(readlinkSync(`/proc/${pid}/fd/${name}`));
    } catch { /* closed meanwhile */ }
  }
  return {
    descriptors: descriptors.length,
    sockets: descriptors.filter(target => target.startsWith('socket:')).length,
    kib: Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]),
  };
}
