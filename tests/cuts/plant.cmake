# SPDX-License-Identifier: Apache-2.0
# Writes OUT: the source that the bug names, with BUG_FROM replaced by BUG_TO. The text must be there exactly once.
include(${BUG})
file(READ ${TOP}/${BUG_FILE} text)
string(FIND "${text}" "${BUG_FROM}" first)
string(FIND "${text}" "${BUG_FROM}" last REVERSE)
if(first EQUAL -1 OR NOT first EQUAL last)
  message(FATAL_ERROR "${BUG}: the source has changed; bring the planted bug up to date. ${BUG_FILE} does not have this text exactly once:\n${BUG_FROM}")
endif()
string(REPLACE "${BUG_FROM}" "${BUG_TO}" text "${text}")
file(WRITE ${OUT} "${text}")
