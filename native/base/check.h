// check.h - assertions about our own mistakes, never about user input.
//
// SF_DCHECK costs nothing in release builds. SF_CHECK stays on where going on would corrupt
// memory or a file: it traps, which is async-signal-safe and leaves a core.

#pragma once

#define SF_CHECK(condition)                              \
  do {                                                   \
    if (__builtin_expect(!(condition), 0)) __builtin_trap(); \
  } while (false)

#ifdef SNAPFORK_DEBUG
#define SF_DCHECK(condition) SF_CHECK(condition)
#else
#define SF_DCHECK(condition) \
  do {                       \
    (void)sizeof(condition); \
  } while (false)
#endif
