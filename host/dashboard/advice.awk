# SPDX-License-Identifier: Apache-2.0
# advice: the tables of docs/factory.md, section 8, as a table in C: a message with … for what changes, and what to do.
BEGIN {
    FS = " [|] "
    print "/* Made of docs/factory.md by the build. */"
    print "#include \"host/dashboard/advice.h\"\n\nconst struct advice advice_table[] = {"
}
/^## / { on = ($2 == "" && $0 ~ /^## 8\./) }
on && /^\| `/ {
    sub(/ \|$/, "")
    what = $3
    gsub(/[`*]/, "", what)
    gsub(/sections? [0-9]/, "docs/factory.md, &", what)
    gsub(/\\/, "\\\\", what)
    gsub(/"/, "\\\"", what)
    count = split(substr($1, 3), texts, "<br>")
    for (i = 1; i <= count; i++) {
        text = substr(texts[i], 2, length(texts[i]) - 2)
        gsub(/\\/, "\\\\", text)
        gsub(/"/, "\\\"", text)
        printf "    { \"%s\", \"%s\" },\n", text, what
    }
}
END { print "    { 0, 0 },\n};" }
