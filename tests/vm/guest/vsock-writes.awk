# Reads what `strace -f -y -s 0` wrote and prints: number of writes to vsock descriptors, their bytes (as accepted by the
# kernel), the largest size asked for in one call. A descriptor is known by the inode that strace prints beside it.
# A call that another thread interrupts is printed in two lines, "<unfinished ...>" and "<... NAME resumed>".

function inode(text) { return match(text, /<socket:\[[0-9]+\]>/) ? substr(text, RSTART, RLENGTH) : "" }
# What the kernel answered, 0 for an error.
function returned(   n) { n = $0; return sub(/.* = /, "", n) ? n + 0 : 0 }

# The size asked for: the argument after the buffer, or the sum over the vector.
function asked(   rest, total) {
  rest = $0
  if (rest ~ /iov_len=/) {
    while (match(rest, /iov_len=[0-9]+/)) {
      total += substr(rest, RSTART + 8, RLENGTH - 8)
      rest = substr(rest, RSTART + RLENGTH)
    }
    return total
  }
  return match(rest, /""(\.\.\.)?, [0-9]+/) ? gensize(substr(rest, RSTART, RLENGTH)) : 0
}
function gensize(text) { sub(/.*, /, "", text); return text + 0 }

function count_write(result) { writes++; if (result > 0) bytes += result }

/ socket\(AF_VSOCK/ {
  if (/<unfinished/) opening[$1] = 1
  else vsock[inode($0)] = 1
  next
}
/<\.\.\. socket resumed>/ {
  if ($1 in opening) { vsock[inode($0)] = 1; delete opening[$1] }
  next
}
/ (write|writev|sendto|sendmsg|sendmmsg|sendfile|splice|pwrite64|pwritev2?)\(/ {
  socket = inode($0)
  if (socket == "" || !(socket in vsock)) next
  # Nothing but plain writes is expected; of the others the size is not read here, so they must not occur.
  if ($0 !~ / (write|writev|sendto|sendmsg)\(/) { other++; next }
  size = asked()
  if (size > largest) largest = size
  if (/<unfinished/) writing[$1] = 1
  else count_write(returned())
  next
}
/<\.\.\. (write|writev|sendto|sendmsg) resumed>/ {
  if ($1 in writing) { count_write(returned()); delete writing[$1] }
}
END { printf "writes=%d bytes=%.0f largest=%d other=%d\n", writes, bytes, largest, other }
