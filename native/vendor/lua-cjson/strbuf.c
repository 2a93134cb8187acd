/* strbuf - String buffer routines
 *
 * Copyright (c) 2010-2012  Mark Pulford <mark@kyne.com.au>
 *
 * Permission is hereby granted, free of charge, to any person obtaining
 * a copy of this software and associated documentation files (the
 * "Software"), to deal in the Software without restriction, including
 * without limitation the rights to use, copy, modify, merge, publish,
 * distribute, sublicense, and/or sell copies of the Software, and to
 * permit persons to whom the Software is furnished to do so, subject to
 * the following conditions:
 *
 * The above copyright notice and this permission notice shall be
 * included in all copies or substantial portions of the Software.
 *
 * THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND,
 * EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
 * MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT.
 * IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY
 * CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT,
 * TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE
 * SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "strbuf.h"

/* Without memory it aborts, as the rest of the engine does; sizes are size_t, so that none of them
 * can overflow (CVE-2022-24834). */
void strbuf_init(strbuf_t *s, size_t len)
{
    s->size = len == 0 ? STRBUF_DEFAULT_SIZE : len + 1; /* \0 terminator */
    s->length = 0;
    s->dynamic = 0;
    s->buf = malloc(s->size);
    if (!s->buf)
        abort();

    strbuf_ensure_null(s);
}

strbuf_t *strbuf_new(size_t len)
{
    strbuf_t *s = malloc(sizeof(strbuf_t));

    if (!s)
        abort();

    strbuf_init(s, len);

    /* Dynamic strbuf allocation / deallocation */
    s->dynamic = 1;

    return s;
}

/* If strbuf_t has not been dynamically allocated, strbuf_free() can
 * be called any number of times strbuf_init() */
void strbuf_free(strbuf_t *s)
{
    free(s->buf);
    s->buf = NULL;
    if (s->dynamic)
        free(s);
}

/* Ensure strbuf can handle a string length bytes long (ignoring NULL
 * optional termination). */
void strbuf_resize(strbuf_t *s, size_t len)
{
    size_t newsize = s->size;

    if (len > SIZE_MAX / 4)
        abort();
    while (newsize < len + 1)
        newsize *= 2;
    s->size = newsize;
    s->buf = realloc(s->buf, s->size);
    if (!s->buf)
        abort();
}

void strbuf_append_string(strbuf_t *s, const char *str)
{
    strbuf_append_mem(s, str, strlen(str));
}
