# The fenced blocks of one section of a document, each into a file: OUT/1.sh, OUT/2.json, … by its place and its language. Where the
# paragraph before it names a file below /etc, OUT/N.file holds that path: the block is what belongs in there, else it is to be run.
# usage: awk -v section="Install" -v out=FOLDER -f blocks.awk FILE
!fenced && /^## / { inside = $0 == "## " section; paragraph = ""; next }
!inside { next }
fenced && /^```/ { fenced = 0; close(file); paragraph = ""; next }
fenced { print > file; next }
/^```/ {
  fenced = 1
  file = out "/" ++blocks "." substr($0, 4)
  if (match(paragraph, /`\/etc\/[^`]*`/)) print substr(paragraph, RSTART + 1, RLENGTH - 2) > (out "/" blocks ".file")
  next
}
/^$/ { ended = 1; next }
{ paragraph = ended ? $0 : paragraph " " $0; ended = 0 }
