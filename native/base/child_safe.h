// child_safe.h - markers for code that runs after fork() in the child.
//
// After fork() in a process with threads only async-signal-safe work is legal: no malloc, no
// stdio, no locks, no Node-API, no C++ statics with constructors; the child ends by _exit only.
// Every translation unit that the child runs is built into the static library
// `snapfork_child`; test/fork/child-symbols.test.ts fails when that library needs a symbol
// from outside that is not on its list of async-signal-safe functions.

#pragma once

// The function may run in the forked child. Documentation for the reader; the symbol check is
// what holds it.
#define SF_CHILD_SAFE
