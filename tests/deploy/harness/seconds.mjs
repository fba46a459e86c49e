import assert from 'node:assert/strict';

/** The seconds of a time of parent-proxy's configuration, hh:mm:ss. */
export function seconds(time) {
  const parts = /^(\d+):(\d\d):(\d\d)$/.exec(time);
  assert.ok(parts, `'${time}' is not hh:mm:ss`);
  return Number(parts[1]) * 3600 + Number(parts[2]) * 60 + Number(parts[3]);
}
