# Reads TRX files (the result files of `dotnet test --logger trx`); prints one line for each test:
# outcome TAB name TAB message of a failure or reason of a skip.
BEGIN { RS = "<UnitTestResult " }
function attribute(name,   at, rest) {
  at = index($0, name "=\"")
  if (!at) return ""
  rest = substr($0, at + length(name) + 2)
  return decode(substr(rest, 1, index(rest, "\"") - 1))
}
function element(name,   at, rest) {
  at = index($0, "<" name ">")
  if (!at) return ""
  rest = substr($0, at + length(name) + 2)
  return decode(substr(rest, 1, index(rest, "</" name ">") - 1))
}
function decode(text) {
  gsub(/&quot;/, "\"", text); gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text)
  gsub(/&#x[0-9A-Fa-f]+;|[\t\r\n]+/, " ", text); gsub(/&amp;/, "\\&", text)
  return text
}
NR > 1 {
  # The last record goes on with what the run has to say.
  sub(/<\/Results>.*/, "")
  printf "%s\t%s\t%s\n", attribute("outcome"), attribute("testName"), element("Message")
}
