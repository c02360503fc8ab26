# SPDX-License-Identifier: Apache-2.0
# Writes OUT: the source that the bug names, with BUG_FROM replaced by BUG_TO, and BUG_FROM_2 by BUG_TO_2 where there is one. Each text must be there
# exactly once.
include(${BUG})
file(READ ${TOP}/${BUG_FILE} text)
foreach(n "" _2)
  if(DEFINED BUG_FROM${n})
    string(FIND "${text}" "${BUG_FROM${n}}" first)
    string(FIND "${text}" "${BUG_FROM${n}}" last REVERSE)
    if(first EQUAL -1 OR NOT first EQUAL last)
      message(FATAL_ERROR "${BUG}: the source has changed; bring the planted bug up to date. ${BUG_FILE} does not have this text exactly once:\n${BUG_FROM${n}}")
    endif()
    string(REPLACE "${BUG_FROM${n}}" "${BUG_TO${n}}" text "${text}")
  endif()
endforeach()
file(WRITE ${OUT} "${text}")
