/* SPDX-License-Identifier: Apache-2.0 */
/* What pure code may not call, as compile errors. Forced into core/ and sim/ by -include.
 *
 * Whatever reads a clock, an environment, a locale or a source of randomness makes two runs differ;
 * qsort leaves ties to the libc; strtod and scanf follow the locale and the libc's rounding; core
 * takes no memory and touches no stream. The system's headers come first, because the macros would
 * break their declarations; for the same reason no slot of a table may be called `time` or `sleep`.
 *
 * Levels: core is the default. MUSTER_BANNED_SIM permits formatting into buffers and files. What
 * lives outside of the arena (scenarios, traces) takes memory from the heap; such a file says so at
 * its top, or its target by -D:
 *     #define MUSTER_BANNED_ALLOW_HEAP
 *     #include "core/banned.h"
 */
#ifndef MUSTER_CORE_BANNED_H
#define MUSTER_CORE_BANNED_H

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
#ifdef MUSTER_BANNED_SIM
/* Its inline form mentions malloc in functions that nobody here calls. */
#define XXH_INLINE_ALL
#include <xxhash.h>
#endif

/* An undeclared name, so that the compiler's message names the culprit. */
#define MUSTER_BANNED(function) muster_banned_##function

/* Clocks and waiting: time comes in with the input. */
#undef time
#define time(...) MUSTER_BANNED(time)
#undef clock
#define clock(...) MUSTER_BANNED(clock)
#undef clock_gettime
#define clock_gettime(...) MUSTER_BANNED(clock_gettime)
#undef gettimeofday
#define gettimeofday(...) MUSTER_BANNED(gettimeofday)
#undef localtime
#define localtime(...) MUSTER_BANNED(localtime)
#undef gmtime
#define gmtime(...) MUSTER_BANNED(gmtime)
#undef mktime
#define mktime(...) MUSTER_BANNED(mktime)
#undef strftime
#define strftime(...) MUSTER_BANNED(strftime)
#undef sleep
#define sleep(...) MUSTER_BANNED(sleep)
#undef usleep
#define usleep(...) MUSTER_BANNED(usleep)
#undef nanosleep
#define nanosleep(...) MUSTER_BANNED(nanosleep)
#undef alarm
#define alarm(...) MUSTER_BANNED(alarm)

/* Randomness: drawn from a generator with a name. */
#undef rand
#define rand(...) MUSTER_BANNED(rand)
#undef rand_r
#define rand_r(...) MUSTER_BANNED(rand_r)
#undef srand
#define srand(...) MUSTER_BANNED(srand)
#undef random
#define random(...) MUSTER_BANNED(random)
#undef srandom
#define srandom(...) MUSTER_BANNED(srandom)
#undef drand48
#define drand48(...) MUSTER_BANNED(drand48)
#undef arc4random
#define arc4random(...) MUSTER_BANNED(arc4random)
#undef getentropy
#define getentropy(...) MUSTER_BANNED(getentropy)

/* Surroundings: environment, locale, other programs. */
#undef getenv
#define getenv(...) MUSTER_BANNED(getenv)
#undef secure_getenv
#define secure_getenv(...) MUSTER_BANNED(secure_getenv)
#undef setenv
#define setenv(...) MUSTER_BANNED(setenv)
#undef setlocale
#define setlocale(...) MUSTER_BANNED(setlocale)
#undef localeconv
#define localeconv(...) MUSTER_BANNED(localeconv)
#undef strcoll
#define strcoll(...) MUSTER_BANNED(strcoll)
#undef strxfrm
#define strxfrm(...) MUSTER_BANNED(strxfrm)
#undef system
#define system(...) MUSTER_BANNED(system)
#undef popen
#define popen(...) MUSTER_BANNED(popen)
#undef fork
#define fork(...) MUSTER_BANNED(fork)
#undef exit
#define exit(...) MUSTER_BANNED(exit)

/* The libc's own choice: order of ties, rounding of decimals. */
#undef qsort
#define qsort(...) MUSTER_BANNED(qsort)
#undef qsort_r
#define qsort_r(...) MUSTER_BANNED(qsort_r)
#undef strtod
#define strtod(...) MUSTER_BANNED(strtod)
#undef strtof
#define strtof(...) MUSTER_BANNED(strtof)
#undef strtold
#define strtold(...) MUSTER_BANNED(strtold)
#undef atof
#define atof(...) MUSTER_BANNED(atof)
#undef atoi
#define atoi(...) MUSTER_BANNED(atoi)
#undef sscanf
#define sscanf(...) MUSTER_BANNED(sscanf)
#undef fscanf
#define fscanf(...) MUSTER_BANNED(fscanf)
#undef scanf
#define scanf(...) MUSTER_BANNED(scanf)

/* Without a bound. */
#undef strcpy
#define strcpy(...) MUSTER_BANNED(strcpy)
#undef strcat
#define strcat(...) MUSTER_BANNED(strcat)
#undef sprintf
#define sprintf(...) MUSTER_BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) MUSTER_BANNED(vsprintf)
#undef alloca
#define alloca(...) MUSTER_BANNED(alloca)

/* The terminal belongs to the tools. */
#undef printf
#define printf(...) MUSTER_BANNED(printf)
#undef vprintf
#define vprintf(...) MUSTER_BANNED(vprintf)
#undef puts
#define puts(...) MUSTER_BANNED(puts)
#undef putchar
#define putchar(...) MUSTER_BANNED(putchar)
#undef perror
#define perror(...) MUSTER_BANNED(perror)

#ifndef MUSTER_BANNED_SIM
#undef snprintf
#define snprintf(...) MUSTER_BANNED(snprintf)
#undef vsnprintf
#define vsnprintf(...) MUSTER_BANNED(vsnprintf)
#undef fprintf
#define fprintf(...) MUSTER_BANNED(fprintf)
#undef vfprintf
#define vfprintf(...) MUSTER_BANNED(vfprintf)
#undef fputs
#define fputs(...) MUSTER_BANNED(fputs)
#undef fputc
#define fputc(...) MUSTER_BANNED(fputc)
#undef fwrite
#define fwrite(...) MUSTER_BANNED(fwrite)
#undef fread
#define fread(...) MUSTER_BANNED(fread)
#undef fopen
#define fopen(...) MUSTER_BANNED(fopen)
#endif

/* Memory: core is given it, a world takes it from the arena. */
#undef malloc
#define malloc(...) MUSTER_BANNED(malloc)
#undef calloc
#define calloc(...) MUSTER_BANNED(calloc)
#undef realloc
#define realloc(...) MUSTER_BANNED(realloc)
#undef reallocarray
#define reallocarray(...) MUSTER_BANNED(reallocarray)
#undef free
#define free(...) MUSTER_BANNED(free)
#undef strdup
#define strdup(...) MUSTER_BANNED(strdup)
#undef strndup
#define strndup(...) MUSTER_BANNED(strndup)
#undef asprintf
#define asprintf(...) MUSTER_BANNED(asprintf)
#undef vasprintf
#define vasprintf(...) MUSTER_BANNED(vasprintf)

#endif

#ifdef MUSTER_BANNED_ALLOW_HEAP
#undef malloc
#undef calloc
#undef realloc
#undef reallocarray
#undef free
#undef strdup
#undef strndup
#undef asprintf
#undef vasprintf
#endif
